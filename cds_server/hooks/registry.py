"""The services this server offers, as data; what GET /cds-services says is made from this table."""

from dataclasses import dataclass
from importlib.metadata import version as release
from typing import Any

from cds_server.hooks.contexts import CONTEXTS
from cds_server.hooks.errors import UnknownService
from fhir.ehr.prefetch import TEMPLATES


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
        usage=(
            "Needs charted administrations, levels with collection times, weight, and creatinine where it matters. "
            "Orders are judged on order-sign: a client without it shows nothing between a dose and its signature."
        ),
        hooks=tuple(CONTEXTS),
    ),
)


def find(service_id: str) -> Service:
    """The service of that id; raises UnknownService."""
    for service in SERVICES:
        if service.id == service_id:
            return service
    known = ", ".join(service.id for service in SERVICES)
    raise UnknownService(f"there is no service {service_id[:64]!r} here: expected {known}; see /cds-services")


def discovery(*, version: str = "2.0") -> dict[str, Any]:
    """The body of the discovery answer; CDS Hooks 3.0 adds the versions of the service and of the hook."""
    return {"services": [_entry(service, hook, version) for service in SERVICES for hook in service.hooks]}


def _entry(service: Service, hook: str, version: str) -> dict[str, Any]:
    versions = {"version": release("titrate"), "hookVersion": CONTEXTS[hook].version} if version == "3.0" else {}
    return versions | {
        "hook": hook,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "usageRequirements": service.usage,
        "prefetch": dict(TEMPLATES[hook]),
    }
