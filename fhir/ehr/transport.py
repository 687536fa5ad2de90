"""HTTP within a deadline: no redirects, bounded bytes, busy servers asked again, nothing of a caller kept."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import SystemRandom

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ProtocolError

from fhir.ehr.answer import seconds
from fhir.errors import BadResource, ServerUnreachable

_BUSY = (429, 503)


def chance() -> float:
    """A random number from 0 to 1."""
    return SystemRandom().random()


class Bearer(AuthBase):
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
    """deadline: s for one read or search, all pages and retries in it. connect: s. pages, size: of one answer.

    first_wait: s before a busy server is asked again, doubled each time; up to `jitter` of it is added at random.
    """

    deadline: float = 5.0
    connect: float = 2.0
    pages: int = 20
    size: int = 10_000_000
    attempts: int = 4
    first_wait: float = 0.2
    jitter: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. headers: names as sent, looked up without regard to case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _Broken(ServerUnreachable):
    """A connection kept open from an earlier call turned out to be closed: nothing was answered."""


class Transport:
    """Asks one server. Time, waiting and chance (0..1) are arguments, for tests. Safe to use from several threads."""

    def __init__(
        self,
        session: requests.Session,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = chance,
    ) -> None:
        self._session, self.limits = session, limits
        self._clock, self._sleep, self._chance = clock, sleep, chance

    def until(self) -> float:
        """The instant by which something that begins now must have ended."""
        return self._clock() + self.limits.deadline

    def get(self, url: str, until: float, *, auth: AuthBase, headers: Mapping[str, str]) -> Answer:
        """GET, again where the server says it is busy, as long as the wait ends before `until`."""
        wait = self.limits.first_wait
        for attempt in range(1, self.limits.attempts + 1):
            answer = self._fresh(url, until, auth, headers)
            if answer.status not in _BUSY or attempt == self.limits.attempts:
                break
            asked_for = seconds(answer.headers.get("Retry-After"), answer.headers.get("Date"))
            pause = max(wait, asked_for) + wait * self.limits.jitter * self._chance()
            if self._clock() + pause >= until:
                break
            self._sleep(pause)
            wait *= 2
        return answer

    def post_form(self, url: str, form: Mapping[str, str], until: float) -> Answer:
        """POST a form, once: what it asks for may not be asked twice."""
        return self._once("POST", url, until, headers={"Accept": "application/json"}, data=dict(form), auth=Bearer(""))

    def _fresh(self, url: str, until: float, auth: AuthBase, headers: Mapping[str, str]) -> Answer:
        """One GET, repeated at once where a kept connection had been closed by the server in the meantime."""
        try:
            return self._once("GET", url, until, auth=auth, headers=headers)
        except _Broken:
            return self._once("GET", url, until, auth=auth, headers=headers)

    def _once(
        self,
        method: str,
        url: str,
        until: float,
        *,
        auth: AuthBase,
        headers: Mapping[str, str],
        data: dict[str, str] | None = None,
    ) -> Answer:
        left = until - self._clock()
        if left <= 0:
            raise ServerUnreachable("The FHIR server did not answer in time.")
        try:
            response = self._session.request(
                method,
                url,
                data=data,
                auth=auth,
                headers={"Accept-Encoding": "gzip", **headers},
                timeout=(min(self.limits.connect, left), left),
                allow_redirects=False,
                stream=True,
            )
            with response:
                return Answer(status=response.status_code, body=self._body(response, until), headers=response.headers)
        except (requests.RequestException, HTTPError, OSError) as error:
            kind = _Broken if _was_closed(error) else ServerUnreachable
            raise kind(f"The FHIR server could not be read ({type(error).__name__}).") from None

    def _body(self, response: requests.Response, until: float) -> bytes:
        """The whole body, given up once it is too large or too slow, even if it drips byte by byte."""
        parts: list[bytes] = []
        size = 0
        while part := response.raw.read1(65536, decode_content=True):
            parts.append(part)
            size += len(part)
            if size > self.limits.size:
                raise BadResource(f"The FHIR server's answer is over {self.limits.size} bytes; it was not read.")
            if self._clock() > until:
                raise ServerUnreachable("The FHIR server did not finish its answer in time.")
        return b"".join(parts)


def _was_closed(error: Exception) -> bool:
    """Whether the connection ended before a byte of an answer, as one does that idled too long."""
    return (
        isinstance(error, requests.ConnectionError)
        and not isinstance(error, requests.Timeout)
        and bool(error.args)
        and isinstance(error.args[0], ProtocolError)
    )
