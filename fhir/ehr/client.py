"""Reads from one FHIR server within a deadline: no redirects, no other origin, bounded pages and bytes."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import requests

from fhir.ehr.answer import next_link, parsed, resources_of, total_of, troubles
from fhir.ehr.connect import session_for
from fhir.ehr.elements import with_elements
from fhir.ehr.kept import Kept
from fhir.ehr.origin import checked_base, stay_on
from fhir.ehr.servers import FhirServer
from fhir.ehr.transport import Answer, Bearer, Limits, Transport, chance
from fhir.errors import BadResource, IncompleteAnswer, NotAllowedServer, ServerRefused, ServerUnreachable

_READ = re.compile(r"[A-Za-z]+/[A-Za-z0-9.\-]{1,64}")
_SEARCH = re.compile(r"[A-Za-z]+(\?[^\s#\\]*)?")
_ACCEPT = {"Accept": "application/fhir+json"}


class Tokens(Protocol):
    """What BackendTokens offers."""

    def token(self) -> str: ...
    def spent(self, token: str) -> None: ...


class FhirClient:
    """A reader of one FHIR server. Its repr, its errors and its logs never hold the token.

    base: https (http only to this very machine). session, kept: shared by the clients of one server, whosever token
    they carry; without them the client has its own. elements: the server honours _elements. Redirects, environment
    proxies and .netrc are never used. tokens: in a token's place, where they are asked for in our own
    name. Safe to call from several threads.
    """

    def __init__(
        self,
        base: str,
        *,
        token: str | None = None,
        tokens: Tokens | None = None,
        session: requests.Session | None = None,
        kept: Kept | None = None,
        elements: bool = False,
        deadline_s: float = 5.0,
        max_pages: int = 20,
        max_bytes: int = 10_000_000,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = chance,
    ) -> None:
        self._base = checked_base(base)
        self._auth, self._tokens = Bearer(token or ""), tokens
        self._kept, self._elements = kept or Kept(), elements
        limits = Limits(deadline=deadline_s, pages=max_pages, size=max_bytes)
        session = session or session_for(FhirServer(base=self._base))
        self._transport = Transport(session, limits, clock=clock, sleep=sleep, chance=chance)

    def __repr__(self) -> str:
        return f"FhirClient({self._base!r})"

    @property
    def base(self) -> str:
        return self._base

    def read(self, path: str) -> dict[str, Any]:
        """One resource by "Type/id". Raises FhirError."""
        if not _READ.fullmatch(path):
            raise NotAllowedServer('read takes "Type/id" and nothing else')
        resource = self._get(f"{self._base}/{path}", self._transport.until())
        if resource.get("resourceType") != path.split("/")[0]:
            raise BadResource(f"{path.split('/')[0]} was asked for, {resource.get('resourceType')!r} came")
        return resource

    def search(self, query: str) -> list[dict[str, Any]]:
        """All resources of a search "Type?name=value", every page followed. Raises FhirError.

        IncompleteAnswer carries what came before the paging broke off.
        """
        if not _SEARCH.fullmatch(query):
            raise NotAllowedServer('search takes "Type?parameters" and nothing else')
        asked = with_elements(query) if self._elements else query
        return self._pages(f"{self._base}/{asked}", self._transport.until())

    def follow(self, bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The resources on the pages after a Bundle that came from elsewhere (a prefetch); [] if it is the last."""
        link = next_link(bundle)
        had = len(list(resources_of(bundle)))
        return self._pages(stay_on(self._base, link), self._transport.until(), had=had) if link else []

    def _pages(self, url: str, until: float, *, had: int = 0) -> list[dict[str, Any]]:
        """The resources from this page on. had: how many came on the pages before it."""
        found: list[dict[str, Any]] = []
        seen: set[str] = set()
        while url:
            most = self._transport.limits.pages
            if url in seen or len(seen) >= most:
                why = "comes back to a page already read" if url in seen else f"has over {most} pages"
                raise IncompleteAnswer(f"The server's answer {why}.", resources=tuple(found))
            seen.add(url)
            bundle = self._page(url, until, found)
            found += resources_of(bundle)
            if troubles(bundle):
                raise IncompleteAnswer("The server says its answer is not whole.", resources=tuple(found))
            link = next_link(bundle)
            url = self._own(link, found) if link else ""
        if total_of(bundle) > had + len(found):
            why = "The server says that it holds more than it gave, and names no next page."
            raise IncompleteAnswer(why, resources=tuple(found))
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

    def _get(self, url: str, until: float) -> dict[str, Any]:
        path = url.removeprefix(f"{self._base}/")
        headers = {**_ACCEPT, **self._kept.conditions(path)}
        answer = self._answer(url, until, headers)
        answer = self._kept.settled(path, answer)
        return parsed(answer.status, answer.body)

    def _answer(self, url: str, until: float, headers: Mapping[str, str]) -> Answer:
        """The answer to the token of the call; or to one of ours, to a second one where the first was withdrawn."""
        if self._tokens is None:
            return self._transport.get(url, until, auth=self._auth, headers=headers)
        for last in (False, True):
            token = self._tokens.token()
            answer = self._transport.get(url, until, auth=Bearer(token), headers=headers)
            if answer.status != 401 or last:
                break
            self._tokens.spent(token)
        return answer
