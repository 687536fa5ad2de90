"""Whom this service knows: tenants, the issuers of their JWTs, their FHIR servers. Values, checked at birth."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cds_server.trust.keys import Key
from fhir.ehr.servers import FhirServer, SigningKey

PER_MINUTE = 1200  # calls of one issuer; one clinician opening charts makes a handful
LIFETIME_S = 3600  # longest life of a JWT; the CDS Hooks Sandbox makes them for an hour (from memory)
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """One organisation. claim: what its JWTs name it; its browser pages and frames come from the origins."""

    name: str
    claim: str
    cors_origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """One EHR as it signs. iss and jku are compared exactly. Either keys are pinned or they lie at jwks_url.

    private: jwks_url may lead to a private network address. ca_file: the site's own authority, "" = the public ones.
    """

    iss: str
    tenants: tuple[str, ...]
    keys: tuple[Key, ...] = ()
    jwks_url: str = ""
    jku: str = ""
    private: bool = False
    ca_file: str = ""
    per_minute: int = PER_MINUTE
    lifetime_s: int = LIFETIME_S


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everyone known. servers and signing_keys are read by the FHIR client."""

    tenants: tuple[Tenant, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    servers: tuple[FhirServer, ...] = ()
    signing_keys: tuple[SigningKey, ...] = field(default=(), repr=False)

    def issuer(self, iss: str) -> Issuer | None:
        """The issuer of exactly that name."""
        return next((item for item in self.issuers if item.iss == iss), None)

    def tenant(self, issuer: Issuer, claim: str | None) -> str | None:
        """The tenant a JWT of `issuer` speaks for. Without a claim only where there is one: it is not guessed."""
        own = [item for item in self.tenants if item.name in issuer.tenants]
        if claim is None:
            return own[0].name if len(own) == 1 else None
        return next((item.name for item in own if item.claim == claim), None)

    @property
    def cors_origins(self) -> tuple[str, ...]:
        return _once(origin for item in self.tenants for origin in item.cors_origins)

    @property
    def frame_ancestors(self) -> tuple[str, ...]:
        return _once(origin for item in self.tenants for origin in item.frame_ancestors)

    def joined(self, tenant: Tenant, issuer: Issuer) -> "Registry":
        """With one more of each: the sandbox EHR registers itself so."""
        return replace(self, tenants=(*self.tenants, tenant), issuers=(*self.issuers, issuer))


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
