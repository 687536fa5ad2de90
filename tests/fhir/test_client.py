"""The FHIR client against a real server on a loopback port that pages, stalls, redirects, lies and overflows."""

import gzip
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from fhir.ehr.client import FhirClient
from fhir.ehr.origin import checked_base, stay_on
from fhir.errors import (
    BadResource,
    FhirError,
    IncompleteAnswer,
    NotAllowedServer,
    ServerRefused,
    ServerUnreachable,
)
from tests.fhir.server import Reply, Server, bundle, outcome, serving

TOKEN = "canary-token-5b1e"
PATIENT = {"resourceType": "Patient", "id": "p1"}


def client(server: Server, **changes: Any) -> FhirClient:
    return FhirClient(server.base, **({"token": TOKEN, "chance": lambda: 0.0} | changes))


def one(number: int) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": f"o{number}"}


def test_a_resource_is_read_with_the_token() -> None:
    with serving(lambda path, before: Reply(body=PATIENT)) as server:
        assert client(server).read("Patient/p1") == PATIENT
    assert server.asked.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert server.asked.headers[0]["Accept"] == "application/fhir+json"


def test_without_a_token_none_is_sent() -> None:
    with serving(lambda path, before: Reply(body=PATIENT)) as server:
        client(server, token=None).read("Patient/p1")
    assert "Authorization" not in server.asked.headers[0]


def test_gzip_is_understood() -> None:
    packed = gzip.compress(json.dumps(PATIENT).encode())
    with serving(lambda path, before: Reply(body=packed, headers={"Content-Encoding": "gzip"})) as server:
        assert client(server).read("Patient/p1") == PATIENT


@pytest.mark.parametrize("relative", [True, False])
def test_every_page_is_followed(relative: bool) -> None:
    def answer(path: str, before: int) -> Reply:
        page = int(path.partition("page=")[2] or 1)
        start = "" if relative else f"{server.base}/"
        return Reply(body=bundle(one(page), next_url=f"{start}Observation?page={page + 1}" if page < 3 else ""))

    with serving(answer) as server:
        found = client(server).search("Observation?patient=p1&code=http://loinc.org|29463-7")
    assert [resource["id"] for resource in found] == ["o1", "o2", "o3"]


def test_the_pages_of_a_prefetched_bundle_are_followed() -> None:
    with serving(lambda path, before: Reply(body=bundle(one(2)))) as server:
        first = bundle(one(1), next_url=f"{server.base}?page=2")
        assert client(server).follow(first) == [one(2)]
        assert client(server).follow(bundle(one(1))) == []


def test_a_loop_of_pages_ends_with_what_was_had() -> None:
    with (
        serving(lambda path, before: Reply(body=bundle(one(1), next_url="Observation?page=1"))) as server,
        pytest.raises(IncompleteAnswer, match="already read") as caught,
    ):
        client(server).search("Observation?page=1")
    assert caught.value.resources == (one(1),)


def test_endless_pages_end_at_the_cap() -> None:
    with (
        serving(lambda path, before: Reply(body=bundle(one(1), next_url=f"{path}1"))) as server,
        pytest.raises(IncompleteAnswer, match="over 5 pages") as caught,
    ):
        client(server, max_pages=5).search("Observation?page=1")
    assert len(caught.value.resources) == 5
    assert len(server.asked.paths) == 5


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir/Observation?page=2",
        "http://127.0.0.1:1/fhir/Observation?page=2",
        "//evil.example/fhir/Observation",
        "file:///etc/passwd",
        "http://127.0.0.1:{port}/admin",
        "http://127.0.0.1:{port}/fhir/../admin",
        "http://127.0.0.1:{port}/fhir/%2e%2e/admin",
        "http://user@127.0.0.1:{port}/fhir/Observation",
        "http://127.0.0.1:{port}@evil.example/fhir/Observation",
        "https://127.0.0.1:{port}/fhir/Observation",
        "http://127.0.0.1:{port}/fhirs/Observation",
        "http://localhost:{port}/fhir/Observation",
        "http://2130706433:{port}/fhir/Observation",
        "http://[::ffff:127.0.0.1]:{port}/fhir/Observation",
        "http://127.0.0.1:{port}\\@evil.example/fhir/Observation",
    ],
)
def test_a_page_elsewhere_is_never_fetched(link: str) -> None:
    with serving(lambda path, before: Reply(body=bundle(one(1), next_url=to(link)))) as server:

        def to(link: str) -> str:
            return link.replace("{port}", server.base.split(":")[2].split("/")[0])

        with pytest.raises(IncompleteAnswer) as caught:
            client(server).search("Observation?patient=p1")
    assert caught.value.resources == (one(1),)
    assert server.asked.paths == ["Observation?patient=p1"]


