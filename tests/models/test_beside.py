"""Estimators beside the fit: worked out by hand for five patients, silent where they must be, and their agreement."""

import tomllib
from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.beside.concordance import AGREE, DISAGREE, verdict_of, widest
from models.beside.held import HELD
from models.beside.opinions import Asked, beside
from models.beside.scheme import Charted, charted
from models.beside.shelf import load_shelf
from models.beside.standing import standing
from models.catalog import load_catalog
from models.cohorts.design import load_cohort_design
from models.cohorts.exposure import exposures
from models.cohorts.simulate import simulate
from models.dosing.advice import Regimen
from models.dosing.case import Case, open_case
from models.fit import ModelFit, average, fit_each, fit_map
from models.learned.inputs import covariates_of, row_of, told
from models.rules.rulefile import frozen
from models.rules.task import values_of
from models.signature import Signature
from models.subject import subject_from_record
from models.target import Target
from tests.builders import Patient, on_vancomycin

CATALOG = load_catalog()
DESIGN = load_cohort_design("vancomycin")
GOTI = CATALOG.model("vancomycin/goti2018")
SHELF = load_shelf().of("vancomycin")
REGIMEN = Regimen(amount=1000, interval=12, duration=1.5, route="iv", start=48)
TARGET = Target(metric="auc24", low=400, high=600, unit="mg.h/L", indication="x", source="y")


def on_four_doses(patient: Patient, mg: float = 1000) -> Patient:
    return patient.charted("height", 178, at=0).infused(mg, at=0, over=1.5, every=12, times=4)


def case_of(record, *, target=TARGET, seed=1, draws=200) -> Case:
    """Of the reference model alone."""
    subject = subject_from_record(GOTI, record)
    fits = (ModelFit(model=GOTI, subject=subject, posterior=fit_map(GOTI, subject)),)
    return open_case(CATALOG.drug("vancomycin"), fits, average(fits), record, target=target, seed=seed, draws=draws)


def stood(record, *, signed=False, **changes):
    case = case_of(record, **changes)
    return standing(SHELF, CATALOG, case, record, ((GOTI, case.lead.posterior),), REGIMEN, signed=signed)


def asked(record, **changes) -> Asked:
    case = case_of(record)
    usual = {
        "design": DESIGN,
        "reference": GOTI,
        "record": record,
        "regimen": REGIMEN,
        "fitted": ((GOTI, case.lead.posterior),),
        "drawn": case.members,
        "shelf": SHELF,
        "goal": 500.0,
        "signed": False,
    }
    return Asked(**{**usual, **changes})


def opinion(found, words):
    return next(one for one in found.opinions if one.words == words)


# age, weight, creatinine, dose, trough: five made-up men
BY_HAND = [
    (64, 82, 1.2, 1000, 14.0),
    (45, 95, 0.8, 1250, 9.0),
    (71, 66, 1.5, 750, 17.5),
    (58, 110, 1.0, 1500, 12.0),
    (30, 74, 0.7, 1000, 6.5),
]


@pytest.mark.parametrize(("age", "weight", "creatinine", "dose", "trough"), BY_HAND)
def test_the_stand_alone_trough_rule_by_hand(age, weight, creatinine, dose, trough):
    """The very numbers of the shipped rule, written out; 1e-3: the card's steps carry five figures."""
    patient = Patient(drug="vancomycin").man().aged(age).weighing(weight).creatinine(creatinine)
    record = on_four_doses(patient, dose).level(trough, at=47.5).record(now=48)
    found = opinion(beside(asked(record, regimen=replace(REGIMEN, amount=dose))), "the stand-alone rule")
    crcl = (140 - age) * weight / (72 * creatinine)
    rate = dose / 12
    clearance = 4 * exp(-0.4412 + 0.3956 * log(rate / trough / 4) + 0.4028 * log(crcl / 80))
    assert found.exposure == pytest.approx(24 * rate / clearance, rel=1e-3)
    assert found.dose == pytest.approx(500 * clearance * 12 / 24, rel=1e-3)
    assert found.working[-1].endswith(f"= {found.exposure:.5g} mg·h/L")


def test_the_lines_of_a_rule_can_be_followed():
    """Each line's right side is what its middle makes: the last one is the estimate itself."""
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    found = opinion(beside(asked(record)), "the rule")
    made = {}
    for line in found.working[:-1]:
        name, *_, value = line.split(" = ")
        made[name] = float(value.split()[0])
    clearance = made["clearance"]
    assert made["AUC24 at steady state"] == pytest.approx(24 * (1000 / 12) / clearance, rel=1e-4)
    assert found.working[-1].startswith("behind what is expected: ")


