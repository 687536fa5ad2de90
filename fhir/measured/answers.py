"""Covariates that are answered by a coded yes or no (pregnancy, smoking), and breast-feeding as a warning."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_day_or_instant, say
from fhir.codes import codes_in, table, words_of
from fhir.errors import UnreadableTime
from fhir.reading import Measured, Stream, finding
from fhir.wire import quoted, string
from models.covariates import words
from models.drug import Drug

_READ = ("final", "amended", "corrected", "preliminary")
_FOR_EVERY_DRUG = ("pregnant",)


def read_answers(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """1 or 0 at each answer that is recent enough; an answer that is neither is said."""
    for name, entry in table()["answers"].items():
        if name in drug.covariates or name in _FOR_EVERY_DRUG:
            for observation in _coded(shelf, entry):
                yield from _answer(name, entry, observation, now)
    yield from _breastfeeding(shelf, now)


def _coded(shelf: Shelf, entry: Mapping[str, Any]) -> list[Resource]:
    return [
        item
        for item in shelf.of_type("Observation")
        if codes_in(item.get("code"), "loinc") & set(entry["loinc"])
        or codes_in(item.get("code"), "snomed") & set(entry.get("snomed", ()))
    ]


def _answer(name: str, entry: Mapping[str, Any], observation: Resource, now: datetime) -> Stream:
    when = _when(observation, now, entry["days"])
    if when is None:
        return
    said = codes_in(observation.get("valueCodeableConcept"), "snomed")
    yes, no = bool(said & set(entry["yes"])), bool(said & set(entry["no"]))
    if yes == no:
        told = words_of(observation.get("valueCodeableConcept")).strip() or "no coded answer"
        text = f"the answer to {words(name)} of {say(when)[:10]}, {quoted(told)}, is not one this service reads."
        yield finding(f"{name}-unreadable", "info", text)
        return
    source = Source(
        resource=reference_of(observation),
        version=version_of(observation),
        time=when,
        note=f"charted answer {'yes' if yes else 'no'}",
    )
    yield Measured(
        name=name, value=float(yes), when=when, source=source, charted="charted as " + ("yes" if yes else "no")
    )


def _when(observation: Resource, now: datetime, days: int) -> datetime | None:
    """The time of an answer that may be read and is recent enough, else None."""
    if string(observation, "status") not in _READ or observation.get("modifierExtension"):
        return None
    try:
        when = read_day_or_instant(observation.get("effectiveDateTime"))[0]
    except UnreadableTime:
        return None
    return when if now - timedelta(days=days) <= when <= now + SKEW else None


def _breastfeeding(shelf: Shelf, now: datetime) -> Stream:
    """Said wherever it is charted and not plainly denied: what reaches the child is in no model."""
    for observation in _coded(shelf, table()["breastfeeding"]):
        denied = observation.get("valueBoolean") is False or string(
            observation, "valueCodeableConcept", "coding", 0, "code"
        ) in ("N", "373067005")
        when = _when(observation, now, 730)
        if when and not denied:
            told = words_of(observation.get("valueCodeableConcept")).strip() or str(observation.get("valueBoolean"))
            text = f"breast-feeding status is charted ({quoted(told)}, {say(when)[:10]}); what reaches a breast-fed"
            yield finding("breastfeeding", "warning", f"{text} child is not considered here.")
            return
