"""Tacrolimus models against the numbers printed with them. All patients are made up."""

from dataclasses import replace

import numpy as np
import pytest

from models.catalog import load_catalog
from models.dosing import recommend
from models.dosing.advice import Declined
from models.dosing.applicability import applicable
from models.fit import fit_map
from models.pk import steady_state
from models.record import Covariate, PatientRecord
from models.subject import subject_from_record
from tests.models.library.by_hand import after, rates, steady
from tests.models.library.published import published, typical

MODELS = load_catalog()


@published("tacrolimus/bergmann2014", "hand arithmetic of the printed equations for an expresser, day 100")
def test_bergmann_2014_for_an_expresser() -> None:
    model = MODELS.model("tacrolimus/bergmann2014")
    at = {"cyp3a5_expresser": 1.0, "haematocrit": 0.28, "weight": 90.0, "days_after_transplant": 100.0}
    found = typical(model, **at)
    clearance = 25.5 * 1.6 * (1 - 1.01 * -0.05) * (90 / 70) ** 0.75 * (1 - 0.0021 * 77.3)
    assert found["CL"] == pytest.approx(clearance, rel=1e-12)
    assert found["V1"] == 113.0
    assert model.outputs[0].scale == 1000.0
    assert np.linalg.eigvalsh(model.omega).min() > 0
    correlation = model.omega[1, 3] / np.sqrt(model.omega[1, 1] * model.omega[3, 3])
    assert (model.eta_names, correlation) == (("CL", "V1", "V2", "ka"), pytest.approx(0.677))


@published("tacrolimus/woillard2011", "hand arithmetic of table 4 for an expresser on the twice-daily product")
def test_woillard_2011_for_an_expresser_on_the_twice_daily_product() -> None:
    model = MODELS.model("tacrolimus/woillard2011")
    found = typical(model, haematocrit=0.29, cyp3a5_expresser=1.0, immediate_release=1.0)
    expected = {"CL": 21.2 * (29 / 35) ** -1.14 * 2.0, "V1": 486 * 0.29, "Q": 79.0, "V2": 271.0, "Ktr": 3.34 * 1.53}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    assert typical(model, haematocrit=0.35, immediate_release=0.0)["V1"] == 486.0
    cv = np.sqrt(np.expm1(np.diag(model.omega)))
    assert dict(zip(model.eta_names, cv, strict=True)) == pytest.approx(
        {"CL": 0.28, "V1": 0.31, "Q": 0.54, "V2": 0.60, "Ktr": 0.24},
        rel=1e-4,  # variances are written to four digits
    )
    assert model.outputs[0].residual.sd(8.0) == pytest.approx(np.hypot(0.113 * 8, 0.71))


@published(
    "tacrolimus/andrews2019", "results of the paper: CL falls 34 % from 25 to 65 y, rises 43 % from 1.5 to 2.25 m2"
)
def test_andrews_2019_reproduces_the_ratios_that_the_paper_prints() -> None:
    model = MODELS.model("tacrolimus/andrews2019")
    at = {"weight": 80.0, "height": 178.0, "female": 0.0, "albumin": 42.0, "creatinine": 1.5, "haematocrit": 0.34}
    young, old = typical(model, age=25.0, **at)["CL"], typical(model, age=65.0, **at)["CL"]
    assert 1 - old / young == pytest.approx(0.34, abs=0.005)  # printed as whole per cents
    small = typical(model, age=50.0, **(at | {"weight": 50.0, "height": 162.0}))["CL"]
    large = typical(model, age=50.0, **(at | {"weight": 95.0, "height": 95.0**-1 * 2.25**2 * 3600}))["CL"]
    # 50 kg and 162 cm are Mosteller's 1.5 m2
    assert large / small - 1 == pytest.approx(0.43, abs=0.005)


