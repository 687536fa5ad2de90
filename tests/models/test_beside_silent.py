"""Charts that the estimators beside the fit were never made for: silence with its reason, never a number."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from models.beside.concordance import said
from models.beside.opinions import beside
from models.beside.scheme import Charted, charted
from models.beside.standing import goal_of, standing
from models.beside.value import Opinion
from models.beside.working import working
from models.cohorts.design import load_cohort_design
from models.datafile import Refused
from models.dosing.advice import Declined, Regimen
from models.dosing.recommend import recommend
from models.fit import fit_map, prior
from models.rules.apply import estimate
from models.rules.library import load_library
from models.signature import Signature
from models.subject import subject_from_record
from models.target import Target
from tests.builders import Patient, on_vancomycin
from tests.models.rule_made import made
from tests.models.test_beside import CATALOG, DESIGN, GOTI, REGIMEN, SHELF, asked, on_four_doses, opinion, stood


def reasons_of(record, regimen=REGIMEN):
    found = charted(DESIGN, GOTI, record, regimen)
    return "no reason" if isinstance(found, Charted) else "; ".join(found)


def trough(patient, at=47.5):
    return patient.level(14.0, at=at).record(now=48)


def test_levels_of_two_intervals_are_no_pair():
    """A peak after the second dose and a trough two doses later: the trough alone is spoken of."""
    record = on_four_doses(on_vancomycin()).level(28, at=15).level(14, at=47.5).record(now=48)
    found = charted(DESIGN, GOTI, record, REGIMEN)
    assert found.scheme.name == "trough"
    assert [level.time for level in found.levels] == [47.5]


def test_levels_of_one_interval_are_a_pair():
    record = on_four_doses(on_vancomycin()).level(28, at=27).level(14, at=35.5).record(now=48)
    assert charted(DESIGN, GOTI, record, REGIMEN).scheme.name == "peak-trough"


def test_an_earlier_level_does_not_speak_for_the_newest_one():
    record = on_four_doses(on_vancomycin()).level(14, at=35.5).level(24, at=40.5).record(now=48)
    assert "not drawn in a way" in reasons_of(record)


def test_a_level_long_after_a_dose_that_never_came_is_no_trough():
    record = on_four_doses(on_vancomycin()).level(5, at=66).record(now=67)
    assert "not drawn in a way" in reasons_of(record)


def test_a_level_before_the_second_dose_is_not_that_before_the_third():
    record = on_vancomycin().infused(1000, at=0, over=1.5, every=12, times=1).level(9, at=11.5).record(now=12)
    assert not isinstance(found := charted(DESIGN, GOTI, record, REGIMEN), Charted) or found.scheme.name != "trough"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p.charted("dialysis", 1, at=0), "dialysis"),
        (lambda p: p.charted("dialysis", 1, at=0).charted("dialysis", 0, at=20), "dialysis"),
        (lambda p: p.charted("haematological_malignancy", 1, at=0), "haematological malignancy"),
        (lambda p: p.creatinine(2.4, at=40), "steady kidney function"),
    ],
)
def test_patients_of_whom_none_was_simulated_meet_silence_of_all(change, reason):
    assert reason in reasons_of(trough(change(on_four_doses(on_vancomycin()))))


def test_a_creatinine_that_scatters_is_steady():
    record = trough(on_four_doses(on_vancomycin()).creatinine(1.05, at=30).creatinine(1.2, at=40))
    assert isinstance(charted(DESIGN, GOTI, record, REGIMEN), Charted)


def test_a_running_infusion_and_a_continuous_one():
    record = on_vancomycin().infused(1000, at=0, over=12, every=12, times=4).level(17, at=47.5).record(now=48)
    assert "an infusion of 12 h" in reasons_of(record, replace(REGIMEN, duration=12))
    assert "not drawn in a way" in reasons_of(record)


def test_a_dose_changed_before_the_level_silences_who_knows_the_regimen_only():
    """Three doses of 1000 mg, now 1500 mg: 1500/12 over a level of 1000 mg would be half as much clearance again."""
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, regimen=replace(REGIMEN, amount=1500)))
    assert opinion(found, "the rule").exposure
    for words in ("the stand-alone rule", "the learned companion", "the corrected fit"):
        one = opinion(found, words)
        assert one.exposure is None
        assert "not all of 1500 mg" in one.silent[0]


def test_a_missed_dose_silences_them_too():
    patient = on_vancomycin().charted("height", 178, at=0).infused(1000, at=0, over=1.5, every=12, times=2)
    record = patient.infused(1000, at=36, over=1.5).level(10, at=47.5).record(now=48)
    assert "not 12 h apart" in opinion(beside(asked(record)), "the stand-alone rule").silent[0]


def test_a_loading_dose_is_no_change():
    patient = on_vancomycin().charted("height", 178, at=0).infused(2000, at=0, over=1.5)
    record = patient.infused(1000, at=12, over=1.5, every=12, times=3).level(15, at=47.5).record(now=48)
    assert opinion(beside(asked(record)), "the stand-alone rule").exposure


def test_a_first_dose_larger_than_any_loading_dose_is_irregular():
    """3000 mg and then 500 mg every 12 h in a man of 82 kg: 37 mg/kg, where 25 were simulated. The trough is mostly of
    the first dose; a rule that knows the regimen alone would take it for half the clearance."""
    patient = on_vancomycin().charted("height", 178, at=0).infused(3000, at=0, over=1.5)
    record = patient.infused(500, at=12, over=1.5, every=12, times=3).level(13.5, at=47.5).record(now=48)
    found = beside(asked(record, regimen=replace(REGIMEN, amount=500)))
    assert "not all of 500 mg" in opinion(found, "the stand-alone rule").silent[0]
    assert opinion(found, "the rule").exposure, "it knows each dose"


@pytest.mark.parametrize("days", [3, 6])
def test_kidneys_that_changed_since_the_level_silence_whenever_that_was(days):
    """Creatinine doubled the day after the trough: as long as that level is all there is, it is of other kidneys."""
    now = 48 + 24 * days
    patient = on_vancomycin().charted("height", 178, at=0).infused(1000, at=0, over=1.5, every=12, times=4 + 2 * days)
    for day in range(days):
        patient = patient.charted("creatinine", 2.2, at=60 + 24 * day)
    record = patient.level(14.0, at=47.5).record(now=now)
    assert "creatinine was" in reasons_of(record)


@pytest.mark.parametrize(("days", "silent"), [(6, False), (8, True), (20, True)])
def test_an_old_level_silences(days, silent):
    now = 47.5 + 24 * days
    patient = on_vancomycin().charted("height", 178, at=0).infused(1000, at=0, over=1.5, every=12, times=4 + 2 * days)
    found = charted(DESIGN, GOTI, patient.level(14.0, at=47.5).record(now=now), REGIMEN)
    assert ("days old" in " ".join(found) if isinstance(found, tuple) else False) is silent


def test_names_of_samples_with_a_space_reach_rules_and_companions():
    from models.beside.scheme import _named

    assert _named("2 h", {"level": 3.0}) == {"level_2 h": 3.0, "level_2h": 3.0}


def test_the_companions_say_it_where_their_model_does_not_hold_the_patient():
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, reference=None))
    assert "does not hold this patient" in opinion(found, "the learned companion").silent[0]


def test_the_fit_of_the_table_is_that_of_the_card():
    """By the advice's own draws; 1e-9: two ways to the same area."""
    record = trough(on_four_doses(on_vancomycin()))
    posterior = fit_map(GOTI, subject_from_record(GOTI, record))
    drug, fitted = CATALOG.drug("vancomycin"), ((GOTI, posterior),)
    advice = recommend(
        drug, GOTI, record, posterior, current=REGIMEN, seed=3, draws=400,
        beside=lambda case: standing(SHELF, CATALOG, case, record, fitted, REGIMEN, signed=False),
    )  # fmt: skip
    current = next(one for one in advice.regimens if one.label == "current")
    assert advice.beside.opinions[0].exposure == pytest.approx(current.exposure.median, rel=1e-9)


