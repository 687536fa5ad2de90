"""Findings that a clinician has to see as DetectedIssues: critical ones high, warnings moderate, the rest not."""

from collections.abc import Mapping
from types import MappingProxyType

from fhir.outcome.advised import FINDING, Advised, Resource, resource, service, to_source
from models.findings import Finding, Severity

_SEVERITY: Mapping[Severity, str] = MappingProxyType({"critical": "high", "warning": "moderate"})


def detected_issues(advised: Advised) -> tuple[Resource, ...]:
    """One a finding, the gravest first."""
    serious = [item for item in advised.findings if item.severity in _SEVERITY]
    return tuple(_issue(advised, item, place) for place, item in enumerate(serious))


def _issue(advised: Advised, finding: Finding, place: int) -> Resource:
    content: Resource = {
        "status": "final",
        "code": {"coding": [{"system": FINDING, "code": finding.code}], "text": finding.code.replace("-", " ")},
        "severity": _SEVERITY[finding.severity],
        "patient": advised.subject,
        "identifiedDateTime": advised.instant,
        "author": service(advised),
        "detail": finding.text,
    }
    known = (advised.chart.sources.get(key) for key in finding.sources)
    implicated = {str(reference): reference for reference in (to_source(item) for item in known if item)}
    if implicated:
        content["implicated"] = list(implicated.values())
    return resource(advised, "DetectedIssue", content, place)
