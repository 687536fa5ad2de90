"""Renal replacement and transplantations of a kidney or a lung, from Procedures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fhir.bundle import Resource, Shelf, reference_of, version_of
from fhir.chart import Source
from fhir.clock import SKEW, read_day_or_instant, say
from fhir.codes import carries, table, words_of
from fhir.errors import UnreadableTime
from fhir.reading import Measured, Stream, finding
from fhir.wire import mapping, string
from models.drug import Drug
from models.findings import Finding

# Procedure.status under which (part of) it took place
_TOOK_PLACE = ("completed", "in-progress", "on-hold", "stopped", "unknown")
# a session longer ago than this says nothing about this stay: those on dialysis have one every two or three days
_OLD = timedelta(days=30)


def read_dialysis(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """dialysis = 1 from the start of each session, for a drug that dialysis removes or whose models ask.

    Words without a code are said.
    """
    if not drug.removed_by_dialysis and "dialysis" not in drug.covariates:
        return
    for procedure in _about(shelf, "dialysis"):
        if carries(procedure.get("code"), table()["procedures"]["crrt"]):
            continue  # read_crrt has it
        if carries(procedure.get("code"), table()["procedures"]["dialysis"]):
            yield from _session(procedure, now)
        else:
            yield _uncoded(procedure, drug, now)


def read_crrt(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """crrt = 1 from the start of a coded continuous treatment of the last 30 days; its end is said, not counted."""
    if not drug.removed_by_dialysis and "crrt" not in drug.covariates:
        return
    for procedure in _about(shelf, "crrt"):
        start, end = _start(procedure), _moment(mapping(procedure, "performedPeriod").get("end"))
        if start and start > now + SKEW:
            yield finding(
                "crrt-planned", "info", f"continuous renal replacement is charted for {say(start)}, after now."
            )
        elif (end or start or now) < now - _OLD:
            text = f"continuous renal replacement of {say(start or end or now)[:10]} is over 30 days old; it was not"
            yield finding("crrt-old", "info", f"{text} taken as of this stay.")
        else:
            ended = f", ended {say(end)}" if end and end <= now else ""
            begun = f" from {say(start)}" if start else ""
            text = f"continuous renal replacement is charted{begun}{ended}; what it removes is not in a form read here."
            remark = finding("crrt", "warning", text)
            yield replace(_measured("crrt", 1.0, procedure, start or now, f"CRRT{ended}"), remarks=(remark,))


def _uncoded(procedure: Resource, drug: Drug, now: datetime) -> Finding:
    """Named in words: continuous treatment, a catheter, a session under a local code; what it removed is open."""
    start = _start(procedure)
    when = f" ({say(start)})" if start else ""
    text = f"a procedure{when} names dialysis or filtration without a code this service knows; whether it removed"
    old = start is not None and start < now - _OLD
    return finding("dialysis-uncoded", "warning" if old else "critical", f"{text} {drug.name} is not known.")


def read_transplant(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    """Of a kidney: days_after_transplant = 0 at the latest before now, from where time counts on, and its flag.

    Of a lung: its flag, in words or undated too; a recipient of one is not dosed as one of a kidney.
    """
    if "lung_transplant" in drug.covariates:
        yield from _lung(shelf, now)
    if "days_after_transplant" in drug.covariates or "kidney_transplant" in drug.covariates:
        yield from _kidney(shelf, drug, now)


def _lung(shelf: Shelf, now: datetime) -> Stream:
    for procedure in _about(shelf, "lung_transplant"):
        when = _start(procedure)
        if when is None or when <= now + SKEW:
            yield _measured("lung_transplant", 1.0, procedure, when or now, "lung transplantation")


def _kidney(shelf: Shelf, drug: Drug, now: datetime) -> Stream:
    codes = table()["procedures"]["kidney_transplant"]
    timed = [(procedure, _start(procedure)) for procedure in _about(shelf, "kidney_transplant")]
    coded = [(p, when) for p, when in timed if carries(p.get("code"), codes) and when and when <= now + SKEW]
    if not coded:
        if timed:
            text = "a kidney transplantation is charted without a code or a date that can be used."
            yield finding("transplant-unreadable", "warning", text)
        return
    procedure, when = max(coded, key=lambda item: item[1] or now)
    for name, value in (("days_after_transplant", 0.0), ("kidney_transplant", 1.0)):
        if when is not None and name in drug.covariates:
            yield _measured(name, value, procedure, when, f"kidney transplantation {say(when)[:10]}")
    if when is not None and "living_donor" in drug.covariates:
        yield from _donor(procedure, when)


def _donor(procedure: Resource, when: datetime) -> Stream:
    """living_donor, where the code of the last transplantation names the donor and only then."""
    entry = table()["procedures"]["living_donor"]
    living, deceased = (carries(procedure.get("code"), {"snomed": entry[key]}) for key in ("snomed", "deceased"))
    if living != deceased:
        yield _measured("living_donor", float(living), procedure, when, f"{'living' if living else 'deceased'} donor")


def _session(procedure: Resource, now: datetime) -> Stream:
    start = _start(procedure)
    if start is None:
        text = "a dialysis session is charted without a date that can be used; it counts as during this stay."
        session = _measured("dialysis", 1.0, procedure, now, "dialysis, time not charted")
        yield replace(session, remarks=(finding("dialysis", "warning", text),))
        return
    if start > now + SKEW:
        yield finding("dialysis-planned", "info", f"a dialysis session is charted for {say(start)}, after now.")
        return
    if start < now - _OLD:
        text = f"a dialysis session of {say(start)} is over 30 days old; it was not taken as one of this stay."
        yield finding("dialysis-old", "warning", text)
        return
    end = _moment(mapping(procedure, "performedPeriod").get("end"))
    until = f" to {say(end)}" if end else ""
    text = (
        f"a haemodialysis session is charted, {say(start)}{until}; levels from before it do not show what it removed."
    )
    session = _measured("dialysis", 1.0, procedure, start, "haemodialysis session")
    yield replace(session, remarks=(finding("dialysis", "warning", text),))


def _about(shelf: Shelf, name: str) -> Iterator[Resource]:
    entry = table()["procedures"][name]
    for procedure in shelf.of_type("Procedure"):
        told = words_of(procedure.get("code"))
        named = carries(procedure.get("code"), entry) or any(word in told for word in entry["words"])
        if named and string(procedure, "status") in _TOOK_PLACE:
            yield procedure


def _start(procedure: Resource) -> datetime | None:
    period = mapping(procedure, "performedPeriod")
    return _moment(period.get("start") or period.get("end") or procedure.get("performedDateTime"))


def _moment(value: Any) -> datetime | None:
    try:
        return read_day_or_instant(value)[0]
    except UnreadableTime:
        return None


def _measured(name: str, value: float, procedure: Resource, when: datetime, charted: str) -> Measured:
    source = Source(resource=reference_of(procedure), version=version_of(procedure), time=when, note=charted)
    return Measured(name=name, value=value, when=when, source=source, charted=charted)
