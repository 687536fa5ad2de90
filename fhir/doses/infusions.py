"""Infusions charted in steps: a rate runs until the next one charted, a pause or now; wholes are told from parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise, zip_longest

from fhir.clock import hours_between, say
from fhir.doses.charted import Charted, this
from fhir.errors import Unreadable
from fhir.reading import Given, finding
from models.drug import Drug
from models.findings import Finding

_SEAM_H = 0.1  # clocks of pump and chart differ by so much where one rate follows another
_APART = 0.05  # the parts of an infusion and its whole may differ by this fraction: pumps and nurses round


@dataclass(frozen=True, kw_only=True)
class Steps:
    items: tuple[Charted, ...]
    findings: tuple[Finding, ...]


def in_steps(items: Iterable[Charted], drug: Drug, now: datetime) -> Steps:
    """Charted rates with their ends: of one order, or parts of one administration, each runs until the next."""
    infusions: dict[str, list[Charted]] = defaultdict(list)
    for place, item in enumerate(items):
        infusions[item.part_of or item.request or f"#{place}"].append(item)
    found, doubts = [], []
    for infusion in infusions.values():
        steps = sorted(infusion, key=_by_start)
        if any(step.by_rate_alone for step in steps):
            doubts += [_unclear(step, drug) for step in steps if _bolus_or_bag(step)]
            steps = _ended([step for step in steps if not _bolus_or_bag(step)], now)
        found += steps
    rated = sorted((step for step in found if step.rate and step.end), key=_by_start)
    doubts += [_overlap(first, second, drug) for first, second in pairwise(rated) if _at_once(first, second)]
    return Steps(items=tuple(found), findings=tuple(doubts))


def _by_start(item: Charted) -> tuple[datetime, str]:
    return item.start, item.name


def _ended(steps: list[Charted], now: datetime) -> list[Charted]:
    chain = [step for step in steps if _in_chain(step)]
    ended = [_until(step, follower, now) for step, follower in zip_longest(chain, chain[1:])]
    others = [step for step in steps if not _in_chain(step)]
    return [*others, *(step for step in ended if not _pause(step) and not _stop(step))]


def _in_chain(item: Charted) -> bool:
    return item.by_rate_alone or _bag(item) or _stop(item)


def _until(item: Charted, follower: Charted | None, now: datetime) -> Charted:
    if item.end is not None or _stop(item) or (_bag(item) and not _changed(item, follower)):
        return item
    if follower is not None and follower.start > item.start:
        dosage = {key: value for key, value in item.dosage.items() if key != "dose"}
        return replace(item, dosage=dosage, end=follower.start, until="until the next charted rate")
    if item.status == "in-progress" and item.start <= now:
        return replace(item, end=now, until="until now, still running")
    return item


def _bag(item: Charted) -> bool:
    """A dose hung at a rate, whose end is not charted."""
    return bool(item.dose) and item.rate is not None and item.rate.value > 0 and item.end is None


def _stop(item: Charted) -> bool:
    """Charted to say that the infusion ended, and nothing else."""
    return item.status == "stopped" and not item.dose and item.rate is None and item.end is None


def _changed(bag: Charted, follower: Charted | None) -> bool:
    """Whether a rate was set, or the infusion stopped, before the bag was empty; of its dose only a part ran so far."""
    if follower is None or _bag(follower) or follower.start == bag.start:
        return False
    hours = _hours_of(bag)
    return hours is None or hours > hours_between(bag.start, follower.start) + _SEAM_H


def _hours_of(bag: Charted) -> float | None:
    try:
        reading = bag.contents.read(bag.dose)
    except (Unreadable, OverflowError):
        return None
    if bag.rate is None or bag.rate.of != "mass" or not reading.share:
        return None
    return reading.mg / (bag.rate.value * reading.share)


def _bolus_or_bag(item: Charted) -> bool:
    """A dose without rate or end beside rates of one order: given at once, or what the rates are run from."""
    return bool(item.dose) and item.rate is None and item.end is None and not item.bolus


def _unclear(item: Charted, drug: Drug) -> Finding:
    text = f"{this(item.resource, drug)} is charted without a rate or an end beside rates of the same order; whether it"
    text = f"{text} was given at once or is what those rates ran from is not said. It was not counted."
    return finding("dose-bolus-or-bag", "critical", text)


def _pause(item: Charted) -> bool:
    return item.rate is not None and item.rate.value == 0 and item.rate.of != "other"


def _at_once(first: Charted, second: Charted) -> bool:
    if not (first.by_rate_alone or second.by_rate_alone):
        return False
    same = first.start == second.start
    return same or (first.end is not None and hours_between(second.start, first.end) > _SEAM_H)


def _overlap(first: Charted, second: Charted, drug: Drug) -> Finding:
    text = f"two rates of a {drug.name} infusion are charted at once, from {say(first.start)} and {say(second.start)}"
    return finding("infusion-overlap", "critical", f"{text}; which of them ran the chart can not tell.")


def without_wholes(found: list[tuple[Charted, Given]], drug: Drug) -> Iterator[Given | Finding]:
    """Each dose once, where an administration is charted as a whole and in parts of it (partOf)."""
    parts: dict[str, list[Given]] = defaultdict(list)
    for item, dose in found:
        parts[item.part_of].append(dose)
    for item, dose in found:
        pieces = parts.get(item.name, []) if item.name != "MedicationAdministration" else []
        if not pieces:
            yield dose
            continue
        yield _whole(item, dose, sum(piece.amount for piece in pieces), drug)


def _whole(item: Charted, dose: Given, amount: float, drug: Drug) -> Finding:
    text = f"the {drug.name} dose of {say(dose.when)} is charted as a whole ({dose.amount:.4g} mg) and in parts that"
    text = f"{text} come to {amount:.4g} mg"
    agree = abs(amount - dose.amount) <= _APART * dose.amount
    if agree or (item.status == "in-progress" and amount <= dose.amount):
        return finding("dose-in-parts", "info", f"{text}; the parts were counted.")
    return finding("dose-in-parts", "critical", f"{text}; which of them is true the chart can not tell.")