def test_a_redirect_is_not_followed() -> None:
    with (
        serving(lambda path, before: Reply(status=302, headers={"Location": "Patient/p2"})) as server,
        pytest.raises(NotAllowedServer, match="redirect"),
    ):
        client(server).read("Patient/p1")
    assert server.asked.paths == ["Patient/p1"]


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(status=404, body=outcome("not-found", "Jane Doe")), ServerRefused, "HTTP 404 (not-found)"),
        (Reply(status=401), ServerRefused, "HTTP 401"),
        (Reply(status=500, body=b"<html>Jane Doe</html>"), ServerRefused, "HTTP 500"),
        (Reply(body=outcome("forbidden", "Jane Doe")), ServerRefused, "OperationOutcome (forbidden)"),
        (Reply(body=b"<html>Jane Doe"), BadResource, "not JSON"),
        (Reply(body=b'{"resourceType": "Patient", "x": NaN}'), BadResource, "not JSON"),
        (Reply(body=b"[" * 200_000), BadResource, "not JSON"),
        (Reply(body=[PATIENT]), BadResource, "not a FHIR resource"),
        (Reply(body={"id": "p1"}), BadResource, "not a FHIR resource"),
        (Reply(body=one(1)), BadResource, "Patient was asked for"),
        (Reply(body=b'{"resourceType": "Pat', headers={"Content-Encoding": "gzip"}), ServerUnreachable, "read"),
    ],
)
def test_a_bad_answer_is_a_clear_error(reply: Reply, error: type[FhirError], words: str) -> None:
    with serving(lambda path, before: reply) as server, pytest.raises(error) as caught:
        client(server).read("Patient/p1")
    assert words in str(caught.value)
    assert "Jane Doe" not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_search_is_answered_by_a_bundle_or_refused() -> None:
    with serving(lambda path, before: Reply(body=PATIENT)) as server, pytest.raises(BadResource, match="Bundle"):
        client(server).search("Patient?x=1")


def test_an_outcome_inside_a_searchset_means_it_is_not_whole() -> None:
    with (
        serving(lambda path, before: Reply(body=bundle(one(1), outcome()))) as server,
        pytest.raises(IncompleteAnswer, match="not whole") as caught,
    ):
        client(server).search("Observation?patient=p1")
    assert caught.value.resources == (one(1),)


def test_a_later_page_that_fails_leaves_the_first() -> None:
    def answer(path: str, before: int) -> Reply:
        return Reply(status=500) if "page=2" in path else Reply(body=bundle(one(1), next_url="Observation?page=2"))

    with serving(answer) as server, pytest.raises(IncompleteAnswer, match="later page") as caught:
        client(server).search("Observation?patient=p1")
    assert caught.value.resources == (one(1),)


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_with_growing_waits(status: int) -> None:
    clock = Clock()
    with serving(lambda path, before: Reply(status=status) if before < 2 else Reply(body=PATIENT)) as server:
        assert client(server, clock=clock, sleep=clock.sleep).read("Patient/p1") == PATIENT
    assert clock.waits == [0.2, 0.4]


def test_retry_after_is_heeded_within_the_deadline() -> None:
    clock = Clock()
    busy = Reply(status=503, headers={"Retry-After": "3"})
    with (
        serving(lambda path, before: busy) as server,
        pytest.raises(ServerRefused, match="503"),
    ):
        client(server, clock=clock, sleep=clock.sleep, deadline_s=5.0).read("Patient/p1")
    assert clock.waits == [3.0]  # a second wait of 3 s would end after the deadline


