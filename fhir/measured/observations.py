"""One Observation to one value in its canonical unit: status, time, unit and plausibility are checked, none guessed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_instant, say
from fhir.errors import Unreadable, UnreadableTime, UnreadableUnit
from fhir.measured.growth import usual_at
from fhir.measured.sampling import Sampled, sampled
from fhir.quantity import read_quantity, said
from fhir.reading import Measured, Stream, finding
from fhir.wire import mapping, quoted, rows, string
from models.drug import Plausible
from models.findings import Finding, Severity

_BELOW, _ABOVE = ("<", "<="), (">", ">=")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for. slug: prefix of finding codes. words: for sentences ("vancomycin level").

    day: a date without a time of day is enough. severity: of a refused value. count: a number without a unit.
    born: where what is usual depends on the age.
    """

    name: str
    slug: str
    words: str
    unit: str
    plausible: Plausible | None = None
    molar_mass: float | None = None
    day: bool = False
    count: bool = False
    level: bool = False
    kind: str = "any"
    severity: Severity = "warning"
    born: date | None = None


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
        drawn = sampled(observation, shelf, day=wanted.day, level=wanted.level)
    except UnreadableTime as error:
        yield _refused(wanted, "time-refused", f"{_charted(holder, wanted)} was not used: {error}.")
        return
    usual = usual_at(wanted.plausible, wanted.name, wanted.born, drawn.when.date())
    wanted = replace(wanted, plausible=usual, born=None if usual is wanted.plausible else wanted.born)
    at = f"{say(drawn.when)[:10]}" if drawn.day else say(drawn.when)
    if drawn.when > now + SKEW:
        text = f"{_charted(holder, wanted)} is dated {at}, after now ({say(now)}); it was not used."
        yield _refused(wanted, "in-future", f"{text} The time charted should be checked.")
        return
    yield _measured(observation, holder, wanted, drawn, at)


def _measured(
    observation: Resource, holder: Mapping[str, Any], wanted: Wanted, drawn: Sampled, at: str
) -> Measured | Finding:
    quantity = _quantity(holder, wanted)
    if not quantity:
        return _no_value(holder, wanted, at)
    if mapping(holder, "dataAbsentReason"):
        text = f"{_charted(holder, wanted)} of {at} has a reason why it has no value beside it; it was not used."
        return _refused(wanted, "contradictory", text)
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
        time=drawn.when,
        note=_note(observation, quantity, wanted, value, drawn),
    )
    this = f"{wanted.words} {value:.4g} {_shown(wanted.unit)} of {at}"
    remarks = tuple(_remarks(observation, wanted, verdict, this, drawn))
    return Measured(
        name=wanted.name,
        value=value,
        when=drawn.when,
        source=source,
        limit=limit,
        kind=wanted.kind,
        charted=said(quantity),
        remarks=remarks,
    )


def _quantity(holder: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
    """valueQuantity; of a count also valueInteger, and a unit that is missing or {score}."""
    quantity = mapping(holder, "valueQuantity")
    if not wanted.count:
        return quantity
    whole = holder.get("valueInteger")
    if not quantity and isinstance(whole, int) and not isinstance(whole, bool):
        return {"value": whole, "code": "1"}
    bare = {string(quantity, "code"), string(quantity, "unit")} <= {"", "1", "{score}", "{#}"}
    return {**quantity, "code": "1", "unit": "1"} if quantity and bare else quantity


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


def _remarks(observation: Resource, wanted: Wanted, verdict: str, this: str, drawn: Sampled) -> Iterator[Finding]:
    if drawn.disagree:
        text = f"the {this} has two times of collection: {drawn.disagree}; that of the specimen was used."
        yield finding(f"{wanted.slug}-times-disagree", "warning", f"{text} Which is true should be checked.")
    if string(observation, "status") == "preliminary":
        yield finding(f"{wanted.slug}-preliminary", "warning", f"the {this} is preliminary; it was used.")
    if verdict == "odd" and wanted.plausible:
        usual = f"{wanted.plausible.soft_low:g} to {wanted.plausible.soft_high:g} {_shown(wanted.unit)}"
        age = " at this age" if wanted.born else ""
        text = f"the {this} is unusual (usually {usual}{age}); it was used and should be checked."
        yield finding(f"{wanted.slug}-unusual", "warning", text)


def _note(observation: Resource, quantity: Mapping[str, Any], wanted: Wanted, value: float, drawn: Sampled) -> str:
    parts = [f"charted as {said(quantity)}, read as {value:.6g} {_shown(wanted.unit)}".rstrip()]
    if wanted.molar_mass and "mol" in string(quantity, "code") + string(quantity, "unit"):
        parts.append(f"molar mass {wanted.molar_mass:g} g/mol")
    if string(observation, "status") != "final":
        parts.append(f"status {string(observation, 'status')}")
    flag = string(observation, "interpretation", 0, "coding", 0, "code")
    if flag:
        parts.append(f"flagged {quoted(flag)} by the laboratory")
    if drawn.note:
        parts.append(drawn.note)
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
