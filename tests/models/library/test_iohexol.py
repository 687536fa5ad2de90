"""Iohexol models against numbers printed with them. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import concentrations
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, rates
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("iohexol/asberg2020", "hand arithmetic of Table 2's footnote for a child of 30 kg")
def test_asberg_2020_for_a_child() -> None:
    model = MODELS.model("iohexol/asberg2020")
    size = 30 / 85
    expected = {"CL": 1.55 * size**0.75, "V1": 10.47 * size, "Q": 5.99 * size**0.75, "V2": 8.02 * size}
    # the same arithmetic in another order
    assert typical(model, weight=30.0) == pytest.approx(expected, rel=1e-12)
    assert np.array_equal(model.omega, np.diag([1.0, 0.09, 0.25, 0.49]))
    assert "NO variability between patients was published" in model.not_verified[0]


@published("iohexol/asberg2020", "median curve of figure S2: 273, 183, 143 and 24 mg/L at 0.2, 1, 2 and 24 h")
def test_asberg_2020_reproduces_the_papers_median_curve() -> None:
    model = MODELS.model("iohexol/asberg2020")
    record = PatientRecord(
        drug="iohexol",
        now=24.0,
        doses=(Dose(time=0.0, amount=3235.0, route="iv"),),
        covariates=(Covariate(name="weight", time=0.0, value=85.0),),
    )
    times = np.array([0.2, 1.0, 2.0, 24.0])
    found = concentrations(model, subject_from_record(model, record), np.zeros((1, 4)), times)[0]
    # read off a figure: to within a few percent, as its transcriber says; the last point is small
    assert found == pytest.approx([273.0, 183.0, 143.0, 24.0], rel=0.10)
    matrix = rates(2, (0, None, 1.55 / 10.47), (0, 1, 5.99 / 10.47), (1, 0, 5.99 / 8.02))
    by_hand = [after(matrix, np.array([3235.0, 0.0]), time)[0] / 10.47 for time in times]
    assert found == pytest.approx(by_hand, rel=1e-8)


@published(
    "iohexol/asberg2020", "SD of 1.947 * (0.1523073 + 0.01747435 C - 0.000003919581 C^2), in its range of 20-500 mg/L"
)
def test_asberg_2020_residual_error_is_near_the_printed_polynomial() -> None:
    residual = MODELS.model("iohexol/asberg2020").outputs[0].residual
    for level in (20.0, 100.0, 500.0):
        printed = 1.947 * (0.1523073 + 0.01747435 * level - 0.000003919581 * level**2)
        # a sum of variances for a sum of SDs: 24 % at the limit of quantification, as the file says
        assert residual.sd(level) == pytest.approx(printed, rel=0.25)
