"""The SSRF table: every row refused with zero connects; and that the count would notice one."""

from collections.abc import Iterator

import pytest

from fhir.ehr.address import may_reach
from fhir.ehr.client import FhirClient
from fhir.ehr.connect import session_for
from fhir.ehr.origin import stay_on
from fhir.ehr.servers import FhirServer
from fhir.errors import FhirError
from tests.security.ssrf import (
    BAD_URLS,
    EHR,
    OURS_AS_LINK,
    PRIVATE,
    PUBLIC,
    REBINDING,
    Line,
    as_link,
    as_server,
    blocked,
    refused,
    rows,
)


@pytest.fixture
def line() -> Iterator[Line]:
    with blocked() as used:
        yield used


def test_the_whole_table_is_refused_without_a_connect() -> None:
    found = list(rows())
    assert len(found) > 100
    assert [row for row in found if row[2] or row[3]] == []


@pytest.mark.parametrize("name", BAD_URLS)
def test_an_address_that_is_not_listed_is_no_server(line: Line, name: str) -> None:
    """A hook's fhirServer is compared, not parsed: nothing is looked up and nothing connected to."""
    assert not as_server(BAD_URLS[name])
    assert (line.connects, line.lookups) == ([], [])


def test_the_listed_address_is_one() -> None:
    assert as_server(EHR)
    assert as_server(f"{EHR}/")


@pytest.mark.parametrize("name", sorted(set(BAD_URLS) - OURS_AS_LINK))
def test_a_link_there_is_not_followed(line: Line, name: str) -> None:
    assert not as_link(BAD_URLS[name])
    assert (line.connects, line.lookups) == ([], [])


def test_a_link_to_the_servers_own_next_page_is_gone_to(line: Line) -> None:
    assert as_link(f"{EHR}/Observation?page=2")
    assert line.lookups == ["ehr.example"]


@pytest.mark.parametrize("name", sorted(OURS_AS_LINK))
def test_what_is_left_of_the_list_stays_on_the_server(name: str) -> None:
    for link in [BAD_URLS[name]]:
        assert stay_on(EHR, link).startswith(("https://ehr.example/fhir", "https://ehr.example./fhir"))


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("name", REBINDING)
def test_a_name_that_leads_to_a_machine_of_ours_is_not_connected_to(line: Line, name: str, private: bool) -> None:
    assert refused(FhirServer(base=EHR, private=private), lambda host, port: REBINDING[name])
    assert line.connects == []


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_address_needs_the_sites_word(line: Line, name: str) -> None:
    assert refused(FhirServer(base=EHR), lambda host, port: PRIVATE[name])
    assert line.connects == []
    assert not refused(FhirServer(base=EHR, private=True), lambda host, port: PRIVATE[name])
    assert [address[0] for address in line.connects] == list(PRIVATE[name])


def test_the_network_block_notices_a_connect(line: Line) -> None:
    """The zero above is not the zero of a counter that counts nothing."""
    assert not refused(FhirServer(base=EHR), lambda host, port: (PUBLIC,))
    assert len(line.connects) == 1


def test_this_machine_is_reached_only_where_its_name_is_spelled_out(line: Line) -> None:
    own = FhirServer(base="http://127.0.0.1:8080/fhir")
    assert not refused(own, lambda host, port: ("127.0.0.1",))
    assert len(line.connects) == 1
    assert refused(own, lambda host, port: (PUBLIC,))
    assert len(line.connects) == 1


def test_the_address_that_was_judged_is_the_one_connected_to(line: Line) -> None:
    """A name server that answers well once and badly afterwards: it is asked once, and its first answer is used."""
    answers = iter([(PUBLIC,), ("127.0.0.1",), ("169.254.169.254",)])
    assert not refused(FhirServer(base=EHR), lambda host, port: next(answers))
    assert line.connects == [(PUBLIC, 443)]
    assert next(answers) == ("127.0.0.1",)


def test_proxies_of_the_environment_are_not_used(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name itself, past every judgement made here."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    session = session_for(FhirServer(base=EHR), resolve=lambda host, port: ("127.0.0.1",))
    with pytest.raises(FhirError):
        FhirClient(EHR, session=session).read("Patient/p1")
    assert line.connects == []


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        (PUBLIC, True, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("::ffff:93.184.215.14", True, True),
        ("172.15.255.255", True, True),
        ("172.16.0.0", False, True),
        ("172.31.255.255", False, True),
        ("172.32.0.0", True, True),
        ("100.63.255.255", True, True),
        ("100.64.0.0", False, True),
        ("100.127.255.255", False, True),
        ("100.128.0.0", True, True),
        ("fdff::1", False, True),
        ("fe80::1", False, False),
        ("192.0.0.192", False, False),
    ],
)
def test_the_edges_of_what_may_be_reached(address: str, public: bool, private: bool) -> None:
    assert (may_reach(address, "public"), may_reach(address, "private")) == (public, private)
    assert not may_reach(address, "own-machine")
