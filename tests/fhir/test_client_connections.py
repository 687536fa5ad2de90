"""Connections shared by every patient's reads, and what must not be shared with them; pages in any split."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import given as chance_of
from hypothesis import settings
from hypothesis import strategies as st

from fhir.ehr.answer import seconds
from fhir.ehr.client import FhirClient
from fhir.ehr.connect import Connections
from fhir.ehr.origin import stay_on
from fhir.ehr.prefetch import complete
from fhir.ehr.servers import FhirServer
from fhir.ehr.templates import TEMPLATES
from fhir.errors import IncompleteAnswer, NotAllowedServer, ServerRefused, ServerUnreachable
from tests.fhir.charts import level, patient, weight
from tests.fhir.server import Reply, Server, bundle, serving

ANN, BOB = "token-of-ann", "token-of-bob"
PATIENT = {"resourceType": "Patient", "id": "p1"}
VIAL = {"resourceType": "Medication", "id": "m1", "code": {"text": "vancomycin"}}


def clients(server: Server, **changes: Any) -> tuple[FhirClient, FhirClient]:
    """Two patients' readers of one server, as the service makes them."""
    listed = FhirServer(base=server.base)
    shared = Connections([listed])
    ann, bob = (
        FhirClient(server.base, token=token, session=shared.session(listed), kept=shared.kept(listed), **changes)
        for token in (ANN, BOB)
    )
    return ann, bob


def observation(number: int) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": f"o{number}"}


def test_one_connection_serves_call_after_call_each_with_its_own_token() -> None:
    with serving(lambda path, before: Reply(body=PATIENT), keep_alive=True) as server:
        ann, bob = clients(server)
        for reader in (ann, bob, ann):
            reader.read("Patient/p1")
    assert len(set(server.asked.ports)) == 1
    assert [head["Authorization"] for head in server.asked.headers] == [f"Bearer {who}" for who in (ANN, BOB, ANN)]


def test_a_cookie_set_for_one_patient_is_sent_for_nobody() -> None:
    cookie = {"Set-Cookie": "session=of-ann; Path=/"}
    with serving(lambda path, before: Reply(body=PATIENT, headers=cookie), keep_alive=True) as server:
        for reader in clients(server):
            reader.read("Patient/p1")
            reader.read("Patient/p1")
    assert len(server.asked.headers) == 4
    assert not [head for head in server.asked.headers if "Cookie" in head]


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(json.dumps(PATIENT)), json.dumps(PATIENT).encode())


