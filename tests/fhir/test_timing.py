"""Timings as orders say them: even ones to an interval, others to their pattern, contradictions to a reason."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from fhir.errors import Unreadable
from fhir.ordered.schedule import Every, EveryMonths, Listed, Once, OnDays, Span, TimesIn, words
from fhir.ordered.timing import read_schedule


def repeat(**parts: Any) -> dict:
    return {"repeat": parts}


def code(name: str) -> dict:
    return {"code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": name}]}}


def text(words: str) -> dict:
    return {"code": {"text": words}}


EIGHT, SIX_PM, EIGHT_PM = time(8), time(18), time(20)
MON, WED, THU, FRI = 0, 2, 3, 4


@pytest.mark.parametrize(
    ("timing", "hours"),
    [
        (repeat(frequency=1, period=12, periodUnit="h"), 12),
        (repeat(frequency=2, period=1, periodUnit="d"), 12),
        (repeat(frequency=3, period=1, periodUnit="d"), 8),
        (repeat(period=36, periodUnit="h"), 36),
        (repeat(frequency=1, period=1, periodUnit="wk"), 168),
        (repeat(frequency=1, period=90, periodUnit="min"), 1.5),
        (repeat(frequency=1, period=12, periodUnit="hours"), 12),
        (repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00:00", "20:00:00"]), 12),
        (repeat(timeOfDay=["08:00:00", "20:00:00"]), 12),
        (repeat(frequency=1, period=1, periodUnit="d", timeOfDay=["08:00"]), 24),
        (repeat(frequency=1, period=2, periodUnit="d", timeOfDay=["08:00"]), 48),
        (repeat(frequency=1, period=1, periodUnit="d", when=["HS"]), 24),
        (repeat(frequency=1, period=6, periodUnit="h", when="AC", offset=60), 6),
        (repeat(frequency=4, period=1, periodUnit="d", when=["C", "PC"]), 6),
        (repeat(when=["CM", "CD", "CV"]), 8),
        (repeat(frequency=3, period=1, periodUnit="d", when=["CM", "CD", "CV"]), 8),
        (repeat(dayOfWeek=["mon"]), 168),
        (repeat(frequency=1, period=2, periodUnit="wk", dayOfWeek=["mon"]), 336),
        (
            repeat(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
            24,
        ),
        (code("BID"), 12),
        (code("TID"), 8),
        (code("QID"), 6),
        (code("QD"), 24),
        (code("AM"), 24),
        (code("PM"), 24),
        (code("BED"), 24),
        (code("QOD"), 48),
        (code("WK"), 168),
        (code("Q4H"), 4),
        (code("Q6H"), 6),
        (code("Q8H"), 8),
        (code("Q12H"), 12),
        (code("Q24H"), 24),
        (code("Q36H"), 36),
        (code("Q72H"), 72),
        (text("q 12 h"), 12),
        (text("q12hr"), 12),
        (text("b.i.d."), 12),
        (text("Every 8 hours"), 8),
        (text("every twelve hours"), 12),
        (text("twice daily"), 12),
        (text("3 times a day"), 8),
        (text("once daily"), 24),
        (text("every other day"), 48),
        (text("every 2 weeks"), 336),
        (code("BID") | repeat(frequency=2, period=1, periodUnit="d"), 12),
        (text("one capsule in the morning") | repeat(frequency=1, period=1, periodUnit="d"), 24),
        (code("AM") | repeat(timeOfDay=["08:00"]), 24),
        (code("Q12H") | repeat(timeOfDay=["08:00", "20:00"]), 12),
        ({"event": ["2026-11-18T08:00:00Z", "2026-11-18T20:00:00Z", "2026-11-19T08:00:00Z"]}, 12),
    ],
)
def test_an_even_timing_is_an_interval(timing: dict, hours: float) -> None:
    # 1e-12: units of time are doubles (1/60 h)
    assert read_schedule(timing).interval == pytest.approx(hours, rel=1e-12)


@pytest.mark.parametrize(
    ("timing", "pattern", "said"),
    [
        (
            repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["18:00", "08:00"]),
            OnDays(times=2, clock=(EIGHT, SIX_PM)),
            "at 08:00 and 18:00 a day",
        ),
        (
            repeat(frequency=2, period=1, periodUnit="d", dayOfWeek=["mon", "wed", "fri"]),
            OnDays(times=2, weekdays=(MON, WED, FRI)),
            "2 times on Monday, Wednesday, Friday",
        ),
        (
            repeat(frequency=3, period=1, periodUnit="wk", dayOfWeek=["fri", "mon", "wed"]),
            OnDays(times=1, weekdays=(MON, WED, FRI)),
            "once on Monday, Wednesday, Friday",
        ),
        (
            repeat(dayOfWeek=["mon", "thu"], timeOfDay=["08:00"]),
            OnDays(times=1, clock=(EIGHT,), weekdays=(MON, THU)),
            "at 08:00 on Monday, Thursday",
        ),
        (
            repeat(frequency=2, period=2, periodUnit="d", timeOfDay=["08:00", "20:00"]),
            OnDays(times=2, clock=(EIGHT, EIGHT_PM), every=2),
            "at 08:00 and 20:00 every 2 days",
        ),
        (repeat(frequency=1, period=3, periodUnit="mo"), EveryMonths(months=3), "once in 3 calendar months"),
        (
            repeat(frequency=2, period=1, periodUnit="a"),
            EveryMonths(months=12, times=2),
            "2 times in 12 calendar months",
        ),
        (code("MO"), EveryMonths(months=1), "once in 1 calendar month"),
        ({"event": ["2026-11-18"]}, Listed(moments=(date(2026, 11, 18),)), "at 1 named time"),
        (
            {"event": ["2026-11-18T20:00:00Z", "2026-11-18T08:00:00Z"]},
            Listed(moments=(datetime(2026, 11, 18, 8, tzinfo=UTC), datetime(2026, 11, 18, 20, tzinfo=UTC))),
            "at 2 named times",
        ),
        (repeat(count=1), Once(), "once"),
    ],
)
def test_an_uneven_timing_keeps_its_pattern_and_has_no_interval(timing: dict, pattern: object, said: str) -> None:
    schedule = read_schedule(timing)
    assert schedule.pattern == pattern
    assert schedule.interval is None
    assert words(schedule.pattern) == said


@pytest.mark.parametrize(
    ("timing", "clocked"),
    [
        (code("BID"), False),
        (repeat(frequency=1, period=12, periodUnit="h"), False),
        (repeat(when=["MORN", "EVE"]), False),
        (repeat(dayOfWeek=["mon"]), False),
        ({"event": ["2026-11-18"]}, False),
        (repeat(timeOfDay=["08:00"]), True),
        ({"event": ["2026-11-18T08:00:00Z"]}, True),
    ],
)
def test_whether_the_times_of_the_doses_are_said(timing: dict, clocked: bool) -> None:
    assert read_schedule(timing).clocked is clocked


def test_two_a_day_is_not_the_same_as_every_twelve_hours() -> None:
    """Twice a day keeps its times of day over a change of the clocks; every 12 h does not."""
    assert read_schedule(code("BID")).pattern == TimesIn(times=2, hours=24)
    assert read_schedule(text("q12h")).pattern == Every(hours=12)


@pytest.mark.parametrize(
    ("timing", "why"),
    [
        (None, "how often"),
        ({}, "how often"),
        (repeat(), "how often"),
        ("BID", "how often"),
        (code("XYZ"), "not known"),
        (text("as directed"), "not known"),
        (text("q0h"), "not known"),
        (code("BID") | repeat(frequency=3, period=1, periodUnit="d"), "2 times in 1 d at once"),
        (code("QD") | repeat(timeOfDay=["08:00", "20:00"]), "at once"),
        (code("BID") | {"event": [f"2026-11-{day}T08:00:00Z" for day in (18, 19, 20)]}, "at once"),
        ({"code": {"coding": [{"code": "BID"}], "text": "TID"}}, "different things"),
        (repeat(frequency=2), "no period"),
        (repeat(when=["AC"]), "how many a day"),
        (repeat(when=["LATER"]), "not known"),
        (repeat(dayOfWeek=["monday"]), "not known"),
        (repeat(timeOfDay=["8 am"]), "time of day"),
        (repeat(timeOfDay=[8]), "time of day"),
        (repeat(frequency=1, period=12), "unit of time is missing"),
        (repeat(frequency=1, period=12, periodUnit="fortnights"), "not known"),
        (repeat(frequency=1, period=8, periodMax=12, periodUnit="h"), "8 to 12"),
        (repeat(frequency=1, frequencyMax=2, period=1, periodUnit="d"), "1 to 2"),
        (repeat(frequency=0, period=1, periodUnit="d"), "positive"),
        (repeat(frequency="2", period=1, periodUnit="d"), "positive"),
        (repeat(frequency=1.5, period=1, periodUnit="d"), "whole number"),
        (repeat(frequency=1, period=-12, periodUnit="h"), "positive"),
        (repeat(frequency=1, period="12", periodUnit="h"), "positive"),
        (repeat(frequency=1, period=1e-9, periodUnit="h"), "none that doses follow"),
        (repeat(frequency=1, period=1e300, periodUnit="h"), "none that doses follow"),
        (repeat(frequency=1000000, period=1, periodUnit="d"), "within a minute"),
        (repeat(frequency=1, period=0.5, periodUnit="mo"), "no whole number"),
        (repeat(frequency=1, period=1, periodUnit="wk", dayOfWeek=["mon", "thu"]), "1 in a week and names 2 days"),
        (repeat(frequency=1, period=1, periodUnit="mo", dayOfWeek=["mon"]), "fit its period"),
        (repeat(frequency=1, period=3, periodUnit="d", dayOfWeek=["mon"]), "number of weeks"),
        (repeat(frequency=1, period=1, periodUnit="d", when=["CM", "CD", "CV"]), "names 3"),
        (repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00"]), "names 1"),
        (repeat(frequency=1, period=12, periodUnit="h", timeOfDay=["08:00"]), "fit its period"),
        (repeat(frequency=1, period=12, periodUnit="h", duration=1, durationMax=2, durationUnit="h"), "range"),
        (repeat(frequency=1, period=12, periodUnit="h", duration=1), "missing"),
        (repeat(period=12, periodUnit="h", count=0), "positive"),
        (repeat(period=12, periodUnit="h", boundsPeriod={"start": "2026"}), "can not be read"),
        (repeat(period=12, periodUnit="h", boundsDuration={"value": 0, "code": "d"}), "positive"),
        ({"event": ["2026-11"]}, "can not be read"),
        ({"event": ["2026-11-18T08:00:00"]}, "no time zone"),
    ],
)
def test_anything_else_is_refused_with_the_reason(timing: object, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_schedule(timing)


def test_bounds_count_and_infusion_time() -> None:
    schedule = read_schedule(
        repeat(
            frequency=1,
            period=12,
            periodUnit="h",
            duration=90,
            durationUnit="min",
            count=6,
            boundsPeriod={"start": "2026-11-18T08:00:00+01:00", "end": "2026-11-21"},
        )
    )
    assert schedule.duration == pytest.approx(1.5, rel=1e-12)  # 1/60 h is a double
    assert (schedule.count, schedule.start) == (6, datetime(2026, 11, 18, 7, tzinfo=UTC))
    assert schedule.end == date(2026, 11, 21)


def test_bounds_as_a_length() -> None:
    days = repeat(period=12, periodUnit="h", boundsDuration={"value": 3, "unit": "days"})
    assert read_schedule(days).length == Span(hours=72)
    months = repeat(period=12, periodUnit="h", boundsDuration={"value": 3, "unit": "month", "code": "mo"})
    assert read_schedule(months).length == Span(months=3)
    between = {"low": {"value": 7, "code": "d"}, "high": {"value": 10, "code": "d"}}
    ranged = read_schedule(repeat(period=12, periodUnit="h", boundsRange=between, count=6, countMax=8))
    assert (ranged.length, ranged.length_max) == (Span(hours=168), Span(hours=240))
    assert (ranged.count, ranged.count_max) == (6, 8)


def test_one_dose_has_no_interval() -> None:
    assert read_schedule(repeat(count=1)).once
    assert read_schedule(repeat(count=1, frequency=1, period=1, periodUnit="d")).interval is None
