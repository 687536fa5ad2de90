"""Imatinib models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("imatinib/gotta2012", "hand arithmetic of the sums for a woman with GIST and a man with CML")
def test_gotta_2012_for_both_sexes_and_tumours() -> None:
    model = MODELS.model("imatinib/gotta2012")
    woman = typical(model, weight=55.0, age=75.0, female=1.0, gist=1.0)
    clearance = 14.3 + 5.42 * (55 - 70) / 70 - 1.49 - 5.81 * (75 - 50) / 50 - 0.806
    assert woman == pytest.approx({"CL": clearance, "V": 347 - 46.2, "ka": 0.609}, rel=1e-12)
    man = typical(model, weight=90.0, age=30.0, female=0.0)
    clearance = 14.3 + 5.42 * 20 / 70 + 1.49 + 5.81 * 20 / 50 + 0.806
    assert man == pytest.approx({"CL": clearance, "V": 347 + 46.2, "ka": 0.609}, rel=1e-12)
    assert np.sqrt(np.diag(model.omega)) == pytest.approx([0.356, 0.629])
    # the covariance that the other program's file writes with three digits
    assert model.omega[0, 1] == pytest.approx(0.179, abs=0.0005)
    assert model.outputs[0].residual.sd(1000.0) == pytest.approx(313.8)


def test_the_sum_of_effects_stays_far_above_zero_in_the_whole_domain() -> None:
    model = MODELS.model("imatinib/gotta2012")
    smallest = typical(model, weight=40.0, age=90.0, female=1.0, gist=1.0)["CL"]
    assert smallest == pytest.approx(14.3 - 5.42 * 30 / 70 - 1.49 - 5.81 * 40 / 50 - 0.806, rel=1e-12)
    assert smallest > 4.0


def test_trough_of_400_mg_a_day_is_near_1000_ug_per_litre() -> None:
    model = MODELS.model("imatinib/gotta2012")
    at = {"weight": 70.0, "age": 50.0, "female": 0.5, "gist": 0.5}
    found = steady_state(model, at, np.zeros((1, 2)), amount=400.0, interval=24.0, duration=0.0, route="oral")
    k = rates(2, (0, 1, 0.609), (1, None, 14.3 / 347))
    left = steady(k, after(k, np.array([400.0, 0.0]), 24.0), 24.0)
    assert found.trough[0] == pytest.approx(1000 * left[1] / 347, rel=1e-8)  # two exact solutions
    # means of 900 to 1100 ug/L are reported for 400 mg a day (memory)
    assert 700 < found.trough[0] < 1100
