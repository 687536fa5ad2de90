"""What the commands share: exit codes, output, and the queue that settings ask for."""

import gc
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click

from cds_server.config import Settings
from cds_server.estimator import Queue
from cds_server.queue.broker import BrokerQueue
from cds_server.queue.embedded import EmbeddedWorker
from cds_server.store import Store
from cds_server.warm import warm
from models.catalog import load_catalog
from models.errors import ModelsError

EXIT_NOT_AS_WISHED = 1
EXIT_UNUSABLE = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def say(text: str) -> None:
    """Progress, on standard error: standard output is for results."""
    click.echo(text, err=True)


def show(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def writable(folder: Path) -> Path:
    """The folder, made where it is not there: before hours of work, not after. ModelsError where it can not be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise ModelsError(f"{folder} can not be written to ({error.strerror}); name another folder") from error


def warm_up() -> None:
    """Compile the numerical kernels, or load them from the cache: never inside a hook call."""
    say("Preparing the numerical kernels (compiled once, then cached) ...")
    warm(load_catalog())


def settle() -> None:
    """Let the garbage collector pass over what is loaded by now and stays: 180,000 objects, a pause of some 90 ms.

    Each of its full passes would hit a hook call; a body of many small parts set off a dozen of them.
    """
    gc.collect()
    gc.freeze()


def end_on_sigterm() -> None:
    """Let a plain kill end the process the way Ctrl-C does: worker ended, folders removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


@contextmanager
def queue_for(settings: Settings, store: Store) -> Iterator[Queue | None]:
    """The queue: a broker by URL, else a worker of our own, else (in-process) none."""
    if settings.queue == "in-process":
        yield None
    elif settings.broker_url:
        yield BrokerQueue(settings)
    else:
        with EmbeddedWorker(settings, store) as queue:
            yield queue


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """The database, brought to the current schema where it is SQLite; another one must have it already."""
    store = Store(settings.database)
    try:
        store.prepare()
        if not store.ready():
            raise click.ClickException("the database lacks the current schema: run `titrate database upgrade`")
        yield store
    finally:
        store.close()
