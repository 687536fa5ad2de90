"""The Celery app of trainings: a queue, keys and limits of its own, apart from the estimations on the same broker."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery

from cds_server.config import SettingsError
from cds_server.queue.app import celery_app, over_files, over_redis

TRAIN = "titrate.train"
QUEUE = "titrate-training"
KEPT_S = 7 * 24 * 3600  # how long an answer waits for its client
LIMIT_MINUTES = 60

_GRACE_S = 30  # between the soft limit, which raises inside the task, and the hard one, which kills its process
_POLLING_S = 0.2  # of files
# kombu's ledger of unacknowledged messages is one for the whole Redis database: an estimation worker, whose messages
# are handed out again after two minutes, would hand out trainings that are under way.
_LEDGER = {key: f"{QUEUE}-{key}" for key in ("unacked_key", "unacked_index_key", "unacked_mutex_key")}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where client and workers meet: a Redis broker, or a folder that all of them reach."""

    broker_url: str = ""
    folder: Path | None = None


def training_app(place: Place, *, limit_minutes: float = LIMIT_MINUTES) -> Celery:
    """limit_minutes: longest that one training may take; a worker's."""
    return celery_app(
        "" if place.folder else place.broker_url,
        task_default_queue=QUEUE,
        task_soft_time_limit=limit_minutes * 60,
        task_time_limit=limit_minutes * 60 + _GRACE_S,
        result_expires=KEPT_S,
        result_serializer="json",
        result_accept_content=["json"],
        **_transport(place, limit_minutes * 60),
    )


def _transport(place: Place, limit_s: float) -> dict[str, Any]:
    if place.folder:
        results = f"cds_server.queue.file_results:Backend+file://{place.folder.resolve()}/results"
        return {**over_files(place.folder.resolve(), _POLLING_S), "result_backend": results}
    if not place.broker_url.startswith(("redis://", "rediss://")):
        raise SettingsError("trainings are spread over Redis: TITRATE_BROKER_URL must be redis://... or rediss://...")
    # A message comes back only after its training must have ended; the client sends a lost worker's job again.
    return {**over_redis(2 * limit_s + _GRACE_S, **_LEDGER), "result_backend": place.broker_url}


def prepared(place: Place) -> Place:
    """The folder made, readable by this user alone; nothing to do for a broker."""
    if place.folder:
        for folder in (place.folder, place.folder / "results"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place
