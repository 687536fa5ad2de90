"""No address in a request, a link or a name server's answer leads anywhere but to the listed server: zero connects.

Every row is tried against the real client with the real connection code; only the last step, opening a socket, is
replaced by one that counts and refuses. `python -m tests.security.ssrf` prints the table.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from fhir.ehr.client import FhirClient
from fhir.ehr.connect import Connections, session_for
from fhir.ehr.servers import FhirServer
from fhir.errors import FhirError, NotAllowedServer

EHR = "https://ehr.example/fhir"
PUBLIC = "93.184.215.14"


@dataclass
class Line:
    """The network, of which every use is noted."""

    connects: list[Any] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)


@contextmanager
def blocked() -> Iterator[Line]:
    """Sockets blocked: the one place where a patch is the seam, as nothing may be able to go around it."""
    used = Line()
    lookup = socket.getaddrinfo

    def refuse(of: socket.socket, address: Any) -> None:
        used.connects.append(address)
        raise OSError("sockets are blocked here")

    def no_lookup(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return lookup(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            used.lookups.append(host)
            raise socket.gaierror("names are blocked here") from None

    with (
        patch.object(socket.socket, "connect", refuse),
        patch.object(socket.socket, "connect_ex", refuse),
        patch.object(socket, "getaddrinfo", no_lookup),
    ):
        yield used


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


def as_server(url: str) -> bool:
    """Whether a fhirServer of that address is taken for a listed one."""
    return Connections([FhirServer(base=EHR)]).server(url) is not None


def as_link(url: str) -> bool:
    """Whether a next page at that address is gone to."""
    try:
        FhirClient(EHR).follow({"resourceType": "Bundle", "link": [{"relation": "next", "url": url}]})
    except NotAllowedServer:
        return False
    except FhirError:
        return True
    raise AssertionError("a blocked network gave an answer")


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


Row = tuple[str, str, bool, int]  # what was tried, with what, whether it was let through, how many connects


def rows() -> Iterator[Row]:
    """Every attempt and what came of it."""
    tries: list[tuple[str, str, Callable[[], bool]]] = []
    for name, url in BAD_URLS.items():
        tries.append((f"fhirServer: {name}", url, lambda url=url: as_server(url)))
        if name not in OURS_AS_LINK:
            tries.append((f"next link: {name}", url, lambda url=url: as_link(url)))
    for private, answers in ((False, REBINDING | PRIVATE), (True, REBINDING)):
        server = FhirServer(base=EHR, private=private)
        for name, found in answers.items():
            what = f"name server ({'private allowed' if private else 'public only'}): {name}"
            tries.append(
                (what, ", ".join(found), lambda server=server, found=found: not refused(server, lambda h, p: found))
            )
    for what, value, attempt in tries:
        with blocked() as line:
            let_through = attempt()
        yield what, value, let_through, len(line.connects) + len(line.lookups)


def main() -> None:
    """Print the table; exit 1 where anything got through."""
    found = list(rows())
    for what, value, let_through, connects in found:
        verdict = "FAIL" if let_through or connects else "pass"
        print(f"{verdict}  connects {connects}  {what:58s} {value!r}")
    failed = sum(bool(row[2] or row[3]) for row in found)
    print(f"{len(found)} attempts, {failed} let through, {sum(row[3] for row in found)} connects")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
