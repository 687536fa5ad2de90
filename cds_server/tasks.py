"""The Celery app and its one thin task. A message is a content key; requests and results live in our database."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from celery import Celery

from cds_server.config import Settings
from cds_server.queue.app import celery_app, over_files, over_redis
from cds_server.store import Store
from cds_server.warm import warm
from cds_server.work import estimate
from models.catalog import Catalog, load_catalog

ESTIMATE = "titrate.estimate"
QUEUE = "titrate"

# Seconds between the soft limit, which raises inside the task, and the hard one, which kills its process.
_GRACE_S = 5
# An unacknowledged Redis message is handed out again after this; under the hard limit a long task would run twice.
_VISIBILITY_S = 120


def create_celery(settings: Settings, folder: Path | None = None) -> Celery:
    """The app for sending and for working; `folder` holds the messages where no broker URL is set."""
    return celery_app(
        settings.broker_url,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_soft_time_limit=settings.task_limit_s,
        task_time_limit=settings.task_limit_s + _GRACE_S,
        **_transport(settings, folder),
    )


def _transport(settings: Settings, folder: Path | None) -> dict[str, Any]:
    if settings.broker_url:
        return over_redis(max(_VISIBILITY_S, 3 * settings.task_limit_s))
    if folder is None:
        raise ValueError("without TITRATE_BROKER_URL the queue needs a folder for its messages")
    return over_files(folder, settings.queue_polling_s)


class Workbench:
    """What a worker process needs, opened at first use: after the fork, never shared with the parent."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def store(self) -> Store:
        return Store(self._settings.database)

    @cached_property
    def catalog(self) -> Catalog:
        return load_catalog()

    def warm(self) -> None:
        """Load the models, compile the kernels and open the database, so that the first task pays for none of it."""
        warm(self.catalog)
        self.store.ready()


def register(app: Celery, bench: Workbench) -> Callable[[str], None]:
    """Give the app its task; only a worker does this."""

    @app.task(name=ESTIMATE)
    def run(key: str) -> None:
        estimate(bench.store, bench.catalog, key)

    return run
