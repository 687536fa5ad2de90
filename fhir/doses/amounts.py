"""mg that an administration gave: as charted, or rate x time, held against each other and against the order."""

from dataclasses import dataclass

from fhir.chart import OrderedRegimen
from fhir.clock import say
from fhir.doses.charted import Charted
from fhir.errors import Unreadable
from fhir.medicine.contents import Reading
from fhir.quantity import said
from fhir.reading import Measured, finding
from models.drug import Drug
from models.findings import Finding

_APART = 0.05  # charted amount and rate x time may differ by this fraction: pumps and nurses round
_SLIP = 3.0  # so many times the largest single dose is a slip, not a dose (house figure)
_DAY_H = 24.0


@dataclass(frozen=True, kw_only=True)
class Amount:
    """mg; rate: mg/h, None = not known. charted: mg as charted where less was given (stopped), else None."""

    mg: float
    rate: float | None
    note: str
    derived: bool = False
    planned: float | None = None
    findings: tuple[Finding, ...] = ()


def read_amount(item: Charted, drug: Drug, order: OrderedRegimen | None, weight: Measured | None) -> Amount:
    """Raises Unreadable where the amount can not be had without guessing."""
    found = _charted(item, order, drug, weight) if item.dose else _by_rate(item, weight)
    return Amount(
        mg=found.mg,
        rate=found.rate,
        note=found.note,
        derived=found.derived,
        planned=found.planned,
        findings=(*found.findings, *_judged(item, found, drug)),
    )


def _charted(item: Charted, order: OrderedRegimen | None, drug: Drug, weight: Measured | None) -> Amount:
    reading = item.contents.read(item.dose)
    note = f"charted as {said(item.dose)}{reading.how}"
    _agrees_with_order(item, reading, order)
    rate = _rate_beside_dose(item, reading, weight)
    ran = rate * item.hours if rate and item.hours else None
    if ran is None or abs(ran - reading.mg) <= _APART * reading.mg:
        _whole_dose_of_a_stopped_one(item, reading, order)
        return Amount(mg=reading.mg, rate=rate, note=note, derived=reading.ml is not None)
    if item.status == "stopped":
        return _ran(item, reading, rate, ran, order, note)
    text = f"a {drug.name} infusion of {say(item.start)} is {_differ(reading, ran)}; the charted amount was used."
    remark = finding("dose-rate-disagree", "warning", text)
    return Amount(mg=reading.mg, rate=rate, note=note, derived=reading.ml is not None, findings=(remark,))


def _ran(
    item: Charted, reading: Reading, rate: float | None, ran: float, order: OrderedRegimen | None, note: str
) -> Amount:
    """Of a stopped infusion that ran less than its dose at the charted rate: what ran. More is a contradiction."""
    if ran > reading.mg:
        raise Unreadable(f"it was stopped and is {_differ(reading, ran)}")
    if order and order.amount and abs(order.amount - reading.mg) > _APART * reading.mg:
        whole = f"its order says {order.amount:g} mg"
        raise Unreadable(f"it was stopped and is {_differ(reading, ran)}, and {whole}")
    return Amount(mg=ran, rate=rate, note=f"{note}; {ran:.4g} mg from rate and times", planned=reading.mg)


def _differ(reading: Reading, ran: float) -> str:
    return f"charted as {reading.mg:g} mg, but its rate and times make {ran:.4g} mg"


def _whole_dose_of_a_stopped_one(item: Charted, reading: Reading, order: OrderedRegimen | None) -> None:
    """A stopped infusion charted with all that was ordered: the plan, most often, and what ran is not known."""
    if item.status != "stopped" or order is None or not order.amount:
        return
    if abs(reading.mg - order.amount) > _APART * order.amount or (item.rate and item.hours):
        return
    if item.hours is not None and (not order.duration or item.hours >= (1 - _APART) * order.duration):
        return
    raise Unreadable(f"it was stopped, and charted as all of the {order.amount:g} mg ordered; how much ran is not said")


