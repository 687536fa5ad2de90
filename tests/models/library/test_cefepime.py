"""The cefepime model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import parameters, steady_state
from models.record import Covariate, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
# relative; the file has the slope 2.00/54 to twelve decimals
SAME = 1e-10
WOMAN = {"weight": 110.0, "height": 160.0, "age": 70.0, "female": 1.0, "creatinine": 1.6}


def womans_clearance() -> float:
    """Creatinine clearance, mL/min, with James' lean mass."""
    lean = 1.07 * 110 - 148 * (110 / 160) ** 2
    return (140 - 70) * lean / (72 * 1.6) * 0.85


@published(
    "cefepime/an2023", "hand arithmetic of the transcribed equations, with James' own formula, for a heavy woman"
)
def test_an_2023_for_a_heavy_woman() -> None:
    model = MODELS.model("cefepime/an2023")
    expected = {"CL": 2.00 * womans_clearance() / 54 + 0.526, "V1": 13.4 * 110 / 90, "Q": 12.0, "V2": 7.52}
    assert typical(model, **WOMAN) == pytest.approx(expected, rel=SAME)
    assert model.omega == pytest.approx(np.diag([0.299**2, 0.654**2, 0.173**2]))
    assert model.outputs[0].residual.sd(20.0) == pytest.approx(np.hypot(6.44, 0.224 * 20))


@published("cefepime/an2023", "the random effect multiplies renal and other clearance together")
def test_an_2023_varies_the_whole_clearance() -> None:
    model = MODELS.model("cefepime/an2023")
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in WOMAN.items())
    subject = subject_from_record(model, PatientRecord(drug="cefepime", now=0.0, covariates=items))
    found = parameters(model, subject, np.array([[0.4, 0.0, 0.0]]), 0.0)
    assert found["CL"][0] == pytest.approx((2.00 * womans_clearance() / 54 + 0.526) * np.exp(0.4), rel=SAME)


@published("cefepime/an2023", "2 g over 30 min every 8 h by the matrix exponential; half-life 2 to 8 h in the ill")
def test_an_2023_at_steady_state() -> None:
    model = MODELS.model("cefepime/an2023")
    matrix = rates(2, (0, None, 2.526 / 13.4), (0, 1, 12.0 / 13.4), (1, 0, 12.0 / 7.52))
    ended = after(matrix, np.zeros(2), 0.5, inflow=np.array([4000.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 7.5), 8.0)
    found = steady_state(
        model,
        {"crcl": 54.0, "weight": 90.0, "bmi": 30.0},
        np.zeros((1, 3)),
        amount=2000.0,
        interval=8.0,
        duration=0.5,
        route="iv",
    )
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 13.4, rel=1e-8)
    assert found.auc24[0] == pytest.approx(6000 / 2.526, rel=SAME)
    # label: 2 h with normal renal function, longer in proportion to creatinine clearance; here it is 54 mL/min
    assert 2.0 < half_life(matrix) < 8.0
