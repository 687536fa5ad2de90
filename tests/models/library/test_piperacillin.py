"""The piperacillin model against hand arithmetic of its printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("piperacillin/thorsted2019", "hand arithmetic of the transcribed equations for a child of 18 kg")
def test_thorsted_2019_for_a_small_child() -> None:
    model = MODELS.model("piperacillin/thorsted2019")
    size = 18 / 70
    expected = {"CL": 15.4 * size**0.75, "V1": 16.0 * size, "Q": 0.237 * size**0.75, "V2": 3.40 * size}
    found = typical(model, weight=18.0, height=108.0, age=5.0, creatinine=0.3)
    assert found == pytest.approx(expected, rel=SAME)
    # 0.027183 is written to five figures
    assert model.omega == pytest.approx(np.array([[np.log1p(0.166**2)]]), rel=1e-4)
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(3.32)


@published("piperacillin/thorsted2019", "100 mg/kg over 5 min every 8 h, as in the cohort, by the matrix exponential")
def test_thorsted_2019_with_the_dose_of_its_cohort() -> None:
    model = MODELS.model("piperacillin/thorsted2019")
    size = 39.4 / 70  # median weight
    cl, v1, q, v2 = 15.4 * size**0.75, 16.0 * size, 0.237 * size**0.75, 3.40 * size
    matrix = rates(2, (0, None, cl / v1), (0, 1, q / v1), (1, 0, q / v2))
    ended = after(matrix, np.zeros(2), 1 / 12, inflow=np.array([3940.0 * 12, 0.0]))
    trough = steady(matrix, after(matrix, ended, 8 - 1 / 12), 8.0)
    found = steady_state(
        model,
        {"weight": 39.4, "egfr": 172.0},
        np.zeros((1, 1)),
        amount=3940.0,
        interval=8.0,
        duration=1 / 12,
        route="iv",
    )
    # exact up to rounding of the exponentials
    assert found.trough[0] == pytest.approx(trough[0] / v1, rel=1e-7)
    assert found.auc24[0] == pytest.approx(3 * 3940 / cl, rel=1e-8)
    # piperacillin's first half-life is under an hour; the slow one carries little
    assert 0.5 < np.log(2) * v1 / cl < 1.0 < half_life(matrix) < 12.0
