"""Vancomycin models of newborns, infants and children against hand arithmetic. All patients are made up."""

import numpy as np
import pytest

from models.catalog import load_catalog
from models.pk import steady_state
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()
SAME = 1e-12  # relative; the same arithmetic in another order
# a girl born at 29 weeks and 2 days, 20 days old
GIRL = {"weight": 1.25, "female": 1.0, "gestational_age": 29 + 2 / 7, "age": 20 / 365.25, "creatinine": 0.75}
WEEKS = 29 + 2 / 7 + 20 / 7


@published("vancomycin/frymoyer2014", "hand arithmetic of the transcribed equations for a preterm girl of 1.25 kg")
def test_frymoyer_2014_for_a_preterm_girl() -> None:
    model = MODELS.model("vancomycin/frymoyer2014")
    mature = 1 / (1 + (WEEKS / 34.8) ** -4.53)
    expected = {"CL": 0.345 * (1.25 / 2.9) ** 0.75 * mature * (1 / 0.75) ** 0.267, "V": 1.75 * 1.25 / 2.9}
    assert typical(model, **GIRL) == pytest.approx(expected, rel=SAME)
    assert np.array_equal(model.omega, [[0.0465, 0.00734], [0.00734, 0.0119]])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.05, 1.3))


@published("vancomycin/dao2020", "hand arithmetic of the transcribed equations for a preterm girl of 1.25 kg")
def test_dao_2020_for_a_preterm_girl() -> None:
    model = MODELS.model("vancomycin/dao2020")
    mature = WEEKS**3.54 / (WEEKS**3.54 + 46.4**3.54)
    expected = {"CL": 0.273 * 1.25**0.438 * (0.61 / 0.75) ** 0.473 * mature, "V": 0.628 * 1.25}
    assert typical(model, **GIRL) == pytest.approx(expected, rel=SAME)
    assert model.omega == pytest.approx(np.array([[0.226**2]]), rel=0.001)  # four digits
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.36, 1.98))


@published("vancomycin/germovsek2019", "hand arithmetic of the transcribed equations for a preterm girl of 1.25 kg")
def test_germovsek_2019_for_a_preterm_girl() -> None:
    model = MODELS.model("vancomycin/germovsek2019")
    mature = WEEKS**3.33 / (55.4**3.33 + WEEKS**3.33)
    expected = {"CL": 5.7329 * (1.25 / 70) ** 0.632 * mature, "V": 39.26 * 1.25 / 70}
    assert typical(model, **GIRL) == pytest.approx(expected, rel=SAME)
    assert np.array_equal(model.omega, [[0.103194, 0.0444473], [0.0444473, 0.0999011]])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(2.965)


@published("vancomycin/capparelli2001", "abstract: 27 d, 0.6 mg/dL, 1.8 kg, 33.5 weeks: Vss 0.79 L/kg, CL 0.066 L/h/kg")
def test_capparelli_2001_reproduces_its_abstract() -> None:
    model = MODELS.model("vancomycin/capparelli2001")
    found = typical(model, weight=1.8, gestational_age=33.5, age=27 / 365.25, creatinine=0.6)
    assert found["CL"] / 1.8 == pytest.approx(0.066, abs=0.0005)  # three decimals are printed
    # 0.793 + 0.010 / 1.8 = 0.7986, printed as 0.79
    assert found["Vss"] / 1.8 == pytest.approx(0.79, abs=0.01)


@published("vancomycin/capparelli2001", "hand arithmetic of the transcribed equations, premature and not")
@pytest.mark.parametrize(("weeks", "mature"), [(27.0, 0.0), (28.0, 0.0), (28.5, 0.0123), (39.0, 0.0123)])
def test_capparelli_2001_by_gestational_age(weeks: float, mature: float) -> None:
    model = MODELS.model("vancomycin/capparelli2001")
    found = typical(model, weight=3.1, gestational_age=weeks, age=60 / 365, creatinine=0.45)
    clearance = 3.1 * (0.028 / 0.45 + 0.000127 * 60 + mature) + 0.006
    volume = 0.793 * 3.1 + 0.010
    assert found["CL"] == pytest.approx(clearance, rel=SAME)
    assert [found[name] for name in ("V1", "V2", "Q")] == pytest.approx(
        [0.666 * volume, volume - 0.666 * volume, 0.0334 * 3.1], rel=SAME
    )
    assert np.array_equal(model.omega, [[0.1024, 0.0128], [0.0128, 0.0256]])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(1.4, 3.4))


