"""Digoxin models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.dosing.applicability import applicable
from models.pk import steady_state
from models.record import Covariate, PatientRecord
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published(
    "digoxin/zhou2010", "hand arithmetic of the printed equation: 75 kg, creatinine 180 umol/L, on spironolactone"
)
def test_zhou_2010_on_spironolactone_with_high_creatinine() -> None:
    model = MODELS.model("digoxin/zhou2010")
    found = typical(model, weight=75.0, creatinine=180.0 / 88.4, spironolactone=1.0, age=80.0, female=0.0)
    # 5.90 * 0.588 * (1 - 0.0101 * 12.1 = 0.87779) * (1 - 0.0012 * 53.2 = 0.93616) = 2.8508 L/h
    clearance = 5.90 * (1 - 0.412) * (1 - 0.0101 * (75 - 62.9)) * (1 - 0.00120 * (180 - 126.8))
    assert clearance == pytest.approx(2.8508, abs=1e-4)  # four digits are written
    # the same arithmetic in another order
    assert found == pytest.approx({"CL": clearance, "V": 550.0, "ka": 1.63}, rel=1e-12)
    # ln(1 + CV^2); the CVs are printed with three digits
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.49**2), np.log1p(0.943**2)], rel=1e-3)
    assert np.count_nonzero(model.omega) == 2
    assert [model.outputs[0].residual.sd(f) for f in (0.0, 2.0)] == pytest.approx([0.365, 0.365])


@published("digoxin/zhou2010", "trough of 0.125 mg a day by the matrix exponential; doses in mg, levels in ug/L")
def test_zhou_2010_steady_state_is_in_micrograms_per_litre() -> None:
    model = MODELS.model("digoxin/zhou2010")
    matrix = rates(2, (0, 1, 1.63), (1, None, 5.90 / 550))
    trough = steady(matrix, after(matrix, np.array([125.0, 0.0]), 24.0), 24.0)[1] / 550
    at = {"weight": 62.9, "creatinine_molar": 126.8, "crcl": 50.0, "spironolactone": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=0.125, interval=24.0, duration=0.0, route="oral")
    # both are exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough, rel=1e-8)
    assert found.auc24[0] == pytest.approx(125 / 5.90, rel=1e-8)
    # 0.125 mg a day gives about 0.8 ug/L in the old (range of the population's mean, 1.11 ug/L on up to 0.25 mg)
    assert 0.5 < found.trough[0] < 1.1


@published("digoxin/zhou2010", "hard limits: 34-91 kg as printed, 36-200 umol/L, where both lines stay above 0")
def test_zhou_2010_lines_stay_above_zero_where_the_model_is_used() -> None:
    model = MODELS.model("digoxin/zhou2010")
    least = typical(model, weight=91.0, creatinine=200.0 / 88.4, spironolactone=1.0, age=70.0, female=0.0)["CL"]
    assert least == pytest.approx(5.90 * 0.588 * (1 - 0.0101 * 28.1) * (1 - 0.0012 * 73.2), rel=1e-12)
    assert least > 0.5
    assert {item.name: item.hard for item in model.domain} == {
        "age": (60.0, 88.0),
        "weight": (34.0, 91.0),
        "creatinine_molar": (36.0, 200.0),
        "crcl": (30.0, 250.0),
        "dialysis": (0.0, 0.0),
    }


def test_an_old_light_woman_with_kidney_failure_is_not_dosed_by_a_line_that_hardly_falls() -> None:
    # Cockcroft-Gault: (140 - 86) * 40 * 0.85 / (72 * 2.2) = 11.6 mL/min; creatinine alone, 194 umol/L, is in the range
    values = {"weight": 40.0, "age": 86.0, "female": 1.0, "creatinine": 2.2}
    record = PatientRecord(
        drug="digoxin", now=0.0, covariates=tuple(Covariate(name=n, time=0.0, value=v) for n, v in values.items())
    )
    found = applicable(MODELS.model("digoxin/zhou2010"), MODELS.drug("digoxin"), record)
    assert [item.code for item in found if item.severity == "critical"] == ["outside-domain"]
