"""Vancomycin models against the numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("vancomycin/goti2018", "hand arithmetic of the printed equations, on haemodialysis: CL 4.5 (60/120)^0.8 0.7")
def test_goti_2018_for_a_patient_on_haemodialysis() -> None:
    model = MODELS.model("vancomycin/goti2018")
    # Cockcroft-Gault: (140 - 60) * 105 / (72 * creatinine) = 60 mL/min in a man
    at = {"weight": 105.0, "age": 60.0, "female": 0.0, "creatinine": 80 * 105 / (72 * 60), "dialysis": 1.0}
    expected = {"CL": 4.5 * 0.5**0.8 * 0.7, "V1": 58.4 * 1.5 * 0.5, "V2": 38.4, "Q": 6.5}
    assert typical(model, **at) == pytest.approx(expected, rel=1e-12)
    assert np.diag(model.omega) == pytest.approx([0.147, 0.51, 0.282])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(0.227 * 10.0, 3.4))
    assert model.linear
    assert (model.concentration_unit, model.outputs[0].scale) == ("mg/L", 1.0)
