"""A Schedule to the instants it names, counted from an origin; nothing else is known here of orders or patients.

Assumptions, which the caller has to say: where clock times are not said, doses are evenly spaced from the origin's own
time of day; a schedule in whole days keeps its time of day over a change of the clocks where `zone` knows of one, one
in hours keeps its hours.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count as counting
from itertools import islice
from math import floor

from fhir.ordered.schedule import DAY_H, Every, EveryMonths, Listed, Once, OnDays, Schedule, Span, TimesIn

_HOUR = timedelta(hours=1)


def instants(
    schedule: Schedule, *, origin: datetime, start: datetime, end: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """Dose times in [start, end), aware, in order. origin: when the schedule begins, unless its bounds say it.

    zone: in which days and times of day are meant, and in which the instants are given. The same origin makes the same
    times for every window.
    """
    first = beginning(schedule, origin, zone)
    last = min(end, ending(schedule, first, zone) or end).astimezone(UTC)
    since = first if schedule.count is not None else max(start.astimezone(UTC), first)
    for moment in islice(_moments(schedule, first, since, zone), schedule.count):
        if moment >= last:
            return
        if moment >= start:
            yield moment.astimezone(zone)


def beginning(schedule: Schedule, origin: datetime, zone: tzinfo) -> datetime:
    """When the schedule begins: its bound where one is said, else the origin; a day begins at its midnight."""
    return as_instant(origin if schedule.start is None else schedule.start, zone)


def ending(schedule: Schedule, first: datetime, zone: tzinfo) -> datetime | None:
    """The instant before which every dose lies; None where no bound is said. A day ends at the next midnight."""
    ends = []
    if isinstance(schedule.end, datetime):
        ends.append(schedule.end.astimezone(UTC) + timedelta(microseconds=1))  # FHIR: the end of a Period is part of it
    elif schedule.end is not None:
        ends.append(as_instant(schedule.end + timedelta(days=1), zone))
    if schedule.length is not None:
        ends.append(after(first, schedule.length, zone))
    return min(ends, default=None)


def as_instant(moment: datetime | date, zone: tzinfo) -> datetime:
    """In UTC, in which all is reckoned here: of one named zone Python adds and compares the clock on the wall."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else _instant(datetime.combine(moment, time()), zone)


def after(first: datetime, span: Span, zone: tzinfo) -> datetime:
    """A length of time later; whole days and months keep the time of day."""
    if span.months:
        return _months_later(first, span.months, zone)
    return _wall(first, span.hours, zone) if span.hours % DAY_H == 0 else first + timedelta(hours=span.hours)


def _moments(schedule: Schedule, first: datetime, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Times from `since` on, in order, without end where the pattern has none."""
    match schedule.pattern:
        case Once():
            return iter([first])
        case Listed(moments=moments):
            clock = first.astimezone(zone).time()
            days = (item if isinstance(item, datetime) else datetime.combine(item, clock, zone) for item in moments)
            return (moment for moment in sorted(as_instant(day, zone) for day in days) if moment >= since)
        case Every(hours=hours):
            step = _first_step(since - first, hours)
            return (first + timedelta(hours=k * hours) for k in counting(step))
        case TimesIn() as pattern:
            return _times_in(pattern, first, since, zone)
        case EveryMonths() as pattern:
            return _every_months(pattern, first, since, zone)
        case OnDays() as pattern:
            return _on_days(pattern, first, since, zone)


def _first_step(elapsed: timedelta, hours: float) -> int:
    """The last whole step before or at an elapsed time; one too early is harmless, one too late would lose a dose."""
    return max(0, floor(elapsed / _HOUR / hours) - 1)


def _times_in(pattern: TimesIn, first: datetime, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    days = pattern.hours % DAY_H == 0 and pattern.interval > 1
    for k in counting(_first_step(since - first - _HOUR, pattern.interval)):
        hours = k * pattern.hours / pattern.times
        moment = _wall(first, hours, zone) if days else first + timedelta(hours=hours)
        if moment >= since:
            yield moment


def _every_months(pattern: EveryMonths, first: datetime, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    for k in counting():
        start = _months_later(first, k * pattern.months, zone)
        gap = (_months_later(first, (k + 1) * pattern.months, zone) - start) / pattern.times
        yield from (start + j * gap for j in range(pattern.times) if start + j * gap >= since)


def _on_days(pattern: OnDays, first: datetime, since: datetime, zone: tzinfo) -> Iterator[datetime]:
    begin = first.astimezone(zone).date()
    for day in _days_from(max(begin, since.astimezone(zone).date() - timedelta(days=1))):
        if _meant(pattern, begin, day):
            yield from (moment for moment in _on_day(pattern, first, day, zone) if moment >= max(first, since))


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += timedelta(days=1)


def _meant(pattern: OnDays, begin: date, day: date) -> bool:
    if not pattern.weekdays:
        return (day - begin).days % pattern.every == 0
    weeks = (day - begin + timedelta(days=begin.weekday())).days // 7
    return day.weekday() in pattern.weekdays and weeks % pattern.weeks == 0


def _on_day(pattern: OnDays, first: datetime, day: date, zone: tzinfo) -> list[datetime]:
    if pattern.clock:
        return sorted(_instant(datetime.combine(day, clock), zone) for clock in pattern.clock)
    start = _instant(datetime.combine(day, first.astimezone(zone).time()), zone)
    return [_wall(start, k * DAY_H / pattern.times, zone) for k in range(pattern.times)]


def _wall(first: datetime, hours: float, zone: tzinfo) -> datetime:
    """So many hours later on the clock on the wall."""
    return _instant(first.astimezone(zone).replace(tzinfo=None) + timedelta(hours=hours), zone)


def _instant(local: datetime, zone: tzinfo) -> datetime:
    """A local time as an instant; one that the clocks skip is the hour after, of one that comes twice the first."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def _months_later(first: datetime, months: int, zone: tzinfo) -> datetime:
    """The same day of a later month, or its last day where it has no such day."""
    local = first.astimezone(zone).replace(tzinfo=None)
    index = local.year * 12 + local.month - 1 + months
    year, month = divmod(index, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return _instant(local.replace(year=year, month=month + 1, day=day), zone)
