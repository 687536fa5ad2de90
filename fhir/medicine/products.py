"""Products and intervals that the model does not stand for: prolonged-release forms, once-daily dosing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from fhir.bundle import Resource, Shelf
from fhir.chart import OrderedRegimen
from fhir.clock import hours_between
from fhir.codes import words_of
from fhir.medicine.medication import concepts_of, match
from fhir.reading import Given, finding
from fhir.wire import rows, string
from models.drug import Drug
from models.findings import Finding

_PATTERN = timedelta(days=7)  # doses of this long ago and since show how the drug is given now
_DOSES = 4  # so many of them are needed, so that one missed dose makes no pattern
_IN_USE = ("active", "on-hold", "draft", "completed", "in-progress", "stopped", "unknown", "")


def other_product(resource: Resource, drug: Drug, shelf: Shelf) -> Finding | None:
    """Critical where an order or administration of the drug names a product that the model does not cover."""
    if string(resource, "status") not in _IN_USE or match(resource, drug, shelf) not in ("is", "kin", "words"):
        return None
    words = _words(resource, shelf)
    named = next((word for word in drug.covers.excluded if word in words), None)
    if named is None:
        return None
    text = f"the chart names a {drug.name} product as {named!r}. {drug.covers.says}"
    return finding("product-not-covered", "critical", text)


def _words(resource: Resource, shelf: Shelf) -> str:
    """Everything that names the product, in lower case."""
    told = [string(resource, "medicationReference", "display")]
    told += [words_of(concept) for concept in concepts_of(resource, shelf) or ()]
    told += [string(row, "text") for row in rows(resource, "dosageInstruction")]
    return " ".join(told).lower()


def other_interval(regimen: OrderedRegimen | None, drug: Drug) -> tuple[Finding, ...]:
    """Critical where an order's interval is longer than the model's product is given at."""
    longest = drug.covers.longest_interval
    if regimen is None or regimen.interval is None or longest is None or regimen.interval <= longest:
        return ()
    text = f"{drug.name} is ordered every {regimen.interval:g} h. {drug.covers.says}"
    return (finding("interval-not-covered", "critical", text),)


def other_pattern(doses: list[Given], drug: Drug, now: datetime) -> Iterator[Finding]:
    """As other_interval, of the doses of the last week: what is given counts more than what is ordered."""
    longest = drug.covers.longest_interval
    times = sorted({dose.when for dose in doses if dose.when >= now - _PATTERN})
    if longest is None or len(times) < _DOSES:
        return
    usual = median(hours_between(first, second) for first, second in pairwise(times))
    if usual > longest:
        text = f"{drug.name} is charted as given every {usual:.0f} h. {drug.covers.says}"
        yield finding("interval-not-covered", "critical", text)


def shelf_products(shelf: Shelf, drug: Drug) -> Iterator[Finding]:
    """Each order in force and administration that names another product, once."""
    kinds = ("MedicationRequest", "MedicationAdministration")
    found = (other_product(item, drug, shelf) for kind in kinds for item in shelf.of_type(kind) if _now(item))
    yield from {item.text: item for item in found if item}.values()


def _now(resource: Resource) -> bool:
    """An order that ended says nothing about what is taken now; an administration that was made does."""
    return string(resource, "resourceType") != "MedicationRequest" or string(resource, "status") == "active"
