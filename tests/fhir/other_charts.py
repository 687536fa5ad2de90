"""Conditions, codes and questions for charts that ask for more than weight and creatinine."""

from dataclasses import replace
from typing import Any

from fhir.chart import Chart
from fhir.read import read_chart
from tests.fhir.charts import ME, NOW, RXNORM, SNOMED, at, drug, observation, patient, quantity

ATC = "http://www.whocc.no/atc"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def asking(*names: str, drug_name: str = "vancomycin", resources: tuple[Any, ...] = ()) -> Chart:
    """The chart for a drug whose models ask for these covariates."""
    asked = replace(drug(drug_name), covariates=names)
    return read_chart((patient(), *resources), patient=ME, drug=asked, now=NOW)


def values(chart: Chart, name: str) -> list[float]:
    return [round(item.value, 6) for item in chart.record.series(name)]


def concept(system: str, code: str, text: str = "") -> dict:
    return {"coding": [{"system": system, "code": code}] if code else [], "text": text}


def condition(system: str, code: str, text: str = "", **changes: Any) -> dict:
    return {
        "resourceType": "Condition",
        "id": f"c-{code or text}".replace(".", "-").replace(" ", "-"),
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": concept(system, code, text),
        "subject": {"reference": f"Patient/{ME}"},
        "onsetDateTime": "2026-11-10",
    } | changes


def status(code: str) -> dict:
    return {"coding": [{"code": code}]}


def taken(kind: str, medication: dict, **changes: Any) -> dict:
    """A resource that says that another drug is taken."""
    own = {
        "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": at("15 08:00")},
        "MedicationAdministration": {"status": "completed", "effectiveDateTime": at("19 08:00")},
        "MedicationStatement": {"status": "active", "effectivePeriod": {"start": "2026-10"}},
    }[kind]
    return {
        "resourceType": kind,
        "id": f"{kind}-other",
        "medicationCodeableConcept": medication,
        "subject": {"reference": f"Patient/{ME}"},
        **own,
    } | changes


CLARITHROMYCIN = concept(RXNORM, "21212")


def ordered(amount: float, unit: str, period: float, **changes: Any) -> dict:
    row = {
        "timing": {"repeat": {"frequency": 1, "period": period, "periodUnit": "h"}},
        "doseAndRate": [{"doseQuantity": quantity(amount, unit)}],
    }
    return taken("MedicationRequest", concept(RXNORM, "3008"), dosageInstruction=[row | changes])


def answer(loinc: str, code: str, when: str = "2026-11-01", **changes: Any) -> dict:
    charted = observation(loinc, 0, "1", "01 08:00", valueCodeableConcept=concept(SNOMED, code)) | changes
    del charted["valueQuantity"]
    return charted | {"effectiveDateTime": when}


def race(*codes: str) -> dict:
    parts = [
        {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}}
        for code in codes
    ]
    return {"extension": [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": parts}]}


def allergy(**changes: Any) -> dict:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "al",
        "clinicalStatus": status("active"),
        "verificationStatus": status("confirmed"),
        "code": concept(RXNORM, "11124"),
        "patient": {"reference": f"Patient/{ME}"},
    } | changes


def genotype(text: str = "", **changes: Any) -> dict:
    return answer("84413-4", "", valueCodeableConcept={"text": text}, **changes)


def encounter(kind: str = "ICU", **bed: Any) -> dict:
    place = {
        "resourceType": "Location",
        "id": "bed",
        "type": [concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", kind)],
    }
    row = {"location": {"reference": "#bed"}, "status": "active", "period": {"start": at("18 20:00")}} | bed
    return {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "in-progress",
        "subject": {"reference": f"Patient/{ME}"},
        "contained": [place],
        "location": [row],
    }
