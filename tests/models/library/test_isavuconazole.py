"""The isavuconazole model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
ROUNDED = 1e-7  # relative; ratios of the file have eight decimals


@published("isavuconazole/desai2016", "Table 4 of the paper, as transcribed, for each class of liver disease at BMI 33")
@pytest.mark.parametrize(("liver", "cl", "q"), [(0.0, 2.54, 33.678), (1.0, 1.55, 38.8), (2.0, 1.326, 63.554)])
def test_desai_2016_in_each_class_of_liver_disease(liver: float, cl: float, q: float) -> None:
    model = MODELS.model("isavuconazole/desai2016")
    index = 100 / 1.74**2
    expected = {"CL": cl, "V1": 51.4, "Q": q, "V2": 410 * (1 + 0.058 * (index - 27))}
    assert typical(model, weight=100.0, height=174.0, child_pugh=liver) == pytest.approx(expected, rel=ROUNDED)


@published("isavuconazole/desai2016", "coefficients of variation of Table 4, and its residual SD on the log scale")
def test_desai_2016_between_patients() -> None:
    model = MODELS.model("isavuconazole/desai2016")
    printed = np.array([0.4347, 0.2123, 0.2705, 0.3646])
    # five decimals are written
    assert np.diag(model.omega) == pytest.approx(np.log1p(printed**2), abs=1e-4)
    assert model.outputs[0].residual.sd(3.0) == pytest.approx(0.1788)


@published("isavuconazole/desai2016", "200 mg a day by the matrix exponential; half-life about 130 h on the label")
def test_desai_2016_at_steady_state() -> None:
    model = MODELS.model("isavuconazole/desai2016")
    matrix = rates(2, (0, None, 2.54 / 51.4), (0, 1, 33.678 / 51.4), (1, 0, 33.678 / 410))
    ended = after(matrix, np.zeros(2), 1.0, inflow=np.array([200.0, 0.0]))
    trough = steady(matrix, after(matrix, ended, 23.0), 24.0)
    at = {"bmi": 27.0, "child_pugh": 0.0}
    found = steady_state(model, at, np.zeros((1, 4)), amount=200.0, interval=24.0, duration=1.0, route="iv")
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / 51.4, rel=1e-8)
    assert found.auc24[0] == pytest.approx(200 / 2.54, rel=1e-8)
    # the label's 130 h are of other volunteers
    assert half_life(matrix) == pytest.approx(130.0, rel=0.15)
