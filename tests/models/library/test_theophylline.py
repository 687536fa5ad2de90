"""Theophylline models against numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("theophylline/yano1993", "0.0614 L/h/kg and 0.485 L/kg at PaCO2 42.5, printed by the authors on page 504")
def test_yano_1993_typical_values_as_printed() -> None:
    found = typical(MODELS.model("theophylline/yano1993"), weight=1.0, paco2=42.5, hepatic_dysfunction=0.0)
    # three digits are printed
    assert found["CL"] == pytest.approx(0.0614, abs=5e-5)
    assert found["V"] == pytest.approx(0.485, abs=5e-4)


@published("theophylline/yano1993", "hand arithmetic of equations 7 and 8: 60 kg, PaCO2 55, hepatic dysfunction")
def test_yano_1993_with_hypercapnia_and_hepatic_dysfunction() -> None:
    model = MODELS.model("theophylline/yano1993")
    found = typical(model, weight=60.0, paco2=55.0, hepatic_dysfunction=1.0)
    # ln CL = -3.78 - 0.525 + 1.2815 = -3.0235, 2.918 L/h; ln V = -1.12 + 0.5137 = -0.6063, 32.72 L
    expected = {"CL": 60 * np.exp(-3.78 - 0.525 + 0.0233 * 55), "V": 60 * np.exp(-1.12 + 0.00934 * 55)}
    assert expected == pytest.approx({"CL": 2.918, "V": 32.72}, rel=2e-4)
    # the file writes the value at 42.5 mm[Hg] with seven digits
    assert found == pytest.approx(expected, rel=1e-6)
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.385**2), np.log1p(0.125**2)], rel=5e-3)
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(1.06)


@published("theophylline/yano1993", "C(0.5 h) and trough of 200 mg over 30 min every 8 h, one compartment by hand")
def test_yano_1993_short_infusions_at_steady_state() -> None:
    model = MODELS.model("theophylline/yano1993")
    at = {"weight": 70.0, "paco2": 42.5, "hepatic_dysfunction": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=200.0, interval=8.0, duration=0.5, route="iv")
    cl, v = 70 * np.exp(-3.78 + 0.0233 * 42.5), 70 * np.exp(-1.12 + 0.00934 * 42.5)
    k = cl / v
    peak = 400.0 / cl * (1 - np.exp(-k * 0.5)) / (1 - np.exp(-k * 8.0))
    # seven digits in the file
    assert found.peak[0] == pytest.approx(peak, rel=1e-6)
    assert found.trough[0] == pytest.approx(peak * np.exp(-k * 7.5), rel=1e-6)
    # half-life of 5.5 h, as labels have it for adults (3 to 9 h)
    assert np.log(2) / k == pytest.approx(5.5, abs=0.1)


@published("theophylline/yano1993", "0.4 mg/kg/h, the label's usual adult infusion, gives 0.4/0.0614 = 6.5 mg/L")
def test_yano_1993_continuous_infusion() -> None:
    model = MODELS.model("theophylline/yano1993")
    at = {"weight": 70.0, "paco2": 42.5, "hepatic_dysfunction": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=0.4 * 70 * 24, interval=24.0, duration=24.0, route="iv")
    assert found.auc24[0] / 24 == pytest.approx(6.5, abs=0.05)  # two digits