@published(
    "vancomycin/jacqzaigrain2019", "hand arithmetic of the transcribed equations, enzymatic and Jaffe creatinine"
)
@pytest.mark.parametrize("jaffe", [0.0, 1.0])
def test_jacqz_aigrain_2019_by_assay(jaffe: float) -> None:
    model = MODELS.model("vancomycin/jacqzaigrain2019")
    renal = 1 / (0.72**jaffe * 0.75 / 0.61086) ** 0.666
    size = 1.25 / 1.35
    clearance = 0.068 * size**0.863 * (WEEKS / 32) ** 0.544 * renal * 0.72**jaffe
    found = typical(model, **GIRL, jaffe_creatinine=jaffe)
    assert found["CL"] == pytest.approx(clearance, rel=1e-7)  # 0.72^0.334 is written with seven digits
    assert [found[name] for name in ("V1", "V2", "Q")] == pytest.approx(
        [0.728 * size**1.13, 0.358 * size**1.15, 0.0301 * size], rel=SAME
    )
    assert np.array_equal(model.omega, np.diag([0.033124, 0.030625, 1.050625]))
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.22, 1.57))


@published("vancomycin/kloprogge2019", "hand arithmetic of the transcribed equations: a boy of 7 a, a girl of 16 a")
def test_kloprogge_2019_for_a_boy_and_a_girl() -> None:
    model = MODELS.model("vancomycin/kloprogge2019")
    usual_boy = -2.3733 - 12.91367 * np.log(7) + 23.93581 * np.sqrt(7)
    usual_girl = 4.7137 * 16 - 15.347
    for age, female, weight, height, usual in (
        (7.0, 0.0, 23.0, 122.0, usual_boy),
        (16.0, 1.0, 55.0, 162.0, usual_girl),
    ):
        found = typical(model, age=age, female=female, weight=weight, height=height, creatinine=0.6)
        weeks = 40 + age * 365.25 / 7
        mature = weeks**3.52 / (50.2**3.52 + weeks**3.52)
        clearance = 4.84 * (0.6 * 88.4 / usual) ** -0.692342 * (weight / 70) ** 0.632 * mature
        size = weight / 70
        expected = {"CL": clearance, "V1": 39.9 * size, "V2": 37.8 * size, "Q": 3.85 * size**0.75}
        assert found == pytest.approx(expected, rel=SAME)
    assert np.array_equal(model.omega, [[0.2263512, 0.3465337], [0.3465337, 1.853544]])
    assert (model.outputs[0].residual.kind, model.outputs[0].residual.additive) == ("exponential", 0.243**2)


@published("vancomycin/le2014", "hand arithmetic of the transcribed equations for a child of 4 a and 16 kg")
def test_le_2014_for_a_child() -> None:
    model = MODELS.model("vancomycin/le2014")
    found = typical(model, age=4.0, weight=16.0, height=102.0, female=0.0, creatinine=0.55)
    clearance = 0.258 * 16**0.75 * (0.4 / 0.55) ** 0.431 * (np.log(4 * 365) / 7.7) ** 0.808
    assert found == pytest.approx({"CL": clearance, "V": 0.644 * 16}, rel=SAME)
    assert np.array_equal(model.omega, [[0.1681, 0.001968], [0.001968, 0.0144]])
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.8, 1.0))


@published(
    "vancomycin/jacqzaigrain2019", "trough of 15 mg/kg every 12 h by the matrix exponential, from the printed numbers"
)
def test_jacqz_aigrain_2019_at_steady_state() -> None:
    model = MODELS.model("vancomycin/jacqzaigrain2019")
    clearance, central, second, between = 0.068, 0.728, 0.358, 0.0301  # the reference infant: 1.35 kg, 32 weeks
    matrix = rates(2, (0, None, clearance / central), (0, 1, between / central), (1, 0, between / second))
    inflow = np.array([20.0, 0.0])  # 20 mg over 1 h
    trough = steady(matrix, after(matrix, after(matrix, np.zeros(2), 1.0, inflow=inflow), 11.0), 12.0)
    at = {"weight": 1.35, "pma": 32.0, "creatinine": 0.61086}
    found = steady_state(model, at, np.zeros((1, 3)), amount=20.0, interval=12.0, duration=1.0, route="iv")
    assert found.trough[0] == pytest.approx(trough[0] / central, rel=1e-8)  # exponentials' rounding
    assert found.auc24[0] == pytest.approx(40 / clearance, rel=1e-8)


NEWBORN = ("capparelli2001", "dao2020", "frymoyer2014", "germovsek2019", "jacqzaigrain2019")


def test_the_models_of_newborns_agree_on_a_common_newborn() -> None:
    """A term newborn of a week: clearances in L/h/kg lie within what is published for the age, 0.05 to 0.10."""
    at = {"weight": 3.4, "female": 0.0, "gestational_age": 39.0, "age": 7 / 365.25, "creatinine": 0.5}
    per_kg = [typical(MODELS.model(f"vancomycin/{stem}"), **at)["CL"] / 3.4 for stem in NEWBORN]
    assert min(per_kg) > 0.05
    assert max(per_kg) < 0.10


def test_no_model_of_newborns_takes_an_adult_and_no_model_of_adults_a_newborn() -> None:
    for model in MODELS.models_for("vancomycin"):
        (hard,) = (limit.hard for limit in model.domain if limit.name == "age")
        assert hard is not None
        young, grown = hard[0] <= 0.02 <= hard[1], hard[0] <= 40 <= hard[1]
        assert not (young and grown), model.id
