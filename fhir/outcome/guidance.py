"""The answer itself: a GuidanceResponse, the order it proposes, and the Device that stands for this service."""

from fhir.ordered.write import draft
from fhir.outcome.advised import ADVICE, SERVICE, Advised, Resource, in_encounter, proposed, resource, service
from fhir.outcome.advised import medication as medication_of
from models.dosing.advice import Advice, Declined


def guidance_response(advised: Advised) -> Resource:
    """success with the proposal; a clinical no is data-required where more data would change it, else success.

    Either way the answer was computed: "failure" would say that it was not. Reasons, what would help, and a loading
    dose, which the order does not hold, stand as notes.
    """
    content: Resource = {
        "requestIdentifier": {"system": ADVICE, "value": advised.id},
        "moduleUri": SERVICE,
        "status": _status(advised.advice),
        "subject": advised.subject,
        **in_encounter(advised),
        "occurrenceDateTime": advised.instant,
        "performer": service(advised),
        "reasonCode": [medication_of(advised.drug)],
    }
    if notes := _notes(advised):
        content["note"] = [{"text": text} for text in notes]
    if proposed(advised.advice):
        content |= {"contained": [_group(advised)], "result": {"reference": "#proposal"}}
    return resource(advised, "GuidanceResponse", content)


def _status(advice: Advice) -> str:
    return "data-required" if isinstance(advice, Declined) and advice.would_help else "success"


def _notes(advised: Advised) -> list[str]:
    advice = advised.advice
    if isinstance(advice, Declined):
        reasons = [f"No dose is proposed. {reason.text}" for reason in advice.reasons]
        return [*reasons, *(f"What would help: {help_line}" for help_line in advice.would_help)]
    return [item.text for item in advice.findings if advice.loading and item.code == "loading-dose"]


def _group(advised: Advised) -> Resource:
    """R4 lets the result be a CarePlan or a RequestGroup only, so the order stands in a group of one."""
    return {
        "resourceType": "RequestGroup",
        "id": "proposal",
        "status": "draft",
        "intent": "proposal",
        "subject": advised.subject,
        "action": [
            {"title": f"{advised.drug.display} dose", "resource": {"reference": advised.url("MedicationRequest")}}
        ],
    }


def proposed_order(advised: Advised) -> Resource | None:
    """The proposed regimen as a draft MedicationRequest of intent proposal; None where none is proposed."""
    regimen = proposed(advised.advice)
    if regimen is None:
        return None
    made = draft(
        {"intent": "proposal"},
        regimen=regimen,
        drug=advised.drug,
        patient=advised.patient,
        first=advised.moment(regimen.start),
    )
    content = {name: value for name, value in made.resource.items() if name != "resourceType"}
    return resource(advised, "MedicationRequest", content | in_encounter(advised) | {"authoredOn": advised.instant})


def device(advised: Advised) -> Resource:
    content = {
        "status": "active",
        "deviceName": [{"name": "Titrate dose advice", "type": "user-friendly-name"}],
        "version": [{"value": advised.software}],
    }
    return resource(advised, "Device", content)
