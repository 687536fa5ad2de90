"""Observations that another replaces: a correction or a final report of one result under one identifier."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of
from fhir.reading import finding
from fhir.wire import rows, string
from models.findings import Finding

_RANK = {"registered": 0, "preliminary": 1, "final": 2, "amended": 3, "corrected": 3}


def without_superseded(shelf: Shelf) -> tuple[Shelf, tuple[Finding, ...]]:
    """The shelf without results that a later version under another id replaces, each said.

    One result: the same codes, the same business identifier, and the same sample or the same time. The later one has
    the higher status (a correction after a final), and was issued no earlier; where that does not tell, both stay.
    """
    groups: dict[Any, list[Resource]] = {}
    for observation in shelf.of_type("Observation"):
        for key in set(_keys(observation)):
            groups.setdefault(key, []).append(observation)
    gone = {reference_of(old): new for group in groups.values() if len(group) > 1 for old, new in _replaced(group)}
    if not gone:
        return shelf, ()
    kept = tuple(
        item for item in shelf.resources if item.get("resourceType") != "Observation" or reference_of(item) not in gone
    )
    return replace(shelf, resources=kept), tuple(_said(new) for new in gone.values())


def _keys(observation: Resource) -> Iterator[tuple[object, ...]]:
    codes = frozenset(
        (string(coding, "system"), string(coding, "code")) for coding in rows(observation, "code", "coding")
    )
    sample = string(observation, "specimen", "reference")
    time = string(observation, "effectiveDateTime")
    for identifier in rows(observation, "identifier"):
        name = (string(identifier, "system"), string(identifier, "value"))
        if name[1] and codes:
            yield from ((codes, name, "at", place) for place in (time, sample) if place)


def _replaced(group: list[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """(old, new) where exactly one of the group is the latest by status and not issued before the others."""
    ranked = sorted(group, key=lambda item: (_RANK.get(string(item, "status"), -1), reference_of(item)))
    last, others = ranked[-1], ranked[:-1]
    for other in others:
        later = _RANK.get(string(last, "status"), -1) > _RANK.get(string(other, "status"), -1) >= 0
        if later and not _issued_before(last, other) and reference_of(other) != reference_of(last):
            yield other, last


def _issued_before(last: Resource, other: Resource) -> bool:
    ours, theirs = string(last, "issued"), string(other, "issued")
    return bool(ours and theirs) and ours[:19] < theirs[:19] and ours[19:] == theirs[19:]


def _said(new: Resource) -> Finding:
    status = string(new, "status")
    text = f"a result is charted again as {status} under the same identifier; the earlier version was not used."
    return finding("result-replaced", "info", text)
