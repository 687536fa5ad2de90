"""The dose of another drug in mg a day, by its active orders, where a model asks for it."""

from dataclasses import dataclass
from datetime import datetime

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_since
from fhir.errors import Unreadable, UnreadableTime
from fhir.medicine.contents import contents_of
from fhir.medicine.medication import concepts_of
from fhir.medicine.substance import substance_of
from fhir.ordered.instructions import read_instruction
from fhir.reading import Measured, Stream, finding
from fhir.terminology import data
from fhir.wire import rows, string
from models.covariates import words
from models.drug import ChartedAs, Drug

_AN_ORDER = ("order", "original-order", "reflex-order", "filler-order", "instance-order", "")


@dataclass(frozen=True, kw_only=True)
class _Other:
    """A drug that has no file of its own, by its codes; its salts and combinations are not converted."""

    name: str
    rxnorm: tuple[str, ...]
    atc: tuple[str, ...]
    charted_as: tuple[ChartedAs, ...] = ()


def read_daily_doses(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """mg a day of each drug that the models ask for: the sum of its active orders, or why there is none."""
    for name, row in data("interactions.toml")["daily"].items():
        if name in drug.covariates:
            other = _other(row["drug"])
            orders = [order for order in shelf.of_type("MedicationRequest") if _ordered(order, other, shelf)]
            if orders:
                yield from _summed(name, orders, other, shelf, drug, now)


def _other(name: str) -> _Other:
    codes = data("interactions.toml")["drugs"][name]
    return _Other(name=name, rxnorm=tuple(codes["rxnorm"]), atc=tuple(codes["atc"]))


def _summed(name: str, orders: list[Resource], other: _Other, shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    try:
        amount = sum(_a_day(order, other, shelf) for order in orders)
    except Unreadable as error:
        text = f"the {words(name)} can not be told from the orders: {error}; it was not used."
        yield finding(f"{name.replace('_', '-')}-unreadable", "warning", text)
        return
    plausible = drug.plausible.get(name)
    if plausible and plausible.judge(amount) == "impossible":
        text = f"the orders make a {words(name)} of {amount:g} mg a day, which can not be true; it was not used."
        yield finding(f"{name.replace('_', '-')}-implausible", "warning", text)
        return
    newest = max(orders, key=lambda order: (string(order, "authoredOn"), reference_of(order)))
    since = _since(newest, now)
    source = Source(
        resource=reference_of(newest),
        version=version_of(newest),
        time=since,
        note=f"{amount:g} mg a day by {len(orders)} active order(s); what was given was not counted",
    )
    yield Measured(name=name, value=amount, when=since or now, source=source, charted=f"{amount:g} mg/d")


def _a_day(order: Resource, other: _Other, shelf: Shelf) -> float:
    """mg a day of one order; raises Unreadable."""
    if order.get("modifierExtension") or order.get("implicitRules"):
        raise Unreadable("an order carries a modifier this service does not know")
    instructions = list(rows(order, "dosageInstruction"))
    if len(instructions) != 1:
        raise Unreadable("an order has no dosage instruction, or several")
    found = read_instruction(instructions[0], contents_of(order, other, shelf))
    if found.amount is None or found.schedule is None:
        raise Unreadable(f"of an order, {found.problems[0]}")
    if not found.schedule.interval:
        raise Unreadable("an order does not repeat evenly")
    return found.amount * 24.0 / found.schedule.interval


def _ordered(order: Resource, other: _Other, shelf: Shelf) -> bool:
    active = string(order, "status") == "active" and string(order, "intent") in _AN_ORDER
    coded = any(substance_of(concept, other) for concept in concepts_of(order, shelf) or ())
    return active and order.get("doNotPerform") is not True and coded


def _since(order: Resource, now: datetime) -> datetime | None:
    try:
        since = read_since(order.get("authoredOn"))
    except UnreadableTime:
        return None
    return since if since <= now + SKEW else None
