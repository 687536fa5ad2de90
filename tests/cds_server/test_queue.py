"""From the web process to a worker and back: the same numbers, only a key in the message, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from cds_server import create_app, encode
from cds_server.config import Settings
from cds_server.estimation import run
from cds_server.estimator import EstimateFailed, Estimator
from cds_server.queue.broker import BrokerQueue
from cds_server.queue.embedded import EmbeddedWorker
from cds_server.store import Store
from cds_server.tasks import ESTIMATE, create_celery
from cds_server.work import estimate, utc_now
from tests.cds_server.hook_calls import SERVICE, call, facts, service
from tests.cds_server.test_estimation_key import CATALOG, MODEL, fit_request, patient, record

REQUEST = fit_request([MODEL], record())
# Only a hang ends here: a cold machine compiles the kernels first.
PATIENCE_S = 600


@pytest.fixture
def settings(tmp_path):
    return Settings(data_folder=tmp_path, hook_budget_ms=PATIENCE_S * 1000)


@pytest.fixture
def store(settings):
    store = Store(settings.database)
    store.prepare()
    yield store
    store.close()


def estimator(store, queue, budget_s=PATIENCE_S, clock=utc_now) -> Estimator:
    return Estimator(store, CATALOG, queue, budget_s=budget_s, task_limit_s=20, clock=clock)


def until(true) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")  # a zombie that nobody has collected yet is gone too
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


class Sent:
    """A queue that takes keys and does nothing."""

    def __init__(self, *, alive: bool = True, error: Exception | None = None) -> None:
        self.alive, self.error, self.keys = alive, error, []

    def send(self, key: str) -> None:
        if self.error:
            raise self.error
        self.keys.append(key)


@pytest.mark.slow
def test_the_worker_fits_survives_its_own_death_and_ends_with_us(settings, store):
    with EmbeddedWorker(settings, store) as worker:
        assert worker.wait_ready(PATIENCE_S)
        found = estimator(store, worker).estimate(REQUEST)
        assert encode.encode(found) == encode.encode(run(CATALOG, REQUEST))
        assert store.estimates.find(REQUEST.key).attempts == 1

        first = worker.pid
        other = fit_request([MODEL], record(chart=patient().level(9.0, at=39)))
        os.kill(first, signal.SIGKILL)
        store.estimates.ask(other.key, encode.dumps(other), utc_now())  # as if its message had died with the worker
        until(lambda: store.estimates.status(other.key) == "done")
        assert worker.pid != first
        last = worker.pid
    assert gone(last)
    assert not worker.alive


PARENT = """
import sys, time
from pathlib import Path
from cds_server.config import Settings
from cds_server.queue.embedded import EmbeddedWorker
from cds_server.store import Store
settings = Settings(data_folder=Path(sys.argv[1]))
store = Store(settings.database)
store.prepare()
with EmbeddedWorker(settings, store) as worker:
    while worker.pid is None:
        time.sleep(0.01)
    print(worker.pid, worker.folder, flush=True)
    time.sleep(600)
