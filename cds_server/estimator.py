"""Ask for an estimate and wait for it up to a budget; where no worker takes it up, compute it in this process."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from cds_server import encode
from cds_server.estimation import FitRequest, Fits
from cds_server.store import Store
from cds_server.store.estimates import MAX_ATTEMPTS, Estimate
from cds_server.work import estimate, utc_now
from models.catalog import Catalog

log = logging.getLogger(__name__)

_POLL_S = 0.002


class EstimateFailed(Exception):
    """The estimation raised or was lost too often; the row says why."""


class Queue(Protocol):
    @property
    def alive(self) -> bool: ...

    def send(self, key: str) -> None: ...


class Estimator:
    """queue None: every fit runs in this process, one at a time."""

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        queue: Queue | None,
        *,
        budget_s: float,
        task_limit_s: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store, self._catalog, self._queue, self._clock = store, catalog, queue, clock
        self._budget_s, self._lost_after = budget_s, timedelta(seconds=2 * task_limit_s)
        self._here = threading.Lock()

    @property
    def arrangement(self) -> str:
        """Where fits run now: "worker" or "in-process"."""
        return "worker" if self._queue and self._queue.alive else "in-process"

    def estimate(self, request: FitRequest, *, spent_s: float = 0.0) -> Fits | None:
        """The fits, or None where it is still being computed at the end of the budget; raises EstimateFailed.

        spent_s: of the budget, on other estimates of the same call.
        """
        key = self.prime(request)
        status = self._wait(key, max(self._budget_s - spent_s, 0.0))
        if status == "done":
            return self._result(key)
        if status == "failed":
            raise EstimateFailed(f"estimate {key[:12]} failed; see its row")
        return None

    def prime(self, request: FitRequest) -> str:
        """Have it computed if it is not known; returns the content key at once."""
        key = request.key
        row = self._store.estimates.find(key)  # a write would wait for the disk, and most calls ask for what is known
        if row is None:
            if self._store.estimates.ask(key, encode.dumps(request), self._clock()):
                self._send(key)
        elif self._to_be_repeated(row):
            self._store.estimates.ask_again(key, self._clock())
            self._send(key)
        return key

    def _to_be_repeated(self, row: Estimate) -> bool:
        """Whether a known request needs to be sent anew: its attempt failed, or its worker was lost long ago."""
        if row.status == "done" or row.attempts >= MAX_ATTEMPTS:
            return False
        return row.status == "failed" or self._clock() - row.queued_at > self._lost_after

    def _send(self, key: str) -> None:
        if self._queue is None or not self._queue.alive:
            self._compute_here(key, "no worker is ready")
            return
        try:
            self._queue.send(key)
        except OSError:
            self._compute_here(key, "the queue does not take messages")

    def _wait(self, key: str, budget_s: float) -> str | None:
        start = time.monotonic()
        while (status := self._store.estimates.status(key)) in ("queued", "running"):
            waited = time.monotonic() - start
            if waited > budget_s:
                return status
            if status == "queued" and waited > budget_s / 2:
                self._compute_here(key, "no worker took it up within half the budget")
            time.sleep(_POLL_S)
        return status

    def _compute_here(self, key: str, why: str) -> None:
        # One at a time: several fits side by side in the web process would slow every answer.
        if not self._here.acquire(blocking=False):
            return
        try:
            log.warning("estimate computed in the web process", extra={"why": why, "key": key[:12]})
            estimate(self._store, self._catalog, key, self._clock)
        finally:
            self._here.release()

    def _result(self, key: str) -> Fits:
        row = self._store.estimates.find(key)
        if row is None or row.posterior is None:
            raise EstimateFailed(f"estimate {key[:12]} is marked done without a result")
        fits: Fits = encode.loads(Fits, row.posterior)
        return fits
