"""Caffeine models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("caffeine/perera2013", "values and variances as printed; total clearance 2.73 + 4.86 = 7.59 L/h")
def test_perera_2013_as_printed() -> None:
    model = MODELS.model("caffeine/perera2013")
    found = typical(model)
    assert found["CL"] == pytest.approx(7.59, rel=1e-12)
    assert (found["k12"], found["k21"], found["V1"], found["V_paraxanthine"]) == (1.71, 2.02, 31.2, 24.4)
    variances = [1.0609, 0.105625, 0.053361, 0.031329, 0.060516, 1.1449, 0.051529, 0.326041, 0.017956]
    assert np.array_equal(model.omega, np.diag(variances))
    caffeine, paraxanthine = model.outputs
    assert caffeine.residual.sd(5.0) == pytest.approx(np.sqrt(0.02 * 25 + 0.0025))
    assert paraxanthine.residual.sd(5.0) == pytest.approx(np.sqrt(0.04 * 25 + 0.0025))


@published(
    "caffeine/perera2013", "trough and AUC of 100 mg every 8 h by the matrix exponential; half-life 3 to 7 h in adults"
)
def test_perera_2013_by_the_matrix_exponential() -> None:
    model = MODELS.model("caffeine/perera2013")
    matrix = rates(3, (0, 1, 3.65), (1, None, 7.59 / 31.2), (1, 2, 1.71), (2, 1, 2.02))
    trough = steady(matrix, after(matrix, np.array([100.0, 0.0, 0.0]), 8.0 - 0.15), 8.0)[1] / 31.2
    found = steady_state(model, {}, np.zeros((1, 9)), amount=100.0, interval=8.0, duration=0.0, route="oral")
    # both are exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough, rel=1e-7)
    assert found.auc24[0] == pytest.approx(300 / 7.59, rel=1e-7)
    assert 3.0 < half_life(matrix) < 7.0
