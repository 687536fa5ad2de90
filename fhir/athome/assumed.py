"""Doses assumed as ordered, for the time at home that no administration covers; what can not bear them is said.

Why so little is assumed. A dose that was not taken makes a patient look fast, and the next dose too large; a dose
that was taken and is not known makes a patient look slow. So:
- administrations come first. From the first charted one to the last (of any status but entered in error) nothing is
  added, nor within half an interval of them: the nearest ordered dose is the charted one. Only a gap of more than 7
  days and two intervals ends a stay (house figure): a held drug is not resumed in thought.
- after charted doses an order is followed only if it was written after them (a discharge order: in the day before,
  house figure). An older home order that is still active says nothing about what was held or resumed.
- what a patient took before the first order known here is not known. A level counts only where the doses of all the
  time before it are known that could still be in it: the drug file's `longest_since_dose`, 7 days for tacrolimus; or
  where the order began with a loading dose.
- orders seldom say at what time doses are taken. The newest level then says it: it is taken as drawn just before a
  dose, as a trough is. A level at another time of day is not used, one labelled a peak never places doses. Where
  clock times are ordered, a level within an hour after one is taken as drawn before that dose, which is how patients
  are asked to come; later than that, while the dose is still being absorbed (`absorption` of the drug file), it is
  not used.
- where the newest level can not be used, no dose is proposed (critical); older ones are left out aloud.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fhir.athome.home import courses, gap_h
from fhir.athome.stays import Piece, Stay, pieces, stays
from fhir.bundle import Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import say
from fhir.ordered.expansion import instants
from fhir.ordered.instructions import Step, in_force
from fhir.ordered.schedule import DAY_H
from fhir.reading import Given, Measured, finding
from models.drug import Drug
from models.findings import Finding

_NEAR_H, _NEAR_SHARE = 2.0, 0.1  # h, and of the interval: levels of one time of day (house figures)
_HELD = timedelta(hours=1)
_BEGINS = timedelta(days=1)  # from when on an order that is the first known is taken as begun (house figure)
_MOST = 1000  # doses: more than a year of two a day; each costs time in every fit
NOTE = "assumed taken as ordered"


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """doses: to be added to those charted. levels: those that the doses, charted and assumed, can bear."""

    doses: tuple[Given, ...] = ()
    levels: tuple[Measured, ...] = ()
    findings: tuple[Finding, ...] = ()


def assume(shelf: Shelf, drug: Drug, levels: list[Measured], now: datetime) -> Assumed:
    """Doses of the home orders for the time in which nothing is charted. levels: in order of time."""
    followed, reasons = courses(shelf, drug, now)
    charted = stays(shelf, drug)
    uncovered = tuple(piece for piece in pieces(followed, charted) if not _just_begun(piece, now))
    if not uncovered:
        return Assumed(levels=tuple(levels), findings=() if charted else reasons)
    timeline = _Timeline(pieces=uncovered, stays=charted, drug=drug)
    bad = {level: why for level in levels if (why := timeline.objection(level))}
    anchor = _anchor(timeline, [level for level in levels if level not in bad])
    bad |= {level: why for level in levels if level not in bad and (why := timeline.off_hours(level, anchor))}
    good = [level for level in levels if level not in bad]
    doses = _held(timeline, _doses(timeline, good, anchor, now), good)
    bad |= {level: why for level in good if (why := timeline.unborne(level, doses))}
    good = [level for level in levels if level not in bad]
    zone = levels[-1].when.tzinfo if levels else None  # an order of the summer is said in the time of the winter
    doses = [_moved(dose, dose.when.astimezone(zone)) if zone else dose for dose in doses]
    said = (*_said(timeline, doses, good, anchor, now), *_left_out(bad, levels, drug))
    return Assumed(doses=tuple(doses), levels=tuple(good), findings=(*said, *reasons))


def _just_begun(piece: Piece, now: datetime) -> bool:
    """Whether an order that continues no other was written within a day: it may well not have been begun."""
    return piece.known_from == piece.begin and now - piece.begin < _BEGINS


def _gap(piece: Piece, when: datetime) -> float:
    """h between doses at a time, by the step then in force."""
    step = in_force(piece.course.steps, when)
    return (gap_h(step.instruction) if step else 0.0) or piece.course.interval


@dataclass(frozen=True, kw_only=True)
class _Timeline:
    """What is charted and what is assumed. Its methods say why a level can not be used, "" where it can."""

    pieces: tuple[Piece, ...]
    stays: tuple[Stay, ...]
    drug: Drug

    def piece_of(self, moment: datetime) -> Piece | None:
        """The piece in force: the last to begin, unless a stay began later."""
        begun = [piece for piece in self.pieces if piece.begin <= moment]
        stay = max((stay.begin for stay in self.stays if stay.begin <= moment), default=None)
        return begun[-1] if begun and (stay is None or stay < begun[-1].begin) else None

    def objection(self, level: Measured) -> str:
        piece = self.piece_of(level.when)
        if piece is None:
            first = self.pieces[0].begin
            known = any(stay.begin <= max(level.when, first) for stay in self.stays)
            return "" if known else f"what was taken before {say(first)} is not known"
        if level.when > piece.end + timedelta(hours=piece.course.interval):
            return f"what was taken after {say(piece.end)} is not known"
        needed = timedelta(hours=self.drug.checks.longest_since_dose)
        if piece.known_from is not None and level.when - piece.known_from < needed:
            return f"what was taken before {say(piece.known_from)} is not known, and may still have been in it"
        return ""

    def off_hours(self, level: Measured, anchor: datetime | None) -> str:
        """Where no clock times are ordered, levels of one time of day are troughs; another could be anything."""
        piece = self.piece_of(level.when)
        if piece is None or piece.course.clocked:
            return ""
        if level.kind == "peak" or anchor is None:
            return "it is labelled a peak, and at what time the dose before it was taken is not charted"
        step = timedelta(hours=min(_gap(piece, level.when), DAY_H))
        off = (level.when - anchor) % step
        near = min(off, step - off) <= _near(piece)
        return "" if near else "it was drawn at another time of day than the newest one, and dose times are not charted"

    def unborne(self, level: Measured, doses: list[Given]) -> str:
        """As the others, once the doses stand: too many to be counted so far back, or one still being absorbed."""
        piece = self.piece_of(level.when)
        needed = timedelta(hours=self.drug.checks.longest_since_dose)
        if piece and len(doses) == _MOST and level.when - doses[0].when < needed:
            return f"no more than the last {_MOST} doses are counted"
        if piece is None or not piece.course.clocked:
            return ""
        last = max((dose.when for dose in doses if dose.when < level.when), default=None)
        hours = timedelta(hours=self.drug.checks.absorption)
        if last is None or level.when - last >= hours or level.kind == "peak":
            return ""
        return (
            f"whether the dose ordered for {say(last.astimezone(piece.course.zone))} was taken before it is not charted"
        )


def _near(piece: Piece) -> timedelta:
    return timedelta(hours=max(_NEAR_H, _NEAR_SHARE * piece.course.interval))


def _anchor(timeline: _Timeline, levels: list[Measured]) -> datetime | None:
    """An instant at which a dose is taken, where orders say no clock times: the newest level not labelled a peak.

    Without any level the last charted dose, else the beginning of the first order: all orders keep one time of day.
    """
    loose = [piece for piece in timeline.pieces if not piece.course.clocked]
    at_home = [level for level in levels if (piece := timeline.piece_of(level.when)) and piece in loose]
    if at_home:
        return max((level.when for level in at_home if level.kind != "peak"), default=None)
    if not loose:
        return None
    return timeline.stays[-1].end if timeline.stays else loose[0].begin


def _doses(timeline: _Timeline, levels: list[Measured], anchor: datetime | None, now: datetime) -> list[Given]:
    """The doses, no further back than the first level needs, and not more than _MOST of them."""
    first = min((level.when for level in levels), default=now)
    back = timedelta(hours=timeline.drug.checks.longest_since_dose)
    found = [
        dose
        for piece in timeline.pieces
        for step in piece.course.steps
        for dose in _of_step(piece, step, anchor, first - back - timedelta(hours=piece.course.interval))
    ]
    return sorted(found, key=lambda dose: dose.when)[-_MOST:]


def _of_step(piece: Piece, step: Step, anchor: datetime | None, since: datetime) -> Iterator[Given]:
    schedule, amount, route = step.instruction.schedule, step.instruction.amount, step.instruction.route
    if schedule is None or amount is None or route is None:
        return
    course = piece.course
    shift = timedelta(0)
    if anchor is not None and not schedule.clocked:
        shift = (anchor - step.begin) % timedelta(hours=min(gap_h(step.instruction) or DAY_H, DAY_H))
    free = replace(schedule, start=None, end=None, length=None)  # the step's begin and end stand for them
    start, end = max(piece.begin, step.begin, since), min(piece.end, step.end or piece.end)
    source = Source(resource=reference_of(course.order), version=version_of(course.order), time=None, note=NOTE)
    for when in instants(free, origin=step.begin + shift, start=start, end=end, zone=course.zone):
        yield Given(amount=amount, when=when, duration=0.0, route=route, source=replace(source, time=when))


def _held(timeline: _Timeline, doses: list[Given], levels: list[Measured]) -> list[Given]:
    """Doses ordered for shortly before a level that is no peak are taken as held until it was drawn."""
    for level in levels:
        piece = timeline.piece_of(level.when)
        if piece is None or level.kind == "peak":
            continue
        room = _HELD if piece.course.clocked else _near(piece)
        if level.kind == "trough":
            room = max(room, timedelta(hours=min(timeline.drug.checks.absorption, piece.course.interval / 2)))
        doses = [_moved(dose, level.when) if _shortly(dose, level, room) else dose for dose in doses]
    return doses


def _moved(dose: Given, when: datetime) -> Given:
    return replace(dose, when=when, source=replace(dose.source, time=when))


def _shortly(dose: Given, level: Measured, room: timedelta) -> bool:
    return timedelta(0) < level.when - dose.when <= room


def _said(
    timeline: _Timeline, doses: list[Given], levels: list[Measured], anchor: datetime | None, now: datetime
) -> Iterator[Finding]:
    name = timeline.drug.name
    if doses:
        text = f"{len(doses)} {name} dose(s) of {say(doses[0].when)} to {say(doses[-1].when)} are not charted as given;"
        yield finding("doses-from-order", "warning", f"{text} they were assumed taken as ordered.")
        yield _times_said(timeline, levels, anchor)
    on_them = [level.when for level in levels if timeline.piece_of(level.when)]
    if on_them:
        text = f"{len(on_them)} {timeline.drug.analyte} level(s) of {say(on_them[0])} to {say(on_them[-1])} stand on"
        yield finding("level-on-assumed-doses", "warning", f"{text} dose times as ordered, not as given.")


def _times_said(timeline: _Timeline, levels: list[Measured], anchor: datetime | None) -> Finding:
    """At what times the doses were taken to be, and why."""
    loose = [piece.course for piece in timeline.pieces if not piece.course.clocked]
    if not loose:
        zone = f"{timeline.pieces[-1].begin.astimezone(timeline.pieces[-1].course.zone):%z}"
        text = f"doses were taken at the times of day ordered, in the order's own zone (UTC{zone}) all year"
        return finding("dose-times-assumed", "warning", f"{text}; whether they were taken then is not charted.")
    text = f"at what times {timeline.drug.name} is taken at home is not said; doses were spaced evenly"
    drawn = next((level for level in levels if level.when == anchor), None)
    if drawn is None:
        since = "by the last charted dose" if timeline.stays else "from when the order was written"
        return finding("dose-times-assumed", "warning", f"{text} {since}.")
    text = f"{text}, at the time of day of the level of {say(drawn.when)}, which was taken as drawn just before a dose"
    return finding("dose-times-assumed", "warning", f"{text}. If it was not, the estimate is wrong.")


def _left_out(bad: dict[Measured, str], levels: list[Measured], drug: Drug) -> Iterator[Finding]:
    """The newest level is the one that matters: without it no dose; older ones are left out aloud."""
    for level, why in bad.items():
        newest = level.when == levels[-1].when
        text = f"the {drug.analyte} level {level.charted} of {say(level.when)} was not used: {why}."
        if newest:
            text += " Charting the doses taken, or the earlier orders, would help."
        yield finding("level-without-known-doses", "critical" if newest else "warning", text)
