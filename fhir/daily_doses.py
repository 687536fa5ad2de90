"""The dose of another drug in mg a day, by its active orders, where a model asks for it."""

from datetime import datetime

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_since
from fhir.codes import carries, data
from fhir.dosage import amount_mg, dose_and_rate
from fhir.errors import Unreadable, UnreadableTime
from fhir.medication import concepts_of
from fhir.reading import Measured, Stream, finding
from fhir.timing import read_schedule
from fhir.wire import rows, string
from models.covariates import words
from models.drug import Drug

_AN_ORDER = ("order", "original-order", "reflex-order", "filler-order", "instance-order", "")


def read_daily_doses(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """mg a day of each drug that the models ask for: the sum of its active orders, or why there is none."""
    for name, row in data("interactions.toml")["daily"].items():
        if name in drug.covariates:
            codes = data("interactions.toml")["drugs"][row["drug"]]
            orders = [order for order in shelf.of_type("MedicationRequest") if _ordered(order, codes, shelf)]
            if orders:
                yield from _summed(name, orders, drug, now)


def _summed(name: str, orders: list[Resource], drug: Drug, now: datetime) -> Stream:
    try:
        amount = sum(_a_day(order) for order in orders)
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


def _a_day(order: Resource) -> float:
    """mg a day of one order; raises Unreadable."""
    if order.get("modifierExtension") or order.get("implicitRules"):
        raise Unreadable("an order carries a modifier this service does not know")
    instructions = list(rows(order, "dosageInstruction"))
    if len(instructions) != 1 or instructions[0].get("modifierExtension"):
        raise Unreadable("an order has no dosage instruction, or several")
    if instructions[0].get("asNeededBoolean") is True or instructions[0].get("asNeededCodeableConcept"):
        raise Unreadable("an order is to be given as needed")
    schedule = read_schedule(instructions[0].get("timing"))
    if not schedule.interval:
        raise Unreadable("an order does not repeat evenly")
    return amount_mg(dose_and_rate(instructions[0]).get("doseQuantity")) * 24.0 / schedule.interval


def _ordered(order: Resource, codes: dict, shelf: Shelf) -> bool:
    active = string(order, "status") == "active" and string(order, "intent") in _AN_ORDER
    coded = any(carries(c, {"rxnorm": codes["rxnorm"], "atc": codes["atc"]}) for c in concepts_of(order, shelf) or ())
    return active and order.get("doNotPerform") is not True and coded


def _since(order: Resource, now: datetime) -> datetime | None:
    try:
        since = read_since(order.get("authoredOn"))
    except UnreadableTime:
        return None
    return since if since <= now + SKEW else None
