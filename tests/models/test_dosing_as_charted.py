"""Sentences on a card that real charts made untrue: what grows since its entry, and bounds beside the target's own."""

from dataclasses import replace

import pytest

from models.catalog import Catalog, load_catalog
from models.dosing import recommend
from models.dosing.advice import Recommendation, Regimen
from models.dosing.applicability import applicable
from models.dosing.plausibility import above_its_history
from models.fit import fit_map, prior
from models.subject import subject_from_record
from tests.builders import Patient, on_vancomycin

MODEL = "tacrolimus/woillard2011"  # kidney recipients, data from day 7 to 180


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def recipient() -> Patient:
    """Operated at hour 0, as a charted operation is read: day 0 there, and growing."""
    patient = Patient(drug="tacrolimus").woman().aged(48).weighing(68).haematocrit(0.31)
    return patient.transplanted(days_ago=0).cyp3a5_expresser(False)


@pytest.mark.parametrize(("day", "said"), [(5, "5 days"), (8, ""), (133, ""), (200, "200 days")])
def test_days_after_transplant_are_judged_as_they_are_now(catalog: Catalog, day: float, said: str) -> None:
    found = applicable(catalog.model(MODEL), catalog.drug("tacrolimus"), recipient().record(now=24.0 * day))
    assert [item.code for item in found] == (["edge-of-domain"] if said else [])
    assert all(said in item.text for item in found)


def test_a_flag_out_of_the_domain_reads_as_a_sentence(catalog: Catalog) -> None:
    record = recipient().charted("cyp3a4_strong_inhibitor", 1, at=0).record(now=24.0 * 20)
    (found,) = applicable(catalog.model(MODEL), catalog.drug("tacrolimus"), record)
    assert found.text.startswith("Strong CYP3A4 inhibitor: yes, which is outside what the model was made for")


def test_a_trough_over_its_bound_is_not_called_an_auc_over_the_target(catalog: Catalog) -> None:
    # 80 mg every 8 h: 240 mg a day over CL = 0.047 * 81.6 = 3.8 L/h is an AUC24 of 63, under the 70 of the target,
    # while the trough of 8 h is above the 1 mg/L of extended intervals in most patients
    man = Patient(drug="gentamicin").man().aged(66.5).weighing(80).charted("height", 178, at=0).creatinine(1.0)
    record = man.infused(80, at=0, over=0.5, every=8, times=6).record(now=48)
    drug, model = catalog.drug("gentamicin"), catalog.model("gentamicin/xuan2003")
    current = Regimen(amount=80.0, interval=8.0, duration=0.5, route="iv", start=0.0)
    advice = recommend(drug, model, record, prior(model), current=current, seed=1)
    assert isinstance(advice, Recommendation)
    (outcome,) = [item for item in advice.regimens if item.label == "current"]
    assert outcome.exposure.median == pytest.approx(63, rel=0.1)  # the median of 1000 draws
    (said,) = [item.text for item in advice.findings if item.code == "current-above-target"]
    assert "AUC24 above" not in said
    assert "a bound beside the target (trough at most 1 mg/L) is expected to be exceeded" in said
    assert "kidney" not in said


@pytest.mark.parametrize(("value", "said"), [(18, True), (7, False)])
def test_a_level_well_over_its_short_history_may_stand_on_doses_before_it(value: float, said: bool) -> None:
    # one dose of 1000 mg 11.5 h ago leaves about 7 mg/L in such a patient
    record = on_vancomycin().infused(1000, at=0, over=2).level(value, at=11.5).record(now=12)
    model = load_catalog().model("vancomycin/goti2018")
    posterior = fit_map(model, subject_from_record(model, record))
    found = above_its_history(load_catalog().drug("vancomycin"), record, posterior)
    assert [item.code for item in found] == (["level-above-history"] if said else [])
    assert all("only 12 h older" in item.text for item in found)


def test_after_a_week_of_charted_doses_a_high_level_is_the_patients_own() -> None:
    record = on_vancomycin().infused(1000, at=0, over=2, every=12, times=16).level(60, at=191).record(now=192)
    model = load_catalog().model("vancomycin/goti2018")
    posterior = fit_map(model, subject_from_record(model, record))
    assert above_its_history(load_catalog().drug("vancomycin"), record, posterior) == ()


def test_a_continuous_infusion_is_not_held_for_a_level_inside_its_target() -> None:
    # 22 mg/L after two and a half days: over the 20 mg/L of a trough, inside the 20 to 25 mg/L of a plateau
    drug, model = load_catalog().drug("vancomycin"), load_catalog().model("vancomycin/goti2018")
    bags = on_vancomycin().infused(2500, at=0, over=24, every=24, times=3).level(22, at=60)
    current = Regimen(amount=2500.0, interval=24.0, duration=24.0, route="iv", start=0.0)
    record = bags.record(now=71.5)
    advice = recommend(drug, model, record, fit_map(model, subject_from_record(model, record)), current=current, seed=1)
    assert isinstance(advice, Recommendation)
    assert advice.target.metric == "average"
    assert "hold" not in [item.code for item in advice.findings]
    high = replace(record, levels=tuple(replace(level, value=45.0) for level in record.levels))
    advice = recommend(drug, model, high, fit_map(model, subject_from_record(model, high)), current=current, seed=1)
    (held,) = [
        item.text for item in (*advice.findings, *getattr(advice, "reasons", ())) if item.code.startswith("hold")
    ]
    assert "25 mg/L" in held


@pytest.mark.parametrize(("charted", "said"), [(False, True), (True, False)])
def test_a_drug_that_all_had_and_this_patient_has_not_is_said(catalog: Catalog, charted: bool, said: bool) -> None:
    patient = Patient(drug="ciclosporin").man().aged(51).weighing(75).charted("haematological_malignancy", 1, at=0)
    record = (patient.charted("cyp3a4_moderate_inhibitor", 1, at=0) if charted else patient).record(now=96)
    found = applicable(catalog.model("ciclosporin/wilhelm2012"), catalog.drug("ciclosporin"), record)
    assert [item.code for item in found] == (["edge-of-domain"] if said else [])
    assert all("Moderate CYP3A4 inhibitor: no, which is where its data were few" in item.text for item in found)
