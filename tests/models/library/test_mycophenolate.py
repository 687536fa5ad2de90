"""Mycophenolate models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("mycophenolate/vanhest2005", "hand arithmetic of the equations for a woman with albumin 38 g/L, 60 mL/min")
def test_van_hest_2005_for_a_woman() -> None:
    model = MODELS.model("mycophenolate/vanhest2005")
    at = {"weight": 70.0, "age": 50.0, "female": 1.0, "albumin": 38.0, "ciclosporin_dose": 250.0}
    # Cockcroft-Gault: (140 - 50) * 70 * 0.85 / (72 * creatinine) = 60 mL/min
    found = typical(model, **at, creatinine=90 * 70 * 0.85 / (72 * 60))
    clearance = 32.5 * (60 / 48) ** -0.12 * (38 / 30) ** -1.07 * (250 / 450) ** 0.31 * 1.11
    volume = 91 * (60 / 48) ** -0.62 * (38 / 30) ** -1.13
    expected = {"CL": clearance, "V1": volume, "Q": 35.0, "V2": 237.0, "ka": 4.1, "tlag": 0.21}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    sd = dict(zip(model.eta_names, np.sqrt(np.diag(model.omega)), strict=True))
    # the standard deviations that the supplement's table prints with two digits
    assert sd == pytest.approx({"ka": 0.89, "CL": 0.30, "V1": 0.77, "V2": 0.84}, abs=0.01)
    assert model.outputs[0].residual.sd(1.0) == model.outputs[0].residual.sd(20.0) == pytest.approx(0.45)


def test_exposure_to_1_g_twice_a_day_is_the_dose_over_the_clearance() -> None:
    model = MODELS.model("mycophenolate/vanhest2005")
    at = {"crcl": 48.0, "albumin": 30.0, "ciclosporin_dose": 450.0, "female": 0.0}
    found = steady_state(model, at, np.zeros((1, 4)), amount=1000.0, interval=12.0, duration=0.0, route="oral")
    k = rates(3, (0, 1, 4.1), (1, None, 32.5 / 91), (1, 2, 35 / 91), (2, 1, 35 / 237))
    left = steady(k, after(k, np.array([1000.0, 0.0, 0.0]), 12.0 - 0.21), 12.0)
    # lag moves the dose by 0.21 h: what is left at 12 h is what was left 11.79 h after it
    assert found.trough[0] == pytest.approx(left[1] / 91, rel=1e-8)
    assert found.auc24[0] / 2 == pytest.approx(1000 / 32.5, rel=1e-8)
    # the usual dose reaches the lower end of 30-60 mg.h/L with ciclosporin
    assert 25 < found.auc24[0] / 2 < 40


def test_the_drug_counts_in_mofetil_only() -> None:
    drug = MODELS.drug("mycophenolate")
    assert drug.rxnorm == ("68149",)
    assert {"myfortic", "mycophenolic acid", "mycophenolate sodium"} <= set(drug.covers.excluded)
    target = drug.targets[0].target
    assert (target.metric, target.low, target.high, target.unit) == ("auc_interval", 30.0, 60.0, "mg.h/L")
