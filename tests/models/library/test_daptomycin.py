"""The daptomycin model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("daptomycin/dvorchik2004", "hand arithmetic of the transcribed equations for a feverish woman of 60 kg")
def test_dvorchik_2004_for_a_feverish_woman() -> None:
    model = MODELS.model("daptomycin/dvorchik2004")
    clearance = (140 - 66) * 60 / (72 * 1.2) * 0.85  # mL/min
    expected = {
        "CL": (0.807 + 0.00514 * (clearance - 91.2) + 0.14 * (38.6 - 37.2)) * 0.8,
        "V1": 4.80,
        "Q": 3.46 + 0.0593 * (60 - 75.1),
        "V2": 6.04 + 0.0884 * (60 - 75.1),
    }
    found = typical(model, weight=60.0, age=66.0, female=1.0, creatinine=1.2, temperature=38.6)
    assert found == pytest.approx(expected, rel=SAME)
    assert model.omega == pytest.approx(np.diag([0.306**2, 0.567**2, 0.652**2, 0.191**2]))
    assert model.outputs[0].residual.sd(50.0) == pytest.approx(4.73)


@published("daptomycin/dvorchik2004", "abstract: 0.81 L/h in the healthy; 6 mg/kg a day by the matrix exponential")
def test_dvorchik_2004_at_steady_state() -> None:
    model = MODELS.model("daptomycin/dvorchik2004")
    # printed to two figures
    assert model.parameters[0].value == pytest.approx(0.81, abs=0.005)
    matrix = rates(2, (0, None, 0.807 / 4.8), (0, 1, 3.46 / 4.8), (1, 0, 3.46 / 6.04))
    ended = after(matrix, np.zeros(2), 0.5, inflow=np.array([900.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 23.5), 24.0)
    at = {"crcl": 91.2, "temperature": 37.2, "female": 0.0, "weight": 75.1}
    found = steady_state(model, at, np.zeros((1, 4)), amount=450.0, interval=24.0, duration=0.5, route="iv")
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 4.8, rel=1e-8)
    assert found.auc24[0] == pytest.approx(450 / 0.807, rel=1e-8)
    # label: half-life 8 to 9 h and AUC 632 mg.h/L in volunteers at 6 mg/kg; infection doubles V2, so longer
    assert 8.0 < half_life(matrix) < 12.0
    assert found.auc24[0] == pytest.approx(632.0, rel=0.2)
