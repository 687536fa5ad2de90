"""A FHIR Timing to a Schedule: code, repeat in all its forms, events; ranges and contradictions are refused."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from fhir.clock import read_date, read_instant
from fhir.errors import Unreadable, UnreadableTime
from fhir.ordered.schedule import (
    DAY_H,
    SAME_H,
    Every,
    EveryMonths,
    Listed,
    Once,
    OnDays,
    Pattern,
    Schedule,
    Span,
    TimesIn,
    words,
)
from fhir.ordered.timing_code import pattern_of_code, table
from fhir.quantity import code_of
from fhir.wire import items, mapping, number, quoted, string

# a dose a minute, one in ten years: what is beyond is a slip
_SHORTEST_H, _LONGEST_H, _LONGEST_MONTHS = 1 / 60, 3660 * DAY_H, 120


def read_schedule(timing: Any) -> Schedule:
    """The schedule that a FHIR Timing says; raises Unreadable with the reason where it does not say one."""
    repeat = mapping(timing, "repeat")
    by_repeat, listed = _by_repeat(repeat), _listed(timing)
    by_code = pattern_of_code(timing, alone=not (by_repeat or listed))
    count = _whole(repeat, "count")
    return Schedule(
        pattern=_agreed(by_repeat, by_code, listed, once=count == 1),
        duration=_duration(repeat),
        start=_bound(repeat, "start"),
        end=_bound(repeat, "end"),
        length=_length(mapping(repeat, "boundsDuration") or mapping(repeat, "boundsRange", "low")),
        length_max=_length(mapping(repeat, "boundsRange", "high")),
        count=count,
        count_max=_whole(repeat, "countMax"),
    )


def _agreed(by_repeat: Pattern | None, by_code: Pattern | None, listed: Listed | None, *, once: bool) -> Pattern:
    """The most specific of what was said, all of which must come to the same number of doses a day."""
    said = [pattern for pattern in (by_repeat, by_code, listed) if pattern]
    rates = [rate for pattern in said if (rate := _rate(pattern))]
    if rates and max(rates) - min(rates) > SAME_H * max(rates):
        raise Unreadable(f"the order says {' and '.join(words(pattern) for pattern in said)} at once")
    if listed or not said:
        if not (listed or once):
            raise Unreadable("the order does not say how often")
        return listed or Once()
    return said[0]


def _rate(pattern: Pattern) -> float | None:
    """Doses a day; of named times only where they are evenly spaced."""
    if isinstance(pattern, Listed):
        return DAY_H / pattern.interval if pattern.interval else None
    return pattern.a_day


def _by_repeat(repeat: Mapping[str, Any]) -> Pattern | None:
    """The pattern of timing.repeat; None where it says no more than bounds, a count or a duration."""
    _refuse_ranges(repeat)
    if all(repeat.get(name) is None for name in ("period", "frequency", "timeOfDay", "dayOfWeek", "when")):
        return None
    frequency = _whole(repeat, "frequency")
    clock = tuple(sorted(_clock(item) for item in _listing(repeat, "timeOfDay")))
    days, events = _weekdays(repeat), _events(repeat)
    period = _period(repeat)
    if period is None and not (clock or days or events):
        raise Unreadable("the order names a frequency, but no period")
    times = _times(frequency, len(clock), events, days, period)
    if clock or days:
        return _on_days(times, clock, days, period or Span(hours=DAY_H), frequency)
    return _periodic(times, period or Span(hours=DAY_H))


def _refuse_ranges(repeat: Mapping[str, Any]) -> None:
    """periodMax and frequencyMax: no one schedule; the range is said."""
    unit = string(repeat, "periodUnit")
    period, longest = number(repeat, "period"), number(repeat, "periodMax")
    if longest is not None and longest != period:
        low = "?" if period is None else f"{period:g}"
        raise Unreadable(f"the order gives a range of intervals ({low} to {longest:g} {quoted(unit)})")
    fewest, most = number(repeat, "frequency"), number(repeat, "frequencyMax")
    if most is not None and most != fewest:
        low = "1" if fewest is None else f"{fewest:g}"
        raise Unreadable(f"the order gives a range of doses a period ({low} to {most:g})")


def _period(repeat: Mapping[str, Any]) -> Span | None:
    if repeat.get("period") is None:
        return None
    return _span(number(repeat, "period"), string(repeat, "periodUnit"))


def _times(
    frequency: int | None, clock: int, events: tuple[int, ...] | None, days: tuple[int, ...], period: Span | None
) -> int:
    """How many doses in a period, or on a day of it; the times or events named must come to what frequency says."""
    short = period is not None and not period.months and period.hours < DAY_H
    named = clock or (0 if short else sum(events or ()))
    if frequency is None:
        if events and not named and period is None:
            raise Unreadable("the order ties doses to meals without saying how many a day")
        return named or 1
    if named and frequency not in (named, named * len(days)):
        raise Unreadable(f"the order says {frequency} in a period and names {named} times or events of the day")
    return named or frequency


def _periodic(times: int, period: Span) -> Pattern:
    if period.months:
        return EveryMonths(months=period.months, times=times)
    if period.hours / times < _SHORTEST_H:
        raise Unreadable("the order's doses follow each other within a minute")
    whole_days = period.hours % DAY_H == 0
    return Every(hours=period.hours) if times == 1 and not whole_days else TimesIn(times=times, hours=period.hours)


def _on_days(times: int, clock: tuple[time, ...], days: tuple[int, ...], period: Span, frequency: int | None) -> OnDays:
    """Clock times or weekdays named: of every day, of every so many days, or of weeks."""
    if period.months or period.hours % DAY_H:
        raise Unreadable("the order names times or days that do not fit its period")
    length = int(period.hours / DAY_H)
    if not days:
        return OnDays(times=times, clock=clock, every=length)
    if length == 1:
        return OnDays(times=times, clock=clock, weekdays=days)
    if length % 7:
        raise Unreadable("the order names days of the week in a period that is no number of weeks")
    per_day = len(clock) or _shared(frequency or len(days), len(days))
    return OnDays(times=per_day, clock=clock, weekdays=days, weeks=length // 7)


def _shared(frequency: int, days: int) -> int:
    """So many doses a week on so many named days."""
    if frequency % days:
        raise Unreadable(f"the order says {frequency} in a week and names {days} days of it")
    return frequency // days


def _weekdays(repeat: Mapping[str, Any]) -> tuple[int, ...]:
    known = table()["weekday"]
    return tuple(sorted({known[name] for name in _named(repeat, "dayOfWeek", known)}))


def _events(repeat: Mapping[str, Any]) -> tuple[int, ...] | None:
    """How often each event of the day comes; None where none is named."""
    known = table()["when"]
    return tuple(known[name] for name in _named(repeat, "when", known)) or None


def _named(repeat: Mapping[str, Any], element: str, known: Mapping[str, int]) -> list[str]:
    names = _listing(repeat, element)
    strange = [name for name in names if not isinstance(name, str) or name not in known]
    if strange:
        raise Unreadable(f"its {element} {quoted(str(strange[0]))} is not known")
    return names


def _listing(repeat: Mapping[str, Any], name: str) -> list[Any]:
    """The list at a name; a text in its place (drafts, and FHIR before R4) reads as a list of one."""
    return [repeat[name]] if isinstance(repeat.get(name), str) else items(repeat, name)


def _clock(time_of_day: Any) -> time:
    try:
        return time.fromisoformat(time_of_day) if ":" in time_of_day else _no_clock()
    except (TypeError, ValueError):
        return _no_clock()


def _no_clock() -> time:
    raise Unreadable("a time of day can not be read")


def _listed(timing: Any) -> Listed | None:
    found = [_moment(item) for item in items(timing, "event")]
    return Listed(moments=tuple(sorted(found, key=_place))) if found else None


def _place(moment: datetime | date) -> str:
    """Orders instants of any zone, and days at their beginning."""
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def _moment(item: Any) -> datetime | date:
    """An instant, or a date without a time."""
    try:
        return read_instant(item)
    except UnreadableTime:
        if isinstance(item, str) and len(item.strip()) > len("2026-11-18"):
            raise
        return read_date(item)


def _bound(repeat: Mapping[str, Any], name: str) -> datetime | date | None:
    value = mapping(repeat, "boundsPeriod").get(name)
    return _moment(value) if value is not None else None


def _length(quantity: Mapping[str, Any]) -> Span | None:
    """A bound that is a length of time; None where there is none."""
    return _span(number(quantity, "value"), code_of(quantity)) if quantity else None


def _span(value: float | None, unit: str) -> Span:
    unit = table()["unit_words"].get(unit, unit)
    if value is None or value <= 0:
        raise Unreadable("the order's period or length is not a positive number")
    if unit in table()["unit_months"]:
        span = Span(months=table()["unit_months"][unit] * _whole_number(value, "calendar months or years"))
    else:
        span = Span(hours=value * _hours(unit))
    if span.hours > _LONGEST_H or span.months > _LONGEST_MONTHS or (span.hours < _SHORTEST_H and not span.months):
        raise Unreadable(f"a time of {value:g} {unit} is none that doses follow")
    return span


def _duration(repeat: Mapping[str, Any]) -> float | None:
    duration, longest = number(repeat, "duration"), number(repeat, "durationMax")
    if duration is None:
        return None
    if duration < 0 or (longest is not None and longest != duration):
        raise Unreadable("the order gives a range of infusion times, or a negative one")
    return duration * _hours(string(repeat, "durationUnit"))


def _hours(code: str) -> float:
    hours = table()["unit_h"].get(code)
    if hours is None:
        raise Unreadable(f"the unit of time {quoted(code)} is not known" if code else "a unit of time is missing")
    return float(hours)


def _whole(repeat: Mapping[str, Any], name: str) -> int | None:
    """A whole number of at least 1; None where the element is not there."""
    if repeat.get(name) is None:
        return None
    value = number(repeat, name)
    if value is None or value < 1:
        raise Unreadable(f"the order's {name} is not a positive number")
    return _whole_number(value, name)


def _whole_number(value: float, what: str) -> int:
    if value != int(value):
        raise Unreadable(f"the order's {what} are no whole number")
    return int(value)