@published(
    "tacrolimus/andrews2019", "hand arithmetic of equation 1 and table 2 for a woman, expresser and CYP3A4*22 carrier"
)
def test_andrews_2019_for_a_woman_with_both_genotypes() -> None:
    model = MODELS.model("tacrolimus/andrews2019")
    found = typical(
        model,
        weight=62.0,
        height=165.0,
        female=1.0,
        age=38.0,
        albumin=33.0,
        creatinine=2.5,
        haematocrit=0.27,
        cyp3a5_expresser=1.0,
        cyp3a4_22_carrier=1.0,
    )
    surface = np.sqrt(62 * 165 / 3600)
    clearance = 23.0 * 1.631 * 0.8 * (38 / 55.72) ** -0.43 * (33 / 42) ** 0.43 * (surface / 1.93) ** 0.88
    clearance *= (2.5 * 88.4 / 134.98) ** -0.14 * (0.27 / 0.34) ** -0.76
    lean = 9270 * 62 / (8780 + 244 * 62 / 1.65**2)
    expected = {"CL": clearance, "V1": 692 * (lean / 58.94) ** 1.52, "Q": 11.6, "V2": 5340.0, "ka": 3.58, "tlag": 0.38}
    assert found == pytest.approx(expected, rel=1e-12)  # the same arithmetic in another order
    cv = dict(zip(model.eta_names, np.sqrt(np.expm1(np.diag(model.omega))), strict=True))
    assert cv == pytest.approx({"CL": 0.386, "V1": 0.492, "V2": 0.53, "Q": 0.787}, rel=1e-4)
    assert model.outputs[0].residual.sd(8.0) == pytest.approx(0.245 * 8)


@published(
    "tacrolimus/andrews2017", "hand arithmetic of table 2 for a child of 20 kg, anaemic, kidney of a deceased donor"
)
def test_andrews_2017_for_an_anaemic_child() -> None:
    model = MODELS.model("tacrolimus/andrews2017")
    at = {"weight": 20.0, "height": 110.0, "creatinine": 0.8, "age": 6.0}
    found = typical(model, **at, haematocrit=0.25, living_donor=0.0, cyp3a5_expresser=1.0)
    egfr = 36.5 * 110 / (0.8 * 88.4)
    clearance = 50.5 * (20 / 70) ** 0.75 * 1.98 * (egfr / 69) ** 0.19 * (0.25 / 0.3) ** -0.44
    size = 20 / 70
    expected = {"CL": clearance, "V1": 206 * size, "Q": 114 * size**0.75, "V2": 1520 * size, "ka": 0.56, "tlag": 0.37}
    assert found == pytest.approx(expected, rel=1e-6)  # k of the Schwartz formula is written to six digits
    # not anaemic, living donor, non-expresser: no effect of haematocrit from 0.3 on
    other = typical(model, **at, haematocrit=0.38, living_donor=1.0)["CL"]
    assert other == pytest.approx(50.5 * size**0.75 * 1.04 * 0.74 * (egfr / 69) ** 0.19, rel=1e-6)
    cv = dict(zip(model.eta_names, np.sqrt(np.expm1(np.diag(model.omega))), strict=True))
    assert cv == pytest.approx({"ka": 1.88, "CL": 0.25, "V1": 0.69, "V2": 0.62}, rel=1e-4)
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(2.1, 0.28))


@published("tacrolimus/monchaud2012", "hand arithmetic of the equations with cystic fibrosis, for an expresser")
def test_monchaud_2012_with_cystic_fibrosis() -> None:
    model = MODELS.model("tacrolimus/monchaud2012")
    found = typical(model, cystic_fibrosis=1.0, cyp3a5_expresser=1.0)
    expected = {"CL": 17.5 * 1.4, "V1": 136.0, "Q": 41.1, "V2": 529.0, "Ktr": 7.06 * 0.47}
    assert found == pytest.approx(expected, rel=1e-12)
    assert typical(model)["Ktr"] == 7.06
    sd = dict(zip(model.eta_names, np.sqrt(np.diag(model.omega)), strict=True))
    assert sd == pytest.approx({"Ktr": 0.427, "V1": 0.41, "Q": 0.717, "V2": 1.26, "CL": 0.537}, rel=1e-9)
    assert model.outputs[0].residual.sd(10.0) == pytest.approx(np.hypot(0.69, 1.6))


