"""Everolimus models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("everolimus/kovarik2001", "abstract: CL/F 8.8 L/h, 20 % more in Black patients, 19 % lower with a macrolide")
def test_kovarik_2001_with_a_macrolide() -> None:
    model = MODELS.model("everolimus/kovarik2001")
    assert typical(model) == {"CL": 8.8, "V": 110.0, "ka": 6.07}
    assert typical(model, black=1.0, macrolide=1.0)["CL"] == pytest.approx(8.8 * 1.2 * 0.81, rel=1e-12)
    assert np.sqrt(np.expm1(np.diag(model.omega))) == pytest.approx([0.27, 0.36], rel=1e-4)
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(0.31 * 5)


@published("everolimus/park2023", "abstract and table 2: CL/F 12.5 + 9.71 at 1.5 m2, by hand at 1 m2")
def test_park_2023_by_body_surface() -> None:
    model = MODELS.model("everolimus/park2023")
    # 60 kg and 135 cm are 1.5 m2 by Mosteller; 30 kg and 120 cm are 1 m2
    assert typical(model, weight=60.0, height=135.0)["CL"] == pytest.approx(22.21, rel=1e-9)
    found = typical(model, weight=30.0, height=120.0)
    assert found == pytest.approx({"CL": 12.5 + 9.71 / 1.5, "V": 293.0, "ka": 0.585}, rel=1e-9)
    assert np.sqrt(np.diag(model.omega)) == pytest.approx([0.1652, 0.2083])
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(0.2943 * 5)


@pytest.mark.parametrize(
    ("stem", "at", "dose", "interval", "cl", "v", "ka", "low", "high"),
    [
        # 0.75 mg twice a day: troughs of 3-8 ug/L are the use of it
        ("kovarik2001", {}, 0.75, 12.0, 8.8, 110.0, 6.07, 3.0, 8.0),
        # 4.5 mg/m2 a day started the study towards 5-15 ug/L
        ("park2023", {"bsa": 1.5}, 7.0, 24.0, 22.21, 293.0, 0.585, 4.0, 15.0),
    ],
)
def test_trough_at_steady_state(
    stem: str,
    at: dict[str, float],
    dose: float,
    interval: float,
    cl: float,
    v: float,
    ka: float,
    low: float,
    high: float,
) -> None:
    model = MODELS.model(f"everolimus/{stem}")
    found = steady_state(model, at, np.zeros((1, 2)), amount=dose, interval=interval, duration=0.0, route="oral")
    # one compartment with first-order absorption, written out
    ke = cl / v
    left = np.exp(-ke * interval) / -np.expm1(-ke * interval) - np.exp(-ka * interval) / -np.expm1(-ka * interval)
    trough = 1000 * dose * ka / (v * (ka - ke)) * left
    assert found.trough[0] == pytest.approx(trough, rel=1e-8)
    k = rates(2, (0, 1, ka), (1, None, ke))
    amounts = steady(k, after(k, np.array([dose, 0.0]), interval), interval)
    assert trough == pytest.approx(1000 * amounts[1] / v, rel=1e-9)
    assert low < trough < high
