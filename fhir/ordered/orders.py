"""Orders as regimens: the draft being signed, and the one in force; doses at home are made by athome/assumed.py."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from fhir.bundle import Resource, Shelf, local, reference_of
from fhir.chart import OrderedRegimen
from fhir.clock import SKEW, read_instant, say
from fhir.codes import words_of
from fhir.errors import Unreadable
from fhir.medicine.medication import drugs_of, match
from fhir.medicine.products import other_interval, other_product
from fhir.ordered.instructions import Instruction, in_force, in_turn, instructions_of, maintenance, steps
from fhir.ordered.maxima import exceeded
from fhir.ordered.schedule import words as pattern_words
from fhir.reading import finding
from fhir.wire import quoted, rows, string
from models.drug import Drug
from models.findings import Finding

__all__ = ["current_order", "drugs_of", "explain_order", "is_order", "read_order", "replaced", "start_of"]

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
    if match(resource, drug, shelf) != "is":
        product = other_product(resource, drug, shelf)
        return None, (product,) if product else ()
    regimen, findings = _explain(resource, drug, shelf, None)
    product = other_product(resource, drug, shelf)
    return regimen, (*findings, *((product,) if product else ()), *other_interval(regimen, drug))


def current_order(shelf: Shelf, drug: Drug, now: datetime) -> tuple[OrderedRegimen | None, tuple[Finding, ...]]:
    """The repeating order of the drug that is in force now; of several the one written last, said aloud."""
    orders = [order for order in shelf.of_type("MedicationRequest") if is_order(order, drug, shelf)]
    active = [order for order in orders if string(order, "status") == "active"]
    active = [order for order in active if not replaced(order, active)]
    held = tuple(_held(order, drug) for order in orders if string(order, "status") == "on-hold")
    standing = [order for order in active if _stands(order, drug, shelf, now)]
    over = tuple(_over(order, drug) for order in active if order not in standing)
    repeating = [order for order in standing if not _once(order, drug, shelf)] or standing
    speaking = [order for order in repeating if not _says_nothing(order)] or repeating
    empty = (_passed_over(drug),) if len(speaking) < len(repeating) else ()
    repeating = speaking
    if not repeating:
        return None, (*held, *over)
    newest = max(repeating, key=_written)
    regimen, findings = _explain(newest, drug, shelf, now)
    if len(repeating) > 1:
        text = f"{len(repeating)} orders for {drug.name} are active at once; the one written last is taken as current."
        findings = (finding("several-active-orders", "warning", text), *findings)
    return regimen, (*findings, *empty, *held, *over)


def is_order(order: Resource, drug: Drug, shelf: Shelf, *, words: bool = False) -> bool:
    """Whether it is an order to give the drug: no proposal, plan or option, and not one that forbids it.

    words: whether one counts that names it in words only, or as a salt or combination that its file does not convert.
    """
    ordered = string(order, "intent") in _AN_ORDER and order.get("doNotPerform") is not True
    return ordered and match(order, drug, shelf) in (("is", "kin", "words") if words else ("is",))


def replaced(order: Resource, others: Iterable[Resource]) -> Resource | None:
    """The order among others that names this one as the one before it."""
    name = reference_of(order)
    return next((other for other in others if other is not order and name in _before(other)), None)


def _before(order: Resource) -> set[str]:
    """priorPrescription, and of basedOn what is an order itself."""
    named = [string(order, "priorPrescription", "reference")]
    named += [string(row, "reference") for row in rows(order, "basedOn")]
    return {local(reference) for reference in named if local(reference).startswith("MedicationRequest/")}


def start_of(order: Resource) -> tuple[datetime, tzinfo]:
    """When the order was written, and the zone in which it says so; raises Unreadable for a date alone or none."""
    written = read_instant(order.get("authoredOn"))
    return written.astimezone(UTC), written.tzinfo or UTC


def _written(order: Resource) -> datetime:
    try:
        return start_of(order)[0]
    except Unreadable:
        return datetime.min.replace(tzinfo=UTC)


def _stands(order: Resource, drug: Drug, shelf: Shelf, now: datetime) -> bool:
    """Whether an active order is in force now by its own bounds; one whose bounds can not be read is."""
    try:
        origin, zone = start_of(order)
        return in_force(steps(in_turn(instructions_of(order, drug, shelf)), origin, zone), now + SKEW) is not None
    except Unreadable:
        return True


def _says_nothing(order: Resource) -> bool:
    """Whether an order says neither dose nor time, coded or as a number in words: "pharmacy to dose"."""
    lines = list(rows(order, "dosageInstruction"))
    told = " ".join(
        [*(string(line, "text") for line in lines), *(string(line, "patientInstruction") for line in lines)]
    )
    coded = any(line.get("doseAndRate") or line.get("timing") or line.get("maxDosePerPeriod") for line in lines)
    return not coded and not any(letter.isdigit() for letter in told)


def _once(order: Resource, drug: Drug, shelf: Shelf) -> bool:
    """Whether an order is for a single dose (a loading dose, a "now" dose)."""
    found = instructions_of(order, drug, shelf)
    return bool(found) and all(item.once for item in found)


def _passed_over(drug: Drug) -> Finding:
    text = f"an active order of {drug.name} that says neither dose nor time was passed over beside one that does."
    return finding("order-without-dose", "info", text)


def _held(order: Resource, drug: Drug) -> Finding:
    reason = words_of(order.get("statusReason")).strip()
    because = f" ({quoted(reason)})" if reason else ""
    return finding(
        "order-on-hold", "info", f"an order of {drug.name} is on hold{because}; it was not taken as in force."
    )


def _over(order: Resource, drug: Drug) -> Finding:
    written = _written(order)
    text = f"an active order of {drug.name}, written {say(written)}, is not in force now by its own dates"
    return finding("order-not-in-force", "info", f"{text}; it was not taken as current.")


def _explain(
    order: Resource, drug: Drug, shelf: Shelf, now: datetime | None
) -> tuple[OrderedRegimen, tuple[Finding, ...]]:
    instructions = instructions_of(order, drug, shelf)
    meant, problems = _meant(order, instructions, now)
    regimen = OrderedRegimen(
        source=reference_of(order),
        drug=drug.name,
        amount=meant.amount,
        interval=meant.schedule.interval if meant.schedule else None,
        duration=meant.duration,
        route=meant.route,
        status=string(order, "status"),
        intent=string(order, "intent"),
        text=" then ".join(item.text for item in instructions if item.text),
    )
    findings = [_unread(problem, drug) for problem in (*problems, *meant.problems)]
    return regimen, (*findings, *_beyond(meant, drug), *_others(instructions, meant, drug))


def _meant(
    order: Resource, instructions: tuple[Instruction, ...], now: datetime | None
) -> tuple[Instruction, tuple[str, ...]]:
    """The instruction in force, or for a draft the one that goes on; an empty one with the reason where none is."""
    if order.get("modifierExtension"):
        return Instruction(), ("it carries a modifier this service does not know",)
    if order.get("doNotPerform") is True:
        return Instruction(), ("it says that the drug is not to be given",)
    try:
        turn = in_turn(instructions)
        needed = next((item for item in turn if item.as_needed), None)
        if needed is not None:
            return needed, ()
        return (maintenance(turn) if now is None or len(turn) == 1 else _now(order, turn, now)), ()
    except Unreadable as error:
        return Instruction(), (str(error),)


def _now(order: Resource, turn: tuple[Instruction, ...], now: datetime) -> Instruction:
    """The step in force now; of a loading dose what follows it, which the next dose is."""
    origin, zone = start_of(order)
    found = in_force(steps(turn, origin, zone), now)
    return found.instruction if found and not found.instruction.once else maintenance(turn)


def _unread(problem: str, drug: Drug) -> Finding:
    return finding("order-unreadable", "warning", f"the {drug.name} order could not be read in full: {problem}.")


def _beyond(meant: Instruction, drug: Drug) -> tuple[Finding, ...]:
    """What the order says of its own maxima: gone beyond, or not to be held against the dose."""
    found = [
        finding(
            "order-over-its-maximum", "warning", f"the {drug.name} order goes beyond what it allows itself: {text}."
        )
        for text in exceeded(meant.amount, meant.schedule, meant.maxima)
    ]
    text = f"the {drug.name} order names a maximum that is not said in mass (%s); its dose was not held against it."
    return (*found, *(finding("order-maximum-unread", "info", text % unread) for unread in meant.maxima.unread))


def _others(instructions: tuple[Instruction, ...], meant: Instruction, drug: Drug) -> tuple[Finding, ...]:
    """The other steps of a sequence: a loading dose, or what came before and comes after."""
    rest = [item for item in instructions if item is not meant and item.schedule and item.amount]
    if meant.amount is None or not rest:
        return ()
    said = ", ".join(f"{item.amount:g} mg {pattern_words(item.schedule.pattern)}" for item in rest if item.schedule)
    text = f"the {drug.name} order has other steps than the one in force ({said}); they are not part of the regimen."
    return (finding("order-has-steps", "info", text),)
