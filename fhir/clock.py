"""FHIR times: read without guessing a zone, and said in one form everywhere ("2026-11-20 08:05 UTC+01:00")."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fhir.errors import UnreadableTime
from fhir.wire import quoted

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PARTIAL = re.compile(r"\d{4}(-\d{2})?")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?")

SKEW = timedelta(
    minutes=5
)  # clocks of an EHR and of this service may differ by this much before a time is "in the future"


def read_instant(value: Any) -> datetime:
    """An aware datetime from a FHIR dateTime or instant.

    Raises UnreadableTime for a missing, malformed or partial time and for one without a zone.
    """
    if not isinstance(value, str) or not value.strip():
        raise UnreadableTime("no time is charted")
    text = value.strip()
    if _DATE.fullmatch(text) or _PARTIAL.fullmatch(text):
        raise UnreadableTime(f"only a date is charted ({quoted(text)}), a time of day is needed")
    if not _DATETIME.fullmatch(text):
        raise UnreadableTime(f"the time {quoted(text)} can not be read")
    return _zoned(text)


def read_date(value: Any) -> date:
    """A full date from a FHIR date or dateTime; raises UnreadableTime for anything less."""
    text = value.strip() if isinstance(value, str) else ""
    if not _DATE.fullmatch(text[:10]) or not (len(text) == 10 or _DATETIME.fullmatch(text)):
        raise UnreadableTime(f"the date {quoted(text)} can not be read" if text else "no date is charted")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise UnreadableTime(f"the date {quoted(text)} does not exist") from None


def read_day_or_instant(value: Any) -> tuple[datetime, bool]:
    """A time, and whether it was only a date; a date alone is placed at 00:00 UTC, for values that change over days."""
    try:
        return read_instant(value), False
    except UnreadableTime:
        if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
            raise
        day = read_date(value)
        return datetime(day.year, day.month, day.day, tzinfo=UTC), True


def read_since(value: Any) -> datetime:
    """As read_day_or_instant, a month or a year alone too, at its first day: for what lasts from then on."""
    text = value.strip() if isinstance(value, str) else ""
    if not _PARTIAL.fullmatch(text):
        return read_day_or_instant(value)[0]
    return read_day_or_instant(f"{text}-01" if len(text) > 4 else f"{text}-01-01")[0]


def say(moment: datetime) -> str:
    """The one way a time is written for people: "2026-11-20 08:05 UTC+01:00"."""
    zone = f"{moment:%z}"
    offset = "" if zone in ("+0000", "-0000", "") else f"{zone[:3]}:{zone[3:5]}"
    return f"{moment:%Y-%m-%d %H:%M} UTC{offset}"


def hours_between(origin: datetime, moment: datetime) -> float:
    """Hours from origin to moment, exact to the microsecond that FHIR times carry."""
    return (moment - origin) / timedelta(hours=1)


def moment_at(origin: datetime, hours: float, *, like: datetime | None = None) -> datetime:
    """The instant `hours` after origin, in the zone of `like` (a charted time) where one is given."""
    moment = origin + timedelta(hours=hours)
    return moment.astimezone(like.tzinfo) if like is not None and like.tzinfo else moment


def _zoned(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise UnreadableTime(f"the time {quoted(text)} does not exist") from None
    if moment.tzinfo is None:
        raise UnreadableTime(f"the time {quoted(text)} has no time zone")
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise UnreadableTime(f"the time {quoted(text)} does not exist") from None
    return moment
