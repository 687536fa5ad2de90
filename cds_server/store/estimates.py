"""Estimation requests and their results, keyed by content: the queue carries the key, everything else is here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from cds_server.store.engine import writing
from cds_server.store.schema import estimate

# A request that took the worker down this often is not handed out again.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One row; posterior is JSON text where status is "done", message says why where it is "failed"."""

    key: str
    status: str
    request: str
    posterior: str | None
    message: str | None
    attempts: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Estimates:
    """Reads and writes of the estimate table; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._status = select(estimate.c.status)

    def find(self, key: str) -> Estimate | None:
        """The row of one key."""
        with self._engine.connect() as connection:
            row = connection.execute(select(estimate).where(estimate.c.key == key)).mappings().first()
        return Estimate(**row) if row else None

    def status(self, key: str) -> str | None:
        """The status alone: what a waiting caller polls."""
        with self._engine.connect() as connection:
            return connection.execute(self._status.where(estimate.c.key == key)).scalar()

    def ask(self, key: str, request: str, now: datetime) -> bool:
        """Enter a request; False where it is known already."""
        values = {"key": key, "status": "queued", "request": request, "attempts": 0, "queued_at": now}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(estimate).values(values))
        except IntegrityError:
            return False
        return True

    def ask_again(self, key: str, now: datetime) -> None:
        """Queue a request anew whose worker was lost or whose attempt failed."""
        self._set(key, status="queued", queued_at=now)

    def start(self, key: str, now: datetime) -> Estimate | None:
        """Take a request: the row, or None where it is unknown, done or out of attempts (then it is marked failed)."""
        with writing(self._engine) as connection:
            row = connection.execute(select(estimate).where(estimate.c.key == key)).mappings().first()
            if row is None or row["status"] == "done":
                return None
            spent = row["attempts"] >= MAX_ATTEMPTS
            values = _spent(now) if spent else {"status": "running", "started_at": now, "attempts": row["attempts"] + 1}
            connection.execute(update(estimate).where(estimate.c.key == key).values(values))
        return None if spent else Estimate(**row)

    def finish(self, key: str, posterior: str, now: datetime) -> None:
        """Store a result."""
        self._set(key, status="done", posterior=posterior, message=None, finished_at=now)

    def fail(self, key: str, message: str, now: datetime) -> None:
        """Store that the attempt raised, and why."""
        self._set(key, status="failed", message=message, finished_at=now)

    def unfinished(self, running_since: datetime | None = None) -> tuple[str, ...]:
        """Keys still queued or running; with `running_since`, only those running since before it."""
        query = select(estimate.c.key).where(estimate.c.status.in_(("queued", "running")))
        if running_since is not None:
            query = query.where(estimate.c.status == "running", estimate.c.started_at < running_since)
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def _set(self, key: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                update(estimate).where(estimate.c.key == key, estimate.c.status != "done").values(values)
            )


def _spent(now: datetime) -> dict[str, Any]:
    message = f"the estimation was lost or failed {MAX_ATTEMPTS} times and is not tried again"
    return {"status": "failed", "message": message, "finished_at": now}
