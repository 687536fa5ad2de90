"""One Observation to one value in its canonical unit: status, time, unit and plausibility are checked, none guessed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_day_or_instant, read_instant, say
from fhir.errors import Unreadable, UnreadableTime, UnreadableUnit
from fhir.quantity import read_quantity, said
from fhir.reading import Measured, Stream, finding
from fhir.wire import mapping, quoted, rows, string
from models.drug import Plausible
from models.findings import Finding, Severity

_BELOW, _ABOVE = ("<", "<="), (">", ">=")
_DRAW = timedelta(minutes=10)  # a collection charted as a longer period than this has no one time


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for. slug: prefix of finding codes. words: for sentences ("vancomycin level").

    day: a date without a time of day is enough. severity: of a refused value.
    """

    name: str
    slug: str
    words: str
    unit: str
    plausible: Plausible | None = None
    molar_mass: float | None = None
    day: bool = False
    level: bool = False
    kind: str = "any"
    severity: Severity = "warning"


def parts_of(observation: Resource) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """(code, holder of the value) of an Observation and of each of its components."""
    yield mapping(observation, "code"), observation
    for component in rows(observation, "component"):
        yield mapping(component, "code"), component


def read_value(observation: Resource, holder: Mapping[str, Any], wanted: Wanted, shelf: Shelf, now: datetime) -> Stream:
    """The value, or the finding that says why it was not used."""
    stopped = _status(observation, wanted)
    if stopped:
        yield stopped
        return
    try:
        when, day = _time(observation, wanted, shelf)
    except UnreadableTime as error:
        yield _refused(wanted, "time-refused", f"{_charted(holder, wanted)} was not used: {error}.")
        return
    at = f"{say(when)[:10]}" if day else say(when)
    if when > now + SKEW:
        text = f"{_charted(holder, wanted)} is dated {at}, after now ({say(now)}); it was not used."
        yield _refused(wanted, "in-future", f"{text} The time charted should be checked.")
        return
    yield _measured(observation, holder, wanted, when, at)


def _measured(
    observation: Resource, holder: Mapping[str, Any], wanted: Wanted, when: datetime, at: str
) -> Measured | Finding:
    quantity = mapping(holder, "valueQuantity")
    if not quantity:
        return _no_value(holder, wanted, at)
    try:
        value = read_quantity(quantity, wanted.unit, molar_mass=wanted.molar_mass)
        limit = _limit(quantity, wanted)
    except UnreadableUnit as error:
        return _refused(wanted, "unit-refused", f"{_charted(holder, wanted)} of {at} was not used: {error}.")
    except Unreadable as error:
        return _refused(wanted, "no-value", f"the {wanted.words} of {at} was not used: {error}.")
    verdict = _judge(value, wanted)
    if verdict == "impossible":
        return _impossible(holder, wanted, value, at)
    source = Source(
        resource=reference_of(observation),
        version=version_of(observation),
        time=when,
        note=_note(observation, quantity, wanted, value),
    )
    remarks = tuple(_remarks(observation, wanted, verdict, f"{wanted.words} {value:.4g} {wanted.unit} of {at}"))
    return Measured(
        name=wanted.name,
        value=value,
        when=when,
        source=source,
        limit=limit,
        kind=wanted.kind,
        charted=said(quantity),
        remarks=remarks,
    )


def _status(observation: Resource, wanted: Wanted) -> Finding | None:
    """Why an Observation is not read at all, None where it is."""
    status = string(observation, "status")
    if observation.get("modifierExtension") or observation.get("implicitRules"):
        text = f"a {wanted.words} carries a modifier this service does not know; it was not used."
        return _refused(wanted, "modified", text)
    if status in ("final", "amended", "corrected", "preliminary"):
        return None
    if status in ("entered-in-error", "cancelled"):
        text = f"a {wanted.words}{_about_when(observation)} is charted as {status}; it was not used."
        return finding(f"{wanted.slug}-withdrawn", "info", text)
    if status == "registered":
        text = f"a {wanted.words}{_about_when(observation)} has no result yet."
        return finding(f"{wanted.slug}-pending", "info", text)
    text = f"a {wanted.words}{_about_when(observation)} has the status {quoted(status)}; it was not used."
    return _refused(wanted, "status-unknown", text)


def _about_when(observation: Resource) -> str:
    try:
        return f" of {say(read_instant(observation.get('effectiveDateTime')))}"
    except UnreadableTime:
        return ""


