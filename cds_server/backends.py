"""Access to FHIR servers in our own name, for those whose registry entry says so; read once, at start."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cds_server.config import Settings, SettingsError
from cds_server.trust.registry import Registry
from fhir.ehr.connect import Connections
from fhir.ehr.servers import FhirServer
from fhir.ehr.signing import Signer, load_signer
from fhir.ehr.tokens import BackendTokens
from fhir.ehr.transport import Limits, Transport

Backends = Mapping[str, BackendTokens]  # by the server's base


def signers_of(settings: Settings, registry: Registry) -> tuple[Signer, ...]:
    """Our signing keys; a relative path is one beside the registry file. Raises SettingsError."""
    folder = Path(settings.registry_file).parent
    try:
        return tuple(load_signer(key, folder) for key in registry.signing_keys)
    except ValueError as error:
        raise SettingsError(f"TITRATE_REGISTRY_FILE {settings.registry_file}: {error}") from None


def backends_of(
    settings: Settings, servers: Iterable[FhirServer], signers: Iterable[Signer], connections: Connections
) -> Backends:
    """The token source of each server that is read in our own name."""
    limits = Limits(deadline=settings.fhir_deadline_ms / 1000)
    by_kid = {signer.kid: signer for signer in signers}

    def tokens(server: FhirServer, kid: str) -> BackendTokens:
        transport = Transport(connections.session(server), limits)
        return BackendTokens(server, by_kid[kid], transport, kept=connections.kept(server))

    return {server.base: tokens(server, server.backend.kid) for server in servers if server.backend is not None}
