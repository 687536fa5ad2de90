"""Infliximab models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
NOBODY = {"fasanmade2009": np.zeros((1, 2)), "xu2012": np.zeros((1, 4))}
WEEKS_8 = 8 * 7 * 24.0


@published("infliximab/xu2012", "hand arithmetic of the equations for 90 kg, albumin 3.2 g/dL, with antibodies")
def test_xu_2012_with_antibodies() -> None:
    model = MODELS.model("infliximab/xu2012")
    found = typical(model, weight=90.0, albumin=32.0, antidrug_antibodies=1.0, age=40.0)
    clearance = 0.294 * (90 / 70) ** 0.614 * (3.2 / 4) ** -1.17 * (1 + 0.257)  # L/d
    assert found == pytest.approx(
        {
            "CL": clearance / 24,
            "V1": 3.33 * (90 / 70) ** 0.691,
            "Q": 0.0719 * (90 / 70) ** 1.10 / 24,
            "V2": 1.14 * (90 / 70) ** 0.59,
        },
        rel=1e-12,  # the same arithmetic in another order
    )
    assert np.diag(model.omega) == pytest.approx([0.327**2, 0.150**2, 1.10**2, 0.799**2])
    assert np.count_nonzero(model.omega - np.diag(np.diag(model.omega))) == 0
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(0.419 * 5.0)


@published(
    "infliximab/fasanmade2009", "hand arithmetic of table 3 for a woman of 60 kg, albumin 3.5 g/dL, with antibodies"
)
def test_fasanmade_2009_for_a_woman_with_antibodies() -> None:
    model = MODELS.model("infliximab/fasanmade2009")
    found = typical(model, weight=60.0, albumin=35.0, antidrug_antibodies=1.0, female=1.0, age=40.0)
    clearance = 0.407 * (3.5 / 4.1) ** -1.54 * (1 + 0.471) * (1 - 0.236)  # L/d
    volume = 3.29 * (60 / 77) ** 0.538 * (1 - 0.137)
    expected = {"CL": clearance / 24, "V1": volume, "Q": 7.14 / 24, "V2": 4.13}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    assert np.diag(model.omega) == pytest.approx([0.131, 0.048])
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(np.hypot(0.403 * 5.0, 0.0413))


def test_fasanmade_2009_has_a_terminal_half_life_of_13_days() -> None:
    # sum and product of the two rate constants, worked out on paper: 0.0539/d
    k10, k12, k21 = 0.407 / 3.29, 7.14 / 3.29, 7.14 / 4.13
    total, product = k10 + k12 + k21, k10 * k21
    slow = (total - np.sqrt(total**2 - 4 * product)) / 2
    model = MODELS.model("infliximab/fasanmade2009")
    found = typical(model, weight=77.0, albumin=41.0, female=0.0, age=41.0)
    cl, v1, q, v2 = (found[name] for name in ("CL", "V1", "Q", "V2"))
    hours = half_life(rates(2, (0, None, cl / v1), (0, 1, q / v1), (1, 0, q / v2)))
    assert hours / 24 == pytest.approx(np.log(2) / slow, rel=1e-9)
    assert hours / 24 == pytest.approx(12.9, abs=0.05)  # worked out to one digit


@pytest.mark.parametrize(
    ("stem", "cl", "v1", "q", "v2"),
    [("fasanmade2009", 0.407, 3.29, 7.14, 4.13), ("xu2012", 0.294, 3.33, 0.0719, 1.14)],
)
def test_trough_and_peak_of_5_mg_per_kg_every_8_weeks(stem: str, cl: float, v1: float, q: float, v2: float) -> None:
    model = MODELS.model(f"infliximab/{stem}")
    reference = {"weight": 77.0, "albumin": 41.0, "female": 0.0} if stem == "fasanmade2009" else {}
    at = reference or {"weight": 70.0, "albumin": 40.0}
    found = steady_state(model, at, NOBODY[stem], amount=400.0, interval=WEEKS_8, duration=2.0, route="iv")
    k = rates(2, (0, None, cl / v1 / 24), (0, 1, q / v1 / 24), (1, 0, q / v2 / 24))
    infused = after(k, np.zeros(2), 2.0, np.array([200.0, 0.0]))
    trough = steady(k, after(k, infused, WEEKS_8 - 2.0), WEEKS_8)
    peak = after(k, trough, 2.0, np.array([200.0, 0.0]))
    # two exact solutions; rounding through some ten half-lives
    assert found.trough[0] == pytest.approx(trough[0] / v1, rel=1e-8)
    assert found.peak[0] == pytest.approx(peak[0] / v1, rel=1e-8)
    assert found.auc24[0] * 56 == pytest.approx(400.0 / (cl / 24), rel=1e-8)
    # a usual trough on maintenance: the units are those of the paper
    assert 1.0 < found.trough[0] < 10.0


def test_the_drug_speaks_of_troughs_and_whole_vials() -> None:
    drug = MODELS.drug("infliximab")
    assert [(item.target.low, item.target.high) for item in drug.targets] == [(3.0, 7.0), (5.0, 10.0)]
    weeks = {(item.increment, tuple(hours / 168 for hours in item.intervals)) for item in drug.products}
    assert weeks == {(100.0, (8.0,)), (100.0, (4.0, 6.0))}
    for item in drug.products:
        if 1344.0 not in item.intervals:
            # shorter than labelled, never much under the labelled 5 mg/kg: half a vial at the middle of its weights
            weights = [bound for c in item.when for bound in (c.low, c.high) if bound < 1000]
            assert abs(item.smallest - 5.0 * sum(weights) / len(weights)) <= 50.0
    assert drug.limits.single_per_kg is not None
    assert drug.limits.single_per_kg.value == 10.0
