"""One charted administration before its amount is read: what, when, under which order; and how it is named aloud."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir.bundle import Resource, Shelf, local, reference_of
from fhir.clock import hours_between, read_instant, say
from fhir.errors import Unreadable, UnreadableTime
from fhir.medicine.contents import Contents, contents_of
from fhir.medicine.dosage import Rate, read_rate
from fhir.quantity import said
from fhir.wire import mapping, number, quoted, rows, string
from models.drug import Drug

GIVEN = ("completed", "in-progress", "stopped")


@dataclass(frozen=True, kw_only=True)
class Charted:
    """end: None = not charted. until: who said the end ("" the chart, else words for the note).

    bolus: charted beside an infusion in the same resource.
    request, part_of: "MedicationRequest/1", "MedicationAdministration/2" or "". rate: None = none, or not readable.
    """

    resource: Resource
    dosage: Mapping[str, Any]
    contents: Contents
    start: datetime
    end: datetime | None
    status: str
    request: str
    part_of: str
    rate: Rate | None
    until: str = ""
    bolus: bool = False

    @property
    def dose(self) -> Mapping[str, Any]:
        return mapping(self.dosage, "dose")

    @property
    def hours(self) -> float | None:
        return None if self.end is None else hours_between(self.start, self.end)

    @property
    def name(self) -> str:
        return reference_of(self.resource)

    @property
    def by_rate_alone(self) -> bool:
        return self.rate is not None and not self.dose


def charted(resource: Resource, drug: Drug, shelf: Shelf) -> Iterator[Charted]:
    """The administration; two where one resource holds a bolus beside an infusion. Raises Unreadable."""
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        raise Unreadable("it carries a modifier this service does not know")
    dosages = list(rows(resource, "dosage"))
    if any(row.get("modifierExtension") for row in dosages):
        raise Unreadable("its dosage carries a modifier this service does not know")
    start, end = times_of(resource)
    contents = contents_of(resource, drug, shelf)
    if len(dosages) > 1:
        dosages = _bolus_first(dosages)
    for place, dosage in enumerate(dosages or [{}]):
        bolus = len(dosages) > 1 and place == 0
        yield Charted(
            resource=resource,
            dosage=dosage,
            contents=contents,
            start=start,
            end=None if bolus else end,
            status="completed" if bolus else string(resource, "status"),
            request=local(string(resource, "request", "reference")),
            part_of=_part_of(resource),
            rate=_rate(dosage),
            bolus=bolus,
        )


def times_of(resource: Resource) -> tuple[datetime, datetime | None]:
    if "effectiveDateTime" in resource:
        return read_instant(resource["effectiveDateTime"]), None
    period = mapping(resource, "effectivePeriod")
    start = read_instant(period.get("start"))
    end = read_instant(period.get("end")) if string(period, "end") else None
    if end is not None and end < start:
        raise Unreadable("it ends before it starts")
    return start, end


def this(resource: Resource, drug: Drug) -> str:
    """How an administration is named in a sentence: "a vancomycin dose of 1 g, 2026-11-18 08:00 UTC+01:00,"."""
    dose = mapping(next(rows(resource, "dosage"), {}), "dose")
    amount = f" of {said(dose)}" if number(dose, "value") is not None else ""
    start = resource.get("effectiveDateTime") or mapping(resource, "effectivePeriod").get("start")
    try:
        return f"a {drug.name} dose{amount}, {say(read_instant(start))},"
    except UnreadableTime:
        return f"a {drug.name} dose{amount}"


def reason_of(resource: Resource) -> str:
    """' (reason: "Nausea")' from the coded statusReason; free text may hold a name and is not repeated."""
    codings = [coding for row in rows(resource, "statusReason") for coding in rows(row, "coding")]
    shown = next((string(coding, "display") for coding in codings if string(coding, "code")), "")
    return f" (reason: {quoted(shown)})" if shown else ""


def _part_of(resource: Resource) -> str:
    parents = [local(string(row, "reference")) for row in rows(resource, "partOf")]
    return next((parent for parent in parents if parent.startswith("MedicationAdministration/")), "")


def _bolus_first(dosages: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    bolus = [row for row in dosages if row.get("dose") and not (row.get("rateQuantity") or row.get("rateRatio"))]
    infusion = [row for row in dosages if row.get("rateQuantity") or row.get("rateRatio")]
    if len(dosages) != 2 or len(bolus) != 1 or len(infusion) != 1:
        raise Unreadable("it lists several dosages, which is more than one bolus beside one infusion")
    return [bolus[0], infusion[0]]


def _rate(dosage: Mapping[str, Any]) -> Rate | None:
    """The rate; an odd one takes nothing away from an amount charted beside it, and is refused where it is alone."""
    try:
        return read_rate(dosage)
    except Unreadable:
        if mapping(dosage, "dose"):
            return None
        raise
