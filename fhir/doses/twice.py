"""Doses charted close to each other: one given twice, one charted twice, or the parts of one."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from statistics import median

from fhir.chart import OrderedRegimen
from fhir.clock import hours_between, say
from fhir.reading import Given, finding
from models.drug import Drug
from models.findings import Finding

# house figures: doses of the same amount this close are one dose charted twice, or one too many
_CLOSE_H, _CLOSE_SHARE = 2.0, 0.25
_SEAM_H = 0.1  # parts of a split infusion follow each other within this time
_SAME = 0.01  # units of one dose come to what is ordered; only rounding is left
_UNTOLD = "the chart can not tell. If it was one dose, predicted levels are too high."


def double_doses(doses: list[Given], drug: Drug, order: OrderedRegimen | None) -> Iterator[Finding]:
    """Equal doses closer than 2 h or a quarter of the interval: the chart can not tell one given twice from a repeat.

    Parts of one infusion that follow on each other are no repeat, unless each is as large as the dose ordered; nor are
    administrations of one minute that together are the dose that their order says. doses: in order of time.
    """
    window = max(_CLOSE_H, _CLOSE_SHARE * (_interval(doses, order) or 0.0))
    units = _in_units(doses)
    yield from (_said_in_units(group, drug) for group in units.values())
    for place, dose in enumerate(doses):
        again = _earlier(doses, place, window, order)
        if again and not (again.when == dose.when and (dose.request, dose.when) in units):
            yield _twice(again, dose, drug)


def _earlier(doses: list[Given], place: int, window: float, order: OrderedRegimen | None) -> Given | None:
    """The last equal dose within the window that is no earlier part of the same infusion."""
    dose = first = doses[place]
    for item in reversed(doses[:place]):
        if hours_between(item.when, dose.when) >= window:
            return None
        if _leads_to(item, first, order):
            first = item
        elif (item.amount, item.route) == (dose.amount, dose.route):
            return item
    return None


def _leads_to(first: Given, second: Given, order: OrderedRegimen | None) -> bool:
    """Whether the second is charted as beginning where the first ended, each less than the dose ordered."""
    if order and order.amount and second.amount >= order.amount:
        return False
    assumed = any(remark.code == "infusion-time-assumed" for remark in first.remarks)
    seam = hours_between(first.when, second.when) - first.duration
    return first.duration > 0 and not assumed and abs(seam) <= _SEAM_H


def _in_units(doses: list[Given]) -> dict[tuple[str, datetime], list[Given]]:
    """Doses of one order and one minute that together are the dose it says."""
    groups: dict[tuple[str, datetime], list[Given]] = defaultdict(list)
    for dose in doses:
        if dose.request and dose.ordered:
            groups[(dose.request, dose.when)].append(dose)
    return {key: group for key, group in groups.items() if len(group) > 1 and _is_ordered(group)}


def _is_ordered(group: list[Given]) -> bool:
    ordered = group[0].ordered or 0.0
    return abs(sum(dose.amount for dose in group) - ordered) <= _SAME * ordered


def _said_in_units(group: list[Given], drug: Drug) -> Finding:
    amounts = " + ".join(f"{dose.amount:g}" for dose in group)
    text = f"{len(group)} {drug.name} administrations of {say(group[0].when)} ({amounts} mg) are together the"
    return finding("dose-in-units", "info", f"{text} {group[0].ordered:g} mg that their order says; taken as one dose.")


def _twice(first: Given, second: Given, drug: Drug) -> Finding:
    minutes = 60 * hours_between(first.when, second.when)
    apart = f"and again {minutes:.0f} min later" if minutes else "twice at that minute"
    text = f"a {drug.name} dose of {second.amount:g} mg is charted for {say(first.when)} {apart}"
    if second.route != "iv":
        return finding("dose-twice", "critical", f"{text}: parts of one dose, or one dose charted twice; {_UNTOLD}")
    return finding("dose-twice", "critical", f"{text}: two doses, or one dose charted twice; {_UNTOLD}")


def _interval(doses: list[Given], order: OrderedRegimen | None) -> float | None:
    """h, of the order; else the median between doses that are not close to each other."""
    if order and order.interval:
        return order.interval
    gaps = [hours_between(first.when, second.when) for first, second in pairwise(doses)]
    apart = [gap for gap in gaps if gap > _CLOSE_H]
    return median(apart) if apart else None
