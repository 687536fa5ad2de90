"""A scenario as FHIR R4 resources, with absolute times counted from the instant the sandbox was started."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

from cds_server.sandbox.scenarios import Done, Given, Measured, Ordered, Scenario

Resource = dict[str, Any]
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
HL7 = "http://terminology.hl7.org/CodeSystem"
PRACTITIONER = "Practitioner/sandbox-prescriber"


@cache
def codes() -> dict[str, Any]:
    """The code table of the sandbox's charts."""
    return tomllib.loads((files("cds_server.sandbox") / "codes.toml").read_text("utf-8"))


def resources_of(scenario: Scenario, now: datetime) -> tuple[Resource, ...]:
    """Every resource of one chart; `now` must be aware, its offset is the one the chart shows."""
    return tuple(_numbered(scenario.id, [*_everything(scenario, now)]))


def _everything(scenario: Scenario, now: datetime) -> Iterator[Resource]:
    subject = {"reference": f"Patient/{scenario.id}"}
    yield patient(scenario, now)
    yield _condition(scenario, subject, now)
    yield _no_allergies(subject)
    for measured in scenario.observations:
        yield from _observations(measured, subject, now)
    for given in scenario.administrations:
        yield from _administrations(given, subject, now)
    for done in scenario.procedures:
        yield from _procedures(done, subject, now)
    for ordered in scenario.orders:
        yield order(ordered, scenario.id, now, status="active")


def patient(scenario: Scenario, now: datetime) -> Resource:
    """The Patient: a birthday 100 days before today, so that the age holds for the sandbox's whole life."""
    person = scenario.patient
    given, family = person.name.rsplit(" ", 1)
    born = (now - timedelta(days=100)).date()
    return {
        "resourceType": "Patient",
        "id": scenario.id,
        "meta": {"tag": [{"system": f"{HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}]},
        "identifier": [{"system": "urn:titrate:sandbox", "value": _record_number(scenario.id)}],
        "active": True,
        "name": [{"use": "official", "text": person.name, "family": family, "given": [given]}],
        "gender": person.sex,
        "birthDate": born.replace(year=born.year - person.age, day=min(born.day, 28)).isoformat(),
    }


def _record_number(patient_id: str) -> str:
    return f"SYN-{crc32(patient_id.encode()) % 1_000_000:06d}"


def order(ordered: Ordered, patient_id: str, now: datetime, *, status: str) -> Resource:
    """A MedicationRequest for one regimen; intravenous when it has an infusion time, else by mouth."""
    drug = codes()["drugs"][ordered.drug]
    return {
        "resourceType": "MedicationRequest",
        "status": status,
        "intent": "order",
        "category": [{"coding": [_coding(f"{HL7}/medicationrequest-category", "inpatient", "Inpatient")]}],
        "medicationCodeableConcept": _medication(ordered.drug),
        "subject": {"reference": f"Patient/{patient_id}"},
        "authoredOn": stamp(now, ordered.hours),
        "requester": {"reference": PRACTITIONER},
        "dosageInstruction": [_dosage(ordered, drug)],
    }


def stamp(now: datetime, hours: float) -> str:
    """The instant `hours` after now, to the second, with now's zone offset."""
    return (now + timedelta(hours=hours)).isoformat(timespec="seconds")


def _dosage(ordered: Ordered, drug: dict[str, Any]) -> Resource:
    repeat: Resource = {"frequency": 1, "period": ordered.every, "periodUnit": "h"}
    text = f"{ordered.dose:g} mg every {ordered.every:g} h"
    if ordered.minutes:
        repeat |= {"duration": ordered.minutes, "durationUnit": "min"}
        text += f", infused over {ordered.minutes:g} min"
    route = drug["route"]
    return {
        "text": text,
        "timing": {"repeat": repeat},
        "route": {"coding": [_coding(SNOMED, route["code"], route["display"])]},
        "doseAndRate": [{"doseQuantity": _quantity(ordered.dose, "mg")}],
    }


def _observations(measured: Measured, subject: Resource, now: datetime) -> Iterator[Resource]:
    if measured.subject:
        subject = {"reference": f"Patient/{measured.subject}"}
    values: tuple[Any, ...] = measured.value or (measured.coded,)
    for hours, value in zip(measured.hours, values, strict=True):
        yield _observation(measured, value, hours, subject, now)


def _observation(measured: Measured, value: float | str, hours: float, subject: Resource, now: datetime) -> Resource:
    code = codes()["observations"][measured.code]
    result: Resource = (
        {"valueCodeableConcept": {"text": value}}
        if isinstance(value, str)
        else {"valueQuantity": _quantity(value, measured.unit)}
    )
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [_coding(f"{HL7}/observation-category", code["category"], "")]}],
        "code": {
            "coding": [_coding(LOINC, code["loinc"], code["display"])],
            "text": code.get("short", code["display"]),
        },
        "subject": subject,
        "effectiveDateTime": stamp(now, hours),
        "issued": stamp(now, min(hours + measured.reported, 0.0)),
    } | result


