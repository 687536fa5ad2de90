"""All resources of one advice in one collection Bundle; they refer to each other by full URL."""

from collections.abc import Sequence

from fhir.outcome.advised import Advised, Resource
from fhir.outcome.guidance import device, guidance_response, proposed_order
from fhir.outcome.issues import detected_issues
from fhir.outcome.risk import risk_assessments
from fhir.outcome.trail import audit_event, provenance
from fhir.r4 import check


def collection(advices: Sequence[Advised]) -> Resource:
    """A strictly valid collection Bundle of at least one advice; raises BadResource for none."""
    found = [item for advised in advices for item in resources_of(advised)]
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{item['id']}", "resource": item} for item in found],
    }
    check(bundle)
    return bundle


def resources_of(advised: Advised) -> tuple[Resource, ...]:
    """The answer, the order proposed, attainment, findings; then their Provenance, the AuditEvent, the Device."""
    order = proposed_order(advised)
    answer = (
        guidance_response(advised),
        *((order,) if order else ()),
        *risk_assessments(advised),
        *detected_issues(advised),
    )
    urls = [f"urn:uuid:{item['id']}" for item in answer]
    return (*answer, provenance(advised, urls), audit_event(advised), device(advised))
