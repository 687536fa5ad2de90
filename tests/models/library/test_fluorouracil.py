"""The fluorouracil model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("fluorouracil/arshad2020", "Table 3, bootstrap medians, worked out for a patient of 1.58 m2")
def test_arshad_2020_for_a_small_patient() -> None:
    model = MODELS.model("fluorouracil/arshad2020")
    surface = np.sqrt(55 * 163 / 3600)
    expected = {"CL": 249 * (1 + 0.77 * (surface - 1.95)), "V1": 5.56, "Q": 14.8, "V2": 28.5}
    assert typical(model, weight=55.0, height=163.0) == pytest.approx(expected, rel=SAME)
    # five figures are written
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.23**2), np.log1p(1.45**2)], rel=1e-3)
    assert model.outputs[0].residual.sd(0.5) == pytest.approx(0.5 * np.sqrt(0.32))


@published("fluorouracil/arshad2020", "an infusion's AUC is dose over clearance, its plateau rate over clearance")
def test_arshad_2020_over_an_infusion_of_46_hours() -> None:
    model = MODELS.model("fluorouracil/arshad2020")
    dose = 2400 * 1.95
    found = steady_state(model, {"bsa": 1.95}, np.zeros((1, 2)), amount=dose, interval=336.0, duration=46.0, route="iv")
    # exact up to rounding; the deep compartment has a half-life of 1.3 h, so 46 h are a plateau
    assert found.auc24[0] * 336 / 24 == pytest.approx(dose / 249, rel=1e-8)
    assert found.peak[0] == pytest.approx(dose / 46 / 249, rel=1e-8)
    # FOLFOX at 2400 mg/m2: about a quarter reach 20 mg.h/L (from memory), so the typical AUC lies just under it
    assert 15.0 < dose / 249 < 20.0
