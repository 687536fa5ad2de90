"""Adalimumab models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("adalimumab/nader2017", "hand arithmetic of equations 5 and 6 for 70 kg, CRP 20 mg/L, with antibodies")
def test_nader_2017_with_antibodies() -> None:
    model = MODELS.model("adalimumab/nader2017")
    found = typical(model, weight=70.0, crp=20.0, antidrug_antibodies=1.0)
    clearance = 0.667 * 6.76 * (20 / 7.9) ** 0.173 * (70 / 94) ** 0.888  # L/d
    expected = {"CL": clearance / 24, "V": 13.5 * (70 / 94) ** 0.707, "ka": 0.195 / 24}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    assert np.diag(model.omega) == pytest.approx([0.346, 0.091])
    # the CVs that the table prints beside the variances
    assert np.sqrt(np.diag(model.omega)) == pytest.approx([0.588, 0.302], abs=0.0005)
    assert model.outputs[0].residual.sd(8.0) == pytest.approx(np.sqrt(0.052 * 64 + 2.06))


def test_trough_of_40_mg_every_week() -> None:
    model = MODELS.model("adalimumab/nader2017")
    at = {"weight": 94.0, "crp": 7.9}
    found = steady_state(model, at, np.zeros((1, 2)), amount=40.0, interval=168.0, duration=0.0, route="sc")
    k = rates(2, (0, 1, 0.195 / 24), (1, None, 0.667 / 13.5 / 24))
    left = steady(k, after(k, np.array([40.0, 0.0]), 168.0), 168.0)
    assert found.trough[0] == pytest.approx(left[1] / 13.5, rel=1e-8)  # two exact solutions
    assert found.auc24[0] * 7 == pytest.approx(40 / (0.667 / 24), rel=1e-8)
    # labelled mean trough of weekly 40 mg in this disease: 7 to 11 mg/L (memory)
    assert 6.5 < found.trough[0] < 10.5
