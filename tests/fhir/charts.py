"""Resources of one synthetic patient, written the way a chart reads. Nobody here is real."""

from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from fhir.chart import Chart
from fhir.read import read_chart
from models.catalog import load_catalog
from models.drug import Drug

CET = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 20, 8, 5, tzinfo=CET)
ME = "p1"

Resource = dict[str, Any]
LOINC, UCUM, RXNORM = "http://loinc.org", "http://unitsofmeasure.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
IV = {"coding": [{"system": SNOMED, "code": "47625008", "display": "Intravenous route"}]}
ORAL = {"coding": [{"system": SNOMED, "code": "26643006", "display": "Oral route"}]}
VANCOMYCIN = {"coding": [{"system": RXNORM, "code": "11124", "display": "vancomycin"}], "text": "Vancomycin"}
TACROLIMUS = {"coding": [{"system": RXNORM, "code": "42316", "display": "tacrolimus"}], "text": "Tacrolimus"}


@cache
def drug(name: str = "vancomycin") -> Drug:
    return load_catalog().drugs[name]


def at(text: str) -> str:
    """ "18 08:00" -> the 18th of November 2026 at 8 in the ward's zone (UTC+1)."""
    day, clock = text.split()
    return f"2026-11-{day}T{clock}:00+01:00"


def patient(**changes: Any) -> Resource:
    return {"resourceType": "Patient", "id": ME, "gender": "female", "birthDate": "1956-05-01"} | changes


def quantity(value: Any, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(loinc: str, value: Any, unit: str, when: str, **changes: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": f"o-{loinc}-{when}".replace(" ", "-").replace(":", ""),
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": f"Patient/{ME}"},
        "effectiveDateTime": at(when),
        "valueQuantity": quantity(value, unit),
    } | changes


def weight(value: Any = 70, unit: str = "kg", when: str = "17 09:00", **changes: Any) -> Resource:
    return observation("29463-7", value, unit, when, **changes)


def creatinine(value: Any = 0.9, unit: str = "mg/dL", when: str = "17 09:00", **changes: Any) -> Resource:
    return observation("2160-0", value, unit, when, **changes)


def level(value: Any = 12.5, unit: str = "mg/L", when: str = "19 19:30", **changes: Any) -> Resource:
    return observation("20578-1", value, unit, when, **changes)


def trough(value: Any, when: str, **changes: Any) -> Resource:
    return observation("4092-3", value, "mg/L", when, **changes)


def given(amount: Any = 1000, unit: str = "mg", when: str = "18 08:00", until: str = "", **changes: Any) -> Resource:
    """An administration of vancomycin; `until` makes it an infusion with a charted end."""
    time = {"effectivePeriod": {"start": at(when), "end": at(until)}} if until else {"effectiveDateTime": at(when)}
    return (
        {
            "resourceType": "MedicationAdministration",
            "id": f"a-{when}".replace(" ", "-").replace(":", ""),
            "status": "completed",
            "medicationCodeableConcept": VANCOMYCIN,
            "subject": {"reference": f"Patient/{ME}"},
            "dosage": {"route": IV, "dose": quantity(amount, unit)},
        }
        | time
        | changes
    )


def order(amount: Any = 1000, unit: str = "mg", **changes: Any) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": VANCOMYCIN,
        "subject": {"reference": f"Patient/{ME}"},
        "authoredOn": at("18 07:00"),
        "dosageInstruction": [instruction(amount, unit)],
    } | changes


def instruction(amount: Any = 1000, unit: str = "mg", **changes: Any) -> Resource:
    return {
        "timing": {"repeat": {"frequency": 1, "period": 12, "periodUnit": "h", "duration": 90, "durationUnit": "min"}},
        "route": IV,
        "doseAndRate": [{"doseQuantity": quantity(amount, unit)}],
    } | changes


def read(*resources: Any, name: str = "vancomycin", now: datetime = NOW) -> Chart:
    return read_chart(resources, patient=ME, drug=drug(name), now=now)


def codes(chart: Chart) -> list[str]:
    return [finding.code for finding in chart.findings]


def said(chart: Chart, code: str) -> str:
    """The one sentence of that code; fails where there is none or more than one."""
    (finding,) = [finding for finding in chart.findings if finding.code == code]
    return finding.text
