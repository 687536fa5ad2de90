"""The services this server offers, as data; what GET /cds-services says is made from this table."""

from dataclasses import dataclass
from typing import Any

from cds_server.hooks.errors import UnknownService
from fhir.prefetch import TEMPLATES


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service id; listed once for each hook, so that a later answer replaces the cards of an earlier one."""

    id: str
    title: str
    description: str
    usage: str
    hooks: tuple[str, ...]


SERVICES: tuple[Service, ...] = (
    Service(
        id="dose-advice",
        title="Titrate: individual dosing",
        description=(
            "Estimates this patient's pharmacokinetics from charted doses, levels and covariates with a published "
            "population model; shows for several regimens the expected exposure and the probability of the target."
        ),
        usage="Needs charted administrations, levels with collection times, weight, and creatinine where it matters.",
        hooks=("patient-view", "order-select", "order-sign"),
    ),
)


def find(service_id: str) -> Service:
    """The service of that id; raises UnknownService."""
    for service in SERVICES:
        if service.id == service_id:
            return service
    known = ", ".join(service.id for service in SERVICES)
    raise UnknownService(f"there is no service {service_id[:64]!r} here: expected {known}; see /cds-services")


def discovery() -> dict[str, Any]:
    """The body of the discovery answer."""
    return {"services": [_entry(service, hook) for service in SERVICES for hook in service.hooks]}


def _entry(service: Service, hook: str) -> dict[str, Any]:
    return {
        "hook": hook,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "usageRequirements": service.usage,
        "prefetch": dict(TEMPLATES[hook]),
    }
