"""Amikacin models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import concentrations, steady_state
from models.pk.exposure import patient
from models.record import Dose
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("amikacin/burdet2015", "hand arithmetic of the transcribed equations: 95 kg, 40 mL/min, PaO2/FiO2 240")
def test_burdet_2015_away_from_its_reference() -> None:
    model = MODELS.model("amikacin/burdet2015")
    found = typical(model, weight=95.0, measured_crcl=40.0, pao2_fio2=240.0, age=60.0, critically_ill=1.0)
    expected = {
        "CL": 4.3 * (40 / 82) ** 0.7,
        "V1": 15.9 * (95 / 78) ** 0.9 * (240 / 169) ** 0.4,
        "V2": 21.4,
        "Q": 12.1,
    }
    assert found == pytest.approx(expected, rel=SAME)
    assert model.eta_names == ("CL", "V1", "V2", "Q")
    lower = [[0.1, 0, 0, 0], [0.01, 0.05, 0, 0], [0.01, 0.02, 0.2, 0], [-0.06, 0.004, 0.003, 0.08]]
    assert np.array_equal(np.tril(model.omega), lower)
    assert model.outputs[0].residual.sd(60.0) == pytest.approx(np.hypot(6.0, 0.2))


@published(
    "amikacin/burdet2015", "25 mg/kg by the matrix exponential at the reference patient; 55 mg/L is usual (Logre 2020)"
)
def test_burdet_2015_half_an_hour_after_the_infusion() -> None:
    model = MODELS.model("amikacin/burdet2015")
    matrix = rates(2, (0, None, 4.3 / 15.9), (0, 1, 12.1 / 15.9), (1, 0, 12.1 / 21.4))
    ended = after(matrix, np.zeros(2), 0.5, inflow=np.array([3900.0, 0.0]))  # 1950 mg over 0.5 h
    at = {"measured_crcl": 82.0, "weight": 78.0, "pao2_fio2": 169.0}
    subject = patient(model, at, Dose(time=0.0, amount=1950.0, route="iv", duration=0.5))
    found = concentrations(model, subject, np.zeros((1, 4)), [1.0])[0, 0]
    assert found == pytest.approx(after(matrix, ended, 0.5)[0] / 15.9, rel=1e-8)  # exponentials' rounding
    # median 55.2 mg/L (12.2-165.7) at 25 mg/kg in 93 patients: a quarter is far below a unit slip
    assert found == pytest.approx(55.2, rel=0.25)


@published(
    "amikacin/delattre2010", "hand arithmetic of Table 2 as transcribed, for a woman of 80 a; 2.19 L/h at 55.5 mL/min"
)
def test_delattre_2010_for_an_old_woman() -> None:
    model = MODELS.model("amikacin/delattre2010")
    clearance = (140 - 80) * 62 / (72 * 1.6) * 0.85
    found = typical(model, weight=62.0, age=80.0, female=1.0, creatinine=1.6, critically_ill=1.0)
    expected = {"CL": 0.77 + 1.42 * clearance / 55.5, "V1": 19.2, "V2": 9.38, "Q": 4.38}
    assert found == pytest.approx(expected, rel=SAME)
    variances = np.log1p(np.array([0.592, 0.391, 0.167, 0.436]) ** 2)
    assert model.eta_names == ("CL", "V1", "Q", "V2")
    assert np.diag(model.omega) == pytest.approx(variances, rel=0.001)  # printed with five digits
    assert model.outputs[0].residual.sd(40.0) == pytest.approx(np.hypot(0.268 * 40, 1.03))


@published(
    "amikacin/delattre2010", "trough and AUC of 25 mg/kg every 48 h by the matrix exponential, from the printed numbers"
)
def test_delattre_2010_at_steady_state() -> None:
    model = MODELS.model("amikacin/delattre2010")
    total = 0.77 + 1.42  # at the cohort's median clearance
    matrix = rates(2, (0, None, total / 19.2), (0, 1, 4.38 / 19.2), (1, 0, 4.38 / 9.38))
    ended = after(matrix, np.zeros(2), 0.5, inflow=np.array([3500.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 47.5), 48.0)
    found = steady_state(
        model, {"crcl": 55.5}, np.zeros((1, 4)), amount=1750.0, interval=48.0, duration=0.5, route="iv"
    )
    assert found.trough[0] == pytest.approx(trough[0] / 19.2, rel=1e-8)  # exponentials' rounding
    assert found.auc24[0] == pytest.approx(1750 / total / 2, rel=1e-8)


def test_the_peak_aimed_at_is_read_half_an_hour_after_the_infusion() -> None:
    drug = MODELS.drug("amikacin")
    first = drug.targets[0]
    assert (first.target.metric, first.target.at, first.target.low, first.target.high) == (
        "concentration_at",
        1.0,
        64.0,
        100.0,
    )
    assert drug.products[0].shortest_duration == 0.5
    assert drug.products[0].usual_rate is None
    assert [(item.metric, item.low, item.high) for item in first.also] == [
        ("trough", 0.0, 2.5),
        ("auc24", 300.0, np.inf),
    ]
