"""Latency of each way to hand an estimation to a worker, without the estimation: python -m benchmarks.queue_latency.

Submit to result row seen, SQLite in WAL mode, polled every 2 ms as the hook does. The figures stand in docs/queue.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any

from celery import Celery, signals  # noqa: TID251 - this measures Celery

from cds_server.config import Settings
from cds_server.store import Store
from cds_server.tasks import QUEUE, create_celery

TASK = "benchmark.empty"
Send = Callable[[str], None]


def main() -> None:
    arguments = _arguments()
    if arguments.worker:
        _work(Path(arguments.worker), arguments.polling, arguments.broker)
        return
    arrangements: dict[str, Callable[[Store, Path], Any]] = {
        "in-process thread": _thread,
        "files, child process, polling 0.010 s": lambda store, folder: _child(folder, 0.010),
        "files, child process, polling 0.002 s": lambda store, folder: _child(folder, 0.002),
        "Celery worker in a thread, memory transport": _memory,
    }
    if arguments.broker:
        arrangements["broker at --broker, child process"] = lambda s, f: _child(f, 0.01, arguments.broker)
    for name, arrange in arrangements.items():
        _report(name, arrange, arguments.calls, as_json=arguments.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--broker", default="", help="also measure this broker, such as redis://localhost:6379/0")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    parser.add_argument("--polling", type=float, default=0.002, help=argparse.SUPPRESS)
    return parser.parse_args()


def _report(name: str, arrange: Callable[[Store, Path], Any], calls: int, *, as_json: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(_database(Path(folder)))
        store.prepare()
        try:
            with arrange(store, Path(folder)) as send:
                times = [_measure(store, send, f"{name} {n}") for n in range(calls)]
        except TimeoutError as error:
            print(json.dumps({"arrangement": name, "failed": str(error)}) if as_json else f"{name:45} {error}")
            return
    p50, p95 = quantiles(times, n=20)[9], quantiles(times, n=20)[18]
    line = {"arrangement": name, "calls": calls, "p50_ms": round(p50, 1), "p95_ms": round(p95, 1)}
    print(
        json.dumps(line) if as_json else f"{name:45} p50 {p50:5.1f} ms   p95 {p95:5.1f} ms   max {max(times):5.1f} ms"
    )


def _measure(store: Store, send: Send, name: str, limit_s: float = 20.0) -> float:
    key = sha256(name.encode()).hexdigest()
    start = time.perf_counter()
    store.estimates.ask(key, "{}", datetime.now(UTC))
    send(key)
    while store.estimates.status(key) != "done":
        if time.perf_counter() - start > limit_s:
            raise TimeoutError(f"no result within {limit_s:g} s")
        time.sleep(0.002)
    return (time.perf_counter() - start) * 1000


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'bench.sqlite3'}"


def _empty_task(app: Celery, database: str) -> None:
    store = Store(database)

    @app.task(name=TASK)
    def empty(key: str) -> None:
        store.estimates.finish(key, "{}", datetime.now(UTC))


@contextmanager
def _thread(store: Store, _folder: Path) -> Iterator[Send]:
    def send(key: str) -> None:
        threading.Thread(target=store.estimates.finish, args=(key, "{}", datetime.now(UTC))).start()

    yield send


@contextmanager
def _child(folder: Path, polling: float, broker: str = "") -> Iterator[Send]:
    messages = folder / "messages"
    messages.mkdir()
    app = create_celery(Settings(queue_polling_s=polling, broker_url=broker), messages)
    command = [sys.executable, "-m", "benchmarks.queue_latency", "--worker", str(folder)]
    options = ["--polling", str(polling), "--broker", broker]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
    try:
        if not any(line.strip() == "ready" for line in process.stdout or ()):
            raise TimeoutError("the worker did not come up")
        yield lambda key: app.send_task(TASK, args=[key], ignore_result=True)
        print(f"{'':45} idle: {_idle_load(process.pid):.1f} % of one core")
    finally:
        process.terminate()
        process.wait()


def _idle_load(pid: int, seconds: float = 3.0) -> float:
    """Per cent of a core that a worker without work uses; NaN where there is no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")

    def ticks() -> int:
        return sum(int(field) for field in stat.read_text().rpartition(")")[2].split()[11:13])

    before = ticks()
    time.sleep(seconds)
    return 100 * (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds


def _work(folder: Path, polling: float, broker: str) -> None:
    app = create_celery(Settings(queue_polling_s=polling, broker_url=broker), folder / "messages")
    _empty_task(app, _database(folder))
    signals.worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
    _start(app)


def _start(app: Celery) -> None:
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    app.Worker(pool="solo", concurrency=1, queues=[QUEUE], loglevel="ERROR", quiet=True, **alone).start()


@contextmanager
def _memory(store: Store, folder: Path) -> Iterator[Send]:
    app = Celery("benchmark", broker="memory://", set_as_current=False)
    app.conf.update(task_default_queue=QUEUE, worker_enable_remote_control=False, task_ignore_result=True)
    app.conf.broker_transport_options = {"polling_interval": 0.002}
    _empty_task(app, _database(folder))
    app.finalize()
    # Worker wants signals and ends the process from a thread; the controller underneath runs there.
    alone = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    controller = app.WorkController(pool="solo", concurrency=1, queues=[QUEUE], **alone)
    threading.Thread(target=controller.start, daemon=True).start()
    yield lambda key: app.send_task(TASK, args=[key], ignore_result=True)
    controller.stop()


if __name__ == "__main__":
    main()
