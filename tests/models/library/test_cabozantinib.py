"""Cabozantinib models against hand arithmetic of their printed equations. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import parameters, steady_state
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, half_life, rates, steady
from tests.models.library.published import published

MODELS = load_catalog()


def of(dose: float, **covariates: float) -> dict[str, float]:
    model = MODELS.model("cabozantinib/nguyen2019")
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in covariates.items())
    doses = (Dose(time=0.0, amount=dose, route="oral"),)
    subject = subject_from_record(model, PatientRecord(drug="cabozantinib", now=1.0, covariates=items, doses=doses))
    return {name: float(value[0]) for name, value in parameters(model, subject, np.zeros((1, 4)), 1.0).items()}


@published("cabozantinib/nguyen2019", "hand arithmetic of table 3 for a woman with liver cancer on 40 mg")
def test_nguyen_2019_for_a_woman_with_hepatocellular_carcinoma() -> None:
    model = MODELS.model("cabozantinib/nguyen2019")
    found = of(40.0, age=50.0, weight=55.0, female=1.0, asian=1.0, tumour_type=2.0)
    clearance = 2.48 * (50 / 64) ** -0.157 * (55 / 78) ** -0.0393 * 0.76 * 0.935 * 0.878
    volume = 212 * (50 / 64) ** 0.0644 * (55 / 78) ** 1.19 * 1.1 * 0.696 * 0.847
    expected = {"CL": clearance, "V": volume, "Q": 30.0, "V2": 177.0, "ka": 1.24 * (40 / 60) ** 0.734}
    expected |= {"F1": 0.83, "F2": 0.17, "tlag": 0.821, "D2": 2.48}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    assert np.diag(model.omega) == pytest.approx([2.02, 0.213, 0.443, 2.55])
    # correlation of CL and V: 0.211 / sqrt(0.213 * 0.443) = 0.69
    assert model.omega[1, 2] / np.sqrt(model.omega[1, 1] * model.omega[2, 2]) == pytest.approx(0.687, abs=0.0005)
    assert (model.outputs[0].residual.kind, model.outputs[0].residual.sd(900.0)) == ("exponential", np.sqrt(0.127))


@published(
    "cabozantinib/nguyen2019",
    "results of the paper: CL/F 90 % more in thyroid cancer, 24 % less in women",
)
def test_nguyen_2019_reproduces_the_ratios_that_the_paper_prints() -> None:
    healthy = of(60.0, age=64.0, weight=78.0, female=0.0, tumour_type=0.0)
    assert (healthy["CL"], healthy["V"]) == (2.48, 212.0)
    thyroid = of(60.0, age=64.0, weight=78.0, female=0.0, tumour_type=4.0)
    assert thyroid["CL"] / healthy["CL"] == pytest.approx(1.9)
    assert of(60.0, age=64.0, weight=78.0, female=1.0, tumour_type=0.0)["CL"] / healthy["CL"] == pytest.approx(0.76)
    # renal cell carcinoma is taken where nothing is charted
    assert of(60.0, age=64.0, weight=78.0, female=0.0)["CL"] == pytest.approx(2.48 * 0.87)
    k = rates(2, (0, None, 2.48 / 212), (0, 1, 30 / 212), (1, 0, 30 / 177))
    # the label prints a half-life of 99 h in patients (memory); (V + V2)/CL is 157 h times ln 2: 109 h
    assert 90 < half_life(k) < 130


def test_trough_of_60_mg_a_day_by_both_ways_of_absorption() -> None:
    model = MODELS.model("cabozantinib/nguyen2019")
    at = {"age": 64.0, "weight": 78.0, "female": 0.0, "tumour_type": 0.0, "dose": 60.0}
    found = steady_state(model, at, np.zeros((1, 4)), amount=60.0, interval=24.0, duration=0.0, route="oral")
    k = rates(3, (0, 1, 1.24), (1, None, 2.48 / 212), (1, 2, 30 / 212), (2, 1, 30 / 177))
    first = after(k, np.array([0.83 * 60.0, 0, 0]), 24 - 0.821)
    zero = after(k, after(k, np.zeros(3), 2.48, np.array([0, 0.17 * 60 / 2.48, 0])), 24 - 2.48)
    trough = 1000 * steady(k, first + zero, 24.0)[1] / 212
    assert found.trough[0] == pytest.approx(trough, rel=1e-8)  # two exact solutions
    assert found.auc24[0] == pytest.approx(1000 * 60 / 2.48, rel=1e-8)
    # means near 1000 ug/L are reported for 60 mg a day (memory)
    assert 700 < trough < 1200