def test_nobody_is_asked_where_no_dose_is_proposed():
    record = Patient(drug="vancomycin").man().aged(50).weighing(82).record(now=0)
    posterior = prior(GOTI)

    def never(case):
        raise AssertionError

    advice = recommend(CATALOG.drug("vancomycin"), GOTI, record, posterior, current=REGIMEN, seed=3, beside=never)
    assert isinstance(advice, Declined)


def test_the_fit_speaks_by_the_draws_it_is_handed():
    """Each draw of 1.1 times the clearance: an AUC24 of 1/1.1."""
    record = trough(on_four_doses(on_vancomycin()))
    one = asked(record)
    at = [item.parameters for item in GOTI.random].index(("CL",))
    moved = one.drawn[0].etas.copy()
    moved[:, at] += np.log(1.1)
    found = beside(replace(one, drawn=(replace(one.drawn[0], etas=moved),)))
    assert found.opinions[0].exposure == pytest.approx(beside(one).opinions[0].exposure / 1.1, rel=1e-9)


def test_where_nothing_is_in_use_nothing_is_worked_out():
    assert stood(trough(on_four_doses(on_vancomycin())), signed=True) is None


def test_a_signature_holds_for_one_content():
    rule = made()
    by = Signature(by="A. Pharmacist", role="pharmacist", on="2026-11-21", hash=rule.hash)
    assert replace(rule, signatures=(by,)).signed
    assert not replace(rule, signatures=(replace(by, hash="0" * 64),)).signed
    assert not replace(rule, signatures=(by,), hash="").signed


