"""An EHR as it signs: keys made for the run, JWTs that are right unless a test says so, a registry that knows it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.fhir.charts import NOW

BASE = "http://127.0.0.1:8080"
DISCOVERY = f"{BASE}/cds-services"
SERVICE = f"{DISCOVERY}/dose-advice"
FEEDBACK = f"{SERVICE}/feedback"
ISS = "https://ehr.north.example"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def ec_key(name: str = "north") -> ec.EllipticCurvePrivateKey:
    """A key on P-384, one a name."""
    return ec.generate_private_key(ec.SECP384R1())


@cache
def rsa_key(name: str = "north", bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(key: PrivateKey, kid: str, **changes: Any) -> dict[str, Any]:
    """The public half as a JWK."""
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig", **changes}


def jwks(*rows: Mapping[str, Any]) -> dict[str, Any]:
    return {"keys": list(rows)}


@dataclass(frozen=True, kw_only=True)
class Ehr:
    """One EHR that signs."""

    iss: str = ISS
    kid: str = "k1"
    key: PrivateKey = field(default_factory=ec_key, repr=False)
    alg: str = "ES384"

    def claims(self, aud: Any = SERVICE, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
        """Right claims; `...` leaves one out."""
        at = int(now.timestamp())
        usual = {"iss": self.iss, "aud": aud, "exp": at + 300, "iat": at, "jti": str(uuid4())}
        return {name: value for name, value in {**usual, **changes}.items() if value is not ...}

    def token(
        self, aud: Any = SERVICE, *, now: datetime = NOW, header: Mapping[str, Any] | None = None, **changes: Any
    ) -> str:
        """A JWT for one endpoint; header and changes overwrite what is right."""
        return jwt.encode(
            self.claims(aud, now=now, **changes),
            self.key,
            algorithm=self.alg,
            headers={"kid": self.kid, **(header or {})},
        )

    def bearer(self, aud: Any = SERVICE, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(aud, **changes)}"}

    def jwks(self) -> dict[str, Any]:
        return jwks(jwk(self.key, self.kid))


def raw(header: Any, claims: Any, signature: bytes = b"x") -> str:
    """Three segments of anything; bytes are taken as they are."""
    return ".".join(segment(part) for part in (header, claims, signature))


def segment(part: Any) -> str:
    body = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(body).rstrip(b"=").decode()


def toml(value: Any) -> str:
    """A value of a registry file; JSON's texts, lists, numbers and truth values are TOML's too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def document(**tables: list[dict[str, Any]]) -> str:
    """A registry file."""
    rows = [(name, row) for name, found in tables.items() for row in found]
    return "\n".join(
        f"[[{name}]]\n" + "\n".join(f"{key} = {toml(item)}" for key, item in row.items()) for name, row in rows
    )


def registry_file(folder: Path, *, text: str = "", **tables: list[dict[str, Any]]) -> str:
    """A registry file on disk; by default the hospital "north" with one pinned key."""
    usual = {"tenants": [{"name": "north"}], "issuers": [{"iss": ISS, "tenants": ["north"], "jwks": Ehr().jwks()}]}
    file = folder / "registry.toml"
    file.write_text(text or document(**{**usual, **tables}), encoding="utf-8")
    return str(file)