def _agrees_with_order(item: Charted, reading: Reading, order: OrderedRegimen | None) -> None:
    """A volume is mg by the product's strength, which may be that of the vial and not of the bag: the order tells."""
    if reading.ml is None or order is None or not order.amount:
        return
    if abs(reading.mg - order.amount) > _APART * order.amount:
        made = f"{said(item.dose)}{reading.how} make {reading.mg:.4g} mg"
        raise Unreadable(f"{made}, and its order says {order.amount:g} mg")


def _rate_beside_dose(item: Charted, reading: Reading, weight: Measured | None) -> float | None:
    """mg/h; None where it is of no use: the amount is charted by itself."""
    if item.rate is None or not item.rate.value:
        return None
    if item.rate.of == "mass" and reading.share is not None:
        return item.rate.value * reading.share
    if item.rate.of == "volume" and reading.ml:
        return item.rate.value * reading.mg / reading.ml
    try:
        return _mg_per_h(item, weight)
    except Unreadable:
        return None


def _by_rate(item: Charted, weight: Measured | None) -> Amount:
    if item.rate is None or item.rate.of == "other":
        raise Unreadable("neither an amount nor a rate with start and end is charted")
    rate = _mg_per_h(item, weight)
    if not item.hours:
        raise Unreadable("its rate is charted, but not how long it ran")
    until = f", {item.until}" if item.until else ""
    note = f"{rate * item.hours:.4g} mg from rate and times ({rate:.4g} mg/h for {item.hours:.4g} h{until})"
    return Amount(mg=rate * item.hours, rate=rate, note=note, derived=bool(item.until), findings=_weighed(item, weight))


def _mg_per_h(item: Charted, weight: Measured | None) -> float:
    rate = item.rate
    if rate is None or rate.of == "other":
        raise Unreadable("its rate is in a unit that is not read here")
    if rate.of == "mass":
        return rate.value * item.contents.share()
    if rate.of == "mass per kg":
        if weight is None:
            raise Unreadable("its rate is per kg, and which weight it was set for is not clear")
        return rate.value * weight.value * item.contents.share()
    strength = item.contents.mg_per_ml()
    if strength is None:
        raise Unreadable("its rate is a volume, and how much of the drug is in it is not charted")
    return rate.value * strength


def _weighed(item: Charted, weight: Measured | None) -> tuple[Finding, ...]:
    if item.rate is None or item.rate.of != "mass per kg" or weight is None:
        return ()
    text = (
        f"the infusion of {say(item.start)} is charted per kg; it was taken as for {weight.value:g} kg, the weight of"
    )
    return (finding("rate-per-kg", "warning", f"{text} {say(weight.when)}."),)


def _judged(item: Charted, amount: Amount, drug: Drug) -> tuple[Finding, ...]:
    """A dose far over the drug's largest is a slip of unit or digit; one somewhat over it is said aloud.

    What lies on a strength or on an end that was not charted itself is refused above it: there the slip is likelier.
    """
    if amount.mg == 0:
        raise Unreadable("its amount is charted as 0")
    mg, largest, words = _against(item, amount, drug)
    if largest is None or mg <= largest:
        return ()
    if mg > _SLIP * largest or amount.derived:
        raise Unreadable(f"{mg:g} mg{words[0]} can not be true ({words[1]} {largest:g} mg)")
    text = f"a {drug.name} dose of {mg:g} mg{words[0]}, {say(item.start)}, is over the {words[1]} of {largest:g} mg"
    return (finding("dose-unusual", "warning", f"{text}; it was used and should be checked."),)


def _against(item: Charted, amount: Amount, drug: Drug) -> tuple[float, float | None, tuple[str, str]]:
    """The mg to judge and the largest: of a dose, or of a day of an infusion that ran for longer than one."""
    limits = drug.limits
    if item.hours and item.hours > _DAY_H:
        mg = amount.mg * _DAY_H / item.hours
        return mg, limits.daily.value if limits.daily else None, (" a day", "largest daily dose")
    return amount.mg, limits.single.value if limits.single else None, ("", "largest single dose")
