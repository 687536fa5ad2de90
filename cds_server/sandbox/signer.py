"""The sandbox EHR's own key: made at start, registered in memory, gone with the process; it signs the EHR's calls."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

from cds_server.trust.keys import read_keys
from cds_server.trust.registry import Issuer, Tenant

NAME = "sandbox"
LIFETIME = timedelta(minutes=5)
# The demo plays twelve charts in seconds, and reloading a page asks for all of its cards again.
_PER_MINUTE = 6000


def _new_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP384R1())


@dataclass(frozen=True, kw_only=True)
class Signer:
    """iss: how the sandbox names itself; it need not be an address, only the same in registry and token."""

    iss: str = "urn:titrate:sandbox"
    kid: str = field(default_factory=lambda: str(uuid4()))
    key: EllipticCurvePrivateKey = field(default_factory=_new_key, repr=False)

    @property
    def tenant(self) -> Tenant:
        return Tenant(name=NAME, claim=NAME)

    @property
    def issuer(self) -> Issuer:
        """How the service knows this EHR."""
        row = {**json.loads(ECAlgorithm.to_jwk(self.key.public_key())), "kid": self.kid}
        return Issuer(iss=self.iss, tenants=(NAME,), keys=read_keys({"keys": [row]}), per_minute=_PER_MINUTE)

    def token(self, audience: str, now: datetime) -> str:
        """A JWT for one call of one endpoint."""
        claims = {
            "iss": self.iss,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": str(uuid4()),
            "tenant": NAME,
        }
        return jwt.encode(claims, self.key, algorithm="ES384", headers={"kid": self.kid})
