"""Infusions charted in steps: a rate runs until the next one charted, a pause or now; wholes are told from parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from fhir.charted import Charted
from fhir.clock import hours_between, say
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
    alone = []
    infusions: dict[str, list[Charted]] = defaultdict(list)
    for item in items:
        key = item.part_of or item.request
        if item.by_rate_alone:
            infusions[key or item.name].append(item)
        else:
            alone.append(item)
    steps = [step for found in infusions.values() for step in _ended(sorted(found, key=_by_start), now)]
    running = sorted((step for step in steps if not _pause(step)), key=_by_start)
    twice = [_overlap(first, second, drug) for first, second in pairwise(running) if _at_once(first, second)]
    return Steps(items=(*alone, *running), findings=tuple(twice))


def _by_start(item: Charted) -> tuple[datetime, str]:
    return item.start, item.name


def _ended(found: list[Charted], now: datetime) -> list[Charted]:
    followers = [*found[1:], None]
    return [_until(item, follower, now) for item, follower in zip(found, followers, strict=True)]


def _until(item: Charted, follower: Charted | None, now: datetime) -> Charted:
    if item.end is not None:
        return item
    if follower is not None and follower.start > item.start:
        return replace(item, end=follower.start, until="until the next charted rate")
    if item.status == "in-progress" and item.start <= now:
        return replace(item, end=now, until="until now, still running")
    return item


def _pause(item: Charted) -> bool:
    return item.rate is not None and item.rate.value == 0 and item.rate.of != "other"


def _at_once(first: Charted, second: Charted) -> bool:
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
