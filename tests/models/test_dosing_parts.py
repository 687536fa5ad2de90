"""Candidates, targets, schedule, probabilities and data age: the parts of the search that need no model."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from models.catalog import DRUGS
from models.dosing.advice import Regimen
from models.dosing.attainment import attainment, interval, standard_error
from models.dosing.candidates import candidates, duration
from models.dosing.data_age import data_age, rising_creatinine
from models.dosing.level_checks import infusion_findings
from models.dosing.schedule import doses_of, given, schedule
from models.dosing.targets import choose_target, find_target, given_target
from models.drug import load_drug
from models.errors import ModelsError, UnitError
from models.record import Dose, PatientRecord
from models.target import Target
from tests.builders import Patient, on_tacrolimus, on_vancomycin

VANCOMYCIN = load_drug(DRUGS / "vancomycin" / "drug.toml")
TACROLIMUS = load_drug(DRUGS / "tacrolimus" / "drug.toml")
EVERY_12 = Regimen(amount=1000, interval=12, duration=2, route="iv", start=0)


def test_vancomycin_candidates_are_what_a_ward_can_give() -> None:
    found = candidates(VANCOMYCIN, "iv", start=5.0)
    assert len(found) == 8 * 4  # 250 to 2000 mg, every 6, 8, 12 and 24 h
    injured = on_vancomycin().creatinine(2.4).record(now=0)
    assert len(candidates(VANCOMYCIN, "iv", injured, start=5.0)) == 8 * 6  # 36 and 48 h from 1.5 mg/dL on
    assert {item.amount for item in found} == {250.0 * k for k in range(1, 9)}
    assert all(item.start == 5.0 and item.amount / item.duration <= 600.0 for item in found)
    assert candidates(VANCOMYCIN, "oral", start=0) == ()


@pytest.mark.parametrize(("mg", "hours"), [(250, 1.0), (600, 1.0), (750, 1.5), (900, 1.5), (1000, 2.0), (2000, 3.5)])
def test_infusion_at_ten_mg_a_minute_rounded_up_to_half_hours(mg: float, hours: float) -> None:
    assert duration(VANCOMYCIN.products[0], mg) == hours


def test_tacrolimus_candidates_are_whole_capsules() -> None:
    found = candidates(TACROLIMUS, "oral", start=0)
    assert [item.amount for item in found] == [0.5 * k for k in range(1, 31)]
    assert {(item.interval, item.duration) for item in found} == {(12.0, 0.0)}


@pytest.mark.parametrize(("day", "low", "high"), [(0, 6, 10), (89.9, 6, 10), (90, 5, 10), (400, 5, 10)])
def test_tacrolimus_target_follows_the_day_after_transplant(day: float, low: float, high: float) -> None:
    record = Patient(drug="tacrolimus").aged(40).transplanted(days_ago=day).record(now=0)
    choice = choose_target(TACROLIMUS, record)
    assert (choice.target.low, choice.target.high) == (low, high)
    assert choice.findings == ()


def test_the_target_follows_the_day_now_and_not_at_charting() -> None:
    record = Patient(drug="tacrolimus").aged(40).transplanted(days_ago=89).record(now=48)
    assert choose_target(TACROLIMUS, record).target.indication.endswith("after 3 months")


def test_an_unknown_day_is_assumed_aloud() -> None:
    kidney = Patient(drug="tacrolimus").aged(40).charted("kidney_transplant", 1, at=0)
    choice = choose_target(TACROLIMUS, kidney.record(now=0))
    assert choice.target.low == 6
    assert [item.code for item in choice.findings] == ["target-assumed"]


@pytest.mark.parametrize(("day", "low", "high"), [(5, 10, 15), (20.9, 10, 15), (21, 7, 12), (50, 7, 12)])
def test_a_child_with_a_kidney_transplant_has_its_own_target(day: float, low: float, high: float) -> None:
    choice = choose_target(TACROLIMUS, Patient(drug="tacrolimus").aged(8).transplanted(days_ago=day).record(now=0))
    assert (choice.target.low, choice.target.high, choice.findings) == (low, high, ())


@pytest.mark.parametrize("kidney", [0, 1])
def test_a_lung_recipient_has_no_target_on_file(kidney: int) -> None:
    patient = Patient(drug="tacrolimus").aged(40).charted("days_after_transplant", 20, at=0)
    record = patient.charted("lung_transplant", 1, at=0).charted("kidney_transplant", kidney, at=0).record(now=0)
    assert find_target(TACROLIMUS, record) is None
    with pytest.raises(ModelsError, match="no target of tacrolimus is for this patient"):
        choose_target(TACROLIMUS, record)


def test_an_unknown_organ_is_assumed_aloud() -> None:
    patient = Patient(drug="tacrolimus").aged(40).charted("days_after_transplant", 20, at=0)
    choice = choose_target(TACROLIMUS, patient.record(now=0))
    assert [item.text for item in choice.findings] == [
        "Kidney transplant is not charted; the target for kidney transplant, first 3 months was assumed."
    ]


def test_a_target_in_another_unit_is_refused() -> None:
    target = Target(metric="trough", low=6, high=10, unit="mg/L", indication="a site's own", source="site protocol")
    with pytest.raises(UnitError, match="must be in ug/L, got 'mg/L'"):
        given_target(TACROLIMUS, target)
    with pytest.raises(UnitError, match="0 <= low < high"):
        given_target(TACROLIMUS, replace(target, unit="ug/L", low=10))
    assert given_target(TACROLIMUS, replace(target, unit="ug/L")).target.low == 6


def test_the_bounds_belong_to_the_target() -> None:
    target = VANCOMYCIN.targets[0].target
    shares = attainment([(np.array([399.9, 400.0, 500.0, 600.0, 600.1]), target)])
    assert (shares.inside, shares.below, shares.above) == (0.6, 0.2, 0.2)


@for_all(st.lists(st.floats(0, 2000), min_size=1, max_size=200))
def test_shares_sum_to_one(values: list[float]) -> None:
    shares = attainment([(np.array(values), VANCOMYCIN.targets[0].target)])
    # three floating quotients with the same denominator
    assert shares.inside + shares.below + shares.above == pytest.approx(1.0, abs=1e-12)


def test_standard_error_of_a_share_by_hand() -> None:
    assert standard_error(0.5, 1000) == pytest.approx((0.25 / 1000) ** 0.5)
    assert standard_error(1.0, 1000) == pytest.approx(0.001)  # one draw either way, never 0


def test_interval_is_the_central_ninety_per_cent() -> None:
    found = interval(np.arange(101.0), "mg/L")
    assert (found.low, found.median, found.high, found.unit) == (5.0, 50.0, 95.0, "mg/L")


def test_next_dose_is_due_when_the_schedule_says() -> None:
    record = on_vancomycin().infused(1000, at=0, over=2, every=12, times=3).record(now=30)
    assert schedule(record, EVERY_12).due(24) == 36  # 24 + 12, whatever the next interval
    assert schedule(record, None).due(24) == 36  # the last gap says it too
    assert schedule(replace(record, now=40), EVERY_12).due(24) == 40  # overdue: now


def test_first_dose_is_due_now_and_one_lone_dose_waits_its_interval() -> None:
    assert schedule(on_vancomycin().record(now=7), None).due(12) == 7
    assert schedule(on_vancomycin().infused(1500, at=5, over=3).record(now=7), None).due(12) == 17


def test_planned_doses_do_not_count_as_given() -> None:
    train = Dose(time=0, amount=1000, route="iv", duration=2, interval=12, additional=9)
    record = PatientRecord(drug="vancomycin", now=30, doses=(train,))
    assert given(record).doses[0].additional == 2  # at 0, 12 and 24 h
    assert schedule(record, None).last == 24


def test_doses_of_a_regimen_start_before_the_end() -> None:
    regimen = replace(EVERY_12, start=10)
    assert doses_of(regimen, until=10) == ()
    assert doses_of(regimen, until=10.1)[0].additional == 0
    assert doses_of(regimen, until=34)[0].additional == 1  # 10 and 22 h; the one at 34 h is not before 34 h
    assert doses_of(regimen, until=34.1)[0].additional == 2


@pytest.mark.parametrize(
    ("first", "second", "hours", "rising"),
    [
        (1.0, 1.29, 24, False),
        (1.0, 1.3, 24, True),
        (1.0, 1.3, 48, True),
        (1.0, 1.3, 49, False),
        (0.4, 0.6, 100, True),  # 1.5 times within 7 days
        (0.4, 0.59, 100, False),
        (0.4, 0.6, 169, False),
        (2.0, 1.0, 24, False),
    ],
)
def test_rising_creatinine_as_kdigo_has_it(first: float, second: float, hours: float, rising: bool) -> None:
    record = Patient(drug="vancomycin").creatinine(first).creatinine(second, at=hours).record(now=hours)
    assert [item.code for item in rising_creatinine(record)] == (["creatinine-rising"] if rising else [])


def test_old_creatinine_is_said_for_vancomycin_and_not_for_tacrolimus() -> None:
    record = on_vancomycin().record(now=61)
    found = data_age(VANCOMYCIN, record)
    assert [item.code for item in found] == ["creatinine-stale"]
    assert "1.2 mg/dL" in found[0].text
    assert "61 h old" in found[0].text
    assert data_age(VANCOMYCIN, on_vancomycin().record(now=48)) == ()
    assert data_age(TACROLIMUS, on_tacrolimus().creatinine(1.0).creatinine(3.0, at=20).record(now=100)) == ()


def test_a_continuous_infusion_is_sampled_while_it_runs_and_nothing_is_said() -> None:
    bags = on_vancomycin().infused(2000, at=0, over=24, every=24, times=2).level(20, at=30).record(now=36)
    assert infusion_findings(bags) == ()
    hourly = on_vancomycin().infused(80, at=0, over=1, every=1, times=12).level(20, at=6.5).record(now=24)
    assert infusion_findings(hourly) == ()
    extended = on_vancomycin().infused(1000, at=0, over=4, every=8, times=2).level(20, at=10).record(now=24)
    assert [item.code for item in infusion_findings(extended)] == ["level-during-infusion"]


@pytest.mark.parametrize(("drawn", "said"), [(11.9, False), (13.0, True), (14.5, True), (15.0, False), (24.0, False)])
def test_a_level_around_an_infusion_is_said(drawn: float, said: bool) -> None:
    # infusions run from 0 to 2 h and from 12 to 14 h; distribution is taken to last 1 h more
    record = on_vancomycin().infused(1000, at=0, over=2, every=12, times=2).level(20, at=drawn).record(now=24)
    found = infusion_findings(record)
    assert [item.code for item in found] == (["level-during-infusion"] if said else [])
    assert all(f"level@{drawn:g}" in item.sources and "real time" in item.text for item in found)
