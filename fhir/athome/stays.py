"""The times in which administrations are charted, and what of an order for home lies outside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from fhir.athome.home import Course
from fhir.bundle import Resource, Shelf
from fhir.clock import read_date, read_instant
from fhir.errors import UnreadableTime
from fhir.medicine.medication import match
from fhir.wire import mapping, string
from models.drug import Drug

_ENDS = timedelta(days=7)
_LEAVING = timedelta(days=1)
_JOINED = 2.0  # intervals between two parts that still follow on each other


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A time in which administrations are charted, from the first to the last."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a course in which nothing is charted. known_from: since when every dose is known; None = since ever."""

    course: Course
    begin: datetime
    end: datetime
    known_from: datetime | None


def stays(shelf: Shelf, drug: Drug) -> tuple[Stay, ...]:
    """By the administrations of the drug of any status but entered in error; a gap of over a week ends a stay."""
    times = sorted(_charted(shelf, drug))
    found: list[Stay] = []
    for time in times:
        if found and time - found[-1].end <= _ENDS:
            found[-1] = Stay(begin=found[-1].begin, end=time)
        else:
            found.append(Stay(begin=time, end=time))
    return tuple(found)


def _charted(shelf: Shelf, drug: Drug) -> Iterator[datetime]:
    for resource in shelf.of_type("MedicationAdministration"):
        if string(resource, "status") != "entered-in-error" and match(resource, drug, shelf) in ("is", "kin", "words"):
            yield from _times(resource)


def _times(resource: Resource) -> Iterator[datetime]:
    """Beginning and end of an administration; of a date alone the whole day."""
    period = mapping(resource, "effectivePeriod")
    for value in (resource.get("effectiveDateTime"), period.get("start"), period.get("end")):
        try:
            yield read_instant(value).astimezone(UTC)
        except UnreadableTime:
            yield from _day(value)


def _day(value: object) -> Iterator[datetime]:
    try:
        day = read_date(value)
    except UnreadableTime:
        return
    yield datetime(day.year, day.month, day.day, tzinfo=UTC)
    yield datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC)


def pieces(courses: tuple[Course, ...], charted: tuple[Stay, ...]) -> tuple[Piece, ...]:
    """What of the courses lies outside the stays, in order of time."""
    found = sorted((part for course in courses for part in _outside(course, charted)), key=lambda part: part[1])
    joined: list[Piece] = []
    for course, begin, end in found:
        known = _known_from(course, begin, joined, charted)
        joined.append(Piece(course=course, begin=begin, end=end, known_from=known))
    return tuple(joined)


def _outside(course: Course, charted: tuple[Stay, ...]) -> Iterator[tuple[Course, datetime, datetime]]:
    """The parts of a course before, between and after the stays, half an interval away from each.

    After a stay only what was ordered after it: an older order says nothing about what was held or resumed.
    """
    half = timedelta(hours=course.interval / 2)
    grace = _LEAVING if course.leaving else timedelta(0)
    for earlier, later in pairwise((None, *_long(charted, course), None)):
        if earlier is not None and course.begin < earlier.end - grace:
            continue
        begin = course.begin if earlier is None else max(course.begin, earlier.end + half)
        end = course.end if later is None else min(course.end, later.begin - half)
        if begin < end:
            yield course, begin, end


def _long(charted: tuple[Stay, ...], course: Course) -> tuple[Stay, ...]:
    """The stays, joined where no more than two of the order's intervals lie between them."""
    found: list[Stay] = []
    for stay in charted:
        if found and stay.begin - found[-1].end <= timedelta(hours=_JOINED * course.interval):
            found[-1] = Stay(begin=found[-1].begin, end=stay.end)
        else:
            found.append(stay)
    return tuple(found)


def _known_from(course: Course, begin: datetime, earlier: list[Piece], charted: tuple[Stay, ...]) -> datetime | None:
    """Since when doses are known that go on without a gap until `begin`."""
    near = begin - timedelta(hours=_JOINED * course.interval)
    if any(near <= stay.end <= begin for stay in charted):
        return None  # as everywhere in a charted stay: its first dose is the first
    if earlier and earlier[-1].end >= near:
        return earlier[-1].known_from
    return None if course.begun and begin == course.begin else begin
