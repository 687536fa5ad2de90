"""Valproate models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("valproate/guo2020", "hand arithmetic of equations 3-6: man, albumin 30 g/L, CYP2C19 *1/*2")
def test_guo_2020_for_a_man_with_low_albumin_who_metabolises_slowly() -> None:
    model = MODELS.model("valproate/guo2020")
    found = typical(model, albumin=30.0, female=0.0, cyp2c19_not_extensive=1.0)
    # 0.64 * (38.7/30)^1.06 * 0.63763 = 0.5345 L/h; 22.15 * 2.18147 = 48.32 L
    expected = {"CL": 0.64 * (30 / 38.7) ** -1.06 * np.exp(-0.45), "V": 22.15 * np.exp(0.78), "ka": 2.38}
    assert expected == pytest.approx({"CL": 0.5345, "V": 48.32, "ka": 2.38}, rel=2e-4)
    # the file writes the exponentials with eight digits
    assert found == pytest.approx(expected, rel=1e-7)
    assert np.diag(model.omega) == pytest.approx([np.log1p(0.4466**2), np.log1p(0.3101**2)], rel=1e-3)
    assert model.outputs[0].residual.sd(80.0) == pytest.approx(9.4)


@published("valproate/guo2020", "typical values as printed for a woman of 38.7 g/L, *1/*1: 0.64 L/h, 22.15 L")
def test_guo_2020_for_its_reference_woman() -> None:
    found = typical(MODELS.model("valproate/guo2020"), albumin=38.7, female=1.0, cyp2c19_not_extensive=0.0)
    assert found == pytest.approx({"CL": 0.64, "V": 22.15, "ka": 2.38}, rel=1e-12)


@published("valproate/guo2020", "500 mg every 12 h by mouth, the study's regimen, by the matrix exponential")
def test_guo_2020_at_steady_state_lies_in_the_usual_range() -> None:
    model = MODELS.model("valproate/guo2020")
    at = {"albumin": 38.7, "female": 1.0, "cyp2c19_not_extensive": 0.0}
    found = steady_state(model, at, np.zeros((1, 2)), amount=500.0, interval=12.0, duration=0.0, route="oral")
    matrix = rates(2, (0, 1, 2.38), (1, None, 0.64 / 22.15))
    trough = steady(matrix, after(matrix, np.array([500.0, 0.0]), 12.0), 12.0)[1] / 22.15
    # both are exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough, rel=1e-8)
    assert 50.0 < found.trough[0] < 100.0
    # why no dose is searched: half-lives that no label has (9 to 16 h)
    assert np.log(2) * 22.15 / 0.64 == pytest.approx(24.0, abs=0.1)
    assert np.log(2) * 22.15 * np.exp(0.78) / 0.64 == pytest.approx(52.3, abs=0.1)
    assert "52 h in men" in MODELS.drug("valproate").estimate_only
    # the same dose into the vein: the same exposure, as the model has no bioavailability
    into_vein = steady_state(model, at, np.zeros((1, 2)), amount=500.0, interval=12.0, duration=1.0, route="iv")
    assert into_vein.auc24[0] == pytest.approx(1000 / 0.64, rel=1e-8)
    assert found.auc24[0] == pytest.approx(1000 / 0.64, rel=1e-8)
