"""The dosage instructions of an order: each read by itself, then in the order in which they are to be taken.

Two instructions of different sequence follow each other; of the same sequence, or of none, they are taken together. The
one exception is a single dose beside a repeated one without sequences, which is a loading dose and its maintenance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from fhir.bundle import Resource, Shelf
from fhir.codes import route_of
from fhir.errors import Unreadable
from fhir.medicine.contents import Contents, contents_of
from fhir.medicine.dosage import dose_and_rate, rate_mg_per_h
from fhir.ordered.expansion import as_instant, beginning, ending, instants
from fhir.ordered.maxima import Maxima, read_maxima
from fhir.ordered.schedule import Schedule, words
from fhir.ordered.timing import read_schedule
from fhir.quantity import said
from fhir.wire import mapping, number, rows, string
from models.drug import Drug
from models.record import Route

_MANY = 10_000  # doses of one part of a course; more is a slip, and counting them would take seconds


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One Dosage. amount: mg; duration: h, 0 for a swallowed dose. What can not be read is None, `problems` say why.

    sequence: its place among others, None = not said.
    """

    sequence: int | None = None
    amount: float | None = None
    duration: float | None = None
    route: Route | None = None
    schedule: Schedule | None = None
    as_needed: bool = False
    maxima: Maxima = field(default_factory=Maxima)
    text: str = ""
    problems: tuple[str, ...] = ()

    @property
    def once(self) -> bool:
        return self.schedule is not None and self.schedule.once


@dataclass(frozen=True, kw_only=True)
class Step:
    """An instruction and when it is taken: from begin until end, None = open."""

    instruction: Instruction
    begin: datetime
    end: datetime | None


def instructions_of(order: Resource, drug: Drug, shelf: Shelf) -> tuple[Instruction, ...]:
    """Every Dosage of an order, as charted."""
    contents = contents_of(order, drug, shelf)
    return tuple(read_instruction(row, contents) for row in rows(order, "dosageInstruction"))


def read_instruction(row: Mapping[str, Any], contents: Contents) -> Instruction:
    """One Dosage of an order as far as it can be read; nothing of one that carries a modifier or is as needed."""
    sequence = number(row, "sequence")
    place, text = None if sequence is None else int(sequence), string(row, "text")
    if row.get("modifierExtension"):
        return Instruction(sequence=place, text=text, problems=("it carries a modifier this service does not know",))
    route = route_of(row.get("route"))
    if row.get("asNeededBoolean") is True or row.get("asNeededCodeableConcept"):
        problems = ("it is to be taken as needed",)
        return Instruction(sequence=place, route=route, as_needed=True, text=text, problems=problems)
    problems_found: list[str] = []
    amount, rate = _amount(row, contents, problems_found)
    schedule = _schedule(row, problems_found)
    if route is None:
        problems_found.append("its route is missing or not known here")
    return Instruction(
        sequence=place,
        amount=amount,
        duration=_duration(amount, rate, schedule, route),
        route=route,
        schedule=schedule,
        maxima=read_maxima(row, contents),
        text=text,
        problems=tuple(problems_found),
    )


def in_turn(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The instructions in the order in which they are taken; raises Unreadable where several are taken together."""
    if not instructions:
        raise Unreadable("it has no dosage instruction")
    places = [item.sequence for item in instructions]
    if len(instructions) == 1 or (None not in places and len(set(places)) == len(places)):
        return tuple(sorted(instructions, key=lambda item: item.sequence or 0))
    if len(instructions) == 2 and sorted(item.once for item in instructions) == [False, True] and len(set(places)) == 1:
        return tuple(sorted(instructions, key=lambda item: not item.once))
    raise Unreadable("it has several dosage instructions that are taken together")


def maintenance(turn: tuple[Instruction, ...]) -> Instruction:
    """The last instruction that repeats, else the last."""
    return next((item for item in reversed(turn) if not item.once), turn[-1])


def steps(turn: tuple[Instruction, ...], origin: datetime, zone: tzinfo) -> tuple[Step, ...]:
    """When each instruction is taken; raises Unreadable where the end of one that others follow is not said."""
    found = []
    begin = origin
    for instruction, follower in zip(turn, (*turn[1:], None), strict=True):
        schedule, following = instruction.schedule, follower.schedule if follower else None
        if schedule is None:
            raise Unreadable("how often it is taken can not be read")
        begin = beginning(schedule, begin, zone)
        ends = (ending(schedule, begin, zone), _counted_out(schedule, following, begin, zone))
        end = min((item for item in ends if item is not None), default=None)
        if following is not None and following.start is not None:
            end = as_instant(following.start, zone)
        if follower is not None and end is None:
            raise Unreadable("it does not say when its first part ends")
        found.append(Step(instruction=instruction, begin=begin, end=end))
        begin = end or begin
    return tuple(found)


def in_force(found: tuple[Step, ...], now: datetime) -> Step | None:
    """The step taken at `now`; None before the first and after the last."""
    return next((step for step in found if step.begin <= now and (step.end is None or now < step.end)), None)


def _counted_out(schedule: Schedule, following: Schedule | None, begin: datetime, zone: tzinfo) -> datetime | None:
    """When the doses that a schedule counts are over: an interval after the last; None where it does not count them.

    A single dose has no interval: what follows it begins after its own, and where nothing follows nothing ends.
    """
    if not schedule.once and schedule.count is None:
        return None
    if (schedule.count or 1) > _MANY:
        raise Unreadable(f"its first part is {schedule.count} doses long")
    gap = schedule.interval or (following.interval if following else None)
    if gap is None:
        if following is not None:
            raise Unreadable("it does not say when its second part begins")
        return None
    far = begin + timedelta(days=3660)
    last = max(instants(schedule, origin=begin, start=begin, end=far, zone=zone), default=begin)
    return last + timedelta(hours=gap)


def _amount(row: Mapping[str, Any], contents: Contents, problems: list[str]) -> tuple[float | None, float | None]:
    """(mg, mg/h), each None where it can not be read."""
    try:
        _refuse_range(row)
        found = dose_and_rate(row)
        rate = rate_mg_per_h(found)
        reading = contents.read(found.get("doseQuantity"))
        return reading.mg, rate * reading.share if rate and reading.share else None
    except Unreadable as error:
        problems.append(str(error))
        return None, None


def _refuse_range(row: Mapping[str, Any]) -> None:
    for found in rows(row, "doseAndRate"):
        for name, what in (("doseRange", "doses"), ("rateRange", "rates")):
            if mapping(found, name):
                low, high = (said(mapping(found, name, side)) for side in ("low", "high"))
                raise Unreadable(f"the order gives a range of {what} ({low} to {high})")


def _schedule(row: Mapping[str, Any], problems: list[str]) -> Schedule | None:
    try:
        schedule = read_schedule(row.get("timing"))
    except Unreadable as error:
        problems.append(str(error))
        return None
    if schedule.interval is None and not schedule.once:
        problems.append(f"its doses are not evenly spaced ({words(schedule.pattern)})")
    return schedule


def _duration(amount: float | None, rate: float | None, schedule: Schedule | None, route: Route | None) -> float | None:
    """h of one infusion: as ordered, else amount / rate; 0 for a swallowed dose."""
    if route is not None and route != "iv":
        return 0.0
    if schedule and schedule.duration is not None:
        return schedule.duration
    return amount / rate if amount and rate else None
