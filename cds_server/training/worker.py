"""The training worker's process: started by `titrate worker --training`."""

import warnings
from typing import Literal

from celery import signals
from celery.platforms import SecurityWarning
from threadpoolctl import threadpool_limits

from cds_server.config import Settings
from cds_server.logs import configure_logging
from cds_server.training.app import LIMIT_MINUTES, QUEUE, Place, prepared, training_app
from cds_server.training.pulse import Pace
from cds_server.training.work import register


def work(
    settings: Settings,
    place: Place,
    *,
    processes: int = 1,
    minutes: float = LIMIT_MINUTES,
    pool: Literal["solo", "prefork"] = "prefork",
    pace: Pace | None = None,
) -> None:
    """Consume trainings, and nothing else, until told to stop. It needs the place alone: no database, no key."""
    app = training_app(prepared(place), limit_minutes=minutes)
    register(app, pace or Pace())
    signals.worker_process_init.connect(_one_thread, weak=False)
    signals.setup_logging.connect(lambda **_: configure_logging(settings), weak=False)
    # The warning is about root and pickle; messages here are JSON, and containers often run as root.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    if place.folder:
        app.backend.cleanup()  # Redis forgets by itself
    app.finalize()
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    app.Worker(pool=pool, concurrency=processes, queues=[QUEUE], quiet=True, **alone).start()


def _one_thread(**_: object) -> None:
    """As many processes as cores each do their own linear algebra; the result is the same."""
    threadpool_limits(limits=1)
