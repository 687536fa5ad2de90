"""The meropenem model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("meropenem/li2006", "hand arithmetic of the transcribed equations for a woman of 70 a and 52 kg")
def test_li_2006_for_an_old_woman() -> None:
    model = MODELS.model("meropenem/li2006")
    ideal = 45.5 + 0.91 * (158 - 152.4)  # 50.6 kg, under the total weight
    clearance = (140 - 70) * ideal / (72 * 1.4) * 0.85  # mL/min
    expected = {
        "CL": 14.6 * (clearance / 83) ** 0.62 * (70 / 35) ** -0.34,
        "V1": 10.8 * (52 / 70) ** 0.99,
        "Q": 18.6,
        "V2": 12.6,
    }
    assert typical(model, weight=52.0, height=158.0, age=70.0, female=1.0, creatinine=1.4) == pytest.approx(
        expected, rel=SAME
    )
    assert np.array_equal(model.omega, np.diag([0.118, 0.143, 0.290, 0.102]))
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(0.47, 1.9))


@published("meropenem/li2006", "1 g over 30 min every 8 h by the matrix exponential; half-life about 1 h on the label")
def test_li_2006_at_steady_state() -> None:
    model = MODELS.model("meropenem/li2006")
    matrix = rates(2, (0, None, 14.6 / 10.8), (0, 1, 18.6 / 10.8), (1, 0, 18.6 / 12.6))
    ended = after(matrix, np.zeros(2), 0.5, inflow=np.array([2000.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 7.5), 8.0)
    peak = after(matrix, trough, 0.5, inflow=np.array([2000.0, 0.0]))
    found = steady_state(
        model,
        {"crcl": 83.0, "age": 35.0, "weight": 70.0},
        np.zeros((1, 4)),
        amount=1000.0,
        interval=8.0,
        duration=0.5,
        route="iv",
    )
    # both are exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 10.8, rel=1e-8)
    assert found.peak[0] == pytest.approx(peak[0] / 10.8, rel=1e-8)
    assert found.auc24[0] == pytest.approx(3 * 1000 / 14.6, rel=1e-8)
    # the label's half-life of about 1 h and mean peak of about 49 mg/L (39-58) after 1 g over 30 min, in volunteers:
    # patients differ, a unit slip would be tenfold
    assert half_life(matrix) == pytest.approx(1.0, rel=0.6)
    assert found.peak[0] == pytest.approx(49.0, rel=0.25)