def test_a_chart_tells_the_estimators_what_a_simulated_patient_did():
    """Independent: the population's own arrays, for every patient whose levels are of the scheme."""
    population = simulate(DESIGN, CATALOG, scheme="trough", part="test", patients=40, seed=5)
    wanted = values_of(population, DESIGN, "mg/L")
    rows = told(covariates_of("vancomycin"), population)
    seen = 0
    for k, record in enumerate(population.records):
        charted_dose = population.charted
        regimen = replace(
            REGIMEN,
            amount=float(charted_dose["dose"][k]),
            interval=float(charted_dose["interval"][k]),
            duration=float(charted_dose["duration"][k]),
        )
        found = charted(DESIGN, GOTI, record, regimen)
        if not isinstance(found, Charted):
            continue
        seen += 1
        for name in ("level_trough", "expected_trough", "after_dose_trough", "crcl", "weight", "rate"):
            assert found.values[name] == pytest.approx(wanted[name][k], rel=1e-9), name
        box = rows.box()
        mine = row_of(box, found.values, found.expected_exposure, found.expected_clearance)
        assert mine == pytest.approx(rows.values[k], rel=1e-6)  # single precision
    assert seen >= 30


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p.level(14.0, at=40), "not drawn in a way"),
        (lambda p: p.level(14.0, at=47.5).charted("age", 9, at=0), "age is 9"),
        (lambda p: p.level(14.0, at=47.5).charted("weight", 250, at=40), "weight"),
    ],
)
def test_they_are_silent_and_say_why(change, reason):
    record = change(on_four_doses(on_vancomycin())).record(now=48)
    told_of = charted(DESIGN, GOTI, record, REGIMEN)
    if isinstance(told_of, Charted):
        found = beside(asked(record))
        reasons = [text for one in found.opinions for text in one.silent]
    else:
        reasons = list(told_of)
    assert any(reason in text.lower() for text in reasons), reasons


def test_the_corrected_fit_is_no_second_opinion():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    found = beside(asked(record, shelf=replace(SHELF, rules=())))
    hybrid = opinion(found, "the corrected fit")
    learned = opinion(found, "the learned companion")
    assert hybrid.exposure
    assert found.widest == widest(found.opinions[0].exposure, [learned.exposure])
    assert "corrected" not in found.text


def test_without_the_reference_model_only_the_stand_alone_rule_speaks():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    found = beside(asked(record, reference=None))
    assert opinion(found, "the stand-alone rule").exposure
    assert "not known" in opinion(found, "the rule").silent[0]


def test_what_nobody_put_into_use_is_not_shown():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    found = beside(asked(record, signed=True))
    assert [one.by for one in found.opinions if not one.signed] == ["fit"]


def test_a_level_that_can_not_be_is_a_disagreement_or_a_silence():
    """The trough of another patient: the fit is pulled back by its prior, the rules follow the level."""
    record = on_four_doses(on_vancomycin()).level(1.2, at=47.5).record(now=48)
    found = beside(asked(record))
    speaking = [one for one in found.opinions[1:] if one.exposure]
    assert speaking
    assert found.verdict in ("differ", "disagree")


def test_averaged_models_stand_beside_the_heaviest_of_them():
    """The single fit is that of its model's own draws, and no independent voice: the verdict leaves it out."""
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    models = (GOTI, CATALOG.model("vancomycin/thomson2009"))
    fits = fit_each(subject_from_record(model, record) for model in models)
    ensemble = average(fits)
    case = open_case(CATALOG.drug("vancomycin"), fits, ensemble, record, target=TARGET, seed=1, draws=400)
    fitted = tuple((fit.model, fit.posterior) for fit in fits)
    found = standing(SHELF, CATALOG, case, record, fitted, REGIMEN, signed=False)
    fit, single = found.opinions[:2]
    assert fit.words == "the fit (2 models averaged)"
    assert single.by == "single"
    assert single.name == ensemble.best.model_id
    lead = case.lead
    alone = exposures(lead.model, record, REGIMEN, lead.etas, DESIGN)
    assert single.exposure == pytest.approx(np.median(alone), rel=1e-12)
    others = [one.exposure for one in found.opinions if one.by in ("rule", "learned") and one.exposure]
    assert found.widest == widest(fit.exposure, others)


def test_what_the_intervals_are_worth_is_said_where_it_was_counted():
    """Of this very fit: by the reference model alone. An odd draw time was simulated for nobody."""
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    counted = tomllib.loads(HELD.read_text())["vancomycin"]["trough"]
    said = beside(asked(record)).held
    assert "simulated patients of vancomycin/thomson2009" in said
    assert f"fit {counted['MAP']:.0f}" in said
    assert f"stand-alone rule {counted['rule, stand-alone']:.0f}" in said
    assert f"learned companion {counted['boosting']:.0f}" in said
    assert beside(asked(on_four_doses(on_vancomycin()).level(14.0, at=40).record(now=48))).held == ""


