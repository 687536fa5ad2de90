"""Orders that a patient follows at home: from when until when each was followed, or why that is not known.

Only an order whose category says outpatient, community or discharge, by mouth or under the skin: what is given in a
hospital or into a vein is given by staff, who chart it, and there nothing charted means nothing given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of
from fhir.clock import read_instant, say
from fhir.errors import Unreadable, UnreadableTime
from fhir.medicine.medication import match
from fhir.ordered.instructions import Instruction, Step, in_turn, instructions_of, steps
from fhir.ordered.orders import is_order, replaced, start_of
from fhir.reading import finding
from fhir.terminology import data
from fhir.wire import rows, string
from models.drug import Drug
from models.findings import Finding

_STATUSES = ("active", "on-hold", "completed", "stopped")
_OLDEST = timedelta(days=3660)  # an order older than this is a slip of the year, and would be counted from there
_DAY = timedelta(days=1)
_CLOSEST_H = 1.0  # h between doses that somebody takes at home


@dataclass(frozen=True, kw_only=True)
class Course:
    """One order as followed at home. begin, end: UTC, end not after now; interval: h, the longest between its doses.

    leaving: written at discharge. begun: with a loading dose, so that nothing was taken before it. clocked: whether the
    times of its doses are said.
    """

    order: Resource
    steps: tuple[Step, ...]
    begin: datetime
    end: datetime
    zone: tzinfo
    interval: float
    leaving: bool = False
    begun: bool = False
    clocked: bool = False


def courses(shelf: Shelf, drug: Drug, now: datetime) -> tuple[tuple[Course, ...], tuple[Finding, ...]]:
    """The home orders of the drug that can be followed, by their beginning; and why each other one can not."""
    orders = [order for order in shelf.of_type("MedicationRequest") if _of_the_drug(order, drug, shelf)]
    home = [order for order in orders if at_home(order)]
    hospital = [written for order in orders if order not in home and (written := _written(order))]
    found: list[Course] = []
    refused: list[tuple[Resource, str]] = []
    for order in home:
        try:
            found.append(_until(_course(order, home, drug, shelf, now), hospital))
        except Unreadable as error:
            refused.append((order, str(error)))
    found = [course for course in sorted(found, key=_begin) if course.begin < course.end]
    apart, clashing = _apart(found, [order for order, _ in refused])
    refused += [(course.order, _BESIDE) for course in clashing]
    return apart, tuple(_not_followed(order, drug, why) for order, why in refused)


_BESIDE = "another order runs beside it, and whether one replaced the other or both are taken is not said"


def _begin(course: Course) -> tuple[datetime, str]:
    return course.begin, reference_of(course.order)


def _of_the_drug(order: Resource, drug: Drug, shelf: Shelf) -> bool:
    return string(order, "status") in _STATUSES and is_order(order, drug, shelf, words=True)


def at_home(order: Resource) -> bool:
    where = categories(order)
    return bool(where & set(_table()["home"])) and not where & set(_table()["elsewhere"])


def _until(course: Course, hospital: list[datetime]) -> Course:
    """The course, ended where an order that is not for home was written: what follows is the hospital's to chart."""
    later = [written for written in hospital if written > course.begin]
    return replace(course, end=min([course.end, *later]))


def categories(order: Resource) -> set[str]:
    """The codes of an order's category, or its whole text where there is no code."""
    known, found = _table()["systems"], set()
    for concept in rows(order, "category"):
        codes = {string(row, "code") for row in rows(concept, "coding") if string(row, "system") in known}
        found |= codes or {string(concept, "text").lower()}
    return found


def _not_followed(order: Resource, drug: Drug, why: str) -> Finding:
    try:
        written = f" of {say(start_of(order)[0])}"
    except UnreadableTime:
        written = ""
    text = f"no doses were assumed from the {drug.name} order{written}: {why}."
    return finding("order-not-expanded", "warning", text)


def _course(order: Resource, orders: list[Resource], drug: Drug, shelf: Shelf, now: datetime) -> Course:
    """Raises Unreadable with the reason where an order can not be followed."""
    if match(order, drug, shelf) != "is":
        raise Unreadable("it names the drug in words only, or as a product that can not be converted")
    if string(order, "status") == "on-hold":
        raise Unreadable("it is on hold, and since when is not said")
    if order.get("modifierExtension") or order.get("implicitRules"):
        raise Unreadable("it carries a modifier this service does not know")
    turn = in_turn(instructions_of(order, drug, shelf))
    for instruction in turn:
        _usable(instruction, drug)
    if all(instruction.once for instruction in turn):
        raise Unreadable("it is for a single dose, and whether and when that was taken is not charted")
    written, zone = start_of(order)
    if written < now - _OLDEST:
        raise Unreadable("it was written more than ten years ago")
    _refuse_unzoned(order, turn)
    found = steps(turn, written, zone)
    begin = max(written, found[0].begin) if turn[0].schedule and turn[0].schedule.start else written
    course = Course(
        order=order,
        steps=found,
        begin=begin,
        end=now,
        zone=zone,
        interval=max(gap_h(instruction) for instruction in turn),
        leaving=bool(categories(order) & set(_table()["leaving"])),
        begun=turn[0].once and len(turn) > 1,
        clocked=all(item.schedule is not None and item.schedule.clocked for item in turn),
    )
    return replace(course, end=min(now, _end(course, orders, now)))


