"""The ganciclovir model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("ganciclovir/caldes2009", "hand arithmetic of the transcribed equations for a woman of 62 a and 58 kg")
def test_caldes_2009_for_a_woman() -> None:
    model = MODELS.model("ganciclovir/caldes2009")
    clearance = (140 - 62) * 58 / (72 * 1.1) * 0.85  # mL/min
    expected = {"CL": 7.49 * clearance / 57, "V1": 31.9, "Q": 10.2, "V2": 32.0}
    assert typical(model, weight=58.0, age=62.0, female=1.0, creatinine=1.1) == pytest.approx(expected, rel=SAME)
    assert np.array_equal(model.omega, np.diag([0.107, 0.227]))
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(np.sqrt(0.143 * 25 + 0.465**2))


@published("ganciclovir/caldes2009", "5 mg/kg over 1 h every 12 h by the matrix exponential; label: AUC 22-27 a dose")
def test_caldes_2009_at_steady_state() -> None:
    model = MODELS.model("ganciclovir/caldes2009")
    cl = 7.49 * 110 / 57  # normal renal function
    matrix = rates(2, (0, None, cl / 31.9), (0, 1, 10.2 / 31.9), (1, 0, 10.2 / 32.0))
    ended = after(matrix, np.zeros(2), 1.0, inflow=np.array([350.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 11.0), 12.0)
    peak = after(matrix, trough, 1.0, inflow=np.array([350.0, 0.0]))
    found = steady_state(
        model, {"crcl": 110.0}, np.zeros((1, 2)), amount=350.0, interval=12.0, duration=1.0, route="iv"
    )
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 31.9, rel=1e-8)
    assert found.peak[0] == pytest.approx(peak[0] / 31.9, rel=1e-8)
    assert found.auc24[0] == pytest.approx(700 / cl, rel=1e-8)
    # label (from memory), normal renal function: AUC about 24 mg.h/L and peak about 9 mg/L after 5 mg/kg over 1 h,
    # patients of another cohort, so within a quarter
    assert found.auc24[0] / 2 == pytest.approx(24.0, rel=0.25)
    assert found.peak[0] == pytest.approx(9.0, rel=0.25)
    # the label gives 3.5 h with an SD of 0.9 h; transplant patients have the larger volume
    assert half_life(matrix) == pytest.approx(3.5, abs=1.2)


def test_prophylaxis_stands_before_treatment() -> None:
    """The chart does not say what the drug is given for; the range of treatment has to be chosen."""
    prophylaxis, treatment = (item.target for item in MODELS.drug("ganciclovir").targets)
    assert (prophylaxis.low, prophylaxis.high, prophylaxis.indication[:11]) == (40.0, 60.0, "prophylaxis")
    assert (treatment.low, treatment.high, treatment.indication[:9]) == (80.0, 120.0, "treatment")