def test_a_fit_with_the_patients_own_model_is_not_said_to_have_been_counted():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    models = (GOTI, CATALOG.model("vancomycin/thomson2009"))
    fits = fit_each(subject_from_record(model, record) for model in models)
    case = open_case(CATALOG.drug("vancomycin"), fits, average(fits), record, target=TARGET, seed=1, draws=200)
    said = beside(asked(record, drawn=case.members)).held
    assert "of this fit nobody counted" in said
    assert "fit " not in said.partition(": ")[2].replace("corrected fit", "").replace("of this fit", "")
    assert "rule" in said


def test_a_sites_own_rule_is_not_said_to_have_been_counted():
    """Of the same id, and another content."""
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    rules = [frozen(replace(one, not_verified=(*one.not_verified, "Trained here."))) for one in SHELF.rules]
    said = beside(asked(record, shelf=replace(SHELF, rules=tuple(rules)))).held
    assert "rule" not in said
    assert "learned companion" in said


def test_who_is_not_in_use_is_not_said_to_be_silent_and_a_signed_one_keeps_its_signature():
    """A chart that is none of theirs, and one rule that somebody signed."""
    record = on_four_doses(on_vancomycin()).level(14.0, at=40).record(now=48)
    assert [one.by for one in beside(asked(record, signed=True)).opinions] == ["fit"]
    rule = SHELF.rules[0]
    note = Signature(by="A. Pharmacist", role="pharmacist", on="2026-11-21", hash=rule.hash)
    shelf = replace(SHELF, rules=(replace(rule, signatures=(note,)), *SHELF.rules[1:]))
    found = beside(asked(record, signed=True, shelf=shelf)).opinions
    assert [(one.by, one.signed) for one in found[1:]] == [("rule", "A. Pharmacist, 2026-11-21")]


def test_a_rule_names_its_quantities_with_unit_and_time():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    lines = opinion(beside(asked(record)), "the rule").working
    assert "level_trough = 14 mg/L, drawn 11.5 h after the start of its dose" in lines
    assert any(line.startswith("expected_trough = ") and line.endswith(" mg/L") for line in lines)


def test_the_counted_intervals_are_those_of_the_study():
    """Another way to the same figures: the page that the study wrote."""
    page = (Path(__file__).parents[2] / "docs/study/estimators.md").read_text().split("## Patients as designed")[1]
    counted_ = tomllib.loads(HELD.read_text())
    shelf = load_shelf()
    assert counted_.pop("hashes") == {one.id: one.hash for one in (*shelf.rules, *shelf.companions)}
    for drug, schemes in counted_.items():
        for scheme, counted in schemes.items():
            table = page.split(f"### {drug}, {scheme} (")[1].split("###")[0]
            lines = [line.split("|") for line in table.splitlines() if line.startswith("|")]
            shown = {cells[1].strip(): cells[7].split("/")[0].strip() for cells in lines if "/" in cells[7]}
            shown.pop("exact Bayes, true model", None)
            assert {name: f"{share:.0f}" for name, share in counted.items()} == {
                name: share for name, share in shown.items() if share.isdigit()
            }


def test_a_drug_without_estimators_has_none_beside():
    record = Patient(drug="linezolid").man().aged(50).weighing(80).record(now=0)
    case = case_of(on_vancomycin().record(now=0))
    assert standing(SHELF, CATALOG, case, record, (), REGIMEN, signed=False) is None


def test_another_metric_gives_no_dose():
    record = on_four_doses(on_vancomycin()).level(14.0, at=47.5).record(now=48)
    aim = Target(metric="trough", low=10, high=15, unit="mg/L", indication="x", source="y")
    assert all(one.dose is None for one in stood(record, target=aim).opinions)
    assert opinion(stood(record), "the rule").dose is not None


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [(None, "alone"), (1.0, "agree"), (AGREE, "agree"), (1.2501, "differ"), (DISAGREE, "differ"), (1.601, "disagree")],
)
def test_the_verdicts_edges(ratio, verdict):
    assert verdict_of(ratio) == verdict


@given(st.floats(1, 1e4), st.lists(st.floats(1, 1e4), min_size=1, max_size=4))
def test_the_widest_ratio_is_the_same_from_either_side(fit_value, others):
    found = widest(fit_value, others)
    assert found >= 1.0
    assert found == pytest.approx(max(np.exp(abs(np.log(other / fit_value))) for other in others), rel=1e-9)
