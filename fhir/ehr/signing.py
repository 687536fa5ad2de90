"""Our own signing keys: private halves stay in here, public ones are published as a JWK Set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from fhir.ehr.servers import Algorithm, SigningKey

_PUBLIC = frozenset({"kty", "n", "e", "crv", "x", "y"})  # RFC 7518 section 6: nothing private has one of these names
_SMALLEST_RSA = 2048  # bits, RFC 7518 section 3.3
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key that signs under its kid; shown nowhere."""

    kid: str
    algorithm: Algorithm
    private: PrivateKey = field(repr=False)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT of these claims."""
        return jwt.encode(dict(claims), self.private, algorithm=self.algorithm, headers={"kid": self.kid})

    def public_jwk(self) -> dict[str, Any]:
        """The public half as a JWK."""
        if isinstance(self.private, RSAPrivateKey):
            jwk = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            jwk = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        named: dict[str, Any] = {name: value for name, value in jwk.items() if name in _PUBLIC}
        return {**named, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def load_signer(key: SigningKey, folder: Path = Path()) -> Signer:
    """The key in a PEM file, a relative path being one under `folder`; raises ValueError, silent on its content."""
    where = f"keys.file of kid {key.kid} ({key.file})"
    try:
        private = load_pem_private_key((folder / key.file).read_bytes(), password=None)
    except OSError as error:
        raise ValueError(f"{where} can not be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{where}: expected a PEM file with an unencrypted private key") from None
    if isinstance(private, RSAPrivateKey | EllipticCurvePrivateKey) and _fits(private, key.algorithm):
        return Signer(kid=key.kid, algorithm=key.algorithm, private=private)
    raise ValueError(f"{where}: expected RSA of {_SMALLEST_RSA} bits or more for RS384, P-384 for ES384")


def jwk_set(signers: Iterable[Signer]) -> dict[str, Any]:
    """All public halves, for whoever checks what we signed with any of them."""
    return {"keys": [signer.public_jwk() for signer in signers]}


def _fits(private: PrivateKey, algorithm: Algorithm) -> bool:
    if algorithm == "RS384":
        return isinstance(private, RSAPrivateKey) and private.key_size >= _SMALLEST_RSA
    return isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1)
