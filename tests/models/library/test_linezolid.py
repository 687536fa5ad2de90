"""Linezolid models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import parameters, steady_state
from models.record import Covariate, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
# relative; the file has the slope 4.35/44 to thirteen decimals
SAME = 1e-10


@published(
    "linezolid/taubert2016", "hand arithmetic of the printed equations with respiratory distress and peritonitis"
)
def test_taubert_2016_with_distress_and_peritonitis() -> None:
    model = MODELS.model("linezolid/taubert2016")
    found = typical(model, weight=95.0, fibrinogen=20.0, lactate=4.0, ards=1.0, peritonitis=1.0)
    expected = {
        "ka": 1.72,
        "CL": 7.92 * (20 / 13.0) ** 0.04 * (4 / 1.91) ** -0.21 * 1.82,
        "V1": 15.0 * (95 / 76) ** 1.31 * 1.53,
        "Q": 65.59,
        "V2": 26.55,
    }
    assert found == pytest.approx(expected, rel=SAME)
    # four figures are written
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.58**2), np.log1p(0.37**2)], rel=1e-3)
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(np.sqrt(0.115 * 25 + 0.005))


@published("linezolid/taubert2016", "600 mg over 1 h every 12 h by the matrix exponential")
def test_taubert_2016_at_steady_state() -> None:
    model = MODELS.model("linezolid/taubert2016")
    matrix = rates(2, (0, None, 7.92 / 15.0), (0, 1, 65.59 / 15.0), (1, 0, 65.59 / 26.55))
    ended = after(matrix, np.zeros(2), 1.0, inflow=np.array([600.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 11.0), 12.0)
    at = {"weight": 76.0, "fibrinogen": 13.0, "lactate": 1.91, "ards": 0.0, "peritonitis": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=600.0, interval=12.0, duration=1.0, route="iv")
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 15.0, rel=1e-8)
    assert found.auc24[0] == pytest.approx(1200 / 7.92, rel=1e-8)
    # label: half-life 4.8 h, Vss 40 to 50 L in volunteers; the model's Vss is 41.6 L
    assert half_life(matrix) == pytest.approx(4.8, rel=0.3)


@published("linezolid/soraluce2020", "Table 3, footnote b, worked out for a patient on renal replacement")
def test_soraluce_2020_adds_three_clearances() -> None:
    model = MODELS.model("linezolid/soraluce2020")
    at = {"measured_crcl": 20.0, "crrt_clearance": 2.5}
    assert typical(model, **at) == pytest.approx(
        {"CL": 2.62 + 4.35 * 20 / 44 + 2.5, "V1": 16.2, "Q": 71.7, "V2": 29.0}, rel=SAME
    )
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in at.items())
    subject = subject_from_record(model, PatientRecord(drug="linezolid", now=0.0, covariates=items))
    found = parameters(model, subject, np.array([[-0.5, 0.0]]), 0.0)
    assert found["CL"][0] == pytest.approx((2.62 + 4.35 * 20 / 44 + 2.5) * np.exp(-0.5), rel=SAME)
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.615**2), np.log1p(0.659**2)], rel=1e-4)
    assert model.outputs[0].residual.sd(5.0) == pytest.approx(np.hypot(0.266, 0.159 * 5))


@published("linezolid/soraluce2020", "Figure 3 of the paper: median 3.30 mg/L on 50 mg/h at 111 mL/min")
def test_soraluce_2020_on_a_continuous_infusion() -> None:
    model = MODELS.model("linezolid/soraluce2020")
    clearance = typical(model, measured_crcl=111.0, crrt_clearance=0.0)["CL"]
    # the simulated patients spread from 45 to 240 mL/min around the median of 111, so only near the median
    assert 50 / clearance == pytest.approx(3.30, rel=0.25)
