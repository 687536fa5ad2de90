"""FHIR Timing to a dosing interval in hours; what is not evenly spaced is refused, not guessed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from fhir.clock import hours_between, read_instant
from fhir.errors import Unreadable, UnreadableTime
from fhir.quantity import read_quantity
from fhir.wire import items, mapping, number, quoted, rows, string

_SAME_H = 1e-6  # two intervals closer than this, in h, are one: unit factors are floats


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """interval: h between equal doses; None for doses that do not repeat. duration: h of each dose, None = not said.

    start, end: bounds, None = open. length: h from the first dose to the bound. count: how many doses, None = no limit.
    events: the doses at named times.
    """

    interval: float | None
    duration: float | None = None
    start: datetime | None = None
    end: datetime | None = None
    length: float | None = None
    count: int | None = None
    events: tuple[datetime, ...] = ()


def read_schedule(timing: Any) -> Schedule:
    """The schedule that a FHIR Timing says; raises Unreadable with the reason where it does not say one."""
    repeat = mapping(timing, "repeat")
    events = _events(timing)
    interval = _agreed(_by_code(timing), _by_repeat(repeat), _by_events(events))
    count = number(repeat, "count")
    if interval is None and not events and count != 1:
        raise Unreadable("the order does not say how often")
    start, end = _bounds(repeat)
    return Schedule(
        interval=interval,
        duration=_duration(repeat),
        start=start,
        end=end,
        length=read_quantity(mapping(repeat, "boundsDuration"), "h") if repeat.get("boundsDuration") else None,
        count=int(count) if count is not None else None,
        events=events,
    )


def _agreed(*intervals: float | None) -> float | None:
    said = [interval for interval in intervals if interval is not None]
    if said and max(said) - min(said) > _SAME_H:
        ways = " and ".join(f"every {interval:g} h" for interval in said)
        raise Unreadable(f"the order says {ways} at once")
    return said[0] if said else None


def _by_code(timing: Any) -> float | None:
    code = mapping(timing, "code")
    names = [string(coding, "code") for coding in rows(code, "coding")] or [string(code, "text")]
    known = [_table()["interval_h"].get(_plain(name)) for name in names if name]
    if known and not any(known):
        raise Unreadable(f"the timing code {quoted(names[0])} is not known")
    return _agreed(*known)


def _plain(name: str) -> str:
    """q12h, Q 12 H, b.i.d. -> Q12H, BID."""
    return name.upper().replace(" ", "").replace(".", "")


def _by_repeat(repeat: Mapping[str, Any]) -> float | None:
    period = number(repeat, "period")
    if period is None:
        _refuse_loose(repeat)
        return None
    for name, words in (("periodMax", "a range of intervals"), ("frequencyMax", "a range of doses a period")):
        if repeat.get(name) is not None:
            raise Unreadable(f"the order gives {words}")
    frequency = 1.0 if repeat.get("frequency") is None else number(repeat, "frequency")
    if not frequency or frequency < 0 or period <= 0:
        raise Unreadable("the order's frequency or period is not a positive number")
    interval = period * _hours(string(repeat, "periodUnit")) / frequency
    _refuse_uneven(repeat, interval)
    return interval


def _refuse_loose(repeat: Mapping[str, Any]) -> None:
    """Days, times or events of the day without a period: a schedule that is not one interval."""
    for name in ("frequency", "dayOfWeek", "timeOfDay", "when"):
        if repeat.get(name):
            raise Unreadable("the order names a frequency, days or times, but no period")


def _refuse_uneven(repeat: Mapping[str, Any], interval: float) -> None:
    """dayOfWeek, timeOfDay and when may place doses unevenly; only those that agree with the interval pass."""
    if len(items(repeat, "dayOfWeek")) not in (0, 7):
        raise Unreadable("the order is for some days of the week only")
    when = items(repeat, "when")
    if len(when) > 1 or (when and interval < 24 - _SAME_H):
        raise Unreadable("the order ties doses to meals or times of day that are not evenly spaced")
    times = sorted(_clock_hours(item) for item in items(repeat, "timeOfDay"))
    gaps = [later - earlier for earlier, later in zip(times, [*times[1:], *(t + 24 for t in times[:1])], strict=True)]
    if any(abs(gap - interval) > _SAME_H for gap in gaps):
        raise Unreadable("the order's times of day are not evenly spaced")


def _clock_hours(time_of_day: Any) -> float:
    parts = time_of_day.split(":") if isinstance(time_of_day, str) else []
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in parts):
        raise Unreadable("a time of day can not be read")
    return sum(int(part) / 60**place for place, part in enumerate(parts))


def _events(timing: Any) -> tuple[datetime, ...]:
    return tuple(sorted(read_instant(item) for item in items(timing, "event")))


def _by_events(events: tuple[datetime, ...]) -> float | None:
    """Three or more events an equal time apart are an interval; fewer could be anything."""
    gaps = [hours_between(earlier, later) for earlier, later in pairwise(events)]
    even = len(gaps) >= 2 and max(gaps) - min(gaps) <= _SAME_H and gaps[0] > 0
    return gaps[0] if even else None


def _duration(repeat: Mapping[str, Any]) -> float | None:
    duration = number(repeat, "duration")
    if duration is None:
        return None
    if repeat.get("durationMax") is not None or duration < 0:
        raise Unreadable("the order gives a range of infusion times, or a negative one")
    return duration * _hours(string(repeat, "durationUnit"))


def _hours(code: str) -> float:
    hours = _table()["unit_h"].get(code)
    if hours is None:
        raise Unreadable(f"the unit of time {quoted(code)} is not known" if code else "a unit of time is missing")
    return hours


def _bounds(repeat: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Bounds as instants; a bound that is only a date stays open here: it moves no dose."""
    period = mapping(repeat, "boundsPeriod")
    return _instant(period.get("start")), _instant(period.get("end"))


def _instant(value: Any) -> datetime | None:
    try:
        return read_instant(value)
    except UnreadableTime:
        return None


@cache
def _table() -> Mapping[str, Mapping[str, float]]:
    return tomllib.loads(files("fhir.terminology").joinpath("timing.toml").read_text(encoding="utf-8"))
