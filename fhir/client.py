"""Reads from one FHIR server within a deadline: no redirects, no other origin, bounded pages and bytes."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from fhir.answer import next_link, parsed, resources_of, seconds, troubles
from fhir.errors import BadResource, IncompleteAnswer, NotAllowedServer, ServerRefused, ServerUnreachable
from fhir.origin import checked_base, stay_on

_READ = re.compile(r"[A-Za-z]+/[A-Za-z0-9.\-]{1,64}")
_SEARCH = re.compile(r"[A-Za-z]+(\?[^\s#\\]*)?")
_BUSY = (429, 503)


class _Bearer(AuthBase):
    """The token as a header. An explicit auth keeps requests from ever putting a .netrc login in its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "<bearer token>"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """deadline: s for one read or search, all pages and retries in it. connect: s. pages, bytes: of one answer."""

    deadline: float = 5.0
    connect: float = 2.0
    pages: int = 20
    size: int = 10_000_000
    attempts: int = 4
    first_wait: float = 0.2


class FhirClient:
    """A reader of one FHIR server. Its repr, its errors and its logs never hold the token.

    base: https (http only to this very machine, or with allow_http). session: injected for tests and connection reuse;
    redirects, environment proxies and .netrc are never used. Safe to call from several threads.
    """

    def __init__(
        self,
        base: str,
        *,
        token: str | None = None,
        session: requests.Session | None = None,
        deadline_s: float = 5.0,
        max_pages: int = 20,
        max_bytes: int = 10_000_000,
        allow_http: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = checked_base(base, allow_http=allow_http)
        self._auth = _Bearer(token or "")
        self._session = session or requests.Session()
        self._session.trust_env = False
        self._limits = Limits(deadline=deadline_s, pages=max_pages, size=max_bytes)
        self._clock, self._sleep = clock, sleep

    def __repr__(self) -> str:
        return f"FhirClient({self._base!r})"

    @property
    def base(self) -> str:
        return self._base

    def read(self, path: str) -> dict[str, Any]:
        """One resource by "Type/id". Raises FhirError."""
        if not _READ.fullmatch(path):
            raise NotAllowedServer('read takes "Type/id" and nothing else')
        resource = self._get(f"{self._base}/{path}", self._until())
        if resource.get("resourceType") != path.split("/")[0]:
            raise BadResource(f"{path.split('/')[0]} was asked for, {resource.get('resourceType')!r} came")
        return resource

    def search(self, query: str) -> list[dict[str, Any]]:
        """All resources of a search "Type?name=value", every page followed. Raises FhirError.

        IncompleteAnswer carries what came before the paging broke off.
        """
        if not _SEARCH.fullmatch(query):
            raise NotAllowedServer('search takes "Type?parameters" and nothing else')
        return self._pages(f"{self._base}/{query}", self._until())

    def follow(self, bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The resources on the pages after a Bundle that came from elsewhere (a prefetch); [] if it is the last."""
        link = next_link(bundle)
        return self._pages(stay_on(self._base, link), self._until()) if link else []

    def _pages(self, url: str, until: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while url:
            if url in seen or len(seen) >= self._limits.pages:
                why = "comes back to a page already read" if url in seen else f"has over {self._limits.pages} pages"
                raise IncompleteAnswer(f"The server's answer {why}.", resources=tuple(found))
            seen.add(url)
            bundle = self._page(url, until, found)
            found += resources_of(bundle)
            if troubles(bundle):
                raise IncompleteAnswer("The server says its answer is not whole.", resources=tuple(found))
            link = next_link(bundle)
            url = self._own(link, found) if link else ""
        return found

    def _own(self, link: str, found: list[dict[str, Any]]) -> str:
        try:
            return stay_on(self._base, link)
        except NotAllowedServer as error:
            raise IncompleteAnswer(str(error), resources=tuple(found)) from None

    def _page(self, url: str, until: float, found: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            bundle = self._get(url, until)
        except (ServerUnreachable, ServerRefused, BadResource) as error:
            if found:
                raise IncompleteAnswer(f"A later page could not be had: {error}", resources=tuple(found)) from None
            raise
        if bundle.get("resourceType") != "Bundle":
            raise BadResource(f"A search was answered with {bundle.get('resourceType')!r}, not with a Bundle.")
        return bundle

    def _until(self) -> float:
        return self._clock() + self._limits.deadline

    def _get(self, url: str, until: float) -> dict[str, Any]:
        wait = self._limits.first_wait
        for attempt in range(1, self._limits.attempts + 1):
            status, body, retry_after = self._once(url, until)
            if status not in _BUSY or attempt == self._limits.attempts:
                break
            pause = max(wait, retry_after)
            if self._clock() + pause >= until:
                break
            self._sleep(pause)
            wait *= 2
        return parsed(status, body)

    def _once(self, url: str, until: float) -> tuple[int, bytes, float]:
        left = until - self._clock()
        if left <= 0:
            raise ServerUnreachable("The FHIR server did not answer in time.")
        try:
            response = self._session.get(
                url,
                auth=self._auth,
                headers={"Accept": "application/fhir+json"},
                timeout=(min(self._limits.connect, left), left),
                allow_redirects=False,
                stream=True,
            )
            with response:
                return response.status_code, self._body(response, until), seconds(response.headers.get("Retry-After"))
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ServerUnreachable(f"The FHIR server could not be read ({type(error).__name__}).") from None

    def _body(self, response: requests.Response, until: float) -> bytes:
        """The whole body, given up once it is too large or too slow, even if it drips byte by byte."""
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read1(65536, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self._limits.size:
                raise BadResource(f"The FHIR server's answer is over {self._limits.size} bytes; it was not read.")
            if self._clock() > until:
                raise ServerUnreachable("The FHIR server did not finish its answer in time.")
        return b"".join(parts)
