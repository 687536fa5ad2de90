"""Methotrexate models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import concentrations
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, half_life, rates
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


@published("methotrexate/taylor2020", "hand arithmetic of the transcribed equations for a child of 0.75 m2")
def test_taylor_2020_for_a_small_child() -> None:
    model = MODELS.model("methotrexate/taylor2020")
    surface = np.sqrt(18 * 108 / 3600)
    found = typical(model, weight=18.0, height=108.0, age=5.0, creatinine=0.5)
    expected = {
        "CL": 11 * surface / 1.73 * (0.5 * 88.4 / 29) ** -0.247,
        "V1": 16.5 * surface / 1.73,
        "Q2": 0.602 * surface / 1.73,
        "V2": 4.55 * surface / 1.73,
        "Q3": 0.111 * surface / 1.73,
        "V3": 13.1 * surface / 1.73,
    }
    assert found == pytest.approx(expected, rel=SAME)
    assert np.array_equal(model.omega, np.diag([0.08, 0.12, 0.13, 0.10]))
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(0.3)


@published("methotrexate/taylor2020", "5 g/m2 over 24 h by the matrix exponential, at the end and 42 h after the start")
def test_taylor_2020_after_five_grams_per_square_metre() -> None:
    model = MODELS.model("methotrexate/taylor2020")
    # 62.1 kg and 173.5 cm are 1.73 m2; 29 umol/L of creatinine
    chart = {"weight": 1.73**2 * 3600 / 173.5, "height": 173.5, "age": 15.0, "creatinine": 29 / 88.4}
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in chart.items())
    dose = Dose(time=0.0, amount=5000 * 1.73, duration=24.0, route="iv")
    record = PatientRecord(drug="methotrexate", now=50.0, covariates=items, doses=(dose,))
    matrix = rates(
        3,
        (0, None, 11 / 16.5),
        (0, 1, 0.602 / 16.5),
        (1, 0, 0.602 / 4.55),
        (0, 2, 0.111 / 16.5),
        (2, 0, 0.111 / 13.1),
    )
    ended = after(matrix, np.zeros(3), 24.0, inflow=np.array([5000 * 1.73 / 24, 0.0, 0.0]))
    later = after(matrix, ended, 18.0)
    found = concentrations(model, subject_from_record(model, record), np.zeros((1, 4)), np.array([24.0, 42.0]))
    # exact up to rounding of the exponentials
    assert found[0] == pytest.approx([ended[0] / 16.5, later[0] / 16.5], rel=1e-7)
    # 65 umol/L at the end of 5 g/m2 over 24 h is the usual aim of such courses (from memory); 454.45 g/mol
    assert found[0, 0] * 1000 / 454.45 == pytest.approx(65.0, rel=0.25)
    assert half_life(matrix) > 40.0  # the slow phase that keeps levels above a rescue threshold


@published("methotrexate/faltaos2006", "hand arithmetic of the transcribed equations for an adult of 45 a")
def test_faltaos_2006_for_an_adult() -> None:
    model = MODELS.model("methotrexate/faltaos2006")
    found = typical(model, weight=70.0, height=170.0, age=45.0, creatinine=1.2)
    expected = {"CL": 7.1 * (1.2 * 88.4 / 67) ** -0.43 * (45 / 62) ** -0.22, "V1": 25.1, "Q": 0.15, "V2": 2.7}
    assert found == pytest.approx(expected, rel=SAME)
    blocks = [
        [0.266256, 0.002401, 0, 0],
        [0.002401, 0.233289, 0, 0],
        [0, 0, 0.430336, 0.084164],
        [0, 0, 0.084164, 0.4096],
    ]
    assert np.array_equal(model.omega, blocks)
    # at 1 umol/L: 46 % and 15 nmol/L, which are 1 mmol/m3 and 0.015 mmol/m3 of 454.44 g/mol; three figures are written
    one = 454.44e-3
    assert model.outputs[0].residual.sd(one) == pytest.approx(one * np.hypot(0.46, 0.015), rel=1e-3)


@published("methotrexate/faltaos2006", "half-lives of 2.4 h at first and of 12.8 h at last, by the matrix exponential")
def test_faltaos_2006_half_lives() -> None:
    model = MODELS.model("methotrexate/faltaos2006")
    values = {item.name: item.value for item in model.parameters}
    matrix = rates(2, (0, None, values["CL"] / values["V1"]), (0, 1, 0.15 / 25.1), (1, 0, 0.15 / 2.7))
    # by hand: k10 + k12 + k21 = 0.28287 + 0.00598 + 0.05556 = 0.34440, k10 * k21 = 0.015715, so that
    # lambda = (0.34440 +- sqrt(0.34440^2 - 4 * 0.015715)) / 2 = 0.29026 and 0.05414; five digits are written
    assert np.log(2) / np.sort(-np.linalg.eigvals(matrix).real) == pytest.approx([12.803, 2.3880], rel=1e-3)
    # label: 8 to 15 h at high doses
    assert 8.0 < half_life(matrix) < 15.0