DAMAGED = (
    Refused(file="vancomycin/x.toml", reason="its hash is 'a'"),
    Refused(file="vancomycin/y-hybrid.json", reason="it is no JSON"),
)


def test_a_refused_file_is_named_beside_the_others():
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, shelf=replace(SHELF, refused=DAMAGED)))
    assert opinion(found, "a rule").silent == ("its file is refused: its hash is 'a'",)
    assert opinion(found, "a learned companion").silent == ("its file is refused: it is no JSON",)
    assert opinion(found, "the rule").exposure


def test_a_level_of_a_later_dose_leaves_the_informed_rule_only():
    patient = on_vancomycin().charted("height", 178, at=0).infused(1000, at=0, over=1.5, every=12, times=9)
    found = beside(asked(patient.level(14.0, at=107.5).record(now=108)))
    assert opinion(found, "the rule").exposure
    assert "later dose" in opinion(found, "the stand-alone rule").silent[0]


def test_a_trough_is_not_divided_into_a_clearance():
    """The page names the patient's clearance; a dose rate over a trough under the same name would contradict it."""
    rule = next(one for one in load_library().for_drug("tacrolimus") if one.id == "tacrolimus/trough-informed")
    names = [item.name for item in rule.quantities]
    values = {name: next(q for q in rule.quantities if q.name == name).low * 1.5 for name in names}
    values |= {"kidney_transplant": 1.0, "interval": 12.0, "rate": values["dose"] / 12, "after_dose_trough": 11.5}
    values |= {"haematocrit": 0.3, "expected_trough": 2 * values["level_trough"]}
    found = estimate(rule, values)
    lines = working(rule, found, values)
    assert any(line.startswith("dose rate over the trough at steady state = ") for line in lines)
    assert not any(line.startswith("clearance") for line in lines)


COURSE = Target(metric="cumulative_auc", low=60, high=90, unit="mg.h/L", over=96, indication="x", source="y")
CHILD = Patient(drug="busulfan").man().aged(5).weighing(18)


def course_goal(record, **changes):
    once_a_day = Regimen(amount=80, interval=24, duration=3, route="iv", start=0)
    return goal_of(load_cohort_design("busulfan"), record, once_a_day, replace(COURSE, **changes), "mg/L")


def test_the_rest_of_a_course_has_no_dose_of_its_whole():
    assert course_goal(CHILD.record(now=0)) == 75.0
    assert course_goal(CHILD.infused(80, at=0, over=3).record(now=8)) is None


@pytest.mark.parametrize(
    "change",
    [{"unit": "ug.h/L"}, {"unit": "umol.min/L"}, {"metric": "auc24"}, {"over": 72}, {"free": 0.5}, {"high": inf}],
)
def test_a_goal_of_another_metric_unit_course_or_of_the_free_drug_is_none(change):
    assert course_goal(CHILD.record(now=0), **change) is None


def test_every_target_of_a_design_s_own_metric_is_a_goal():
    """That the words of drug files and designs are the same: busulfan's course, tacrolimus' trough, AUC24s."""
    known = {"busulfan": "cumulative_auc", "tacrolimus": "trough", "vancomycin": "auc24", "gentamicin": "auc24"}
    for name, metric in known.items():
        drug, design = CATALOG.drug(name), load_cohort_design(name)
        regimen = Regimen(amount=80, interval=24, duration=1, route=design.standard.route, start=0)
        record = Patient(drug=name).record(now=0)
        targets = [t for one in drug.targets if (t := one.target).metric == metric and t.two_sided]
        assert all(goal_of(design, record, regimen, one, drug.concentration_unit) for one in targets)
        assert targets or name == "gentamicin"


@pytest.mark.parametrize(("levels", "word"), [(True, "not as charted"), (False, "without a level")])
def test_a_disagreement_blames_a_level_only_where_there_is_one(levels, word):
    speaking = tuple(Opinion(by="fit", name=name, words=name, exposure=1.0) for name in ("the fit", "the rule"))
    assert word in said("disagree", 2.0, speaking, levels=levels)


def test_who_was_trained_on_another_content_of_the_model_is_silent():
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, reference=replace(GOTI, hash="0" * 64)))
    for words in ("the rule", "the learned companion", "the corrected fit"):
        assert "changed since the training" in opinion(found, words).silent[0]
    assert opinion(found, "the stand-alone rule").exposure
