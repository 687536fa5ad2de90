"""Orders as regimens: the draft being signed, and the one in force; doses are never made up from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of
from fhir.chart import OrderedRegimen
from fhir.codes import route_of
from fhir.contents import Contents, contents_of
from fhir.dosage import dose_and_rate, rate_mg_per_h
from fhir.errors import Unreadable
from fhir.medication import drugs_of, match
from fhir.products import other_interval, other_product
from fhir.reading import finding
from fhir.schedule import Schedule
from fhir.timing import read_schedule
from fhir.wire import mapping, number, rows, string
from models.drug import Drug
from models.findings import Finding
from models.record import Route

__all__ = ["current_order", "drugs_of", "explain_order", "read_order"]

_AN_ORDER = ("order", "original-order", "reflex-order", "filler-order", "instance-order", "")


def read_order(resource: Resource, drug: Drug, *, resources: Iterable[Resource] = ()) -> OrderedRegimen | None:
    """The regimen of one MedicationRequest, however invalid a draft; None where it is not coded as the drug.

    resources: where a medicationReference may lead. What can not be read is None; explain_order says why.
    """
    return explain_order(resource, drug, resources=resources)[0]


def explain_order(
    resource: Resource, drug: Drug, *, resources: Iterable[Resource] = ()
) -> tuple[OrderedRegimen | None, tuple[Finding, ...]]:
    """As read_order, with a finding for each part of the order that could not be read."""
    found = tuple(resources)
    references = {reference_of(item): item for item in found if string(item, "id")}
    shelf = Shelf(resources=found, by_reference=references, findings=())
    regimen, findings = _explain(resource, drug, shelf)
    product = other_product(resource, drug, shelf)
    return regimen, (*findings, *((product,) if product else ()), *other_interval(regimen, drug))


def current_order(shelf: Shelf, drug: Drug) -> tuple[OrderedRegimen | None, tuple[Finding, ...]]:
    """The active repeating order of the drug; of several the one authored last, said aloud."""
    active = [order for order in shelf.of_type("MedicationRequest") if _in_force(order, drug, shelf)]
    repeating = [order for order in active if not _once(order)] or active
    if not repeating:
        return None, ()
    newest = max(repeating, key=lambda order: string(order, "authoredOn"))
    regimen, findings = _explain(newest, drug, shelf)
    if len(repeating) > 1:
        text = f"{len(repeating)} orders for {drug.name} are active at once; the one written last is taken as current."
        findings = (finding("several-active-orders", "warning", text), *findings)
    return regimen, findings


def _in_force(order: Resource, drug: Drug, shelf: Shelf) -> bool:
    active = string(order, "status") == "active" and string(order, "intent") in _AN_ORDER
    return active and order.get("doNotPerform") is not True and match(order, drug, shelf) == "is"


def _once(order: Resource) -> bool:
    """Whether an order is for a single dose (a loading dose, a "now" dose)."""
    repeats = [mapping(row, "timing", "repeat") for row in rows(order, "dosageInstruction")]
    return bool(repeats) and all(number(repeat, "count") == 1 for repeat in repeats)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    amount: float | None = None
    schedule: Schedule | None = None
    duration: float | None = None
    route: Route | None = None
    problems: tuple[str, ...] = ()


def _explain(order: Resource, drug: Drug, shelf: Shelf) -> tuple[OrderedRegimen | None, tuple[Finding, ...]]:
    if match(order, drug, shelf) != "is":
        return None, ()
    instructions = list(rows(order, "dosageInstruction"))
    parts = _parts(order, instructions, contents_of(order, drug, shelf))
    regimen = OrderedRegimen(
        source=reference_of(order),
        drug=drug.name,
        amount=parts.amount,
        interval=parts.schedule.interval if parts.schedule else None,
        duration=parts.duration,
        route=parts.route,
        status=string(order, "status"),
        intent=string(order, "intent"),
        text=" then ".join(text for text in (string(row, "text") for row in instructions) if text),
    )
    return regimen, tuple(_unread(problem, drug) for problem in parts.problems)


def _unread(problem: str, drug: Drug) -> Finding:
    return finding("order-unreadable", "warning", f"the {drug.name} order could not be read in full: {problem}.")


def _parts(order: Resource, instructions: list[Mapping[str, Any]], contents: Contents) -> _Parts:
    if order.get("modifierExtension") or any(row.get("modifierExtension") for row in instructions):
        return _Parts(problems=("it carries a modifier this service does not know",))
    if len(instructions) != 1:
        many = "it has several dosage instructions" if instructions else "it has no dosage instruction"
        return _Parts(problems=(many,))
    instruction = instructions[0]
    if instruction.get("asNeededBoolean") is True or instruction.get("asNeededCodeableConcept"):
        return _Parts(route=route_of(instruction.get("route")), problems=("it is to be taken as needed",))
    problems: list[str] = []
    amount, rate = _amount(instruction, contents, problems)
    schedule = _schedule(instruction, problems)
    route = route_of(instruction.get("route"))
    if route is None:
        problems.append("its route is missing or not known here")
    return _Parts(
        amount=amount,
        schedule=schedule,
        duration=_duration(amount, rate, schedule, route),
        route=route,
        problems=tuple(problems),
    )


def _amount(
    instruction: Mapping[str, Any], contents: Contents, problems: list[str]
) -> tuple[float | None, float | None]:
    """(mg, mg/h), each None where it can not be read."""
    try:
        row = dose_and_rate(instruction)
        rate = rate_mg_per_h(row)
        reading = contents.read(row.get("doseQuantity"))
        return reading.mg, rate * reading.share if rate else rate
    except Unreadable as error:
        problems.append(str(error))
        return None, None


def _schedule(instruction: Mapping[str, Any], problems: list[str]) -> Schedule | None:
    try:
        return read_schedule(instruction.get("timing"))
    except Unreadable as error:
        problems.append(str(error))
        return None


def _duration(amount: float | None, rate: float | None, schedule: Schedule | None, route: Route | None) -> float | None:
    """h of one infusion: as ordered, else amount / rate; 0 for a swallowed dose."""
    if route is not None and route != "iv":
        return 0.0
    if schedule and schedule.duration is not None:
        return schedule.duration
    return amount / rate if amount and rate else None