"""


def test_a_worker_whose_parent_is_killed_ends_too(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    child, folder = parent.stdout.readline().split()
    child = int(child)
    assert not gone(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: gone(child))
    assert not Path(folder).exists()


def test_a_message_holds_the_key_and_nothing_of_the_patient(settings, tmp_path):
    folder = tmp_path / "messages"
    folder.mkdir()
    app = create_celery(settings, folder)
    app.send_task(ESTIMATE, args=[REQUEST.key], ignore_result=True)
    app.close()
    (file,) = folder.glob("*.msg")
    message = json.loads(file.read_text())
    arguments, keywords, _ = json.loads(b64decode(message["body"]))
    assert (arguments, keywords) == ([REQUEST.key], {})
    assert message["content-type"] == "application/json"
    assert file.stat().st_mode & 0o077 == 0


def test_a_reader_never_sees_half_a_message(settings, tmp_path):
    folder = tmp_path / "messages"
    folder.mkdir()
    app = create_celery(settings, folder)
    broken, stop = [], threading.Event()

    def look() -> None:
        while not stop.is_set():
            for file in folder.glob("*.msg"):
                try:
                    json.loads(file.read_text())
                except ValueError:
                    broken.append(file.name)

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(150):
        app.send_task(ESTIMATE, args=[REQUEST.key], ignore_result=True)
    stop.set()
    reader.join()
    app.close()
    assert len(list(folder.glob("*.msg"))) == 150
    assert broken == []


def test_pickle_is_refused(settings, tmp_path):
    accepted = create_celery(settings, tmp_path).conf.accept_content
    with pytest.raises(ContentDisallowed):
        loads(b"\x80\x04N.", "application/x-python-serialize", "binary", accept=accepted)


@pytest.mark.parametrize("forged", ["", "x", "A" * 64, "../../etc/passwd", "0" * 64, None, 7, ["0" * 64], {"key": 1}])
def test_a_forged_key_does_nothing(store, forged):
    estimate(store, CATALOG, forged)
    assert store.estimates.unfinished() == ()


@pytest.mark.parametrize("queue", [None, Sent(alive=False), Sent(error=OSError("no broker"))])
def test_without_a_worker_it_is_computed_here(store, queue):
    assert estimator(store, queue).estimate(REQUEST).posteriors[0].usable


def test_a_worker_that_takes_nothing_up_is_not_waited_for(store):
    queue = Sent()
    assert estimator(store, queue, budget_s=0.02).prime(REQUEST) == REQUEST.key
    assert queue.keys == [REQUEST.key]
    # half the budget passes and nobody has started: this process does
    estimator(store, queue, budget_s=0.02).estimate(REQUEST)
    assert store.estimates.status(REQUEST.key) == "done"


def test_known_work_is_sent_once(store):
    queue = Sent()
    for _ in range(3):
        estimator(store, queue).prime(REQUEST)
    assert queue.keys == [REQUEST.key]


def test_work_whose_worker_was_lost_is_sent_again(store):
    queue, now = Sent(), utc_now()
    estimator(store, queue, clock=lambda: now).prime(REQUEST)
    store.estimates.start(REQUEST.key, now)
    estimator(store, queue, clock=lambda: now + timedelta(seconds=39)).prime(REQUEST)
    assert len(queue.keys) == 1
    estimator(store, queue, clock=lambda: now + timedelta(seconds=41)).prime(REQUEST)
    assert len(queue.keys) == 2


def test_a_failed_fit_is_said_and_not_repeated_for_ever(store):
    impossible = replace(REQUEST, models=(replace(REQUEST.models[0], hash="0" * 64),))
    for _ in range(5):
        with pytest.raises(EstimateFailed):
            estimator(store, None).estimate(impossible)
    row = store.estimates.find(impossible.key)
    assert (row.status, row.attempts) == ("failed", 3)
    assert "StaleModel" in row.message


class Busy:
    """A worker that takes each request up the moment it is sent, and never ends it."""

    alive = True

    def __init__(self, store: Store) -> None:
        self._store = store

    def send(self, key: str) -> None:
        self._store.estimates.start(key, utc_now())


def test_an_estimate_under_way_is_said_to_be_and_no_dose_is_shown(tmp_path):
    with service(tmp_path) as running:
        store = running.parts.store
        parts = replace(running.parts, estimator=estimator(store, Busy(store), budget_s=0.01))
        answer = create_app(parts.settings, parts=parts).test_client().post(SERVICE, json=call())
        entries = store.audit_entries()
    (card,) = answer.json["cards"]
    assert facts(card)["kind"] == "pending"
    assert card["indicator"] == "info"
    assert "mg every" not in json.dumps(card)
    assert [entry["kind"] for _, _, entry, _ in entries] == ["pending"]


def test_before_the_kernels_are_compiled_a_call_is_told_so(tmp_path):
    with service(tmp_path) as running:
        parts = replace(running.parts, warmed=lambda: False)
        client = create_app(parts.settings, parts=parts).test_client()
        (card,) = client.post(SERVICE, json=call()).json["cards"]
        ready = client.get("/ready")
    assert facts(card)["kind"] == "pending"
    assert "getting ready" in card["summary"]
    assert (ready.status_code, ready.json["kernels"]) == (503, False)


def test_a_broker_that_does_not_answer_is_an_error_that_falls_back(store):
    queue = BrokerQueue(Settings(broker_url="redis://127.0.0.1:1/0"))
    with pytest.raises(OSError, match="broker"):
        queue.send(REQUEST.key)
    assert estimator(store, queue).estimate(REQUEST).posteriors[0].usable
