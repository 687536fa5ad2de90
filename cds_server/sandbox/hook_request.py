"""What an EHR sends: a CDS Hooks request for one patient, its prefetch filled from the sandbox's own records."""

from collections.abc import Mapping
from datetime import datetime
from re import sub
from typing import Any, Literal
from urllib.parse import parse_qsl
from uuid import uuid4

from cds_server.sandbox.fhir_routes import searchset
from cds_server.sandbox.fhir_search import FhirProblem
from cds_server.sandbox.resources import PRACTITIONER
from cds_server.sandbox.scenarios import HOOKS
from cds_server.sandbox.state import Sandbox
from cds_server.sandbox.tokens import LIFETIME

Prefetch = Literal["full", "partial", "none"]
SCOPE = " ".join(
    [
        f"patient/{kind}.rs"
        for kind in (
            *("Patient", "Observation", "MedicationAdministration", "Procedure"),
            *("Condition", "AllergyIntolerance", "MedicationStatement", "Encounter"),
        )
    ]
    + ["patient/MedicationRequest.cruds"]
)


def hook_request(
    sandbox: Sandbox,
    patient_id: str,
    hook: str,
    *,
    draft: Mapping[str, Any] | None,
    templates: Mapping[str, str],
    prefetch: Prefetch,
    fhir_base: str,
    now: datetime,
) -> dict[str, Any]:
    """The whole request body. templates: the service's, from discovery; fhir_base: without a slash at its end."""
    if hook not in HOOKS or (draft is None) != (hook == "patient-view"):
        raise FhirProblem(
            400, "invalid", f"hook {hook!r}: expected patient-view, or order-select or order-sign and an order"
        )
    context = {"userId": PRACTITIONER, "patientId": patient_id} | (_drafts(hook, draft) if draft else {})
    filled = _prefetch(sandbox, patient_id, _chosen(templates, prefetch), context, fhir_base)
    return {
        "hook": hook,
        "hookInstance": str(uuid4()),
        "fhirServer": fhir_base,
        "fhirAuthorization": {
            "access_token": sandbox.tokens.issue(patient_id, now),
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": SCOPE,
            "subject": "titrate-sandbox",
            "patient": patient_id,
        },
        "context": context,
    } | ({"prefetch": filled} if filled else {})


def _drafts(hook: str, draft: Mapping[str, Any]) -> dict[str, Any]:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": dict(draft)}]}
    chosen = {"selections": [f"MedicationRequest/{draft['id']}"]} if hook == "order-select" else {}
    return chosen | {"draftOrders": bundle}


def _chosen(templates: Mapping[str, str], prefetch: Prefetch) -> dict[str, str]:
    """Which keys this EHR fills; partial = every second one, so that the service has to fetch the others itself."""
    if prefetch == "none":
        return {}
    keys = sorted(templates)
    return {key: templates[key] for key in (keys if prefetch == "full" else keys[::2])}


def _prefetch(
    sandbox: Sandbox, patient_id: str, templates: Mapping[str, str], context: Mapping[str, Any], fhir_base: str
) -> dict[str, Any]:
    return {key: _answer(sandbox, patient_id, _resolved(text, context), fhir_base) for key, text in templates.items()}


def _resolved(template: str, context: Mapping[str, Any]) -> str:
    return sub(r"\{\{\s*context\.(\w+)\s*\}\}", lambda found: str(context.get(found[1], "")), template)


def _answer(sandbox: Sandbox, patient_id: str, relative: str, fhir_base: str) -> dict[str, Any]:
    """One read or search, relative to the FHIR base, answered from the records."""
    path, _, text = relative.partition("?")
    kind, _, logical_id = path.partition("/")
    if logical_id:
        return sandbox.store.read(kind, logical_id, chart=patient_id)
    query = parse_qsl(text)
    page = sandbox.store.search(kind, query, chart=patient_id)
    return searchset(page, f"{fhir_base}/{kind}", query)
