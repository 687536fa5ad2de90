"""The worker process: started by `titrate worker` against a broker, or as a child by queue.embedded."""

import json
import os
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from celery import signals
from celery.platforms import SecurityWarning

from cds_server.config import Settings, from_environment
from cds_server.logs import configure_logging
from cds_server.tasks import QUEUE, Workbench, create_celery, register

# Printed by the embedded worker once it consumes and its kernels are compiled.
READY = "ready"


def work(
    settings: Settings,
    *,
    folder: Path | None = None,
    pool: Literal["solo", "prefork"] = "prefork",
    processes: int = 1,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Consume until told to stop. prefork enforces the task limits; under solo the parent does (queue.embedded)."""
    app = create_celery(settings, folder)
    bench = Workbench(settings)
    register(app, bench)
    bench.warm() if pool == "solo" else signals.worker_process_init.connect(_warm_child(bench), weak=False)
    signals.worker_ready.connect(lambda **_: on_ready(), weak=False)
    signals.setup_logging.connect(lambda **_: configure_logging(settings), weak=False)
    # The warning is about root and pickle; messages here are JSON, and containers often run as root.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app.finalize()
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    app.Worker(pool=pool, concurrency=processes, queues=[QUEUE], quiet=True, **alone).start()


def _warm_child(bench: Workbench) -> Callable[..., None]:
    def warm(**_: Any) -> None:
        bench.warm()

    return warm


def main(folder: str, parent: int) -> None:
    """Entry of the embedded child: a pipe from the parent brings the settings, and its end that the parent is gone."""
    settings = from_environment(json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, args=(folder, parent), daemon=True).start()
    configure_logging(settings)
    work(settings, folder=Path(folder), pool="solo", on_ready=lambda: print(READY, flush=True))


def _end_with_parent(folder: str, parent: int) -> None:
    # End of file comes however the parent ended, kill -9 included; the work is keyed and idempotent, so just go.
    sys.stdin.read()
    time.sleep(0.2)  # a parent that was killed closes its files a moment before it is gone
    if os.getppid() != parent:
        shutil.rmtree(folder, ignore_errors=True)  # it can not tidy up any more
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
