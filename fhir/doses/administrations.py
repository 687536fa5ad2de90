"""Doses that were given, from MedicationAdministrations; one that can not be read is missed aloud, never silently."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache

from fhir.bundle import Resource, Shelf, local, reference_of
from fhir.chart import OrderedRegimen
from fhir.clock import SKEW
from fhir.crosscheck import HISTORY
from fhir.doses.charted import GIVEN, Charted, charted, reason_of, this, times_of
from fhir.doses.given import read_given
from fhir.doses.infusions import in_steps, without_wholes
from fhir.doses.repeats import without_duplicates
from fhir.errors import Unreadable
from fhir.medicine.medication import match, under_its_order
from fhir.ordered.orders import explain_order
from fhir.reading import Given, Measured, Stream, finding
from fhir.wire import mapping, number, quoted, rows, string
from models.drug import Drug
from models.findings import Finding, Severity

_WEIGHED = timedelta(days=7)  # the weights charted in so long before a rate per kg are those it may be set for
_SAME_WEIGHT = 0.02  # and are one weight where they differ by no more than this fraction (house figures)

Ordered = Callable[[str], OrderedRegimen | None]


def read_administrations(shelf: Shelf, drug: Drug, now: datetime, weights: Iterable[Measured] = ()) -> Stream:
    """Every dose of the drug that was given, and a finding for each that was not or can not be read.

    weights: kg, for rates per kg; used only where those of the week before say one weight.
    """
    found: list[Resource] = []
    for item in _sorted_out(shelf, drug, now):
        if isinstance(item, Finding):
            yield item
        else:
            found.append(item)
    found, repeats = without_duplicates(found, drug)
    yield from repeats
    items: list[Charted] = []
    for resource in found:
        problem = _status(resource, drug, now)
        if problem:
            yield problem
            continue
        try:
            items += charted(resource, drug, shelf)
        except (Unreadable, OverflowError) as error:
            yield _unread(resource, drug, error, now)
    steps = in_steps(items, drug, now)
    yield from steps.findings
    yield from _doses(steps.items, drug, now, _orders(shelf, drug), tuple(weights))


def _sorted_out(shelf: Shelf, drug: Drug, now: datetime) -> Iterator[Resource | Finding]:
    """The administrations of the drug; of the others a finding where one of the drug may be among them."""
    unknown, mine, by_order = [], [], 0
    for resource in shelf.of_type("MedicationAdministration"):
        how = match(resource, drug, shelf)
        if how == "unknown":
            named, how = under_its_order(resource, drug, shelf)
            by_order += named is not resource and string(resource, "status") in GIVEN
            resource = named
        if how in ("is", "kin"):
            mine.append(resource)
            yield resource
        elif how == "words" and string(resource, "status") in GIVEN:
            text = f"{this(resource, drug)} is named in words only, without a code; it was not counted as a dose."
            yield finding("dose-uncoded", _matters(resource, now), text)
        elif how == "unknown":
            unknown.append(resource)
    if by_order:
        text = f"{by_order} administration(s) refer to a medication that was not supplied; they were taken as the"
        yield finding("dose-by-order", "warning", f"{text} {drug.name} of their order.")
    yield from _unnamed(unknown, mine, drug, now)


def _unnamed(unknown: list[Resource], mine: list[Resource], drug: Drug, now: datetime) -> Iterator[Finding]:
    """What may be a dose of the drug; critical where one is of the amount that the drug's doses are of."""
    if not unknown:
        return
    alike = [item for item in unknown if _amounts(item) & {amount for other in mine for amount in _amounts(other)}]
    severity: Severity = "critical" if any(_matters(item, now) == "critical" for item in alike) else "warning"
    text = (
        f"{len(unknown)} administration(s) do not say what was given; a dose of {drug.name} among them is missing here."
    )
    said = f" {len(alike)} of them are of the amount of its doses." if alike else ""
    yield finding("administration-unnamed", severity, f"{text}{said}")


def _amounts(resource: Resource) -> set[tuple[float, str]]:
    doses = [mapping(row, "dose") for row in rows(resource, "dosage")] or [mapping(resource, "dosage", "dose")]
    pairs = [(number(dose, "value"), string(dose, "code") or string(dose, "unit")) for dose in doses]
    given = string(resource, "status") in GIVEN
    return {(value, unit) for value, unit in pairs if given and value is not None and unit}


def _doses(
    items: Iterable[Charted], drug: Drug, now: datetime, ordered: Ordered, weights: tuple[Measured, ...]
) -> Iterator[Given | Finding]:
    found = []
    weighed = tuple(sorted(weights, key=_when))
    for item in items:
        try:
            weight = _weight_for(item, weighed)
            found.append((item, read_given(item, drug, now, ordered(item.request), weight)))
        except (Unreadable, OverflowError) as error:
            yield _unread(item.resource, drug, error, now)
    yield from without_wholes(found, drug)


def _unread(resource: Resource, drug: Drug, error: Exception, now: datetime) -> Finding:
    why = error if isinstance(error, Unreadable) else "its numbers are too large to be true"
    text = f"{this(resource, drug)} was not counted: {why}. Without it predicted levels are not reliable."
    return finding("dose-unreadable", _matters(resource, now), text)


def _matters(resource: Resource, now: datetime) -> Severity:
    """A dose that is missed is critical, unless it is so old that it would not be used either."""
    try:
        return "info" if times_of(resource)[0] < now - HISTORY else "critical"
    except Unreadable:
        return "critical"


def _status(resource: Resource, drug: Drug, now: datetime) -> Finding | None:
    status, reason = string(resource, "status"), reason_of(resource)
    if status in GIVEN:
        return None
    if status == "not-done":
        return finding("dose-not-given", "info", f"{this(resource, drug)} is charted as not given{reason}.")
    if status == "entered-in-error":
        return finding("dose-withdrawn", "info", f"{this(resource, drug)} is charted as an error; it was not counted.")
    if _planned(resource, now):
        text = f"{this(resource, drug)} has the status {quoted(status)} and lies after now; it was not counted."
        return finding("dose-planned", "info", text)
    text = f"{this(resource, drug)} has the status {quoted(status)}{reason}; whether and how much was given is not"
    return finding("dose-status-unknown", _matters(resource, now), f"{text} known. It was not counted.")


def _planned(resource: Resource, now: datetime) -> bool:
    try:
        return times_of(resource)[0] > now + SKEW
    except Unreadable:
        return False


def _orders(shelf: Shelf, drug: Drug) -> Ordered:
    """What the order of an administration says, where it is here and can be read."""
    orders = {reference_of(order): order for order in shelf.of_type("MedicationRequest")}

    @cache
    def ordered(request: str) -> OrderedRegimen | None:
        order = orders.get(local(request))
        return explain_order(order, drug, resources=shelf.resources)[0] if order else None

    return ordered


def _when(weight: Measured) -> datetime:
    return weight.when


def _weight_for(item: Charted, weights: tuple[Measured, ...]) -> Measured | None:
    """The one weight that those charted in the week before say; None where there is none, or more than one.

    weights: in order of time, so that a thousand doses do not each look at all of them.
    """
    if not weights:
        return None
    first = bisect_left(weights, item.start - _WEIGHED, key=_when)
    lately = weights[first : bisect_right(weights, item.start, key=_when)]
    if not lately or max(w.value for w in lately) > (1 + _SAME_WEIGHT) * min(w.value for w in lately):
        return None
    return max(lately, key=lambda weight: weight.when)