@contextmanager
def answering(*connections: list[bytes]) -> Iterator[FhirServer]:
    """A server that gives, on each connection in turn, these answers to its requests, b"" being a closed connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answers in connections:
                with listening.accept()[0] as connection:
                    for answer in answers:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield FhirServer(base=f"http://127.0.0.1:{listening.getsockname()[1]}/fhir")
        thread.join(10)


def test_a_connection_that_idled_too_long_is_made_anew() -> None:
    """The second request meets an end that the server has closed; it is sent once more, on a new connection."""
    with answering([ANSWER, b""], [ANSWER]) as listed:
        reader = FhirClient(listed.base, token=ANN)
        assert [reader.read("Patient/p1") for _ in range(2)] == [PATIENT] * 2


def test_a_server_that_closes_every_time_is_given_up() -> None:
    with answering([b""], [b""]) as listed, pytest.raises(ServerUnreachable):
        FhirClient(listed.base).read("Patient/p1")


def test_a_name_that_is_not_on_the_list_has_no_connection() -> None:
    shared = Connections([FhirServer(base="https://ehr.example/fhir/")])
    assert shared.server("https://ehr.example/fhir") == shared.server("https://ehr.example/fhir/")
    assert shared.server("https://ehr.example/FHIR") is None


def vials(path: str, before: int) -> Reply:
    return Reply(body=VIAL, headers={"ETag": 'W/"7"', "Last-Modified": "Sat, 21 Nov 2026 08:00:00 GMT"})


def test_a_medication_is_confirmed_not_sent_again_and_the_token_judged_each_time() -> None:
    def answer(path: str, before: int) -> Reply:
        return vials(path, before) if before == 0 else Reply(status=304) if before == 1 else Reply(status=403)

    with serving(answer) as server:
        ann, bob = clients(server)
        assert ann.read("Medication/m1") == VIAL
        assert bob.read("Medication/m1") == VIAL
        with pytest.raises(ServerRefused, match="403"):
            bob.read("Medication/m1")
    first, second, _ = server.asked.headers
    assert "If-None-Match" not in first
    assert (second["If-None-Match"], second["If-Modified-Since"]) == ('W/"7"', "Sat, 21 Nov 2026 08:00:00 GMT")


def test_a_changed_medication_takes_the_place_of_the_old() -> None:
    newer = {**VIAL, "status": "inactive"}
    with serving(lambda path, before: vials(path, before) if before == 0 else Reply(body=newer)) as server:
        ann, bob = clients(server)
        ann.read("Medication/m1")
        assert bob.read("Medication/m1") == newer


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("Patient/p1", PATIENT, {}),
        ("Observation/o1", observation(1), {}),
        ("MedicationRequest/r1", {"resourceType": "MedicationRequest", "id": "r1"}, {}),
        ("Medication/m1", {**VIAL, "extension": [{"valueReference": {"reference": "Patient/p1"}}]}, {}),
        ("Medication/m1", {**VIAL, "contained": [{"resourceType": "Patient", "name": [{"family": "Doe"}]}]}, {}),
        ("Medication/m1", VIAL, {"Cache-Control": "private, No-Store"}),
    ],
)
def test_what_may_be_somebodys_is_never_kept(path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    with serving(lambda path, before: Reply(body=body, headers={"ETag": '"1"', **headers})) as server:
        ann, bob = clients(server)
        assert ann.read(path) == bob.read(path) == body
    assert not [head for head in server.asked.headers if "If-None-Match" in head or "If-Modified-Since" in head]


def test_a_search_is_never_kept() -> None:
    with serving(lambda path, before: Reply(body=bundle(VIAL), headers={"ETag": '"1"'})) as server:
        for reader in clients(server):
            reader.search("Medication?code=x")
    assert not [head for head in server.asked.headers if "If-None-Match" in head]


def test_as_before_without_a_before_is_no_answer() -> None:
    with serving(lambda path, before: Reply(status=304)) as server, pytest.raises(NotAllowedServer):
        clients(server)[0].read("Medication/m1")


HTTP_NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retry_after", "date", "expected"),
    [
        ("3", None, 3.0),
        (format_datetime(HTTP_NOW + timedelta(seconds=7), usegmt=True), HTTP_NOW, 7.0),
        (format_datetime(HTTP_NOW - timedelta(seconds=7), usegmt=True), HTTP_NOW, 0.0),
        (format_datetime(HTTP_NOW + timedelta(seconds=7), usegmt=True), None, 0.0),
        ("Saturday, 21-Nov-26 08:00:09 GMT", HTTP_NOW, 9.0),
        ("soon", HTTP_NOW, 0.0),
        ("-3", HTTP_NOW, 0.0),
        ("", HTTP_NOW, 0.0),
        (None, HTTP_NOW, 0.0),
    ],
)
def test_retry_after_in_each_of_its_forms(retry_after: str | None, date: datetime | None, expected: float) -> None:
    assert seconds(retry_after, format_datetime(date, usegmt=True) if date else None) == expected


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def busy_then_patient(headers: dict[str, str]) -> Any:
    return lambda path, before: Reply(status=503, headers=headers) if before < 2 else Reply(body=PATIENT)


def test_chance_lengthens_each_wait_by_up_to_half() -> None:
    """So that all the readers that a busy server turned away do not come back in the same instant."""
    clock, drawn = Clock(), iter([0.0, 1.0])
    with serving(busy_then_patient({})) as server:
        ann, _ = clients(server, clock=clock, sleep=clock.sleep, chance=lambda: next(drawn))
        ann.read("Patient/p1")
    assert clock.waits == [0.2, pytest.approx(0.4 * 1.5)]


def test_chance_never_shortens_what_the_server_asked_for() -> None:
    clock = Clock()
    with serving(busy_then_patient({"Retry-After": "1"})) as server:
        ann, _ = clients(server, clock=clock, sleep=clock.sleep, chance=lambda: 0.3)
        ann.read("Patient/p1")
    assert all(wait >= 1.0 for wait in clock.waits)


@settings(max_examples=25, deadline=None)
@chance_of(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=6), said=st.booleans(), relative=st.booleans())
def test_pages_in_any_split_give_the_same_resources(sizes: list[int], said: bool, relative: bool) -> None:
    """Empty pages, uneven ones, totals said or not, links absolute or not: the same resources in the same order."""
    ends = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    total = {"total": ends[-1]} if said else {}

    def answer(path: str, before: int) -> Reply:
        page = int(path.partition("page=")[2] or 0)
        start = "" if relative else f"{server.base}/"
        more = f"{start}Observation?page={page + 1}" if page + 1 < len(sizes) else ""
        found = [observation(n) for n in range(ends[page], ends[page + 1])]
        return Reply(body=bundle(*found, next_url=more, **total))

    with serving(answer) as server:
        found = FhirClient(server.base, deadline_s=30).search("Observation?patient=p1")
    assert found == [observation(n) for n in range(ends[-1])]


HOSTS = ["ehr.example", "evil.example", "ehr.example.", "ehr.example.evil.example", "127.0.0.1", "", "EHR.example"]
PIECES = [
    "/",
    "//",
    "\\",
    "@",
    ":",
    ":443",
    ":8443",
    "?",
    "#",
    "..",
    "%2e",
    "https:",
    "http:",
    "fhir",
    "x",
    " ",
    "\t",
    "é",
]
LINKS = st.lists(st.sampled_from([*HOSTS, *PIECES, "https://ehr.example/fhir"]), max_size=8).map("".join)


@settings(max_examples=500, deadline=None)
@chance_of(link=LINKS)
def test_whatever_a_link_says_the_request_stays_on_the_server(link: str) -> None:
    """A link is judged by one program and sent by another; the reading of the one that sends is the one that counts."""
    base = "https://ehr.example/fhir"
    try:
        taken = stay_on(base, link)
    except NotAllowedServer:
        return
    sent = urlsplit(requests.Request("GET", taken).prepare().url or "")
    assert (sent.scheme, (sent.hostname or "").rstrip("."), sent.port or 443) == ("https", "ehr.example", 443)
    assert sent.username is None
    assert sent.path == "/fhir" or sent.path.startswith("/fhir/")
    assert ".." not in unquote(sent.path).split("/")


def test_fewer_than_the_total_without_a_next_page_is_not_the_whole() -> None:
    with (
        serving(lambda path, before: Reply(body=bundle(observation(1), total=2))) as server,
        pytest.raises(IncompleteAnswer, match="more than it gave") as caught,
    ):
        FhirClient(server.base).search("Observation?patient=p1")
    assert caught.value.resources == (observation(1),)


def test_the_pages_before_a_followed_one_count_towards_the_total() -> None:
    with serving(lambda path, before: Reply(body=bundle(observation(2), total=2))) as server:
        first = bundle(observation(1), next_url="Observation?page=2", total=2)
        assert FhirClient(server.base).follow(first) == [observation(2)]


def test_a_server_that_knows_one_way_only_to_name_a_patient_is_asked_in_it() -> None:
    """Medplum's in-memory repository answers patient=p1 with nothing; a whole chart would read as empty."""

    def answer(path: str, before: int) -> Reply:
        if path == "Patient/p1":
            return Reply(body=patient())
        if "patient=Patient/p1&" not in path:
            return Reply(body=bundle(total=0))
        return Reply(body=bundle(level()) if "20578-1" in path else bundle(total=0))

    with serving(answer) as server:
        done = complete("patient-view", {"patientId": "p1"}, {}, FhirClient(server.base), deadline_s=30)
    assert level() in done.resources
    assert done.missing == ()


def test_an_empty_chart_stays_empty_where_the_other_way_is_refused() -> None:
    def answer(path: str, before: int) -> Reply:
        if path == "Patient/p1":
            return Reply(body=patient())
        return Reply(status=400) if "patient=Patient/" in path else Reply(body=bundle(total=0))

    with serving(answer) as server:
        done = complete("patient-view", {"patientId": "p1"}, {}, FhirClient(server.base), deadline_s=30)
    assert done.missing == ()
    assert set(done.none) == set(TEMPLATES["patient-view"]) - {"patient"}


def test_a_chart_with_anything_in_it_is_asked_for_once() -> None:
    def answer(path: str, before: int) -> Reply:
        return Reply(body=patient() if path == "Patient/p1" else bundle(weight()) if "29463-7" in path else bundle())

    with serving(answer) as server:
        complete("patient-view", {"patientId": "p1"}, {}, FhirClient(server.base), deadline_s=30)
    assert len(server.asked.paths) == len(TEMPLATES["patient-view"])
