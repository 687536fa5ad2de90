"""Tacrolimus models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("tacrolimus/bergmann2014", "hand arithmetic of the printed equations for an expresser, day 100")
def test_bergmann_2014_for_an_expresser() -> None:
    model = MODELS.model("tacrolimus/bergmann2014")
    at = {"cyp3a5_expresser": 1.0, "haematocrit": 0.28, "weight": 90.0, "days_after_transplant": 100.0}
    found = typical(model, **at)
    clearance = 25.5 * 1.6 * (1 - 1.01 * -0.05) * (90 / 70) ** 0.75 * (1 - 0.0021 * 77.3)
    assert found["CL"] == pytest.approx(clearance, rel=1e-12)
    assert found["V1"] == 113.0
    assert model.outputs[0].scale == 1000.0
    assert np.linalg.eigvalsh(model.omega).min() > 0
    correlation = model.omega[1, 3] / np.sqrt(model.omega[1, 1] * model.omega[3, 3])
    assert (model.eta_names, correlation) == (("CL", "V1", "V2", "ka"), pytest.approx(0.677))
