"""Doses that were given, from MedicationAdministrations; one that can not be read is missed aloud, never silently."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, hours_between, read_instant, say
from fhir.codes import route_of, words_of
from fhir.dosage import amount_mg, rate_mg_per_h
from fhir.errors import Unreadable, UnreadableTime
from fhir.medication import match
from fhir.quantity import said
from fhir.reading import Given, Stream, finding
from fhir.wire import mapping, number, quoted, string
from models.drug import Drug, Product
from models.findings import Finding
from models.record import Route

_GIVEN = ("completed", "in-progress", "stopped")
_APART = 0.05  # charted amount and rate x time may differ by this fraction: pumps and nurses round
_SLIP = 3.0  # so many times the largest single dose is a slip, not a dose (house figure)
_LONGEST_H = 48.0  # an infusion charted as longer is the order's span, not one bag's (house figure)


@dataclass(frozen=True, kw_only=True)
class _Timing:
    """start: when it began. hours: how long it ran; None = not charted."""

    start: datetime
    hours: float | None


def read_administrations(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Every dose of the drug that was given, and a finding for each that was not or can not be read."""
    unknown = 0
    for resource in shelf.of_type("MedicationAdministration"):
        how = match(resource, drug, shelf)
        if how == "is":
            yield from _one(resource, drug, now)
        elif how == "words" and string(resource, "status") in _GIVEN:
            text = f"{_this(resource, drug)} is named in words only, without a code; it was not counted as a dose."
            yield finding("dose-uncoded", "critical", text)
        unknown += how == "unknown"
    if unknown:
        text = (
            f"{unknown} administration(s) do not say what was given; a dose of {drug.name} among them is missing here."
        )
        yield finding("administration-unnamed", "warning", text)


def _one(resource: Resource, drug: Drug, now: datetime) -> Stream:
    stopped = _status(resource, drug)
    if stopped:
        yield stopped
        return
    try:
        yield _given(resource, drug, now)
    except Unreadable as error:
        text = f"{_this(resource, drug)} was not counted: {error}. Without it predicted levels are not reliable."
        yield finding("dose-unreadable", "critical", text)


def _status(resource: Resource, drug: Drug) -> Finding | None:
    status = string(resource, "status")
    if status in _GIVEN:
        return None
    if status == "not-done":
        return finding("dose-not-given", "info", f"{_this(resource, drug)} is charted as not given.")
    if status == "entered-in-error":
        return finding("dose-withdrawn", "info", f"{_this(resource, drug)} is charted as an error; it was not counted.")
    text = f"{_this(resource, drug)} has the status {quoted(status)}; whether and how much was given is not known."
    return finding("dose-status-unknown", "critical", f"{text} It was not counted.")


def _given(resource: Resource, drug: Drug, now: datetime) -> Given:
    """The dose; raises Unreadable where amount, time, route or meaning can not be had without guessing."""
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        raise Unreadable("it carries a modifier this service does not know")
    dosage = mapping(resource, "dosage")
    timing = _timing(resource)
    if timing.start > now + SKEW:
        raise Unreadable(f"it is dated after now ({say(now)})")
    product = _product(dosage, drug)
    amount, remarks = _amount(resource, timing, drug)
    duration, more = _duration(resource, amount, timing, product)
    source = Source(
        resource=reference_of(resource),
        version=version_of(resource),
        time=timing.start,
        note=_note(resource, dosage, amount),
    )
    return Given(
        amount=amount,
        when=timing.start,
        duration=duration,
        route=product.route,
        source=source,
        remarks=(*remarks, *more, *_about_status(resource, drug, amount)),
    )


def _timing(resource: Resource) -> _Timing:
    if "effectiveDateTime" in resource:
        return _Timing(start=read_instant(resource["effectiveDateTime"]), hours=None)
    period = mapping(resource, "effectivePeriod")
    start = read_instant(period.get("start"))
    if not string(period, "end"):
        return _Timing(start=start, hours=None)
    hours = hours_between(start, read_instant(period.get("end")))
    if hours < 0:
        raise Unreadable("it ends before it starts")
    return _Timing(start=start, hours=hours)


def _product(dosage: Mapping[str, Any], drug: Drug) -> Product:
    route: Route | None = route_of(dosage.get("route"))
    if route is None:
        charted = words_of(dosage.get("route")).strip()
        raise Unreadable(f"its route {quoted(charted)} is not known here" if charted else "no route is charted")
    for product in drug.products:
        if product.route == route:
            return product
    raise Unreadable(f"it was given by a route ({route}) that the model of {drug.name} does not cover")


