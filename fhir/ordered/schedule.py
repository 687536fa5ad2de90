"""When doses are due, as an order says it: a pattern and its bounds; expansion.py makes instants of them."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise

DAY_H = 24.0
_MONTH_H = 365.2425 / 12 * DAY_H  # a mean month of the Gregorian calendar, for counting only
SAME_H = 1e-6  # two intervals closer than this, in h, are one: unit factors are doubles


@dataclass(frozen=True, kw_only=True)
class Span:
    """A length of time: hours, and calendar months, which have no fixed length."""

    hours: float = 0.0
    months: int = 0


@dataclass(frozen=True, kw_only=True)
class Every:
    """A dose every so many hours."""

    hours: float

    @property
    def interval(self) -> float:
        return self.hours

    @property
    def a_day(self) -> float:
        return DAY_H / self.hours


@dataclass(frozen=True, kw_only=True)
class TimesIn:
    """So many doses in so many hours; at what times is not said (twice a day)."""

    times: int
    hours: float

    @property
    def interval(self) -> float:
        """h, as if they were evenly spaced."""
        return self.hours / self.times

    @property
    def a_day(self) -> float:
        return DAY_H * self.times / self.hours


@dataclass(frozen=True, kw_only=True)
class OnDays:
    """Doses on certain days: every so many days, or on weekdays (Monday = 0) of every so many weeks.

    clock: the times of day; () = not said, then `times` of them a day.
    """

    times: int
    clock: tuple[time, ...] = ()
    every: int = 1
    weekdays: tuple[int, ...] = ()
    weeks: int = 1

    @property
    def interval(self) -> float | None:
        """h between doses; None where gaps differ."""
        whole_week = len(self.weekdays) in (0, 7) and self.weeks == 1
        if len(self.weekdays) == 1 and self.times == 1:
            return 7 * DAY_H * self.weeks
        if not whole_week or (self.every > 1 and self.times > 1):
            return None
        hours = [moment.hour + moment.minute / 60 + moment.second / 3600 for moment in self.clock]
        gaps = [later - earlier for earlier, later in pairwise([*hours, *(hour + DAY_H for hour in hours[:1])])]
        even = not gaps or max(gaps) - min(gaps) <= SAME_H
        return self.every * DAY_H / self.times if even else None

    @property
    def a_day(self) -> float:
        share = len(self.weekdays) / (7 * self.weeks) if self.weekdays else 1 / self.every
        return self.times * share


@dataclass(frozen=True, kw_only=True)
class EveryMonths:
    """So many doses in so many calendar months."""

    months: int
    times: int = 1
    interval: None = field(default=None, init=False)

    @property
    def a_day(self) -> float:
        return self.times * DAY_H / (self.months * _MONTH_H)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Doses at named instants, or on named days without a time."""

    moments: tuple[datetime | date, ...]
    a_day: None = field(default=None, init=False)

    @property
    def interval(self) -> float | None:
        """h between three or more instants an equal time apart; fewer could be anything."""
        instants = [moment for moment in self.moments if isinstance(moment, datetime)]
        gaps = [(later - earlier).total_seconds() / 3600 for earlier, later in pairwise(instants)]
        even = len(gaps) >= 2 and len(instants) == len(self.moments) and max(gaps) - min(gaps) <= SAME_H
        return gaps[0] if even and gaps[0] > 0 else None


@dataclass(frozen=True, kw_only=True)
class Once:
    """One dose."""

    interval: None = field(default=None, init=False)
    a_day: None = field(default=None, init=False)


Pattern = Every | TimesIn | OnDays | EveryMonths | Listed | Once


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A pattern within bounds. duration: h of each dose, None = not said.

    start, end: bounds; a date means the whole day, None = open. length: from the first dose on; length_max: where it is
    said as a range. count: how many doses, None = no limit; count_max: where that is said as a range.
    """

    pattern: Pattern
    duration: float | None = None
    start: datetime | date | None = None
    end: datetime | date | None = None
    length: Span | None = None
    length_max: Span | None = None
    count: int | None = None
    count_max: int | None = None

    @property
    def interval(self) -> float | None:
        """h between equal doses; None where they are not evenly spaced or do not repeat."""
        return None if self.once else self.pattern.interval

    @property
    def once(self) -> bool:
        return isinstance(self.pattern, Once) or self.count == 1

    @property
    def clocked(self) -> bool:
        """Whether the times of the doses are said, and not only how often they come."""
        if isinstance(self.pattern, OnDays):
            return bool(self.pattern.clock)
        return isinstance(self.pattern, Listed) and all(isinstance(item, datetime) for item in self.pattern.moments)


def words(pattern: Pattern) -> str:
    """The pattern for a sentence: "every 12 h", "at 08:00 and 18:00"."""
    match pattern:
        case Every(hours=hours):
            return f"every {hours:g} h"
        case TimesIn(times=times, hours=hours):
            return f"{_times(times)} in {_hours(hours)}"
        case OnDays():
            return _on_days(pattern)
        case EveryMonths(months=months, times=times):
            return f"{_times(times)} in {months} calendar month{'s' if months > 1 else ''}"
        case Listed(moments=moments):
            return f"at {len(moments)} named time{'s' if len(moments) > 1 else ''}"
        case Once():
            return "once"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _on_days(pattern: OnDays) -> str:
    clock = " and ".join(f"{moment:%H:%M}" for moment in pattern.clock)
    how = f"at {clock}" if clock else _times(pattern.times)
    if pattern.weekdays:
        weeks = f" of every {pattern.weeks} weeks" if pattern.weeks > 1 else ""
        return f"{how} on {', '.join(_WEEKDAYS[day] for day in pattern.weekdays)}{weeks}"
    return f"{how} every {pattern.every} days" if pattern.every > 1 else f"{how} a day"


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _hours(hours: float) -> str:
    return f"{hours / DAY_H:g} d" if hours % DAY_H == 0 else f"{hours:g} h"
