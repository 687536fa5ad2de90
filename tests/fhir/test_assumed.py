"""Doses assumed from orders for home: when they are, when they must not be, and which levels they can bear."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fhir.chart import Chart
from tests.fhir.charts import (
    ORAL,
    TACROLIMUS,
    given,
    instruction,
    level,
    observation,
    order,
    patient,
    quantity,
    read,
    said,
)

CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
BID = {"code": {"coding": [{"code": "BID"}]}}
EIGHTS = {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}
OCTOBER = "2026-10-20T14:10:00+02:00"  # a month before "now", 2026-11-20 08:05 +01:00


def category(code: str) -> list[dict]:
    return [{"coding": [{"system": CATEGORY, "code": code}]}]


def home(amount: float = 2, timing: dict = BID, *, where: str = "outpatient", **changes: Any) -> dict:
    """Tacrolimus capsules ordered for home."""
    row = instruction(amount, "mg", timing=timing, route=ORAL)
    return (
        order(
            medicationCodeableConcept=TACROLIMUS, dosageInstruction=[row], authoredOn=OCTOBER, category=category(where)
        )
        | changes
    )


def capsule(when: str, mg: float = 2, **changes: Any) -> dict:
    return given(
        when=when, medicationCodeableConcept=TACROLIMUS, dosage={"route": ORAL, "dose": quantity(mg, "mg")}
    ) | ({"id": f"t-{when}".replace(" ", "-").replace(":", "")} | changes)


def trough(when: str, value: float = 7.1, **changes: Any) -> dict:
    return observation("11253-2", value, "ng/mL", when, **changes)


def tacrolimus(*resources: Any, **how: Any) -> Chart:
    return read(patient(), *resources, name="tacrolimus", **how)


def times(chart: Chart) -> list[str]:
    """ "19 08:00 2" of each dose, in the zone of the chart."""
    origin = chart.origin
    zone = timedelta(hours=1)
    moments = [origin + timedelta(hours=dose.time) + zone for dose in chart.record.doses]
    return [f"{moment:%d %H:%M} {dose.amount:g}" for moment, dose in zip(moments, chart.record.doses, strict=True)]


def severities(chart: Chart) -> dict[str, str]:
    return {finding.code: finding.severity for finding in chart.findings}


def test_a_trough_without_any_administration_stands_on_the_order_for_home() -> None:
    chart = tacrolimus(home(), trough("19 08:00"))
    assert len(chart.record.levels) == 1
    # a week and one dose before the level, until now (20th, 08:05)
    assert times(chart)[0] == "11 20:00 2"
    assert times(chart)[-3:] == ["19 08:00 2", "19 20:00 2", "20 08:00 2"]
    assert len(chart.record.doses) == 18
    assert all(chart.sources[dose.source].note == "assumed taken as ordered" for dose in chart.record.doses)
    assert {chart.sources[dose.source].resource for dose in chart.record.doses} == {"MedicationRequest/r1"}
    assert severities(chart) == {
        "doses-from-order": "warning",
        "dose-times-assumed": "warning",
        "level-on-assumed-doses": "warning",
        "interaction-not-found": "info",
    }
    assert "18 tacrolimus dose(s) of 2026-11-11 20:00" in said(chart, "doses-from-order")
    times_said = {f"{source.time:%z}" for source in chart.sources.values() if "order" in source.note and source.time}
    assert times_said == {"+0100"}  # an order of the summer (+02:00) is said in the time of the level
    assert "2026-11-19 08:00 UTC+01:00, which was taken as drawn just before a dose" in said(
        chart, "dose-times-assumed"
    )
    assert chart.current is not None
    assert (chart.current.amount, chart.current.interval) == (2.0, 12.0)


def test_ordered_times_of_day_are_kept() -> None:
    chart = tacrolimus(home(timing=EIGHTS, authoredOn="2026-10-26T09:00:00+01:00"), trough("19 07:30"))
    assert times(chart)[-3:] == ["19 08:00 2", "19 20:00 2", "20 08:00 2"]
    assert "UTC+0100" in said(chart, "dose-times-assumed").replace(":", "")


def test_a_dose_ordered_within_an_hour_before_the_level_was_held_for_it() -> None:
    chart = tacrolimus(home(timing=EIGHTS, authoredOn="2026-10-26T09:00:00+01:00"), trough("19 08:40"))
    assert times(chart)[-3:] == ["19 08:40 2", "19 20:00 2", "20 08:00 2"]


@pytest.mark.parametrize("when", ["19 10:00", "19 13:30"])
def test_a_level_while_a_dose_may_still_be_absorbed_is_not_used(when: str) -> None:
    """At 10:00 it is either a trough of a late dose or a peak: threefold apart."""
    chart = tacrolimus(home(timing=EIGHTS, authoredOn="2026-10-26T09:00:00+01:00"), trough(when))
    assert chart.record.levels == ()
    assert severities(chart)["level-without-known-doses"] == "critical"
    assert "was taken before it is not charted" in said(chart, "level-without-known-doses")


@pytest.mark.parametrize(
    "changes",
    [
        {"category": category("inpatient")},
        {"category": []},
        {"category": [*category("outpatient"), *category("inpatient")]},
        {"category": [{"coding": [{"system": "http://hospital.example", "code": "outpatient"}]}]},
        {"status": "draft"},
        {"status": "on-hold"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"status": "stopped"},  # when is not said
        {"status": "completed"},
        {"intent": "plan"},
        {"intent": "proposal"},
        {"doNotPerform": True},
        {"authoredOn": "2026-10-20"},
        {"authoredOn": "2016-10-20T08:00:00+02:00"},
        {"modifierExtension": [{"url": "x"}]},
        {"dosageInstruction": [instruction(2, timing=BID, route=ORAL, asNeededBoolean=True)]},
        {"dosageInstruction": [instruction(2, timing={"code": {"text": "as directed"}}, route=ORAL)]},
        {"dosageInstruction": [instruction(2, timing=BID, route={"text": "rectal"})]},
        {"dosageInstruction": [instruction(2, "{tablet}", timing=BID, route=ORAL)]},
        {"dosageInstruction": [instruction(40, timing=BID, route=ORAL)]},  # largest single dose 15 mg
        {"dosageInstruction": [instruction(10, timing={"code": {"text": "q6h"}}, route=ORAL)]},  # largest a day 30 mg
        {"dosageInstruction": [instruction(2, timing=BID, route=ORAL), instruction(1, timing=BID, route=ORAL)]},
        {"medicationCodeableConcept": {"text": "Tacrolimus"}},
        {"dispenseRequest": {"validityPeriod": {"end": "2026-11-01"}}},
    ],
)
def test_an_order_that_does_not_say_enough_explains_no_level(changes: dict) -> None:
    chart = tacrolimus(home() | changes, trough("19 08:00"))
    assert chart.record.doses == ()
    assert severities(chart)["no-administrations"] == "critical"


def test_vancomycin_without_its_administrations_stays_declined() -> None:
    for where in ("inpatient", "outpatient"):
        chart = read(patient(), order(category=category(where)), level())
        assert chart.record.doses == ()
        assert severities(chart)["no-administrations"] == "critical"


def test_an_order_says_why_it_was_not_followed() -> None:
    chart = read(patient(), order(category=category("outpatient")), level())
    assert "into a vein" in said(chart, "order-not-expanded")
    chart = tacrolimus(home() | {"status": "stopped"}, trough("19 08:00"))
    assert "when it was stopped is not said" in said(chart, "order-not-expanded")


def test_utc_times_do_not_say_in_which_zone_a_clock_time_is_meant() -> None:
    chart = tacrolimus(home(timing=EIGHTS, authoredOn="2026-10-20T12:10:00Z"), trough("19 08:00"))
    assert "in which zone" in said(chart, "order-not-expanded")


# --- beside administrations ---


def test_a_held_dose_in_the_hospital_is_not_made_up() -> None:
    """Home order still active, doses charted until the 18th, then held: nothing is added after or between them."""
    charted = [capsule(f"{day} {hour}:00") for day in (15, 16, 18) for hour in ("08", "20")]  # the 17th was held
    chart = tacrolimus(home(), *charted, trough("20 07:30"))
    assert [item for item in times(chart) if item >= "15"] == [
        "15 08:00 2", "15 20:00 2", "16 08:00 2", "16 20:00 2", "18 08:00 2", "18 20:00 2",
    ]  # fmt: skip
    assert len(chart.record.levels) == 1


def test_a_dose_charted_as_not_given_keeps_the_order_away_as_well() -> None:
    charted = [capsule("15 08:00"), capsule("19 20:00", status="not-done")]
    chart = tacrolimus(home(authoredOn="2026-11-16T09:00:00+01:00"), *charted)
    assert times(chart) == ["15 08:00 2"]


def test_before_admission_the_home_order_holds_up_to_half_an_interval_before_the_first_charted_dose() -> None:
    chart = tacrolimus(home(), trough("17 08:00"), capsule("18 09:30"))
    assert times(chart)[-3:] == ["17 08:00 2", "17 20:00 2", "18 09:30 2"]
    chart = tacrolimus(home(), trough("17 08:00"), capsule("18 01:30"))
    assert times(chart)[-2:] == ["17 08:00 2", "18 01:30 2"]  # the evening dose is the one charted at 01:30


def test_a_discharge_order_goes_on_after_the_last_charted_dose() -> None:
    charted = [capsule(f"{day:02d} {hour}:00", 3) for day in range(1, 9) for hour in ("08", "20")]
    leaving = home(where="discharge", authoredOn="2026-11-08T11:00:00+01:00")
    chart = tacrolimus(*charted, leaving, trough("12 08:00"))
    assert times(chart)[14:18] == ["08 08:00 3", "08 20:00 3", "09 08:00 2", "09 20:00 2"]
    assert times(chart)[-1] == "20 08:00 2"
    assert len(chart.record.levels) == 1  # all doses before it are known: it need not wait a week


def test_a_hospital_order_ends_what_was_taken_at_home() -> None:
    hospital = order(id="h", medicationCodeableConcept=TACROLIMUS, authoredOn="2026-11-15T12:00:00+01:00")
    chart = tacrolimus(home(), hospital, trough("12 08:00"))
    assert times(chart)[-1] == "15 08:00 2"
    late = tacrolimus(home(), hospital, trough("12 08:00"), trough("19 08:00"))
    assert severities(late)["level-without-known-doses"] == "critical"


# --- one order after another ---


def test_a_level_soon_after_the_first_order_known_is_not_used() -> None:
    """A renewal without its predecessor looks like a start, and every level after it like slow elimination."""
    chart = tacrolimus(home(authoredOn="2026-11-16T09:00:00+01:00"), trough("19 08:00"))
    assert severities(chart)["level-without-known-doses"] == "critical"
    assert "what was taken before 2026-11-16" in said(chart, "level-without-known-doses")
    later = tacrolimus(home(authoredOn="2026-11-16T09:00:00+01:00"), trough("24 08:00"), now=_now(24))
    assert len(later.record.levels) == 1


def test_an_older_level_before_the_order_is_left_out_aloud() -> None:
    chart = tacrolimus(
        home(), trough("19 08:00"), trough("19 08:00", id="old", effectiveDateTime="2026-10-01T08:00:00+02:00")
    )
    assert len(chart.record.levels) == 1
    assert severities(chart)["level-without-known-doses"] == "warning"


def test_an_order_that_names_the_one_before_it_follows_on_it() -> None:
    before = home(3, id="r0", status="completed")
    after = home(2, authoredOn="2026-11-16T09:00:00+01:00", priorPrescription={"reference": "MedicationRequest/r0"})
    chart = tacrolimus(before, after, trough("19 08:00"))
    assert times(chart)[8:11] == ["15 20:00 3", "16 08:00 3", "16 20:00 2"]
    assert len(chart.record.levels) == 1


def test_an_order_ended_on_the_day_of_the_next_was_replaced_by_it() -> None:
    before = home(3, id="r0", status="stopped", meta={"lastUpdated": "2026-11-16T09:01:00+01:00"})
    after = home(2, authoredOn="2026-11-16T09:00:00+01:00")
    assert "16 08:00 3" in times(tacrolimus(before, after, trough("19 08:00")))
    long_after = before | {"meta": {"lastUpdated": "2026-11-19T09:01:00+01:00"}}
    assert severities(tacrolimus(long_after, after, trough("19 08:00")))["level-without-known-doses"] == "critical"


def test_two_orders_at_once_are_never_added_or_chosen_between() -> None:
    """2 mg and 1 mg may be a split dose, or an old order nobody closed."""
    chart = tacrolimus(home(), home(1, id="r2"), trough("19 08:00"))
    assert chart.record.doses == ()
    assert severities(chart)["no-administrations"] == "critical"
    unreadable = home(id="r2", dosageInstruction=[instruction(1, timing={"code": {"text": "as directed"}}, route=ORAL)])
    chart = tacrolimus(home(), unreadable, trough("19 08:00"))
    assert chart.record.doses == ()


def test_a_loading_dose_says_that_nothing_was_taken_before_it() -> None:
    rows = [
        instruction(5, timing={"repeat": {"count": 1}}, route=ORAL, sequence=1),
        instruction(2, timing=BID, route=ORAL, sequence=2),
    ]
    new = home(authoredOn="2026-11-17T08:00:00+01:00", dosageInstruction=rows)
    chart = tacrolimus(new, trough("19 08:00"))
    assert times(chart)[:3] == ["17 08:00 5", "17 20:00 2", "18 08:00 2"]
    assert len(chart.record.levels) == 1


# --- levels ---


def test_levels_at_different_times_of_day_can_not_all_be_troughs() -> None:
    chart = tacrolimus(home(), trough("13 14:00"), trough("16 09:30"), trough("19 08:00"))
    assert [level.time for level in chart.record.levels] != []
    assert len(chart.record.levels) == 2
    assert severities(chart)["level-without-known-doses"] == "warning"
    assert "another time of day" in said(chart, "level-without-known-doses")
    assert "16 09:30 2" in times(chart)  # that morning's dose waited for the blood to be drawn


def test_without_a_level_only_what_may_still_be_in_the_body_is_assumed() -> None:
    chart = tacrolimus(home())
    assert 14 <= len(chart.record.doses) <= 16
    assert "from when the order was written" in said(chart, "dose-times-assumed")


def test_a_year_of_levels_is_within_the_most_that_is_counted() -> None:
    old = home(authoredOn="2025-06-01T08:00:00+02:00")
    monthly = [
        trough("19 08:00", id=f"m{month}", effectiveDateTime=f"2026-{month:02d}-19T08:00:00+01:00")
        for month in range(1, 11)
    ]
    chart = tacrolimus(old, *monthly, trough("19 08:00"))
    assert len(chart.record.levels) == 11
    assert 600 < len(chart.record.doses) < 700
    hourly = home(timing={"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}, authoredOn=old["authoredOn"])
    chart = tacrolimus(hourly, *monthly, trough("19 08:00"))
    assert len(chart.record.doses) == 1000
    assert all(level.time >= 168 for level in chart.record.levels)


def test_an_order_written_today_may_not_have_been_begun() -> None:
    chart = tacrolimus(home(authoredOn="2026-11-20T07:00:00+01:00"))
    assert chart.record.doses == ()
    assert "taken as not yet given" in said(chart, "no-administrations")
    before = home(3, id="r0", status="completed")
    renewed = home(authoredOn="2026-11-20T07:00:00+01:00", priorPrescription={"reference": "MedicationRequest/r0"})
    assert times(tacrolimus(before, renewed))[-1] == "20 01:10 3"


def test_the_newest_level_is_a_trough_of_the_step_in_force() -> None:
    """Three times a day after twice a day: doses of the second step meet the level, not those of the first."""
    rows = [
        instruction(2, timing={"repeat": {**DAILY, "frequency": 2, "count": 28}}, route=ORAL, sequence=1),
        instruction(1, timing={"repeat": {**DAILY, "frequency": 3}}, route=ORAL, sequence=2),
    ]
    chart = tacrolimus(home(dosageInstruction=rows), trough("19 09:00"))
    assert "19 09:00 1" in times(chart)
    assert "19 01:00 1" in times(chart)


DAILY = {"period": 1, "periodUnit": "d"}


def _now(day: int) -> datetime:
    return datetime(2026, 11, day, 9, 0, tzinfo=UTC)


def test_no_dose_after_now() -> None:
    chart = tacrolimus(home(timing=EIGHTS, authoredOn="2026-10-26T09:00:00+01:00"))
    assert max(dose.time for dose in chart.record.doses) <= chart.record.now
