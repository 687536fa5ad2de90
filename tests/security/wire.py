"""The service behind waitress, limited as `titrate serve` limits it, and requests written byte by byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import waitress
from flask import Flask

from cds_server.cli.serve import LIMITS
from tests.cds_server.hook_calls import SERVICE

HEAD = f"POST {SERVICE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n".encode()


@contextmanager
def listening(app: Flask) -> Iterator[int]:
    """The port on which waitress answers for `app`."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = waitress.create_server(app, sockets=[listener], threads=2, **LIMITS)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.task_dispatcher.shutdown()
        server.close()


def answered(port: int, *pieces: bytes) -> bytes:
    """The answer to a request as it stands; the server may hang up before all of it is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
        except OSError:
            pass
        parts: list[bytes] = []
        with suppress(ConnectionResetError):
            while part := wire.recv(65536):
                parts.append(part)
        return b"".join(parts)


def said(port: int, *pieces: bytes) -> int:
    """The status of the answer to a request as it stands."""
    return int(answered(port, *pieces).split()[1])
