"""Public keys of one EHR, read from a JWK Set: only kinds that we verify with, never a private or shared one."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

PublicKey = EllipticCurvePublicKey | RSAPublicKey

# The two algorithms that CDS Hooks 2.0 recommends ("JWT Signing Algorithm") and no other: each further one is a further
# way in, and no client was seen that needs one.
ALGORITHMS = ("ES384", "RS384")
SMALLEST_RSA = 2048  # bits; NIST SP 800-131A rev. 2 (from memory)
MOST_KEYS = 50
_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class BadKeys(Exception):
    """A JWK Set that can not be used: says which key, and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """One public key. algorithm: the only one it verifies, whatever a token's header says."""

    kid: str
    algorithm: str
    public: PublicKey
    thumbprint: str


def read_keys(document: Any) -> tuple[Key, ...]:
    """The signature keys of a JWK Set. Keys of other kinds are passed over; raises BadKeys where none is left, a `kid`
    stands twice, or a private or shared key lies in it."""
    rows = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadKeys('expected a JWK Set: {"keys": [...]}')
    if len(rows) > MOST_KEYS:
        raise BadKeys(f"expected at most {MOST_KEYS} keys, found {len(rows)}")
    found = tuple(key for row in rows if (key := _key(row)) is not None)
    kids = [key.kid for key in found]
    if len(set(kids)) != len(kids):
        raise BadKeys("a kid stands twice: which key it names is not for us to guess")
    if not found:
        raise BadKeys(f"no key for signatures with {' or '.join(ALGORITHMS)} is in the set")
    return found


def _key(row: Mapping[str, Any]) -> Key | None:
    kid = row.get("kid")
    named = repr(kid[:64]) if isinstance(kid, str) else "without a kid"
    if _PRIVATE_PARTS & set(row):
        raise BadKeys(
            f"key {named} holds a private or shared key: such a pair is not to be used any more; make another"
        )
    algorithm = _algorithm(row)
    if algorithm is None:
        return None
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise BadKeys(f"key {named}: expected a kid of 1 to 200 characters")
    try:
        public = PyJWK(dict(row), algorithm).key
    except (PyJWTError, ValueError, TypeError) as error:
        raise BadKeys(f"key {named} can not be read ({type(error).__name__})") from None
    _check_strength(public, named)
    return Key(kid=kid, algorithm=algorithm, public=public, thumbprint=thumbprint(row))


def _algorithm(row: Mapping[str, Any]) -> str | None:
    """What a key of this kind verifies here, None where nothing: another curve, for encryption, another algorithm."""
    kind = (row.get("kty"), row.get("crv"))
    algorithm = "ES384" if kind == ("EC", "P-384") else "RS384" if row.get("kty") == "RSA" else None
    operations = row.get("key_ops", ["verify"])
    meant = row.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations
    return algorithm if meant and row.get("alg", algorithm) == algorithm else None


def _check_strength(public: Any, named: str) -> None:
    if isinstance(public, RSAPublicKey):
        if public.key_size < SMALLEST_RSA:
            raise BadKeys(f"key {named} has {public.key_size} bits: expected at least {SMALLEST_RSA}")
        return
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP384R1):
        raise BadKeys(f"key {named} is not what it says it is: expected a public key on P-384")


def thumbprint(row: Mapping[str, Any]) -> str:
    """RFC 7638: how two people compare a key over the telephone."""
    needed = ("crv", "kty", "x", "y") if row["kty"] == "EC" else ("e", "kty", "n")
    text = json.dumps({name: row[name] for name in needed}, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