def _amount(resource: Resource, timing: _Timing, drug: Drug) -> tuple[float, tuple[Finding, ...]]:
    """mg given: the charted dose, else rate x time; both are compared where both are charted."""
    dosage = mapping(resource, "dosage")
    dose = mapping(dosage, "dose")
    rate = _rate_if_readable(dosage) if dose else rate_mg_per_h(dosage)
    by_rate = rate * timing.hours if rate and timing.hours else None
    if not dose and by_rate is None:
        raise Unreadable("neither an amount nor a rate with start and end is charted")
    amount = amount_mg(dose) if dose else by_rate or 0.0
    return amount, (*_compared(resource, amount, by_rate, timing, drug), *_judged(amount, timing, drug))


def _compared(
    resource: Resource, amount: float, by_rate: float | None, timing: _Timing, drug: Drug
) -> tuple[Finding, ...]:
    if by_rate is None or abs(by_rate - amount) <= _APART * amount:
        return ()
    differ = f"charted as {amount:g} mg, but its rate and times make {by_rate:.4g} mg"
    if string(resource, "status") == "stopped":
        raise Unreadable(f"it was stopped and is {differ}")
    text = f"a {drug.name} infusion of {say(timing.start)} is {differ}; the charted amount was used."
    return (finding("dose-rate-disagree", "warning", text),)


def _judged(amount: float, timing: _Timing, drug: Drug) -> tuple[Finding, ...]:
    """A dose far over the drug's largest single dose is a slip of unit or digit; one somewhat over it is said aloud."""
    if amount == 0:
        raise Unreadable("its amount is charted as 0")
    largest = drug.limits.single.value if drug.limits.single else None
    if largest is None or amount <= largest:
        return ()
    if amount > _SLIP * largest:
        raise Unreadable(f"{amount:g} mg can not be true (largest single dose {largest:g} mg)")
    text = (
        f"a {drug.name} dose of {amount:g} mg, {say(timing.start)}, is over the largest single dose of {largest:g} mg"
    )
    return (finding("dose-unusual", "warning", f"{text}; it was used and should be checked."),)


def _rate_if_readable(dosage: Mapping[str, Any]) -> float | None:
    try:
        return rate_mg_per_h(dosage)
    except Unreadable:
        return None  # the amount is charted by itself; an odd rate unit takes nothing away from it


def _duration(
    resource: Resource, amount: float, timing: _Timing, product: Product
) -> tuple[float, tuple[Finding, ...]]:
    """h of infusion: as charted, else amount / rate, else the drug file's usual rate, said aloud. Swallowed: 0."""
    if product.route != "iv":
        return 0.0, ()
    rate = _rate_if_readable(mapping(resource, "dosage"))
    if timing.hours and timing.hours > _LONGEST_H:
        raise Unreadable(f"it is charted as running for {timing.hours:.0f} h")
    if timing.hours or rate:
        return timing.hours or amount / (rate or 1.0), ()
    if product.usual_rate is None:
        raise Unreadable("how long it ran is not charted")
    hours = max(amount / product.usual_rate, product.shortest_duration)
    text = f"how long the {amount:g} mg of {say(timing.start)} ran is not charted; {hours:.2g} h was assumed"
    usual = f"{text}, from the usual rate of {product.usual_rate:g} mg/h."
    return hours, (finding("infusion-time-assumed", "warning", usual),)


def _about_status(resource: Resource, drug: Drug, amount: float) -> tuple[Finding, ...]:
    status = string(resource, "status")
    if status == "stopped":
        text = f"{_this(resource, drug)} is charted as stopped; the charted {amount:g} mg was taken as what was given."
        return (finding("dose-stopped", "warning", text),)
    if status == "in-progress":
        text = f"{_this(resource, drug)} is still running; all of its {amount:g} mg was counted."
        return (finding("dose-in-progress", "info", text),)
    return ()


def _this(resource: Resource, drug: Drug) -> str:
    dose = mapping(resource, "dosage", "dose")
    amount = f" of {said(dose)}" if number(dose, "value") is not None else ""
    start = resource.get("effectiveDateTime") or mapping(resource, "effectivePeriod").get("start")
    try:
        return f"a {drug.name} dose{amount}, {say(read_instant(start))},"
    except UnreadableTime:
        return f"a {drug.name} dose{amount}"


def _note(resource: Resource, dosage: Mapping[str, Any], amount: float) -> str:
    dose = mapping(dosage, "dose")
    how = f"charted as {said(dose)}" if dose else f"{amount:.4g} mg from rate and times"
    return how if string(resource, "status") == "completed" else f"{how}; status {string(resource, 'status')}"
