"""TLS to an address that was judged: the name is still the one that is asked for, shown and checked."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fhir.ehr.client import FhirClient
from fhir.ehr.connect import session_over
from fhir.errors import ServerUnreachable

NAME = "ehr.example"
BODY = b'{"resourceType": "Patient", "id": "p1"}'


@dataclass
class Seen:
    """What the server learnt of its caller."""

    port: int = 0
    names: list[str] = field(default_factory=list)  # by TLS, before anything is said
    hosts: list[str] = field(default_factory=list)  # by HTTP
    asked_to_resolve: list[str] = field(default_factory=list)


def certificate(folder: Path, name: str) -> Path:
    """A certificate of `name` and its key in one file; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Titrate's tests")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(built.public_bytes(Encoding.PEM) + private)
    return file


@contextmanager
def tls_server(file: Path) -> Iterator[Seen]:
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda socket, name, context: seen.names.append(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *arguments: None  # type: ignore[method-assign]  # a refused handshake is meant
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.port = server.server_port
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


def reader(seen: Seen, ca_file: str) -> FhirClient:
    """A reader of the name whose every judged address is this machine's, which only a test can arrange."""

    def dial(host: str, port: int) -> tuple[str, ...]:
        seen.asked_to_resolve.append(host)
        return ("127.0.0.1",)

    base = f"https://{NAME}:{seen.port}/fhir"
    return FhirClient(base, session=session_over(dial, ca_file=ca_file), deadline_s=30)


def test_the_name_is_kept_while_the_address_is_pinned(tmp_path: Path) -> None:
    file = certificate(tmp_path, NAME)
    with tls_server(file) as seen:
        assert reader(seen, str(file)).read("Patient/p1")["id"] == "p1"
    assert (seen.asked_to_resolve, seen.names, seen.hosts) == ([NAME], [NAME], [f"{NAME}:{seen.port}"])


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    file = certificate(tmp_path, "other.example")
    with tls_server(file) as seen, pytest.raises(ServerUnreachable, match="SSLError"):
        reader(seen, str(file)).read("Patient/p1")
    assert seen.hosts == []


def test_a_certificate_of_no_known_authority_is_refused(tmp_path: Path) -> None:
    file = certificate(tmp_path, NAME)
    with tls_server(file) as seen, pytest.raises(ServerUnreachable, match="SSLError"):
        reader(seen, "").read("Patient/p1")
    assert seen.hosts == []
