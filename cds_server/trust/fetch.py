"""One JWK Set over https: no redirect, a small answer in a short time, and only addresses that may be reached."""

import time
from functools import partial

import requests
from urllib3.exceptions import HTTPError

from cds_server.trust.registry import Issuer
from fhir.ehr.connect import session_for
from fhir.ehr.servers import FhirServer
from fhir.errors import NotAllowedServer

DEADLINE_S = 2.0
LARGEST = 200_000  # bytes; a set of fifty RSA keys has 30,000


class FetchError(Exception):
    """The set can not be had; the message quotes nothing that came."""


def fetch_keys(issuer: Issuer) -> bytes:
    """The body at the issuer's jwks_url; raises FetchError."""
    until = time.monotonic() + DEADLINE_S
    try:
        # the FHIR client's sessions judge the address after the name is resolved, and connect to what they judged
        with session_for(FhirServer(base=issuer.jwks_url, private=issuer.private, ca_file=issuer.ca_file)) as session:
            get = partial(session.get, timeout=DEADLINE_S, allow_redirects=False, stream=True)
            with get(issuer.jwks_url, headers={"Accept": "application/json"}) as response:
                if response.status_code != 200:
                    raise FetchError(f"HTTP {response.status_code}")
                return _body(response, until)
    except (requests.RequestException, HTTPError, OSError, NotAllowedServer) as error:
        raise FetchError(type(error).__name__) from None


def _body(response: requests.Response, until: float) -> bytes:
    found = b""
    while part := response.raw.read1(65536, decode_content=True):
        found += part
        if len(found) > LARGEST or time.monotonic() > until:
            raise FetchError("the answer is too large or too slow")
    return found
