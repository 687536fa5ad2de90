"""Critical illness by the bed: the current Encounter's place is coded as an intensive care unit; said wherever used."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_instant, say
from fhir.codes import carries, table
from fhir.errors import UnreadableTime
from fhir.reading import Measured, Stream, finding
from fhir.wire import mapping, rows, string
from models.drug import Drug


def read_critical_care(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """critically_ill = 1 from the arrival in the unit where the patient lies now; nothing is concluded elsewhere."""
    if "critically_ill" not in drug.covariates:
        return
    for encounter in shelf.of_type("Encounter"):
        if string(encounter, "status") != "in-progress" or encounter.get("modifierExtension"):
            continue
        for bed in rows(encounter, "location"):
            if _is_now(bed, now) and _is_unit(bed, encounter, shelf):
                yield _measured(encounter, _moment(mapping(bed, "period").get("start")), now)
                return


def _is_now(bed: Mapping[str, Any], now: datetime) -> bool:
    """Whether the patient lies there: active, begun, not ended; a bed that was left or is reserved is not."""
    period = mapping(bed, "period")
    start, end = _moment(period.get("start")), _moment(period.get("end"))
    open_ended = "end" not in period or (end is not None and end > now)
    begun = "start" not in period or (start is not None and start <= now + SKEW)
    return string(bed, "status") in ("active", "") and begun and open_ended


def _is_unit(bed: Mapping[str, Any], encounter: Resource, shelf: Shelf) -> bool:
    place = shelf.follow(string(bed, "location", "reference"), encounter) or {}
    return any(carries(kind, table()["critical_care"]) for kind in rows(place, "type"))


def _measured(encounter: Resource, since: datetime | None, now: datetime) -> Measured:
    told = f" since {say(since)}" if since else ""
    text = f"critical illness is taken from the bed: the chart places the patient in an intensive care unit{told}."
    source = Source(
        resource=reference_of(encounter),
        version=version_of(encounter),
        time=since,
        note=f"in an intensive care unit{told}, by the Location of the current Encounter",
    )
    value = Measured(name="critically_ill", value=1.0, when=min(since or now, now), source=source, charted="ICU bed")
    return replace(value, remarks=(finding("critical-illness-by-bed", "info", text),))


def _moment(value: Any) -> datetime | None:
    try:
        return read_instant(value)
    except UnreadableTime:
        return None