def test_other_errors_are_not_retried() -> None:
    with serving(lambda path, before: Reply(status=500)) as server, pytest.raises(ServerRefused):
        client(server).read("Patient/p1")
    assert len(server.asked.paths) == 1


def test_a_server_that_never_answers_is_given_up() -> None:
    release = threading.Event()

    def stall(handler: BaseHTTPRequestHandler) -> None:
        release.wait(10)

    with serving(lambda path, before: Reply(write=stall)) as server:
        with pytest.raises(ServerUnreachable):
            client(server, deadline_s=0.2).read("Patient/p1")
        release.set()


def test_a_server_that_drips_is_given_up() -> None:
    """Each byte comes in time, the whole never would: the deadline is on the answer, not on the gaps."""
    clock = Clock()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while True:
            clock.now += 1.0
            handler.wfile.write(b" ")

    with serving(lambda path, before: Reply(write=drip)) as server, pytest.raises(ServerUnreachable, match="in time"):
        client(server, clock=clock, sleep=clock.sleep).read("Patient/p1")


def test_an_answer_without_end_is_cut_off() -> None:
    def flood(handler: BaseHTTPRequestHandler) -> None:
        while True:
            handler.wfile.write(b"x" * 65536)

    with serving(lambda path, before: Reply(write=flood)) as server, pytest.raises(BadResource, match="over 1000000"):
        client(server, max_bytes=1_000_000).read("Patient/p1")


def test_a_packed_bomb_is_cut_off() -> None:
    packed = gzip.compress(b"x" * 50_000_000)
    with (
        serving(lambda path, before: Reply(body=packed, headers={"Content-Encoding": "gzip"})) as server,
        pytest.raises(BadResource, match="over 1000000"),
    ):
        client(server, max_bytes=1_000_000).read("Patient/p1")


def test_nobody_listening_is_a_clear_error() -> None:
    with serving(lambda path, before: Reply()) as server:
        pass
    with pytest.raises(ServerUnreachable):
        client(server).read("Patient/p1")


@pytest.mark.parametrize(
    "path", ["Patient/../p1", "/Patient/p1", "https://evil.example/Patient/p1", "Patient", "Patient/p1?x"]
)
def test_only_type_and_id_are_read(path: str) -> None:
    with serving(lambda path, before: Reply(body=PATIENT)) as server, pytest.raises(NotAllowedServer):
        client(server).read(path)
    assert server.asked.paths == []


@pytest.mark.parametrize(
    "query", ["../x?y", "//evil.example/x?y", "Observation?a b", "Observation?a#b", "Observation/1"]
)
def test_only_a_type_and_its_parameters_are_searched(query: str) -> None:
    with serving(lambda path, before: Reply(body=bundle())) as server, pytest.raises(NotAllowedServer):
        client(server).search(query)
    assert server.asked.paths == []


def test_the_token_shows_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda path, before: Reply(status=403, body=outcome("forbidden", TOKEN))) as server:
        reader = client(server)
        with pytest.raises(ServerRefused) as caught:
            reader.read("Patient/p1")
    shown = f"{reader!r} {vars(reader)!r} {caught.value!r} {caplog.text}"
    assert TOKEN not in shown


@pytest.mark.parametrize(
    "base",
    [
        "",
        "fhir",
        "ftp://ehr.example/fhir",
        "file:///etc",
        "http://ehr.example/fhir",
        "https://",
        "https://user:pw@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir#x",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example:99999/fhir",
        "https://ehr.example/fh ir",
        "https://еhr.example/fhir",
        "https://ehr.example\\@evil.example/fhir",
    ],
)
def test_a_base_that_no_client_is_made_for(base: str) -> None:
    with pytest.raises(NotAllowedServer):
        FhirClient(base)


def test_a_base_that_one_is_made_for() -> None:
    assert checked_base("https://ehr.example/fhir/") == "https://ehr.example/fhir"
    assert checked_base("http://localhost:8000/fhir") == "http://localhost:8000/fhir"
    assert stay_on("https://ehr.example/fhir", "https://ehr.example:443/fhir?page=2").endswith("page=2")
