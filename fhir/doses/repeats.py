"""The same administration charted in two resources, told by its business identifier, is counted once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from fhir.bundle import Resource
from fhir.doses.charted import GIVEN, this
from fhir.reading import finding
from fhir.wire import mapping, rows, string
from models.drug import Drug
from models.findings import Finding

# what two reports of one administration have to agree in
_SAME = ("status", "dosage", "effectivePeriod", "effectiveDateTime")


def without_duplicates(resources: Iterable[Resource], drug: Drug) -> tuple[list[Resource], list[Finding]]:
    """Resources of one identifier and one start are one administration; the one written last speaks for it.

    One identifier at several times is several administrations: some records number the order, not the dose.
    """
    kept: dict[Any, Resource] = {}
    findings = []
    groups: dict[Any, list[Resource]] = defaultdict(list)
    for place, resource in enumerate(resources):
        groups[_key(resource) or place].append(resource)
    for key, group in groups.items():
        newest = sorted(group, key=_age)
        kept[key] = newest[-1]
        if len(group) > 1:
            findings.append(_said(newest, drug))
    return list(kept.values()), findings


def _key(resource: Resource) -> Any:
    """(identifiers, start), or None where it carries no identifier with a system."""
    found = frozenset(
        (string(row, "system"), string(row, "value"))
        for row in rows(resource, "identifier")
        if string(row, "system") and string(row, "value")
    )
    start = string(resource, "effectiveDateTime") or string(mapping(resource, "effectivePeriod"), "start")
    return (found, start) if found and start else None


def _age(resource: Resource) -> tuple[str, str]:
    return string(resource, "meta", "lastUpdated"), string(resource, "id")


def _said(group: list[Resource], drug: Drug) -> Finding:
    last, before = group[-1], group[-2]
    text = f"{this(last, drug)} is charted in {len(group)} resources of one identifier"
    if all(last.get(name) == item.get(name) for item in group for name in _SAME):
        return finding("dose-repeated", "info", f"{text}; it was counted once.")
    if _age(last)[0] > _age(before)[0]:
        return finding("dose-amended", "warning", f"{text} that differ; the one written last was used.")
    counted = "counted once" if string(last, "status") in GIVEN else "not counted"
    return finding("dose-amended", "critical", f"{text} that differ, and which is newer is not said; it was {counted}.")