def _administrations(given: Given, subject: Resource, now: datetime) -> Iterator[Resource]:
    drug = codes()["drugs"][given.drug]
    for hours in given.hours:
        when = _period(now, hours, given.minutes / 60) if given.minutes else stamp(now, hours)
        yield {
            "resourceType": "MedicationAdministration",
            "status": given.status,
            "medicationCodeableConcept": _medication(given.drug),
            "subject": subject,
            "effectivePeriod" if given.minutes else "effectiveDateTime": when,
            "dosage": {
                "text": f"{given.dose:g} mg",
                "route": {"coding": [_coding(SNOMED, drug["route"]["code"], drug["route"]["display"])]},
                "dose": _quantity(given.dose, "mg"),
            },
        } | ({"statusReason": [{"text": given.reason}]} if given.reason else {})


def _procedures(done: Done, subject: Resource, now: datetime) -> Iterator[Resource]:
    code = codes()["procedures"][done.code]
    for hours in done.hours:
        yield {
            "resourceType": "Procedure",
            "status": "completed",
            "code": {"coding": [_coding(SNOMED, code["snomed"], code["display"])], "text": code["text"]},
            "subject": subject,
            "performedPeriod": _period(now, hours, done.duration),
        }


def _condition(scenario: Scenario, subject: Resource, now: datetime) -> Resource:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [_coding(f"{HL7}/condition-clinical", "active", "Active")]},
        "code": {"text": scenario.patient.problem},
        "subject": subject,
        "recordedDate": stamp(now, -72.0),
    }


def _no_allergies(subject: Resource) -> Resource:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [_coding(f"{HL7}/allergyintolerance-clinical", "active", "Active")]},
        "code": {"coding": [_coding(SNOMED, "716186003", "No known allergy")], "text": "No known allergies"},
        "patient": subject,
    }


def _medication(drug: str) -> Resource:
    entry = codes()["drugs"][drug]
    return {"coding": [_coding(RXNORM, entry["rxnorm"], drug)], "text": entry["text"]}


def _period(now: datetime, start: float, hours: float) -> Resource:
    return {"start": stamp(now, start), "end": stamp(now, start + hours)}


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _coding(system: str, code: str, display: str) -> Resource:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _numbered(patient_id: str, resources: list[Resource]) -> Iterator[Resource]:
    """Gives each resource without an id the next one of its type in this chart."""
    counts: dict[str, int] = {}
    for resource in resources:
        kind = resource["resourceType"]
        counts[kind] = counts.get(kind, 0) + 1
        yield {"resourceType": kind, "id": f"{patient_id}-{_letters(kind)}{counts[kind]}"} | resource


def _letters(kind: str) -> str:
    """MedicationAdministration -> ma, Observation -> o."""
    return "".join(letter for letter in kind if letter.isupper()).lower()
