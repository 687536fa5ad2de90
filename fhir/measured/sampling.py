"""When a sample was drawn or a body measured: the Observation's time against its Specimen's; `issued` is never used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf
from fhir.clock import read_day_or_instant, read_instant, say
from fhir.errors import UnreadableTime
from fhir.wire import mapping, string

# a collection charted as a longer period has no one time; two times further apart than this disagree
DRAW = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """When; whether only the day is known; which time it is ("" = the Observation's own); how two times disagree."""

    when: datetime
    day: bool = False
    note: str = ""
    disagree: str = ""


def sampled(observation: Resource, shelf: Shelf, *, day: bool, level: bool) -> Sampled:
    """day: a date without a time of day is enough. level: its time has to be known to minutes.

    Where the Observation and its Specimen name different times the specimen's collection is used: a result may carry
    the time of receipt. Raises UnreadableTime where neither can be read.
    """
    own, problem = _tried(_own(observation), day, level)
    drawn, _ = _tried(_collected(observation, shelf), False, level)
    if drawn is None:
        if own is None:
            raise problem or UnreadableTime(
                "no time of collection is charted, and the time of the report says nothing about it"
            )
        return own
    if own is not None and not own.day and abs(own.when - drawn.when) <= DRAW:
        return own
    differ = f"{say(drawn.when)} by its specimen, {say(own.when)} by the result" if own and not own.day else ""
    return Sampled(when=drawn.when, note="time of collection of the specimen", disagree=differ)


def _own(observation: Resource) -> Any:
    for name in ("effectiveDateTime", "effectiveInstant", "effectivePeriod"):
        if name in observation:
            return observation[name]
    return None


def _collected(observation: Resource, shelf: Shelf) -> Any:
    reference = string(observation, "specimen", "reference")
    specimen = shelf.follow(reference, observation) if reference else None
    collection = mapping(specimen, "collection")
    return collection.get("collectedDateTime") or collection.get("collectedPeriod")


def _tried(value: Any, day: bool, level: bool) -> tuple[Sampled | None, UnreadableTime | None]:
    if value is None:
        return None, None
    try:
        return _read(value, day, level), None
    except UnreadableTime as error:
        return None, error


def _read(value: Any, day: bool, level: bool) -> Sampled:
    if isinstance(value, Mapping):
        return Sampled(when=_start(value, level))
    if not day:
        return Sampled(when=read_instant(value))
    when, only_day = read_day_or_instant(value)
    return Sampled(when=when, day=only_day)


def _start(period: Mapping[str, Any], level: bool) -> datetime:
    start = read_instant(period.get("start"))
    if level and (string(period, "end") == "" or abs(read_instant(period.get("end")) - start) > DRAW):
        raise UnreadableTime(f"its collection is charted as a period from {say(start)}, not as one time")
    return start
