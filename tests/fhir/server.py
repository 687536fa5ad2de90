"""A small real FHIR server on a loopback port, whose answers a test writes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is sent back; a dict or list body becomes JSON. write: takes over and writes the body itself."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Asked:
    """What the server was asked, in order."""

    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)  # of the caller: one a connection


@dataclass(frozen=True, kw_only=True)
class Server:
    base: str
    asked: Asked


@contextmanager
def serving(answer: Callable[[str, int], Reply], *, keep_alive: bool = False) -> Iterator[Server]:
    """Runs a server under /fhir; answer(path, how often this path was asked before) says what comes back."""
    asked = Asked()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            path = self.path.removeprefix("/fhir/")
            with lock:
                before = asked.paths.count(path)
                asked.paths.append(path)
                asked.headers.append(dict(self.headers))
                asked.bodies.append(body)
                asked.ports.append(self.client_address[1])
            _send(self, answer(path, before))

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Server(base=f"http://127.0.0.1:{server.server_port}/fhir", asked=asked)
    finally:
        server.shutdown()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    try:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.write is None:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if reply.write is None:
            handler.wfile.write(body)
        else:
            reply.write(handler)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the client gave up, which is what the test is about


def bundle(*resources: Any, next_url: str = "", **more: Any) -> dict[str, Any]:
    """A searchset of one page."""
    link = [{"relation": "next", "url": next_url}] if next_url else []
    entry = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry} | more


def outcome(code: str = "exception", diagnostics: str = "") -> dict[str, Any]:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}],
    }
