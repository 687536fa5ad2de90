"""GET /.well-known/jwks.json: the public halves of our signing keys, for the EHRs that check our assertions."""

from collections.abc import Iterable

from flask import Blueprint, Response, jsonify

from fhir.ehr.signing import Signer, jwk_set

_MAX_AGE_S = 300  # how long a rotation may go unseen


def create_jwks_blueprint(signers: Iterable[Signer]) -> Blueprint:
    """The route; with no keys it answers with an empty set."""
    pages = Blueprint("jwks", __name__)
    published = jwk_set(signers)

    @pages.get("/.well-known/jwks.json")
    def jwks() -> Response:
        response = jsonify(published)
        response.headers["Cache-Control"] = f"public, max-age={_MAX_AGE_S}"
        return response

    return pages
