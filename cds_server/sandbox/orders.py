"""What the sandbox's prescriber writes: a draft order from the order panel, and an order read back for the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_server.sandbox.fhir_search import FhirProblem
from cds_server.sandbox.fhir_store import drug_code
from cds_server.sandbox.resources import codes, order
from cds_server.sandbox.scenarios import Ordered
from cds_server.sandbox.state import Sandbox

Resource = dict[str, Any]
_TO_MINUTES = {"min": 1.0, "h": 60.0, "s": 1 / 60}
_TO_HOURS = {"h": 1.0, "d": 24.0, "min": 1 / 60}


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One order as the order list shows it; None where the order does not say it in a form this screen reads."""

    id: str
    medication: str
    text: str
    status: str
    authored: datetime | None
    dose: float | None
    every: float | None
    minutes: float | None


def draft_of(sandbox: Sandbox, patient_id: str, form: Mapping[str, Any], now: datetime) -> Resource:
    """The unsaved MedicationRequest that the order panel's fields describe; raises FhirProblem 400 for odd fields."""
    scenario = sandbox.scenario(patient_id)
    if scenario is None:
        raise FhirProblem(404, "not-found", f"there is no patient {patient_id!r} in the sandbox")
    wanted = Ordered(
        drug=scenario.drug,
        dose=_number(form, "dose", above=0),
        every=_number(form, "every", above=0),
        minutes=_number(form, "minutes", above=-1),
    )
    draft = order(wanted, patient_id, now, status="draft") | {"id": sandbox.store.next_id(patient_id)}
    prior = [o for o in orders_of(sandbox, patient_id) if o["status"] == "active" and drug_code(o) == drug_code(draft)]
    return draft | ({"priorPrescription": {"reference": f"MedicationRequest/{prior[-1]['id']}"}} if prior else {})


def orders_of(sandbox: Sandbox, patient_id: str) -> tuple[Resource, ...]:
    """All orders of one chart, oldest first."""
    query = [("patient", patient_id), ("_sort", "authoredon"), ("_count", "100")]
    return sandbox.store.search("MedicationRequest", query, chart=patient_id).resources  # type: ignore[return-value]


def order_line(resource: Mapping[str, Any]) -> OrderLine:
    """One MedicationRequest for the screen."""
    dosage = (resource.get("dosageInstruction") or [{}])[0]
    repeat = dosage.get("timing", {}).get("repeat", {})
    quantity = (dosage.get("doseAndRate") or [{}])[0].get("doseQuantity", {})
    authored = resource.get("authoredOn")
    return OrderLine(
        id=resource.get("id", ""),
        medication=medication_name(resource),
        text=dosage.get("text", ""),
        status=resource.get("status", ""),
        authored=datetime.fromisoformat(authored) if authored else None,
        dose=quantity.get("value") if quantity.get("code", quantity.get("unit")) == "mg" else None,
        every=_every(repeat),
        minutes=_scaled(repeat, "duration", "durationUnit", _TO_MINUTES),
    )


def medication_name(resource: Mapping[str, Any]) -> str:
    """The name of what is ordered or given, as the chart has it."""
    concept = resource.get("medicationCodeableConcept") or {}
    coding = (concept.get("coding") or [{}])[0]
    return str(concept.get("text") or coding.get("display") or coding.get("code") or "unnamed medication")


def intravenous(drug: str) -> bool:
    """Whether the sandbox orders this drug as an infusion."""
    return bool(codes()["drugs"][drug]["route"]["display"] == "Intravenous route")


def _every(repeat: Mapping[str, Any]) -> float | None:
    hours = _scaled(repeat, "period", "periodUnit", _TO_HOURS)
    return None if hours is None else hours / repeat.get("frequency", 1)


def _scaled(repeat: Mapping[str, Any], value: str, unit: str, factors: Mapping[str, float]) -> float | None:
    if value not in repeat or repeat.get(unit) not in factors:
        return None
    return float(repeat[value]) * factors[repeat[unit]]


def _number(form: Mapping[str, Any], name: str, *, above: float) -> float:
    value = form.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < 1e5:
        raise FhirProblem(400, "value", f"{name} is {value!r}: expected a number above {above}")
    return float(value)
