"""A worker that is a child of this process: started, watched, started again when it dies, and never left behind."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, cast

from celery import Celery

from cds_server.config import Settings
from cds_server.queue.worker import READY
from cds_server.store import Store
from cds_server.tasks import ESTIMATE, create_celery
from cds_server.work import utc_now

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_RESTART_AFTER_S = 1.0


class EmbeddedWorker:
    """Queue over files plus the child that works on it. Use as a context manager."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime] = utc_now) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._folder = tempfile.TemporaryDirectory(prefix="titrate-queue-")  # readable by this user alone
        self._app: Celery = create_celery(settings, Path(self._folder.name))
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._watcher = threading.Thread(target=self._watch, name="titrate-worker-watch", daemon=True)

    def __enter__(self) -> "EmbeddedWorker":
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._watcher.join()
        self._app.close()
        self._folder.cleanup()

    @property
    def alive(self) -> bool:
        """Whether the child consumes, its kernels compiled."""
        return self._ready.is_set()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def folder(self) -> Path:
        """Where the messages lie."""
        return Path(self._folder.name)

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the child consumes."""
        return self._ready.wait(timeout_s)

    def send(self, key: str) -> None:
        """Hand a content key to the worker."""
        self._app.send_task(ESTIMATE, args=[key], ignore_result=True)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            process = self._process = self._spawn()
            reader = threading.Thread(target=self._read, args=(process,), daemon=True)
            reader.start()
            self._guard(process)
            self._ready.clear()
            _end(process)
            reader.join()
            if not self._stopping.wait(_RESTART_AFTER_S):
                log.warning("embedded worker ended and is started again", extra={"exit": process.returncode})

    def _spawn(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no outside input
            [sys.executable, "-m", "cds_server.queue.worker", self._folder.name, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the child
        )
        # Settings go through the pipe: an environment can be read by others of this user, and holds the key.
        pipe = cast(IO[str], process.stdin)
        with suppress(BrokenPipeError):  # a child that died already is seen by the guard
            pipe.write(json.dumps(self._settings.to_environment()) + "\n")
            pipe.flush()
        return process

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            if line.strip() == READY:
                self._resend()
                self._ready.set()

    def _resend(self) -> None:
        """What an earlier worker left behind; the task is idempotent on its key."""
        for key in self._store.estimates.unfinished():
            self.send(key)

    def _guard(self, process: "subprocess.Popen[str]") -> None:
        """Return when the child has ended, should end, or runs one task longer than the limit."""
        limit = timedelta(seconds=self._settings.task_limit_s)
        while not self._stopping.wait(_LOOK_EVERY_S):
            if process.poll() is not None:
                return
            if self._store.estimates.unfinished(running_since=self._clock() - limit):
                log.error("estimation over its time limit: the embedded worker is ended")
                return


def _end(process: "subprocess.Popen[str]") -> None:
    with suppress(BrokenPipeError):
        cast(IO[str], process.stdin).close()  # the child ends by itself at end of file
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
