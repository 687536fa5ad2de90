"""Reference patients: near the file's own references, inside its hard domain, always the same."""

import pytest

from models.catalog import load_catalog
from models.dosing.limits import broken_limits
from models.errors import RecordError
from models.review.patient import computed, named_value, reference_patient
from models.review.predictive import made_up_record, model_covariates
from models.review.regimen import parse_regimen, regimen_text, usual_regimen
from models.review.usual import ADULT, age_at_weight, usual
from models.terms import TERMS

CATALOG = load_catalog()
MODELS = list(CATALOG.models.values())


def patient_of(id: str) -> dict[str, float]:
    model = CATALOG.model(id)
    return reference_patient(model, CATALOG.drug(model.drug))


def test_goti_is_seen_at_70_kg_and_a_clearance_of_120() -> None:
    patient = patient_of("vancomycin/goti2018")
    assert (patient["weight"], patient["female"], patient["dialysis"]) == (70.0, 0.0, 0.0)
    # creatinine was moved so that Cockcroft-Gault gives the effect's reference; three digits are kept
    clearance = (140 - patient["age"]) * 70.0 / (72 * patient["creatinine"])
    assert clearance == pytest.approx(120.0, rel=0.01)


def test_bergmann_is_seen_at_its_printed_references() -> None:
    patient = patient_of("tacrolimus/bergmann2014")
    assert patient["haematocrit"] == 0.33
    assert patient["days_after_transplant"] == 22.7
    assert patient["free_prednisolone_cmax"] == 155.5
    assert patient["cyp3a5_expresser"] == 0.0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_reference_patient_is_inside_the_hard_domain_and_has_all_that_the_model_needs(model) -> None:
    drug = CATALOG.drug(model.drug)
    patient = reference_patient(model, drug)
    assert patient == reference_patient(model, drug)
    regimen = usual_regimen(drug, model, patient["weight"], first=CATALOG.models_for(drug.name)[0])
    covariates = model_covariates(model, made_up_record(drug.name, patient, regimen))
    for limit in model.domain:
        if (model.id, limit.name) == ("tobramycin/hennig2013", "clearance"):
            continue  # its own reference creatinine, 0.42 mg/dL, gives grown-ups a clearance above its own range
        value = covariates.get(limit.name, patient.get(limit.name))
        if limit.hard and value is not None:
            assert limit.hard[0] <= value <= limit.hard[1], limit.name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_raw_covariate_that_an_effect_centres_on_stays_near_it(model) -> None:
    patient = reference_patient(model, CATALOG.drug(model.drug))
    for need in model.needs:
        named = named_value(need.name, model)
        if need.formula == "measured" and need.name in patient and named is not None and named != 70.0:
            hard = next((limit.hard for limit in model.domain if limit.name == need.name and limit.hard), None)
            if hard is None or hard[0] <= named <= hard[1]:
                # 0.02 is the SD (of the logarithm) by which such a value may move; five of them
                assert patient[need.name] == pytest.approx(named, rel=0.1), need.name


def test_every_term_has_a_usual_figure() -> None:
    lacking = [name for name, term in TERMS.items() if usual(name) is None and term.nature != "derived"]
    assert lacking == []
    assert set(ADULT) <= set(TERMS)


@pytest.mark.parametrize(("years", "kg", "cm"), [(0.0, 3.4, 50.0), (1.0, 9.5, 75.0), (5.0, 18.3, 110.0)])
def test_a_child_is_of_its_age(years: float, kg: float, cm: float) -> None:
    assert usual("weight", age=years) == pytest.approx(kg, rel=0.01)
    assert usual("height", age=years) == pytest.approx(cm, rel=0.01)
    # an age in years and the chart's weeks differ in the last digits only
    assert age_at_weight(kg) == pytest.approx(years, abs=0.02)


def test_the_usual_regimen_is_the_middle_of_the_products_within_the_limits() -> None:
    drug, goti = CATALOG.drug("vancomycin"), CATALOG.model("vancomycin/goti2018")
    regimen = usual_regimen(drug, goti, 70.0, first=goti)
    assert (regimen.amount, regimen.interval, regimen.duration) == (750.0, 8.0, 1.5)
    child = usual_regimen(drug, goti, 7.0, first=goti)
    assert (child.amount, child.interval) == (75.0, 8.0)
    assert regimen_text(regimen) == "750 mg every 8 h, over 1.5 h (iv)"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_no_usual_regimen_breaks_a_hard_limit(model) -> None:
    drug = CATALOG.drug(model.drug)
    weight = reference_patient(model, drug)["weight"]
    regimen = usual_regimen(drug, model, weight, first=CATALOG.models_for(drug.name)[0])
    assert broken_limits(regimen, drug, weight) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000 mg q12h 1h iv", (1000.0, 12.0, 1.0, "iv")),
        ("750mg q8h", (750.0, 8.0, 1.5, "iv")),
        ("2000 mg q24h continuous", (2000.0, 24.0, 24.0, "iv")),
        ("1250 mg q 12 h over 2.5 h", (1250.0, 12.0, 2.5, "iv")),
    ],
)
def test_a_regimen_is_read_as_people_write_it(text: str, expected: tuple[object, ...]) -> None:
    found = parse_regimen(text, CATALOG.drug("vancomycin"))
    assert (found.amount, found.interval, found.duration, found.route) == expected


@pytest.mark.parametrize(
    "text", ["", "1 g q12h", "1000 q12", "1000 mg q12h 13h iv", "0 mg q12h", "5 mg q12h 1h oral", "-5 mg q12h"]
)
def test_a_regimen_that_can_not_be_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="expected"):
        parse_regimen(text, CATALOG.drug("vancomycin"))


def test_computed_covariates_agree_with_the_records_own_way() -> None:
    model = CATALOG.model("vancomycin/goti2018")
    crcl = next(need for need in model.needs if need.name == "crcl")
    patient = {"age": 40.0, "weight": 80.0, "creatinine": 1.0, "female": 1.0}
    assert float(computed(crcl, patient)) == pytest.approx(100 * 80 / 72 * 0.85)
