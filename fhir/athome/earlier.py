"""What was taken before the first dose known here, at home or elsewhere: what in the chart says so, and what follows.

A patient whose earlier doses are not known looks slow, as a level then stands on too few of them, and the next dose
comes out too small: three doses charted of somebody who has taken the drug for months halve it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from fhir.athome.home import at_home
from fhir.bundle import Resource, Shelf
from fhir.clock import read_since, say
from fhir.errors import UnreadableTime
from fhir.medicine.medication import match
from fhir.ordered.orders import is_order
from fhir.reading import Given, Measured, finding
from fhir.wire import mapping, string
from models.drug import Drug
from models.findings import Finding

# house figures: a first dose so long after a transplantation is not the first; an order and a statement that are over
# say something of so long after they were written; and a day is what an admission may take
_BEGUN = timedelta(days=14)
_LATELY = timedelta(days=90)
_DAY = timedelta(days=1)
# of the longest time in which a dose may still be in a level: little is left after half of it in most patients, 5 %
# of tacrolimus at a half-life of 19 h (house figure)
_SHARE = 0.5
_GRAFTS = ("kidney_transplant", "lung_transplant")


def earlier_doses(
    shelf: Shelf, drug: Drug, levels: Sequence[Measured], doses: Sequence[Given], covariates: Sequence[Measured]
) -> Iterator[Finding]:
    """Critical where the newest level may still hold doses of before the first known one, and the chart says of such.

    levels, doses: in order of time, doses those charted and those assumed.
    """
    if not doses or not levels or levels[-1].when < doses[0].when:
        return
    first = doses[0].when
    known = first + timedelta(hours=_SHARE * drug.checks.longest_since_dose)
    why = next(_signs(shelf, drug, first, covariates), "") if levels[-1].when < known else ""
    if why:
        text = (
            f"{why}, and the first dose of {drug.name} known here is that of {say(first)}: what was taken before it is"
        )
        text = f"{text} not known, and the level of {say(levels[-1].when)} still holds it. Charting it would help, or a"
        yield finding("earlier-doses-unknown", "critical", f"{text} level from {say(known)[:10]} on.")


def _signs(shelf: Shelf, drug: Drug, first: datetime, covariates: Sequence[Measured]) -> Iterator[str]:
    grafts = [item for item in covariates if item.name in _GRAFTS and item.when < first - _BEGUN]
    if grafts and any(name in drug.covariates for name in _GRAFTS):
        yield f"a transplantation of {say(grafts[0].when)[:10]} is charted"
    for order in shelf.of_type("MedicationRequest"):
        if at_home(order) and is_order(order, drug, shelf, words=True) and _before(order, "authoredOn", first):
            yield f"an order for home of {string(order, 'authoredOn')[:10]} is charted"
    for told in shelf.of_type("MedicationStatement"):
        since = "effectivePeriod" if "effectivePeriod" in told else "effectiveDateTime"
        since = since if since in told else "dateAsserted"
        if match(told, drug, shelf) in ("is", "kin", "words") and _before(told, since, first):
            yield f"that the patient takes {drug.name} was charted before"


def _before(resource: Resource, field: str, first: datetime) -> bool:
    """Whether it speaks of a time before the first dose: in force, or over and written not long ago."""
    value = mapping(resource, field).get("start") if field == "effectivePeriod" else resource.get(field)
    try:
        when = read_since(value)
    except UnreadableTime:
        return False
    status = string(resource, "status")
    if status in ("active", "on-hold"):
        return when < first - _DAY
    return status in ("completed", "stopped") and first - _LATELY < when < first - _DAY