def _time(observation: Resource, wanted: Wanted, shelf: Shelf) -> tuple[datetime, bool]:
    """When the sample was taken or the body measured, and whether only the day is known; `issued` is never used."""
    for name in ("effectiveDateTime", "effectiveInstant"):
        if name in observation:
            return _moment(observation[name], wanted)
    period = mapping(observation, "effectivePeriod")
    if period:
        return _from_period(period, wanted), False
    collected = _collected(observation, shelf)
    if collected:
        return _moment(collected, wanted)
    raise UnreadableTime("no time of collection is charted, and the time of the report says nothing about it")


def _moment(value: Any, wanted: Wanted) -> tuple[datetime, bool]:
    return read_day_or_instant(value) if wanted.day else (read_instant(value), False)


def _from_period(period: Mapping[str, Any], wanted: Wanted) -> datetime:
    start = read_instant(period.get("start"))
    if wanted.level and (string(period, "end") == "" or abs(read_instant(period.get("end")) - start) > _DRAW):
        raise UnreadableTime(f"its collection is charted as a period from {say(start)}, not as one time")
    return start


def _collected(observation: Resource, shelf: Shelf) -> str:
    reference = string(observation, "specimen", "reference")
    specimen = shelf.follow(reference, observation) if reference else None
    return string(specimen, "collection", "collectedDateTime")


def _limit(quantity: Mapping[str, Any], wanted: Wanted) -> Literal["", "<", ">"]:
    comparator = string(quantity, "comparator")
    if comparator and not wanted.level:
        raise Unreadable(f"it is charted as {said(quantity)}, not as one value")
    if comparator and comparator not in _BELOW + _ABOVE:
        raise Unreadable(f"its comparator {quoted(comparator)} is not known")
    return "" if not comparator else "<" if comparator in _BELOW else ">"


def _judge(value: float, wanted: Wanted) -> Literal["plausible", "odd", "impossible"]:
    if wanted.level and value <= 0:
        return "impossible"
    return wanted.plausible.judge(value) if wanted.plausible else "plausible"


def _impossible(holder: Mapping[str, Any], wanted: Wanted, value: float, at: str) -> Finding:
    expected = ""
    if wanted.plausible:
        expected = f" {wanted.plausible.hard_low:g} to {wanted.plausible.hard_high:g} {_shown(wanted.unit)}"
    above = "above 0 and within" if wanted.level else "within"
    text = f"{_charted(holder, wanted)} of {at} ({value:.4g} {_shown(wanted.unit)}) was not used: it can not be true"
    ask = "The value and its unit should be checked in the chart."
    return _refused(wanted, "implausible", f"{text}; expected {above}{expected}. {ask}")


def _no_value(holder: Mapping[str, Any], wanted: Wanted, at: str) -> Finding:
    reason = mapping(holder, "dataAbsentReason")
    why = string(reason, "text") or string(reason, "coding", 0, "display") or string(reason, "coding", 0, "code")
    other = next((name for name in holder if name.startswith("value")), "")
    if why:
        text = f"the {wanted.words} of {at} has no value ({quoted(why)})."
    elif other:
        text = f"the {wanted.words} of {at} is not charted as a number with a unit; it was not used."
    else:
        text = f"the {wanted.words} of {at} has no value."
    return finding(f"{wanted.slug}-no-value", "warning", text)


def _remarks(observation: Resource, wanted: Wanted, verdict: str, this: str) -> Iterator[Finding]:
    if string(observation, "status") == "preliminary":
        yield finding(f"{wanted.slug}-preliminary", "warning", f"the {this} is preliminary; it was used.")
    if verdict == "odd" and wanted.plausible:
        usual = f"{wanted.plausible.soft_low:g} to {wanted.plausible.soft_high:g} {_shown(wanted.unit)}"
        text = f"the {this} is unusual (usually {usual}); it was used and should be checked."
        yield finding(f"{wanted.slug}-unusual", "warning", text)


def _note(observation: Resource, quantity: Mapping[str, Any], wanted: Wanted, value: float) -> str:
    parts = [f"charted as {said(quantity)}, read as {value:.6g} {_shown(wanted.unit)}".rstrip()]
    if wanted.molar_mass and "mol" in string(quantity, "code") + string(quantity, "unit"):
        parts.append(f"molar mass {wanted.molar_mass:g} g/mol")
    if string(observation, "status") != "final":
        parts.append(f"status {string(observation, 'status')}")
    if wanted.level and "issued" in observation:
        parts.append("time of collection; the time of the report was not used")
    return "; ".join(parts)


def _charted(holder: Mapping[str, Any], wanted: Wanted) -> str:
    quantity = mapping(holder, "valueQuantity")
    return f"the {wanted.words} {said(quantity)}" if quantity else f"a {wanted.words}"


def _shown(unit: str) -> str:
    return "(fraction)" if unit == "1" else unit


def _refused(wanted: Wanted, problem: str, text: str) -> Finding:
    return finding(f"{wanted.slug}-{problem}", wanted.severity, text)
