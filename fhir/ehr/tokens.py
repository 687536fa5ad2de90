"""SMART Backend Services: an access token in our own name, asked for with a signed assertion and used until it ends.

https://hl7.org/fhir/smart-app-launch/backend-services.html: client_credentials with private_key_jwt.
"""

import json
import re
from collections.abc import Callable
from threading import Lock
from time import time
from typing import Any
from uuid import uuid4

from fhir.ehr.kept import Kept
from fhir.ehr.origin import same_origin
from fhir.ehr.servers import Backend, FhirServer
from fhir.ehr.signing import Signer
from fhir.ehr.transport import Answer, Bearer, Transport
from fhir.errors import BadResource, NotAllowedServer, ServerRefused, ServerUnreachable
from fhir.wire import number, string

_DISCOVERY = ".well-known/smart-configuration"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_S = 240  # at most 300 by the specification; the rest is for clocks that differ
_MARGIN_S = 30.0  # a token is not used in its last moments: the read it is for would outlive it
_LONGEST_S = 3600.0  # a token said to live longer is asked for again all the same
_TOKEN = re.compile(r"[\x21-\x7e]+")  # RFC 6750
# RFC 6749 section 5.2; an error's description is the server's own words and may say anything
_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


class BackendTokens:
    """The tokens of one server. now: seconds since 1970. Safe to use from several threads."""

    def __init__(
        self,
        server: FhirServer,
        signer: Signer,
        transport: Transport,
        *,
        kept: Kept | None = None,
        now: Callable[[], float] = time,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        if server.backend is None or server.backend.kid != signer.kid:
            raise ValueError(f"{server.base}: expected a backend that signs with the key {signer.kid}")
        self._server, self._backend, self._signer = server, server.backend, signer
        self._transport, self._now, self._new_id = transport, now, new_id
        self._kept, self._lock = kept or Kept(), Lock()
        self._token, self._ends = "", 0.0

    def __repr__(self) -> str:
        return f"<backend tokens of {self._server.base}>"

    def token(self) -> str:
        """A token that still lives a while; raises FhirError where none can be had."""
        if not self._lock.acquire(timeout=self._transport.limits.deadline):
            raise ServerUnreachable("No access token could be had in time.")
        try:
            if self._now() >= self._ends - _MARGIN_S:
                self._token, self._ends = self._fresh()
            return self._token
        finally:
            self._lock.release()

    def spent(self, token: str) -> None:
        """The server no longer takes this token (it was withdrawn): the next call gets another."""
        with self._lock:
            if token == self._token:
                self._ends = 0.0

    def _fresh(self) -> tuple[str, float]:
        until = self._transport.until()
        url = self._backend.token_url or self._discovered(until)
        asked = self._now()
        answer = self._transport.post_form(url, _form(self._backend, self._assertion(url, asked)), until)
        token, lives = _granted(answer)
        return token, asked + lives

    def _assertion(self, url: str, now: float) -> str:
        who = self._backend.client_id
        issued = int(now)
        claims = {
            "iss": who,
            "sub": who,
            "aud": url,
            "iat": issued,
            "exp": issued + _ASSERTION_S,
            "jti": self._new_id(),
        }
        return self._signer.sign(claims)

    def _discovered(self, until: float) -> str:
        """The token endpoint that the server names, which must be on the server's own origin."""
        headers = {"Accept": "application/json", **self._kept.conditions(_DISCOVERY)}
        answer = self._transport.get(f"{self._server.base}/{_DISCOVERY}", until, auth=Bearer(""), headers=headers)
        answer = self._kept.settled(_DISCOVERY, answer)
        url = string(_object(answer, "smart-configuration"), "token_endpoint")
        if not same_origin(self._server.base, url):
            raise NotAllowedServer(
                "The FHIR server names a token endpoint of another origin; list it as backend.token_url if it is right."
            )
        return url


def _form(backend: Backend, assertion: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "scope": backend.scope,
        "client_assertion_type": _ASSERTION,
        "client_assertion": assertion,
    }


def _granted(answer: Answer) -> tuple[str, float]:
    """The token and how long it lives, in seconds."""
    body = _object(answer, "token")
    token, lives = string(body, "access_token"), number(body, "expires_in")
    if not _TOKEN.fullmatch(token) or string(body, "token_type").lower() != "bearer" or not lives or lives <= 0:
        raise BadResource("The token endpoint's answer holds no bearer token with its life.")
    return token, min(lives, _LONGEST_S)


def _object(answer: Answer, what: str) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if answer.status != 200:
        said = string(body, "error")
        why = f" ({said})" if said in _ERRORS else ""
        raise ServerRefused(f"The {what} endpoint answered with HTTP {answer.status}{why}.", status=answer.status)
    if not isinstance(body, dict):
        raise BadResource(f"The {what} endpoint's answer is not a JSON object.")
    return body
