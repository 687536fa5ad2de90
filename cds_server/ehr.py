"""How one hook call may be read on from its EHR: which server, with whose token, how far; or why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cds_server.config import Settings, SettingsError
from cds_server.hooks.protocol import Access, HookRequest
from cds_server.trust.registry import Registry
from fhir.ehr.client import FhirClient
from fhir.ehr.connect import Connections
from fhir.ehr.scopes import Grant, parse_scopes
from fhir.ehr.servers import FhirServer
from models.findings import Finding

ClientFor = Callable[[FhirServer, Access], FhirClient]

_NO_SERVER = "the call names no fhirServer to read them from"
_NOT_LISTED = (
    "the fhirServer of this call is not on this service's list for its caller "
    "(TITRATE_FHIR_SERVERS, TITRATE_REGISTRY_FILE) and was not contacted"
)
_OTHER = "the fhirAuthorization of this call is for another patient than its context, and was not used"


@dataclass(frozen=True, kw_only=True)
class Ehr:
    """client: None where the EHR is not to be read, and why then says so. grant: None = not known what is allowed."""

    client: FhirClient | None = None
    grant: Grant | None = None
    why: str = ""
    findings: tuple[Finding, ...] = ()


def ehr_of(request: HookRequest, connections: Connections, client_for: ClientFor) -> Ehr:
    """The EHR behind a call. Nothing is sent to a server that is not listed, or with another patient's token."""
    access = request.access
    if access is None:
        return Ehr(why=_NO_SERVER)
    server = connections.server(access.base)
    if server is None or server.tenant not in ("", request.tenant):
        return Ehr(why=_NOT_LISTED)
    grant = parse_scopes(_scope(server, access))
    if grant and grant.of_one_patient and access.patient not in ("", request.patient):
        text = "The EHR's authorization is for another patient than the chart that is open; it was not used."
        return Ehr(why=_OTHER, findings=(Finding(code="other-patient", severity="critical", text=text),))
    return Ehr(client=client_for(server, access), grant=grant)


def _scope(server: FhirServer, access: Access) -> str:
    """What the token in use may read: the call's, or what we ask for in our own name where it brings none."""
    return access.scope if access.token or server.backend is None else server.backend.scope


def connections_for(settings: Settings, registry: Registry) -> Connections:
    """The connections to every listed server; raises SettingsError for one that can not be used.

    Those of the setting are open to every caller, those of the registry to their tenant's callers.
    """
    try:
        anyones = tuple(FhirServer(base=base) for base in settings.fhir_servers)
    except ValueError as error:
        raise SettingsError(f"TITRATE_FHIR_SERVERS: {error}; see docs/fhir-client.md") from None
    if twice := {item.base for item in anyones} & {item.base for item in registry.servers}:
        raise SettingsError(
            f"TITRATE_FHIR_SERVERS opens {', '.join(sorted(twice))} to every caller, the registry to one tenant: "
            "keep it in one of the two"
        )
    folder = Path(settings.registry_file).parent
    return Connections((*anyones, *(_with_authority(server, folder) for server in registry.servers)))


def _with_authority(server: FhirServer, folder: Path) -> FhirServer:
    """With its certificate authority's file where it lies: a relative path is one beside the registry file."""
    if not server.ca_file:
        return server
    file = folder / server.ca_file
    if not file.is_file():
        raise SettingsError(f"TITRATE_REGISTRY_FILE: fhir_servers.ca_file of {server.base}: there is no file {file}")
    return replace(server, ca_file=str(file))
