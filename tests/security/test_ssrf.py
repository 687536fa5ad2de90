"""No address in a request, a link or a name server's answer leads anywhere but to the listed server: zero connects.

Every row is tried against the real client with the real connection code; only the last step, opening a socket, is
replaced by one that counts and refuses.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from fhir.address import may_reach
from fhir.client import FhirClient
from fhir.connect import Connections, session_for
from fhir.errors import FhirError, NotAllowedServer
from fhir.origin import stay_on
from fhir.servers import FhirServer

EHR = "https://ehr.example/fhir"
PUBLIC = "93.184.215.14"


@dataclass
class Line:
    """The network, of which every use is counted."""

    connects: int = 0
    lookups: int = 0


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Sockets blocked: the one place where a patch is the seam, as nothing may be able to go around it."""
    used = Line()

    def refuse(*arguments: Any, **named: Any) -> None:
        used.connects += 1
        raise OSError("sockets are blocked here")

    numeric = socket.getaddrinfo

    def no_lookup(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return numeric(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            used.lookups += 1
            raise socket.gaierror("names are blocked here") from None

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", no_lookup)
    return used


# what it is -> the address, as it could stand in fhirServer or in a link
BAD_URLS = {
    "other host": "https://evil.example/fhir",
    "other host, ours in its path": "https://evil.example/ehr.example/fhir",
    "other host, ours as its prefix": "https://ehr.example.evil.example/fhir",
    "login": "https://user:pw@ehr.example/fhir",
    "host as login": "https://ehr.example@evil.example/fhir",
    "encoded host as login": "https://ehr.example%40evil.example/fhir",
    "plain http": "http://ehr.example/fhir",
    "file": "file:///etc/passwd",
    "gopher": "gopher://ehr.example:70/fhir",
    "ftp": "ftp://ehr.example/fhir",
    "data": "data:application/json,{}",
    "no scheme": "//evil.example/fhir",
    "other port": "https://ehr.example:8443/fhir",
    "port out of range": "https://ehr.example:99999/fhir",
    "loopback": "https://127.0.0.1/fhir",
    "loopback by name": "https://localhost/fhir",
    "loopback, decimal": "https://2130706433/fhir",
    "loopback, hex": "https://0x7f000001/fhir",
    "loopback, octal": "https://0177.0.0.1/fhir",
    "loopback, short": "https://127.1/fhir",
    "loopback, IPv6": "https://[::1]/fhir",
    "loopback, IPv6-mapped": "https://[::ffff:127.0.0.1]/fhir",
    "unspecified": "https://0.0.0.0/fhir",
    "private": "https://10.0.0.5/fhir",
    "metadata": "https://169.254.169.254/latest/meta-data",
    "metadata, IPv6": "https://[fd00:ec2::254]/latest/meta-data",
    "link-local with a zone": "https://[fe80::1%25eth0]/fhir",
    "trailing dot": "https://ehr.example./fhir",
    "backslash": "https://ehr.example\\@evil.example/fhir",
    "backslash path": "https://ehr.example\\fhir",
    "fragment": "https://ehr.example/fhir#@evil.example",
    "query": "https://ehr.example/fhir?x=https://evil.example",
    "dot segments": "https://ehr.example/fhir/../admin",
    "encoded dot segments": "https://ehr.example/fhir/%2e%2e/admin",
    "twice encoded dot segments": "https://ehr.example/fhir/%252e%252e/admin",
    "path beside": "https://ehr.example/fhirs",
    "look-alike letter": "https://еhr.example/fhir",  # a Cyrillic first letter
    "full-width dot": "https://ehr。example/fhir",
    "line break": "https://ehr.example/fhir\r\nHost: evil.example",
    "blank": "https://ehr.example /fhir",
    "null byte": "https://ehr.example\x00.evil.example/fhir",
    "empty": "",
}
# links may point to the server's other pages, so these of the list are its own and are asked for
OURS_AS_LINK = {"trailing dot", "query", "fragment", "empty", "data"}


@pytest.mark.parametrize("name", BAD_URLS)
def test_an_address_that_is_not_listed_is_no_server(line: Line, name: str) -> None:
    """A hook's fhirServer is compared, not parsed: nothing is looked up and nothing connected to."""
    assert Connections([FhirServer(base=EHR)]).server(BAD_URLS[name]) is None
    assert (line.connects, line.lookups) == (0, 0)


@pytest.mark.parametrize("name", sorted(set(BAD_URLS) - OURS_AS_LINK))
def test_a_link_there_is_not_followed(line: Line, name: str) -> None:
    bundle = {"resourceType": "Bundle", "link": [{"relation": "next", "url": BAD_URLS[name]}]}
    with pytest.raises(NotAllowedServer):
        FhirClient(EHR).follow(bundle)
    assert (line.connects, line.lookups) == (0, 0)


@pytest.mark.parametrize("name", sorted(OURS_AS_LINK))
def test_what_is_left_of_the_list_stays_on_the_server(name: str) -> None:
    for link in [BAD_URLS[name]]:
        assert stay_on(EHR, link).startswith(("https://ehr.example/fhir", "https://ehr.example./fhir"))


# what a name server may answer for the listed name, and what the site says of the server
REBINDING = {
    "loopback": ("127.0.0.1",),
    "loopback, other": ("127.8.9.1",),
    "loopback, IPv6": ("::1",),
    "loopback, mapped": ("::ffff:127.0.0.1",),
    "loopback, compatible": ("::127.0.0.1",),
    "loopback, 6to4": ("2002:7f00:1::",),
    "loopback, NAT64": ("64:ff9b::7f00:1",),
    "unspecified": ("0.0.0.0",),  # noqa: S104 - an answer to refuse
    "unspecified, IPv6": ("::",),
    "broadcast": ("255.255.255.255",),
    "multicast": ("224.0.0.1",),
    "link-local": ("169.254.10.10",),
    "link-local, IPv6": ("fe80::1",),
    "link-local with a zone": ("fe80::1%eth0",),
    "metadata": ("169.254.169.254",),
    "metadata, mapped": ("::ffff:169.254.169.254",),
    "metadata, IPv6": ("fd00:ec2::254",),
    "metadata, other clouds": ("100.100.100.200",),
    "metadata, yet another": ("168.63.129.16",),
    "reserved": ("240.0.0.1",),
    "documentation": ("192.0.2.1",),
    "public and loopback": (PUBLIC, "127.0.0.1"),
    "nothing": (),
}
PRIVATE = {
    "private 10": ("10.0.0.5",),
    "private 172": ("172.16.0.9",),
    "private 192": ("192.168.1.1",),
    "private, IPv6": ("fd12:3456::1",),
    "private, mapped": ("::ffff:10.0.0.5",),
    "carrier": ("100.64.0.1",),
    "public and private": (PUBLIC, "10.0.0.5"),
}


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("name", REBINDING)
def test_a_name_that_leads_to_a_machine_of_ours_is_not_connected_to(line: Line, name: str, private: bool) -> None:
    assert refused(FhirServer(base=EHR, private=private), lambda host, port: REBINDING[name])
    assert line.connects == 0


@pytest.mark.parametrize("name", PRIVATE)
def test_a_private_address_needs_the_sites_word(line: Line, name: str) -> None:
    assert refused(FhirServer(base=EHR), lambda host, port: PRIVATE[name])
    assert line.connects == 0
    assert not refused(FhirServer(base=EHR, private=True), lambda host, port: PRIVATE[name])
    assert line.connects == len(PRIVATE[name])


def test_the_network_block_notices_a_connect(line: Line) -> None:
    """The zero above is not the zero of a counter that counts nothing."""
    assert not refused(FhirServer(base=EHR), lambda host, port: (PUBLIC,))
    assert line.connects == 1


def test_this_machine_is_reached_only_where_its_name_is_spelled_out(line: Line) -> None:
    own = FhirServer(base="http://127.0.0.1:8080/fhir")
    assert not refused(own, lambda host, port: ("127.0.0.1",))
    assert line.connects == 1
    assert refused(own, lambda host, port: (PUBLIC,))
    assert line.connects == 1


def test_the_address_that_was_judged_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers well once and badly afterwards: it is asked once, and its first answer is used."""
    answers = iter([(PUBLIC,), ("127.0.0.1",), ("169.254.169.254",)])
    tried: list[Any] = []

    def note(self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise OSError("blocked")

    monkeypatch.setattr(socket.socket, "connect", note)
    assert not refused(FhirServer(base=EHR), lambda host, port: next(answers))
    assert tried == [(PUBLIC, 443)]
    assert next(answers) == ("127.0.0.1",)


def refused(server: FhirServer, resolve: Callable[[str, int], tuple[str, ...]]) -> bool:
    """Whether a read is refused for where its name leads; False where a connection was tried (and blocked)."""
    client = FhirClient(server.base, token="t", session=session_for(server, resolve=resolve))
    try:
        client.read("Patient/p1")
    except NotAllowedServer:
        return True
    except FhirError:
        return False
    raise AssertionError("a blocked network gave an answer")


def test_proxies_of_the_environment_are_not_used(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name itself, past every judgement made here."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    session: requests.Session = session_for(FhirServer(base=EHR), resolve=lambda host, port: ("127.0.0.1",))
    with pytest.raises(FhirError):
        FhirClient(EHR, session=session).read("Patient/p1")
    assert line.connects == 0


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
