"""Timings as orders say them, to hours; and those that are not one interval."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir.errors import Unreadable
from fhir.timing import read_schedule


def repeat(**parts: Any) -> dict:
    return {"repeat": parts}


def code(name: str) -> dict:
    return {"code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": name}]}}


@pytest.mark.parametrize(
    ("timing", "hours"),
    [
        (repeat(frequency=1, period=12, periodUnit="h"), 12),
        (repeat(frequency=2, period=1, periodUnit="d"), 12),
        (repeat(frequency=3, period=1, periodUnit="d"), 8),
        (repeat(period=36, periodUnit="h"), 36),
        (repeat(frequency=1, period=1, periodUnit="wk"), 168),
        (repeat(frequency=1, period=90, periodUnit="min"), 1.5),
        (repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00:00", "20:00:00"]), 12),
        (repeat(frequency=1, period=1, periodUnit="d", timeOfDay=["08:00"]), 24),
        (repeat(frequency=1, period=1, periodUnit="d", when=["HS"]), 24),
        (code("BID"), 12),
        (code("TID"), 8),
        (code("QID"), 6),
        (code("QD"), 24),
        (code("QOD"), 48),
        (code("Q4H"), 4),
        (code("Q6H"), 6),
        (code("Q8H"), 8),
        (code("Q12H"), 12),
        (code("Q24H"), 24),
        ({"code": {"text": "q 12 h"}}, 12),
        ({"code": {"text": "b.i.d."}}, 12),
        (code("BID") | repeat(frequency=2, period=1, periodUnit="d"), 12),
        ({"event": ["2026-11-18T08:00:00Z", "2026-11-18T20:00:00Z", "2026-11-19T08:00:00Z"]}, 12),
    ],
)
def test_an_even_timing_is_an_interval(timing: dict, hours: float) -> None:
    # 1e-12: units of time are doubles (1/60 h)
    assert read_schedule(timing).interval == pytest.approx(hours, rel=1e-12)


@pytest.mark.parametrize(
    ("timing", "why"),
    [
        (None, "how often"),
        ({}, "how often"),
        (repeat(), "how often"),
        ("BID", "how often"),
        (code("XYZ"), "not known"),
        ({"code": {"text": "as directed"}}, "not known"),
        (code("BID") | repeat(frequency=3, period=1, periodUnit="d"), "at once"),
        (repeat(frequency=2), "no period"),
        (repeat(dayOfWeek=["mon"]), "no period"),
        (repeat(timeOfDay=["08:00"]), "no period"),
        (repeat(frequency=1, period=12), "unit of time is missing"),
        (repeat(frequency=1, period=12, periodUnit="hours"), "not known"),
        (repeat(frequency=1, period=1, periodUnit="mo"), "not known"),
        (repeat(frequency=1, period=8, periodMax=12, periodUnit="h"), "range"),
        (repeat(frequency=1, frequencyMax=2, period=1, periodUnit="d"), "range"),
        (repeat(frequency=0, period=1, periodUnit="d"), "positive"),
        (repeat(frequency="2", period=1, periodUnit="d"), "positive"),
        (repeat(frequency=1, period=-12, periodUnit="h"), "positive"),
        (repeat(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "wed"]), "days of the week"),
        (repeat(frequency=3, period=1, periodUnit="d", when=["CM", "CD", "CV"]), "not evenly"),
        (repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00", "18:00"]), "not evenly"),
        (repeat(frequency=2, period=1, periodUnit="d", timeOfDay=["08:00"]), "not evenly"),
        (repeat(frequency=1, period=12, periodUnit="h", duration=1, durationMax=2, durationUnit="h"), "range"),
        (repeat(frequency=1, period=12, periodUnit="h", duration=1), "missing"),
        ({"event": ["2026-11-18"]}, "only a date"),
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
    assert (schedule.count, schedule.start, schedule.end) == (6, datetime(2026, 11, 18, 7, tzinfo=UTC), None)
    bounded = read_schedule(repeat(period=12, periodUnit="h", boundsDuration={"value": 3, "unit": "days"}))
    assert bounded.length == 72


def test_one_dose_has_no_interval() -> None:
    assert read_schedule(repeat(count=1)).interval is None
    assert len(read_schedule({"event": ["2026-11-18T08:00:00Z"]}).events) == 1


def test_uneven_events_are_no_interval() -> None:
    events = ["2026-11-18T08:00:00Z", "2026-11-18T20:00:00Z", "2026-11-19T09:00:00Z"]
    assert read_schedule({"event": events}).interval is None
