"""Interacting drugs as covariates: by code, from orders, administrations and statements; none is said aloud too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_since, say
from fhir.codes import carries, codes_in, words_of
from fhir.errors import UnreadableTime
from fhir.medicine.medication import concepts_of
from fhir.reading import Measured, Stream, finding
from fhir.terminology import data
from fhir.wire import mapping, string
from models.covariates import words
from models.drug import Drug
from models.findings import Finding

_KINDS = {
    "MedicationRequest": "order",
    "MedicationAdministration": "administration",
    "MedicationStatement": "medication statement",
}
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
    every = [use for kind in _KINDS for item in shelf.of_type(kind) if (use := _use(item, shelf, now))]
    # the dosed drug is not its own interaction
    uses = [use for use in every if not _is(use, {"rxnorm": drug.rxnorm, "atc": drug.atc})]
    absent = []
    for name, drugs in flags.items():
        in_use = {}
        for other in drugs:
            mine = [use for use in uses if _is(use, _entry(other))]
            recent = [use for use in mine if use.last is None or use.last >= now - _lasting(other)]
            if recent:
                in_use[other] = min(recent, key=lambda use: (use.since or now, reference_of(use.resource)))
            else:
                yield from _not_counted(name, other, mine, uses)
        if in_use:
            yield _measured(name, in_use, now)
        else:
            absent.append(name)
    if absent:
        yield _none_of(absent, shelf)


def _not_counted(name: str, other: str, mine: list[_Use], uses: list[_Use]) -> Stream:
    """A drug that was given long ago, or is named without a code."""
    if mine:
        last = max(use.last for use in mine if use.last)
        text = f"{other} ({words(name)}) was last charted as given on {say(last)[:10]}; it no longer counts as taken."
        yield finding("interaction-past", "info", text)
    elif any(_named(use, other) for use in uses):
        text = f"{other} ({words(name)}) is named in words only, without a code this service reads; it was not counted."
        yield finding("interaction-uncoded", "warning", f"{text} If it is taken, the estimate is off.")


def _measured(name: str, in_use: Mapping[str, _Use], now: datetime) -> Measured:
    """The flag, from the use that began first; all drugs that stand for it are named."""
    first = min(in_use.values(), key=lambda use: (use.since or now, reference_of(use.resource)))
    kind, drugs = string(first.resource, "resourceType"), ", ".join(in_use)
    source = Source(
        resource=reference_of(first.resource),
        version=version_of(first.resource),
        time=first.since,
        note=f"{drugs}, by code; first in a {kind}" + ("" if first.since else ", since when is not charted"),
    )
    return Measured(name=name, value=1.0, when=min(first.since or now, now), source=source, charted=drugs)


def _none_of(absent: Iterable[str], shelf: Shelf) -> Finding:
    """A flag that nothing stands for counts as no: where it was looked for has to be known."""
    text = f"no drug known here as {_either([words(name) for name in absent])} is coded among what was supplied"
    counts = ", ".join(_counted(len(shelf.of_type(kind)), word) for kind, word in _KINDS.items())
    return finding("interaction-not-found", "info", f"{text} ({counts}). One that is not charted may still be taken.")


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _entry(other: str) -> Mapping[str, Any]:
    return data("interactions.toml")["drugs"][other]


def _lasting(other: str) -> timedelta:
    return timedelta(days=_entry(other).get("days", _DAYS))


def _is(use: _Use, codes: Mapping[str, Any]) -> bool:
    atc = tuple(codes["atc"])
    return any(
        carries(concept, {"rxnorm": codes["rxnorm"]})
        or (atc and any(code.startswith(atc) for code in codes_in(concept, "atc")))
        for concept in use.concepts
    )


def _named(use: _Use, other: str) -> bool:
    told = string(use.resource, "medicationReference", "display").lower()
    text = " ".join([told, *(words_of(concept) for concept in use.concepts)])
    return any(word in text for word in _entry(other).get("words", (other,)))


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
