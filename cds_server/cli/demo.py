"""titrate demo: the service, a worker and the sandbox EHR in one go, with synthetic patients."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import click
import waitress
from flask import Flask

from cds_server import create_app
from cds_server.cli.common import EXIT_NOT_AS_WISHED, end_on_sigterm, opened_store, queue_for, say
from cds_server.config import Settings, from_environment
from cds_server.estimator import Queue
from cds_server.logs import configure_logging
from cds_server.parts import build_parts
from cds_server.queue.embedded import EmbeddedWorker
from cds_server.warm import warm
from models.catalog import load_catalog

_WORKER_READY_S = 900.0
# The page, its scripts and the service's own reads of the sandbox come over the same server.
_THREADS = 16


@click.command()
@click.option("--once", is_flag=True, help="Play every scenario without a browser; exit 0 if each ended as it names.")
@click.option("--port", type=int, default=8080, show_default=True, help="0 = a free one; a busy one is passed over.")
def demo(once: bool, port: int) -> None:
    """Start everything embedded and print the URL. Synthetic patients only; the database is thrown away at the end."""
    end_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="titrate-demo-") as folder, _bound(0 if once else port) as listener:
        settings = _settings(listener.getsockname()[1], Path(folder))
        configure_logging(settings)
        with opened_store(settings) as store, queue_for(settings, store) as queue:
            warmed = threading.Event()
            parts = replace(build_parts(settings, store=store, queue=queue), warmed=warmed.is_set)
            with _serving(create_app(settings, parts=parts), listener) as thread:
                if not once:
                    say(f"Titrate and its sandbox EHR: {settings.public_url}/sandbox/   (Ctrl-C ends it)")
                _prepare(queue, warmed)
                if once:
                    raise SystemExit(_play(settings.public_url))
                with suppress(KeyboardInterrupt):
                    thread.join()


@contextmanager
def _serving(app: Flask, listener: socket.socket) -> Iterator[threading.Thread]:
    """Pages answer at once; a hook call says that the service is getting ready until it is."""
    server = waitress.create_server(app, sockets=[listener], threads=_THREADS, ident="titrate")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        server.task_dispatcher.shutdown()  # else a thread that is still answering finds its socket closed
        server.close()


def _prepare(queue: Queue | None, warmed: threading.Event) -> None:
    """The worker compiles the kernels; this process then takes them from the cache."""
    say("Preparing the numerical kernels: compiled once, up to a minute or two, then cached ...")
    if isinstance(queue, EmbeddedWorker) and not queue.wait_ready(_WORKER_READY_S):
        say("The worker did not come up; fits run in the service itself.")
    warm(load_catalog())
    warmed.set()
    say("Ready.")


def _settings(port: int, folder: Path) -> Settings:
    return from_environment(
        sandbox=True,
        host="127.0.0.1",
        port=port,
        base_url=f"http://127.0.0.1:{port}",
        secret_key=token_hex(32),
        fhir_servers=(f"http://127.0.0.1:{port}/sandbox/fhir",),
        data_folder=folder,
        database_url="",
        broker_url="",
        log_level="WARNING",
        companions="all",
        repeat_minutes=0,  # a chart page loaded again shows its cards again
    )


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """A listening socket on this machine alone; a free port where the wished one is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        say(f"Port {port} is taken; a free one is used instead.")
        listener.bind(("127.0.0.1", 0))
    with listener:
        yield listener


def _play(url: str) -> int:
    """Every scenario as JSON lines on standard output; 0 where each outcome is as named."""
    from cds_server.sandbox.exchange import run_once

    start, outcomes = time.monotonic(), 0
    wrong: list[dict[str, Any]] = []
    for line in run_once(url):
        click.echo(json.dumps(line, ensure_ascii=False))
        outcomes += line["hook"] == "outcome"
        wrong += [line] if line["verdict"] != "ok" else []
    _conclude(outcomes, wrong, time.monotonic() - start)
    return EXIT_NOT_AS_WISHED if wrong or not outcomes else 0


def _conclude(outcomes: int, wrong: list[dict[str, Any]], seconds: float) -> None:
    say(f"{outcomes} scenarios in {seconds:.1f} s; {len(wrong)} lines not as expected")
    for line in wrong:
        say(f"  {line['scenario']}, {line['hook']}: {line['verdict']}")
