"""A charted administration as a dose: amount, time, duration and route, with what was doubtful about it."""

from datetime import datetime

from fhir.bundle import version_of
from fhir.chart import OrderedRegimen, Source
from fhir.clock import SKEW, hours_between, say
from fhir.codes import route_of, words_of
from fhir.doses.amounts import Amount, read_amount
from fhir.doses.charted import Charted, reason_of, this
from fhir.errors import Unreadable
from fhir.reading import Given, Measured, finding
from fhir.wire import quoted
from models.drug import Drug, Product
from models.findings import Finding
from models.record import Route

_LONGEST_H = 48.0  # an infusion charted as longer is the order's span, not one bag's (house figure)
_LONGEST_CONTINUOUS_H = 336.0  # with a charted rate, of a drug that is infused continuously (house figure)
_LONGEST_STEP_H = 12.0  # a rate without an end, of a drug that is not (house figure)
_TINY = 5.0  # so many times less than the smallest dose is a slip of unit or digit, not a dose (house figure)
_SAME = 0.01  # two usual durations this close are one


def read_given(
    item: Charted, drug: Drug, now: datetime, order: OrderedRegimen | None = None, weight: Measured | None = None
) -> Given:
    """The dose; raises Unreadable where amount, time, route or meaning can not be had without guessing."""
    if item.start > now + SKEW:
        raise Unreadable(f"it is dated after now ({say(now)})")
    if item.end is not None and item.end > now + SKEW and item.status != "in-progress":
        raise Unreadable(f"it is charted as {item.status} and ends after now ({say(now)})")
    products = _products(item, drug)
    amount = read_amount(item, drug, order, weight)
    little = _too_little(item, amount, [p for p in products if _for_weight(p, weight)] or products, drug)
    hours, remarks = _duration(item, amount, products, order, now)
    return Given(
        amount=amount.mg,
        when=item.start,
        duration=hours,
        route=products[0].route,
        source=Source(resource=item.name, version=version_of(item.resource), time=item.start, note=_note(item, amount)),
        remarks=(*amount.findings, *little, *remarks, *_about_status(item, drug, amount)),
        ordered=order.amount if order else None,
        request=item.request,
    )


def _products(item: Charted, drug: Drug) -> list[Product]:
    route: Route | None = route_of(item.dosage.get("route"))
    if route is None:
        told = words_of(item.dosage.get("route")).strip()
        raise Unreadable(f"its route {quoted(told)} is not known here" if told else "no route is charted")
    found = [product for product in drug.products if product.route == route]
    if not found:
        raise Unreadable(f"it was given by a route ({route}) that the model of {drug.name} does not cover")
    return found


def _too_little(item: Charted, amount: Amount, products: list[Product], drug: Drug) -> tuple[Finding, ...]:
    """A charted dose far under the smallest of such a patient; parts of an infusion and stopped ones may be small."""
    smallest = min(product.smallest for product in products)
    # an hour's entry of a continuous infusion is a small part of a day's
    share = min(item.hours / 24.0, 1.0) if item.hours and any(product.continuous for product in products) else 1.0
    if item.by_rate_alone or item.status == "stopped" or amount.mg >= smallest * share:
        return ()
    if amount.mg * _TINY < smallest * share:
        raise Unreadable(f"{amount.mg:g} mg can not be true (smallest single dose {smallest:g} mg)")
    text = f"a {drug.name} dose of {amount.mg:g} mg, {say(item.start)}, is under the smallest single dose of"
    return (finding("dose-unusual", "warning", f"{text} {smallest:g} mg; it was used and should be checked."),)


def _for_weight(product: Product, weight: Measured | None) -> bool:
    bounds = [condition for condition in product.when if condition.covariate == "weight"]
    return weight is None or all(condition.holds(weight.value) for condition in bounds)


def _duration(
    item: Charted, amount: Amount, products: list[Product], order: OrderedRegimen | None, now: datetime
) -> tuple[float, tuple[Finding, ...]]:
    """h of infusion: as charted, else amount / rate, else as ordered, else the drug's usual one, said. Swallowed: 0."""
    if products[0].route != "iv":
        return 0.0, ()
    continuous = any(product.continuous for product in products)
    if item.hours:
        _not_too_long(item, amount, continuous)
        return item.hours, ()
    if amount.rate:
        return amount.mg / amount.rate, ()
    if order is not None and order.duration and order.route == "iv":
        text = f"how long the {amount.mg:g} mg of {say(item.start)} ran is not charted; the {order.duration:.2g} h"
        return order.duration, (finding("infusion-time-ordered", "info", f"{text} of its order were taken."),)
    hours, usual = _usual(amount, products)
    if continuous and item.status == "in-progress" and hours_between(item.start, now) > hours:
        raise Unreadable(f"it is still running, and neither its rate nor how long it runs is charted ({usual})")
    text = f"how long the {amount.mg:g} mg of {say(item.start)} ran is not charted; {hours:.2g} h was assumed"
    return hours, (finding("infusion-time-assumed", "warning", f"{text}, from {usual}."),)


def _not_too_long(item: Charted, amount: Amount, continuous: bool) -> None:
    longest = _LONGEST_CONTINUOUS_H if continuous and amount.rate else _LONGEST_H
    if item.until and not continuous:
        longest = _LONGEST_STEP_H
    if item.hours and item.hours > longest:
        raise Unreadable(f"it is charted as running for {item.hours:.0f} h")


def _usual(amount: Amount, products: list[Product]) -> tuple[float, str]:
    """h, and where they are from: the first product's usual rate, else the one duration that all products have."""
    first = products[0]
    if first.usual_rate is not None:
        hours = max(amount.mg / first.usual_rate, first.shortest_duration)
        return hours, f"the usual rate of {first.usual_rate:g} mg/h"
    usual = {product.shortest_duration for product in products if not product.continuous}
    if not usual or max(usual) <= 0 or max(usual) - min(usual) > _SAME:
        raise Unreadable("how long it ran is not charted")
    return max(usual), f"the usual {max(usual):g} h"


def _about_status(item: Charted, drug: Drug, amount: Amount) -> tuple[Finding, ...]:
    if item.status == "completed" and not item.until:
        return ()
    named = this(item.resource, drug)
    if item.status == "stopped":
        reason = reason_of(item.resource)
        text = f"{named} is charted as stopped{reason}; the charted {amount.mg:g} mg was taken as what was given."
        if amount.planned is not None:
            text = f"{named} is charted as stopped{reason}; of {amount.planned:g} mg planned {amount.mg:.4g} mg ran,"
            text = f"{text} by its rate and times, and were counted."
        return (finding("dose-stopped", "warning", text),)
    if item.status == "in-progress" and not item.until:
        text = f"{named} is still running; all of its {amount.mg:g} mg was counted."
        return (finding("dose-in-progress", "info", text),)
    if item.until:
        text = f"{named} has no charted end; its rate was taken to run {item.until}: {amount.mg:.4g} mg."
        return (finding("infusion-end-taken", "info", text),)
    return ()


def _note(item: Charted, amount: Amount) -> str:
    return amount.note if item.status == "completed" else f"{amount.note}; status {item.status}"
