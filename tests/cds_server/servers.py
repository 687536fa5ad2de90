"""Real servers for tests: our commands and others' programs as processes on free ports, ended with the test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment}, cwd=log.parent)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port: int, path: str = "") -> None:
    for _ in range(2400):  # a first start compiles the kernels, twice over here
        try:
            if path:
                requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).raise_for_status()
            else:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except (OSError, requests.RequestException):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing answered on port {port}{path} within four minutes")


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Its URL; skips the test where there is no redis-server."""
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server on this machine")
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with running(command, folder / "redis.log"):
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
