"""Covariates from Conditions by SNOMED CT and ICD-10 codes: what is in force, since when, and what is not and why."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_since, say
from fhir.codes import codes_in, words_of
from fhir.errors import UnreadableTime
from fhir.reading import Measured, Stream, finding
from fhir.terminology import data
from fhir.wire import mapping, quoted, rows, string
from models.covariates import words
from models.drug import Drug
from models.findings import Finding

_IN_FORCE = ("active", "recurrence", "relapse")
_DOUBTED = ("provisional", "differential", "unconfirmed")
_FOR_EVERY_DRUG = ("pregnant",)


def read_conditions(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Each covariate that the drug asks for and a Condition says, from its onset; what is not counted is said."""
    for name, entry in data("conditions.toml").items():
        if name in drug.covariates or name in _FOR_EVERY_DRUG:
            yield from _values(name, entry, shelf, now) if "values" in entry else _flag(name, entry, 1.0, shelf, now)


def _values(name: str, entry: Mapping[str, Any], shelf: Shelf, now: datetime) -> Stream:
    """A covariate of several kinds; where the chart says more than one of them, none is taken."""
    found = [item for value, codes in entry["values"].items() for item in _flag(name, codes, float(value), shelf, now)]
    measured = [item for item in found if isinstance(item, Measured)]
    yield from (item for item in found if isinstance(item, Finding))
    if len({item.value for item in measured}) > 1:
        text = f"the chart says more than one {words(name)}: {', '.join(item.charted for item in measured)}."
        yield finding(f"{_slug(name)}-ambiguous", "warning", f"{text} None of them was taken.")
    else:
        yield from measured


def _flag(name: str, entry: Mapping[str, Any], value: float, shelf: Shelf, now: datetime) -> Stream:
    for condition in shelf.of_type("Condition"):
        concept = condition.get("code")
        if _carries(concept, entry):
            yield _judged(name, entry, value, condition, now)
        elif _named(condition, entry):
            text = f"a condition names {words(name)} in words only, without a code; it was not taken as one."
            yield finding(f"{_slug(name)}-uncoded", "warning", text)


def _named(condition: Resource, entry: Mapping[str, Any]) -> bool:
    concept = condition.get("code")
    void = _status(condition, "verificationStatus") in ("refuted", "entered-in-error")
    coded = any(rows(concept, "coding"))
    return not void and not coded and any(word in words_of(concept) for word in entry.get("words", ()))


def _carries(concept: Any, entry: Mapping[str, Any]) -> bool:
    icd = {code.replace(".", "") for code in codes_in(concept, "icd10")}
    without = tuple(code.replace(".", "") for code in entry.get("not_icd10", ()))
    beginnings = tuple(code.replace(".", "") for code in entry.get("icd10", ()))
    by_icd = any(code.startswith(beginnings) and not (without and code.startswith(without)) for code in icd)
    return by_icd or bool(icd & set(entry.get("icd10_whole", ()))) or _snomed(concept, entry)


def _snomed(concept: Any, entry: Mapping[str, Any]) -> bool:
    return bool(codes_in(concept, "snomed") & set(entry.get("snomed", ())))


def _judged(
    name: str, entry: Mapping[str, Any], value: float, condition: Resource, now: datetime
) -> Measured | Finding:
    """The covariate, or why the condition does not count."""
    why = _why_not(condition, now)
    onset = _onset(condition)
    if not why and onset and onset > now + SKEW:
        why = f"its onset, {say(onset)}, lies after now"
    if not why and onset and "days" in entry and onset < now - timedelta(days=entry["days"]):
        why = f"its onset, {say(onset)[:10]}, is over {entry['days']} days ago, and it was not taken as still so"
    if why:
        return finding(f"{_slug(name)}-not-counted", "info", f"{words(name)} is charted and was not counted: {why}.")
    charted = _charted(condition)
    note = f"condition {charted}, {_status(condition, 'clinicalStatus') or 'without a clinical status'}"
    since = f"{note}; since {say(onset)[:10]}" if onset else f"{note}; since when is not charted"
    source = Source(resource=reference_of(condition), version=version_of(condition), time=onset, note=since)
    return Measured(name=name, value=value, when=onset or now, source=source, charted=charted)


def _why_not(condition: Resource, now: datetime) -> str:
    if condition.get("modifierExtension") or condition.get("implicitRules"):
        return "it carries a modifier this service does not know"
    verified, clinical = _status(condition, "verificationStatus"), _status(condition, "clinicalStatus")
    if verified in ("refuted", "entered-in-error", *_DOUBTED):
        return f"it is charted as {verified}"
    if verified not in ("", "confirmed"):
        return f"its verification status {quoted(verified)} is not known"
    if clinical not in ("", *_IN_FORCE):
        return f"it is charted as {quoted(clinical)}"
    ended = next((name for name in condition if name.startswith("abatement")), "")
    return "it is charted as ended" if ended and not _later(condition.get("abatementDateTime"), now) else ""


def _later(value: Any, now: datetime) -> bool:
    try:
        return value is not None and read_since(value) > now
    except UnreadableTime:
        return False


def _status(condition: Resource, name: str) -> str:
    return string(condition, name, "coding", 0, "code")


def _onset(condition: Resource) -> datetime | None:
    for value in (
        condition.get("onsetDateTime"),
        mapping(condition, "onsetPeriod").get("start"),
        condition.get("recordedDate"),
    ):
        try:
            return read_since(value)
        except UnreadableTime:
            continue
    return None


def _charted(condition: Resource) -> str:
    """The code that was read, for sentences."""
    return next(iter(_codes(condition)), "")


def _codes(condition: Resource) -> Iterator[str]:
    for system in ("icd10", "snomed"):
        yield from (code for code in sorted(codes_in(condition.get("code"), system)))


def _slug(name: str) -> str:
    return name.replace("_", "-")