@pytest.mark.parametrize(
    ("stem", "at", "transits", "cl", "v1", "q", "v2", "ktr"),
    [
        ("woillard2011", {"haematocrit": 0.35, "immediate_release": 1.0}, 3, 21.2, 486 * 0.29, 79, 271, 3.34 * 1.53),
        ("monchaud2012", {}, 5, 17.5, 136, 41.1, 529, 7.06),
    ],
)
def test_trough_of_3_mg_twice_a_day_through_transit_compartments(
    stem: str, at: dict[str, float], transits: int, cl: float, v1: float, q: float, v2: float, ktr: float
) -> None:
    model = MODELS.model(f"tacrolimus/{stem}")
    nobody = np.zeros((1, len(model.eta_names)))
    found = steady_state(model, at, nobody, amount=3.0, interval=12.0, duration=0.0, route="oral")
    body, far = transits, transits + 1
    chain = [(i, i + 1, ktr) for i in range(transits)]
    k = rates(transits + 2, *chain, (body, None, cl / v1), (body, far, q / v1), (far, body, q / v2))
    dose = np.zeros(transits + 2)
    dose[0] = 3.0
    left = steady(k, after(k, dose, 12.0), 12.0)
    # two matrix exponentials; repeated rates cost digits
    assert found.trough[0] == pytest.approx(1000 * left[body] / v1, rel=1e-6)
    assert found.auc24[0] == pytest.approx(1000 * 2 * 3.0 / cl, rel=1e-6)
    # 3 mg twice a day gives troughs in the order of the cohorts' targets
    assert 4.0 < found.trough[0] < 15.0


def test_bergmann_2014_stays_the_model_that_speaks_for_tacrolimus() -> None:
    assert MODELS.models_for("tacrolimus")[0].id == "tacrolimus/bergmann2014"


@pytest.mark.parametrize("stem", ["bergmann2014", "woillard2011", "andrews2019", "andrews2017"])
def test_a_kidney_model_is_not_used_where_no_kidney_transplantation_is_charted(stem: str) -> None:
    drug, model = MODELS.drug("tacrolimus"), MODELS.model(f"tacrolimus/{stem}")
    values = {"weight": 60.0, "height": 170.0, "age": 17.5, "female": 0.0, "albumin": 40.0, "haematocrit": 0.35}
    values |= {"living_donor": 1.0} | ({"age": 40.0} if stem != "andrews2017" else {})
    somebody = PatientRecord(
        drug="tacrolimus", now=0.0, covariates=tuple(Covariate(name=n, time=0.0, value=v) for n, v in values.items())
    )
    day = Covariate(name="days_after_transplant", time=0.0, value=20.0)
    organ = Covariate(name="kidney_transplant", time=0.0, value=1.0)
    somebody = replace(somebody, covariates=(*somebody.covariates, day))
    kidney = replace(somebody, covariates=(*somebody.covariates, organ))
    other = replace(somebody, covariates=(*somebody.covariates, replace(organ, value=0.0)))
    assert {item.code for item in applicable(model, drug, other) if item.severity == "critical"} == {"outside-domain"}
    serious = {item.code for item in applicable(model, drug, somebody) if item.severity == "critical"}
    assert serious == {"domain-unknown"}
    assert not [item.text for item in applicable(model, drug, kidney) if item.severity == "critical"]
    lung = replace(kidney, covariates=(*kidney.covariates, Covariate(name="lung_transplant", time=0.0, value=1.0)))
    assert {item.code for item in applicable(model, drug, lung) if item.severity == "critical"} == {"outside-domain"}


def test_a_lung_recipient_can_be_fitted_but_has_no_target() -> None:
    drug, model = MODELS.drug("tacrolimus"), MODELS.model("tacrolimus/monchaud2012")
    values = {"weight": 60.0, "age": 40.0, "lung_transplant": 1.0, "days_after_transplant": 20.0}
    record = PatientRecord(
        drug="tacrolimus", now=0.0, covariates=tuple(Covariate(name=n, time=0.0, value=v) for n, v in values.items())
    )
    advice = recommend(drug, model, record, fit_map(model, subject_from_record(model, record)), seed=1)
    assert isinstance(advice, Declined)
    assert [item.code for item in advice.reasons] == ["no-target"]
    assert advice.would_help[0].startswith("A target for patients like this one")


def test_a_high_prednisolone_peak_does_not_turn_the_volume_negative() -> None:
    model = MODELS.model("tacrolimus/bergmann2014")
    at = {"cyp3a5_expresser": 0.0, "haematocrit": 0.33, "weight": 70.0, "days_after_transplant": 22.7}
    # held to 260 nmol/L: 113 * (1 - 0.0028 * 104.5) = 79.9 L
    assert typical(model, **at, free_prednisolone_cmax=900.0)["V1"] == pytest.approx(79.936, abs=1e-3)
