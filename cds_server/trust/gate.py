"""The way in: from an Authorization header to a caller, or a refusal."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from cds_server.config import Settings
from cds_server.parts import Parts
from cds_server.store.replay import UsedTokens
from cds_server.trust.fetch import fetch_keys
from cds_server.trust.rate import Buckets
from cds_server.trust.registry import Registry
from cds_server.trust.ring import KeyRing
from cds_server.trust.token import Refused, Verified, verify

log = logging.getLogger(__name__)

_BEARER = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls. tenant "": somebody the proxy or this machine vouches for, without a JWT."""

    tenant: str = ""
    iss: str = ""
    jti: str = ""


class TooOften(Exception):
    """An issuer, or those without a JWT together, are over their rate. wait_s: whole seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"over its rate for {wait_s} s")
        self.wait_s = wait_s


@dataclass(frozen=True, kw_only=True)
class Gate:
    """jwt_needed: False only where somebody else vouches for callers; a JWT that is there is checked all the same.

    unknown_per_minute: calls without a JWT, of all callers together; 0 = not counted.
    """

    registry: Registry
    ring: KeyRing
    used: UsedTokens
    clock: Callable[[], datetime]
    jwt_needed: bool
    buckets: Buckets
    unknown_per_minute: int = 0

    def admit(self, authorization: str | None, audience: str) -> Caller:
        """The caller of one call to `audience`; raises Refused or TooOften, each logged by its code."""
        bearer = _BEARER.fullmatch(authorization or "")
        if not self.registry.issuers or (bearer is None and not self.jwt_needed):
            self._spend_unknown()
            return Caller()
        try:
            return self._known(bearer[1] if bearer else "", audience)
        except Refused as refused:
            log.warning("a call was refused", extra={"reason": refused.code, **_named(refused.caller)})
            raise

    def _known(self, token: str, audience: str) -> Caller:
        if not token:
            raise Refused("no-token")
        now = self.clock()
        found = verify(token, audience=audience, registry=self.registry, find_key=self.ring.find, now=now)
        self._spend(found)
        if not self._first_use(found, now):
            self.buckets.give_back(found.issuer.iss)  # whoever sends an old token again must not use up the rate
            raise Refused("replayed", found)
        return Caller(tenant=found.tenant, iss=found.issuer.iss, jti=found.jti)

    def _spend(self, found: Verified) -> None:
        wait = self.buckets.take(found.issuer.iss, found.issuer.per_minute)
        if wait:
            log.warning("an issuer is over its rate", extra={**_named(found), "rate": found.issuer.per_minute})
            raise TooOften(ceil(wait))

    def _spend_unknown(self) -> None:
        """Of one bucket for all: behind a proxy every call comes from the proxy's address."""
        wait = self.buckets.take("", self.unknown_per_minute) if self.unknown_per_minute else 0.0
        if wait:
            log.warning("calls without a JWT are over their rate", extra={"rate": self.unknown_per_minute})
            raise TooOften(ceil(wait))

    def _first_use(self, found: Verified, now: datetime) -> bool:
        return self.used.use(
            tenant=found.tenant,
            iss=found.issuer.iss,
            jti=found.jti,
            expires_at=datetime.fromtimestamp(found.expires, UTC),
            now=now,
        )


def gate_for(parts: Parts) -> Gate:
    """The gate of one service process."""
    return Gate(
        registry=parts.registry,
        ring=KeyRing(fetch_keys),
        used=parts.store.used_tokens,
        clock=parts.clock,
        jwt_needed=jwt_needed(parts.settings, parts.registry),
        buckets=Buckets(),
        unknown_per_minute=parts.settings.unknown_per_minute if parts.settings.exposed else 0,
    )


def jwt_needed(settings: Settings, registry: Registry) -> bool:
    """Whether a call without a JWT is refused. The sandbox is for this machine alone and lets curl in."""
    return bool(registry.issuers) and not settings.jwt_optional and not settings.sandbox


def _named(found: Verified | None) -> dict[str, str]:
    """What the specification lets a log hold, once the signature says that it is so."""
    return {"iss": found.issuer.iss, "tenant": found.tenant, "jti": found.jti} if found else {}
