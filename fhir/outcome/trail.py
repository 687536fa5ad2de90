"""Where an advice came from and that it was given: a Provenance over its resources, and an AuditEvent."""

from collections.abc import Iterable

from fhir.outcome.advised import MODEL, Advised, Resource, models_of, resource, service, versioned_basis

_HL7 = "http://terminology.hl7.org/CodeSystem"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
# codes of these systems from memory
_CREATE = {"coding": [{"system": f"{_HL7}/v3-DataOperation", "code": "CREATE", "display": "create"}]}
_ASSEMBLER = {
    "coding": [{"system": f"{_HL7}/provenance-participant-type", "code": "assembler", "display": "Assembler"}]
}


def provenance(advised: Advised, targets: Iterable[str]) -> Resource:
    """The inputs by reference and version, the models and the drug's file by content hash. targets: full URLs."""
    sources = [{"role": "source", "what": what} for what in versioned_basis(advised.chart)]
    content: Resource = {
        "target": [{"reference": url} for url in targets],
        "occurredDateTime": advised.instant,
        "recorded": advised.instant,
        "activity": _CREATE,
        "agent": [{"type": _ASSEMBLER, "who": service(advised)}],
        "entity": [*sources, *({"role": "source", "what": what} for what in _files(advised))],
    }
    return resource(advised, "Provenance", content)


def _files(advised: Advised) -> list[Resource]:
    """Each file that the numbers rest on, as name@sha256."""
    drug = advised.drug
    files = [(drug.name, drug.hash, f"{drug.display}: codes, limits and targets"), *models_of(advised.advice)]
    return [
        {"identifier": {"system": MODEL, "value": f"{key}@{digest}"}, "display": title} for key, digest, title in files
    ]


def audit_event(advised: Advised) -> Resource:
    """That an advice was given: by the service, at the request of the user where the EHR named one."""
    agents: list[Resource] = [{"who": service(advised), "requestor": not advised.user}]
    if advised.user:
        agents.insert(0, {"who": {"reference": advised.user}, "requestor": True})
    content: Resource = {
        "type": {"system": _DICOM, "code": "110100", "display": "Application Activity"},
        "action": "E",
        "recorded": advised.instant,
        "outcome": "0",
        "agent": agents,
        "source": {"observer": service(advised)},
        "entity": [_patient(advised), {"what": {"reference": advised.url("GuidanceResponse")}}],
    }
    return resource(advised, "AuditEvent", content)


def _patient(advised: Advised) -> Resource:
    return {
        "what": advised.subject,
        "type": {"system": f"{_HL7}/audit-entity-type", "code": "1", "display": "Person"},
        "role": {"system": f"{_HL7}/object-role", "code": "1", "display": "Patient"},
    }
