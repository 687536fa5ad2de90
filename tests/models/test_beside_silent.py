"""Charts that the estimators beside the fit were never made for: silence with its reason, never a number."""

from dataclasses import replace

import pytest

from models.beside.opinions import beside
from models.beside.scheme import Charted, charted
from models.beside.standing import standing
from models.dosing.recommend import recommend
from models.fit import fit_map
from models.rules.frozen import Signature
from models.rules.library import Refused
from models.subject import subject_from_record
from tests.builders import on_vancomycin
from tests.models.rule_made import made
from tests.models.test_beside import CATALOG, DESIGN, GOTI, REGIMEN, TARGET, asked, on_four_doses, opinion


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
    record = trough(on_four_doses(on_vancomycin()).charted("critically_ill", 0, at=0))
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


def test_names_of_samples_with_a_space_reach_rules_and_companions():
    from models.beside.scheme import _named

    assert _named("2 h", {"level": 3.0}) == {"level_2 h": 3.0, "level_2h": 3.0}


def test_the_companions_say_it_where_their_model_does_not_hold_the_patient():
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, reference=None))
    assert "does not hold this patient" in opinion(found, "the learned companion").silent[0]


def test_the_fit_of_the_table_is_that_of_the_card():
    record = trough(on_four_doses(on_vancomycin()))
    posterior = fit_map(GOTI, subject_from_record(GOTI, record))
    drug = CATALOG.drug("vancomycin")
    advice = recommend(drug, GOTI, record, posterior, current=REGIMEN, seed=3, draws=400)
    found = standing(CATALOG, record, ((GOTI, posterior),), REGIMEN, TARGET, signed=False, seed=3, draws=400)
    current = next(one for one in advice.regimens if one.label == "current")
    assert found.opinions[0].exposure == pytest.approx(current.exposure.median, rel=1e-9)  # the very same draws


def test_where_nothing_is_in_use_nothing_is_worked_out():
    record = trough(on_four_doses(on_vancomycin()))
    posterior = fit_map(GOTI, subject_from_record(GOTI, record))
    assert standing(CATALOG, record, ((GOTI, posterior),), REGIMEN, TARGET, signed=True, seed=1) is None


def test_a_signature_holds_for_one_content():
    rule = made()
    by = Signature(by="A. Pharmacist", role="pharmacist", at="2026-11-21", hash=rule.hash)
    assert replace(rule, signatures=(by,)).signed
    assert not replace(rule, signatures=(replace(by, hash="0" * 64),)).signed
    assert not replace(rule, signatures=(by,), hash="").signed


def test_a_refused_file_is_named_beside_the_others():
    record = trough(on_four_doses(on_vancomycin()))
    found = beside(asked(record, refused=(Refused(file="vancomycin/x.toml", reason="its hash is 'a'"),)))
    assert opinion(found, "a rule").silent == ("its file is refused: its hash is 'a'",)
    assert opinion(found, "the rule").exposure
