"""Interacting drugs as covariates: by code, from orders, administrations and statements; what was searched is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_since, say
from fhir.codes import carries, codes_in, data, words_of
from fhir.errors import UnreadableTime
from fhir.medication import concepts_of
from fhir.reading import Measured, Stream, finding
from fhir.wire import mapping, string
from models.covariates import words
from models.drug import Drug
from models.findings import Finding

_KINDS = ("MedicationRequest", "MedicationAdministration", "MedicationStatement")
_DAYS = 7  # a drug given so long ago still counts, where its own entry says nothing else (house figure)
_AN_ORDER = ("order", "original-order", "reflex-order", "filler-order", "instance-order", "")


@dataclass(frozen=True, kw_only=True)
class _Use:
    """One resource that says that a drug is taken. since: None = not charted. last: of an administration, else None."""

    resource: Resource
    concepts: tuple[Mapping[str, Any], ...]
    since: datetime | None
    last: datetime | None


def read_interactions(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """1 from the first day on for each flag of the drug's models that a drug in use stands for."""
    flags = {name: row["drugs"] for name, row in data("interactions.toml")["flags"].items() if name in drug.covariates}
    if not flags:
        return
    uses = [use for kind in _KINDS for item in shelf.of_type(kind) if (use := _use(item, shelf, now))]
    for name, drugs in flags.items():
        for other in drugs:
            yield from _of(name, other, uses, drug, now)
    yield _searched(flags, shelf)


def _of(name: str, other: str, uses: list[_Use], drug: Drug, now: datetime) -> Stream:
    """One interacting drug: the use that began first, else what keeps it from counting."""
    entry = data("interactions.toml")["drugs"][other]
    mine = [use for use in uses if _is(use, entry) and not _is(use, {"rxnorm": drug.rxnorm, "atc": drug.atc})]
    recent = [use for use in mine if use.last is None or use.last >= now - timedelta(days=entry.get("days", _DAYS))]
    if recent:
        yield _measured(name, other, recent, now)
    elif mine:
        last = max(use.last for use in mine if use.last)
        text = f"{other} ({words(name)}) was last charted as given on {say(last)[:10]}; it no longer counts as taken."
        yield finding("interaction-past", "info", text)
    named = [use for use in uses if not mine and _named(use, other, entry)]
    if named:
        text = f"{other} ({words(name)}) is named in words only, without a code this service reads; it was not counted."
        yield finding("interaction-uncoded", "warning", f"{text} If it is taken, the estimate is off.")


def _measured(name: str, other: str, uses: list[_Use], now: datetime) -> Measured:
    first = min(uses, key=lambda use: (use.since or now, reference_of(use.resource)))
    kind = string(first.resource, "resourceType")
    source = Source(
        resource=reference_of(first.resource),
        version=version_of(first.resource),
        time=first.since,
        note=f"{other}, by code in a {kind}" + ("" if first.since else "; since when is not charted"),
    )
    return Measured(name=name, value=1.0, when=min(first.since or now, now), source=source, charted=other)


def _searched(flags: Mapping[str, Any], shelf: Shelf) -> Finding:
    counts = ", ".join(f"{len(shelf.of_type(kind))} {kind}" for kind in _KINDS)
    what = ", ".join(words(name) for name in flags)
    text = f"interacting drugs ({what}) were looked for by code in what was supplied: {counts}."
    return finding("interactions-searched", "info", f"{text} One not found there may still be taken.")


def _is(use: _Use, codes: Mapping[str, Any]) -> bool:
    atc = tuple(codes["atc"])
    return any(
        carries(concept, {"rxnorm": codes["rxnorm"]})
        or (atc and any(code.startswith(atc) for code in codes_in(concept, "atc")))
        for concept in use.concepts
    )


def _named(use: _Use, other: str, entry: Mapping[str, Any]) -> bool:
    told = string(use.resource, "medicationReference", "display").lower()
    text = " ".join([told, *(words_of(concept) for concept in use.concepts)])
    return any(word in text for word in entry.get("words", (other,)))


def _use(resource: Resource, shelf: Shelf, now: datetime) -> _Use | None:
    """The use that a resource says, None where it says that the drug is not taken now."""
    kind, status = string(resource, "resourceType"), string(resource, "status")
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        return None
    if kind == "MedicationRequest":
        ordered = status == "active" and string(resource, "intent") in _AN_ORDER
        span = (resource.get("authoredOn"), None) if ordered and resource.get("doNotPerform") is not True else None
    elif kind == "MedicationStatement":
        span = _span(resource) if status == "active" else None
    else:
        span = _span(resource) if status in ("completed", "in-progress", "stopped") else None
    if span is None:
        return None
    since, until = _moment(span[0]), _moment(span[1])
    if (since and since > now + SKEW) or (kind == "MedicationStatement" and until and until < now):
        return None
    last = (until or since or now) if kind == "MedicationAdministration" else None
    return _Use(resource=resource, concepts=concepts_of(resource, shelf) or (), since=since, last=last)


def _span(resource: Resource) -> tuple[Any, Any]:
    period = mapping(resource, "effectivePeriod")
    return resource.get("effectiveDateTime") or period.get("start"), period.get("end")


def _moment(value: Any) -> datetime | None:
    try:
        return read_since(value)
    except UnreadableTime:
        return None
