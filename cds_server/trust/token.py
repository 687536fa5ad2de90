"""A CDS Hooks JWT: read as text that anybody may have written, then believed claim by claim.

Order (CDS Hooks 2.0, "Trusting CDS Clients"): iss listed, aud exact, times, tenant, signature with the key on record.
That the jti is new is the replay book's to say, and only after this.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from cds_server.hooks.errors import HookError
from cds_server.hooks.json import parse
from cds_server.trust.keys import ALGORITHMS, Key
from cds_server.trust.registry import Issuer, Registry

SKEW_S = 60.0  # how far the clocks of two machines may stand apart
LONGEST = 8192  # characters of a token; a real one has well under 2000
_PART = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_TEXT = 512

FindKey = Callable[[Issuer, str], Key | None]
Claims = Mapping[str, Any]


class Refused(Exception):
    """A JWT that is not believed. code: for our log alone; caller: known only once the signature is verified."""

    def __init__(self, code: str, caller: "Verified | None" = None) -> None:
        super().__init__(code)
        self.code, self.caller = code, caller


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What a believed JWT says. expires: seconds since 1970, skew included: until then its jti must be remembered."""

    issuer: Issuer
    tenant: str
    jti: str
    expires: float


def verify(token: str, *, audience: str, registry: Registry, find_key: FindKey, now: datetime) -> Verified:
    """The JWT `token` as sent to the endpoint `audience`; raises Refused."""
    header, claims = _read(token)
    kid = _header(header)
    issuer = registry.issuer(_text(claims, "iss"))
    if issuer is None:
        raise Refused("iss-unknown")
    if "jku" in header and (not issuer.jku or header["jku"] != issuer.jku):
        raise Refused("jku-unknown")
    _check_audience(claims, audience)
    expires = _check_times(claims, issuer, now.timestamp())
    tenant = registry.tenant(issuer, _text(claims, "tenant") if "tenant" in claims else None)
    if tenant is None:
        raise Refused("tenant-unknown")
    jti = _text(claims, "jti")
    _check_signature(token, header["alg"], find_key(issuer, kid))
    return Verified(issuer=issuer, tenant=tenant, jti=jti, expires=expires + SKEW_S)


def _read(token: str) -> tuple[Claims, Claims]:
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise Refused("not-a-jwt")
    return _object(parts[0]), _object(parts[1])


def _object(part: str) -> Claims:
    """One segment, read by the strict parser: what two parsers read differently is refused (a key twice, NaN)."""
    try:
        value = parse(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, HookError):
        raise Refused("not-a-jwt") from None
    if not isinstance(value, dict):
        raise Refused("not-a-jwt")
    return value


def _header(header: Claims) -> str:
    """The kid. Keys that a header brings along (jwk, x5c, x5u, x5t) are never looked at."""
    if header.get("alg") not in ALGORITHMS:
        raise Refused("alg-not-allowed")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        raise Refused("typ-not-jwt")
    if "crit" in header or "b64" in header:  # RFC 7515, RFC 7797: an extension not understood must be refused
        raise Refused("extension-not-understood")
    return _text(header, "kid")


def _check_audience(claims: Claims, audience: str) -> None:
    found = claims.get("aud")
    if audience not in (found if isinstance(found, list) else [found]):
        raise Refused("aud-another")


def _check_times(claims: Claims, issuer: Issuer, now: float) -> float:
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat")
    if now >= expires + SKEW_S:
        raise Refused("expired")
    if issued > now + SKEW_S or ("nbf" in claims and _instant(claims, "nbf") > now + SKEW_S):
        raise Refused("not-yet")
    if not 0 < expires - issued <= issuer.lifetime_s:
        raise Refused("lifetime")
    return expires


def _instant(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Refused(f"{name}-missing")
    return float(value)


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise Refused(f"{name}-missing")
    return value


def _check_signature(token: str, algorithm: str, key: Key | None) -> None:
    if key is None:
        raise Refused("kid-unknown")
    if key.algorithm != algorithm:  # the key on record says which algorithm, never the token
        raise Refused("alg-not-of-key")
    try:
        jwt.PyJWS().decode(token, key.public, algorithms=[key.algorithm])
    except PyJWTError:
        raise Refused("signature") from None
