"""Busulfan models against numbers of their papers and hand arithmetic. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import concentrations, parameters
from models.population import PopulationModel
from models.record import Covariate, Dose, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, rates
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order


def chart(model: PopulationModel, **covariates: float) -> PatientRecord:
    """A first dose of 100 mg over 2 h at hour 10."""
    items = tuple(Covariate(name=name, time=0.0, value=value) for name, value in covariates.items())
    dose = Dose(time=10.0, amount=100.0, duration=2.0, route="iv")
    return PatientRecord(drug=model.drug, now=100.0, covariates=items, doses=(dose,))


def clearance_at(model: PopulationModel, hour: float, **covariates: float) -> float:
    nobody = np.zeros((1, len(model.eta_names)))
    return float(parameters(model, subject_from_record(model, chart(model, **covariates)), nobody, hour)["CL"][0])


def holford(weight: float, height: float, largest: float, half: float) -> float:
    return largest * height**2 * weight / (half * height**2 + weight)


@published(
    "busulfan/mccune2014", "abstract: 12.4 L/h in a man of 70 kg (62 kg normal fat mass); 95 % of it at 2.5 years"
)
def test_mccune_2014_has_the_clearance_and_maturation_of_its_abstract() -> None:
    model = MODELS.model("busulfan/mccune2014")
    man = typical(model, weight=70.0, height=174.0, age=40.0, female=0.0)
    # 62 kg is a rounded mass: 174 cm gives 62.9 kg; 12.4 is printed to 0.4 %
    assert man["CL"] == pytest.approx(12.4, rel=0.015)
    child, grown = (typical(model, weight=14.0, height=92.0, age=age, female=0.0)["CL"] for age in (2.5, 60.0))
    # printed in whole per cent
    assert child / grown == pytest.approx(0.95, abs=0.005)


@published("busulfan/mccune2014", "hand arithmetic of the transcribed equations for a girl of 6 months")
def test_mccune_2014_for_an_infant_girl() -> None:
    model = MODELS.model("busulfan/mccune2014")
    lean = holford(7.0, 0.66, 37.99, 35.98)
    mass_cl, mass_v = lean + 0.509 * (7 - lean), lean + 0.203 * (7 - lean)
    weeks = 40 + 0.5 * 365.25 / 7
    expected = {
        "CL": 12.4 * (mass_cl / 62) ** 0.75 / (1 + (weeks / 45.7) ** -2.3),
        "V1": 13.9 * mass_v / 59 * 1.07,
        "Q": 135.2 * (mass_cl / 62) ** 0.75,
        "V2": 29.9 * mass_v / 59 * 1.07,
    }
    found = typical(model, weight=7.0, height=66.0, age=0.5, female=1.0)
    # 1e-9 leaves room for the rounding of a year's weeks
    assert found == pytest.approx(expected, rel=1e-9)


@published("busulfan/mccune2014", "matrix of the transcription, and its residual error at 1 mg/L")
def test_mccune_2014_between_patients() -> None:
    model = MODELS.model("busulfan/mccune2014")
    lower = [[0.0459, 0, 0, 0], [0.0172, 0.152, 0, 0], [0.0681, 0.097, 0.814, 0], [0.0115, -0.00924, 0.069, 0.00932]]
    whole = np.array(lower) + np.tril(np.array(lower), -1).T
    assert np.array_equal(model.omega, whole)
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(np.hypot(0.027, 0.0387))


@published("busulfan/mccune2014", "clearance falls to 93.2 % from 6 h and to 91.9 % from 36 h after the first dose")
def test_mccune_2014_changes_with_the_hours_since_the_first_dose() -> None:
    model = MODELS.model("busulfan/mccune2014")
    man = {"weight": 95.0, "height": 180.0, "age": 50.0, "female": 0.0}
    first = clearance_at(model, 12.0, **man)
    assert clearance_at(model, 16.5, **man) / first == pytest.approx(0.932, rel=SAME)
    assert clearance_at(model, 47.0, **man) / first == pytest.approx(0.919, rel=SAME)


@published("busulfan/shukla2020", "hand arithmetic of the transcribed equations for a boy of 8 with fludarabine")
def test_shukla_2020_for_a_boy_with_fludarabine() -> None:
    model = MODELS.model("busulfan/shukla2020")
    boy = {"weight": 30.0, "height": 130.0, "age": 8.0, "female": 0.0, "fludarabine": 1.0}
    index = 30 / 1.3**2
    lean = (0.88 + 0.12 / (1 + (8 / 13.4) ** -12.7)) * 9270 * 30 / (6680 + 216 * index)
    maturation = 0.451 + (1 - 0.451) * (1 - np.exp(-1.37 * 8))
    expected = {"CL": 3.96 * maturation * (lean / 12) ** 0.75 * 0.80, "V": 10.8 * lean / 12}
    assert typical(model, **boy) == pytest.approx(expected, rel=SAME)
    assert clearance_at(model, 34.5, **boy) == pytest.approx(expected["CL"] * (1 - 0.135), rel=SAME)
    assert np.array_equal(model.omega, [[0.0595, 0.0323], [0.0323, 0.0293]])
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(np.hypot(0.0222, 0.106))


@published("busulfan/paci2012", "hand arithmetic at 5 and 40 kg; 6.6 L at 9 kg as its transcription says")
def test_paci_2012_below_and_above_nine_kilograms() -> None:
    model = MODELS.model("busulfan/paci2012")
    assert typical(model, weight=5.0) == pytest.approx({"CL": 2.18 * (5 / 9) ** 1.25, "V": 5**0.86}, rel=SAME)
    assert typical(model, weight=40.0) == pytest.approx({"CL": 2.18 * (40 / 9) ** 0.76, "V": 40**0.86}, rel=SAME)
    assert typical(model, weight=9.0)["V"] == pytest.approx(6.6, abs=0.05)  # printed to one decimal
    assert np.array_equal(model.omega, np.diag([0.0529, 0.0484]))
    assert {effect.kind for effect in model.random} == {"proportional"}
    assert model.outputs[0].residual.sd(1.0) == pytest.approx(np.hypot(0.057, 0.11))


@published("busulfan/shukla2020", "first dose of a girl of 14, before and after the 24th hour, by the exponential")
def test_shukla_2020_concentrations_over_the_change_of_clearance() -> None:
    model = MODELS.model("busulfan/shukla2020")
    girl = {"weight": 50.0, "height": 160.0, "age": 14.0, "female": 1.0, "fludarabine": 0.0}
    found = typical(model, **girl)
    first = after(rates(1, (0, None, found["CL"] / found["V"])), np.zeros(1), 2.0, inflow=np.array([50.0]))
    day = first * np.exp(-22 * found["CL"] / found["V"])
    later = day * np.exp(-4 * 0.865 * found["CL"] / found["V"])
    subject = subject_from_record(model, chart(model, **girl))
    curve = concentrations(model, subject, np.zeros((1, 2)), np.array([12.0, 34.0, 38.0]))
    # exact up to rounding
    assert curve[0] == pytest.approx([float(a[0] / found["V"]) for a in (first, day, later)], rel=1e-8)


@pytest.mark.parametrize(
    ("model_id", "weight", "height", "age"),
    [
        ("mccune2014", 70.0, 175.0, 45.0),
        ("mccune2014", 12.0, 85.0, 2.0),
        ("shukla2020", 12.0, 85.0, 2.0),
        ("paci2012", 12.0, 85.0, 2.0),
    ],
)
def test_labelled_doses_reach_the_labelled_exposure(model_id: str, weight: float, height: float, age: float) -> None:
    model = MODELS.model(f"busulfan/{model_id}")
    found = typical(model, weight=weight, height=height, age=age, female=0.0, fludarabine=0.0)
    dose = (0.8 if weight > 34 else 1.2) * weight  # mg every 6 h, European label
    # the label aims at 900-1500 umol.min/L a dose; a quarter beyond either end is still no slip of a unit
    exposure = dose / found["CL"] / 246.29 * 1000 * 60
    assert 900 / 1.25 < exposure < 1500 * 1.25