def _usable(instruction: Instruction, drug: Drug) -> None:
    """Raises Unreadable where an instruction can not be followed dose by dose."""
    schedule, largest = instruction.schedule, drug.limits.single
    if instruction.as_needed or instruction.amount is None or schedule is None or instruction.route is None:
        raise Unreadable(instruction.problems[0] if instruction.problems else "it can not be read in full")
    if instruction.route not in ("oral", "sc"):
        raise Unreadable("its doses go into a vein, and are taken as given only where they are charted")
    if instruction.route not in drug.routes:
        raise Unreadable(f"its route ({instruction.route}) is not one that the model covers")
    if schedule.length_max is not None or schedule.count_max not in (None, schedule.count):
        raise Unreadable("it gives a range of lengths")
    if gap_h(instruction) < _CLOSEST_H and not instruction.once:
        raise Unreadable("its doses are less than an hour apart")
    if not instruction.amount or (largest is not None and instruction.amount > largest.value):
        raise Unreadable(f"{instruction.amount:g} mg are no single dose of this drug")
    daily, gap = drug.limits.daily, gap_h(instruction)
    if daily is not None and gap and instruction.amount * max(1.0, 24.0 / gap) > daily.value:
        raise Unreadable(f"{instruction.amount * 24.0 / gap:g} mg a day are no dose of this drug")


def _refuse_unzoned(order: Resource, turn: tuple[Instruction, ...]) -> None:
    """A time of day is the patient's own; a server that writes its times in UTC does not say which zone that is in."""
    clocked = any(item.schedule is not None and item.schedule.clocked for item in turn)
    if clocked and string(order, "authoredOn").endswith("Z"):
        raise Unreadable(
            "it names times of day, and its own times are in UTC: in which zone they are meant is not said"
        )


def gap_h(instruction: Instruction) -> float:
    """h, of one dose to the next, on the whole."""
    schedule = instruction.schedule
    if schedule is None or schedule.once:
        return 0.0
    return schedule.interval or 24.0 / (schedule.pattern.a_day or 1.0)


def _end(course: Course, orders: list[Resource], now: datetime) -> datetime:
    """When an order was over: as it says, or when another replaced it, else now; Unreadable if not known."""
    order, status = course.order, string(course.order, "status")
    ends = [end for end in (course.steps[-1].end, _replaced_at(order, orders, status)) if end is not None]
    if status == "stopped" and _replaced_at(order, orders, status) is None:
        raise Unreadable("when it was stopped is not said")
    if status == "completed" and not ends:
        raise Unreadable("when it was completed is not said")
    if not ends and _lapsed(order, now):
        raise Unreadable("its prescription is no longer valid, and whether it was taken on is not said")
    return min(ends, default=now)


def _replaced_at(order: Resource, orders: list[Resource], status: str) -> datetime | None:
    """When the order that replaced this one was written: one that names it, or one of the day on which it was ended."""
    others = [other for other in orders if other is not order and _written(other) is not None]
    named = replaced(order, others)
    if named is not None:
        return _written(named)
    ended = _instant(order, "meta", "lastUpdated") if status != "active" else None
    same_day = [
        when for other in others if (when := _written(other)) and ended and abs(when - ended) <= _DAY
        and when > (_written(order) or when)
    ]  # fmt: skip
    return min(same_day, default=None)


def _written(order: Resource) -> datetime | None:
    return _instant(order, "authoredOn")


def _lapsed(order: Resource, now: datetime) -> bool:
    text = string(order, "dispenseRequest", "validityPeriod", "end")
    end = _instant(order, "dispenseRequest", "validityPeriod", "end")
    return end < now if end else bool(text) and text[:10] < f"{now:%Y-%m-%d}"


def _instant(node: Mapping[str, Any], *path: str) -> datetime | None:
    try:
        return read_instant(string(node, *path)).astimezone(UTC)
    except UnreadableTime:
        return None


def _apart(found: list[Course], refused: list[Resource]) -> tuple[tuple[Course, ...], tuple[Course, ...]]:
    """Courses that share no time with another order for home, and those that do."""
    beside = [
        course
        for course in found
        if any(_cross(course, other) for other in found) or any(_within(order, course) for order in refused)
    ]
    return tuple(course for course in found if course not in beside), tuple(beside)


def _cross(one: Course, other: Course) -> bool:
    return one is not other and one.begin < other.end and other.begin < one.end


def _within(order: Resource, course: Course) -> bool:
    """Whether an order that can not be followed may have been taken during the course: it was not closed before it."""
    written = _written(order)
    if written is None or written >= course.end:
        return written is None
    return written > course.begin or string(order, "status") in ("active", "on-hold")


def _table() -> Mapping[str, Any]:
    """terminology/orders.toml, [category]."""
    found: Mapping[str, Any] = data("orders.toml")["category"]
    return found
