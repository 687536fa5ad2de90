"""A training on workers: the same files as here, whatever is killed, broken off or sent twice on the way.

Over files everywhere; over a real Redis too where one is installed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from cds_server.config import Settings
from cds_server.tasks import QUEUE as ESTIMATIONS
from cds_server.tasks import create_celery
from cds_server.training.answer import Answer, answer_of
from cds_server.training.app import QUEUE, TRAIN, Place, prepared, training_app
from cds_server.training.cluster import Cluster, ClusterError
from cds_server.training.jobs import message, task_id
from cds_server.training.pulse import Pace, Pulse, Pulses
from cds_server.training.work import done
from models.catalog import load_catalog
from models.errors import RuleError
from models.rules.job import trained_text
from tests.cds_server.servers import redis_server
from tests.cds_server.trainers import LONG, PATIENCE_S, QUICK, RULE, SMALL, cluster, taken_up, training_worker
from tests.cds_server.training_broker import COMPANIONS, answer_with, answered, as_celery, backend, command, put, until


@pytest.fixture(params=["files", "redis"])
def place(request, tmp_path: Path) -> Iterator[Place]:
    if request.param == "files":
        yield prepared(Place(folder=tmp_path / "queue"))
    else:
        with redis_server(tmp_path) as url:
            yield Place(broker_url=url)


@pytest.fixture
def anywhere(tmp_path: Path) -> Iterator[Place]:
    """Redis where one is installed, else files: for tests that take half a minute. Files stand in the others."""
    if shutil.which("redis-server"):
        with redis_server(tmp_path) as url:
            yield Place(broker_url=url)
    else:
        yield prepared(Place(folder=tmp_path / "queue"))


@pytest.fixture
def files(tmp_path: Path) -> Place:
    return prepared(Place(folder=tmp_path / "queue"))


@pytest.fixture(scope="module")
def text() -> str:
    return trained_text(RULE, load_catalog())


@pytest.mark.slow
def test_a_group_gives_what_a_training_here_gives_byte_by_byte(place, text, tmp_path):
    """Rules; companions below."""
    other = replace(RULE, form="alone")
    with training_worker(place, tmp_path / "worker.log", processes=2):
        found = dict(cluster(place).trained([RULE, other]))
    assert found[RULE].made == {"informed": text}
    assert found[other].made == {"alone": trained_text(other, load_catalog())}
    assert taken_up(tmp_path / "worker.log") == 2


@pytest.mark.slow
def test_the_job_of_a_killed_worker_is_done_again_once(anywhere, tmp_path):
    """The whole worker dies, as a machine does: nobody hands its message back; the client hears the silence."""
    first, second, found = tmp_path / "first.log", tmp_path / "second.log", []
    client = threading.Thread(target=lambda: found.extend(cluster(anywhere).trained([LONG])))
    with training_worker(anywhere, first) as worker:
        client.start()
        until(lambda: taken_up(first) == 1, "the first worker")
        for pid in (worker.pid, *children(worker.pid)):
            os.kill(pid, signal.SIGKILL)
    with training_worker(anywhere, second):
        client.join(PATIENCE_S)
        put(anywhere, message(LONG), task_id(message(LONG)))  # as when the message of the lost worker comes back later
        put(anywhere, message(RULE), task_id(message(RULE)))
        until(lambda: answered(anywhere, RULE), "the message behind it")
    ((job, answer),) = found
    assert (job, list(answer.made), answer.reason) == (LONG, ["alone"], "")
    assert taken_up(second) == 2  # LONG once, RULE once


@pytest.mark.slow
def test_a_job_whose_process_was_killed_goes_to_another_of_the_same_worker(files, tmp_path):
    log, found = tmp_path / "worker.log", []
    client = threading.Thread(target=lambda: found.extend(cluster(files).trained([LONG])))
    with training_worker(files, log) as worker:
        client.start()
        until(lambda: taken_up(log) == 1, "the first process")
        for pid in children(worker.pid):
            os.kill(pid, signal.SIGKILL)
        client.join(PATIENCE_S)
    assert list(found[0][1].made) == ["alone"]
    assert taken_up(log) == 2


def children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    pytest.skip("no /proc here to find a worker's processes in")


@pytest.mark.slow
def test_a_client_that_was_broken_off_goes_on_and_nothing_is_trained_twice(anywhere, tmp_path):
    """Ctrl-C with all jobs in the queue; the workers come later; the same command takes up what they did."""
    words = ["rules", "train", "--drug", "gentamicin", "--scheme", "mid", "--out", str(tmp_path / "rules"), "--json"]
    words += [
        "--patients",
        "200",
        "--seeds",
        "1",
        "--generations",
        "5",
        "--test-patients",
        "20",
        "--alone-within",
        "50",
    ]
    meeting = ["--cluster"] if anywhere.broker_url else ["--cluster-folder", str(anywhere.folder)]
    environment = {"TITRATE_BROKER_URL": anywhere.broker_url} if anywhere.broker_url else {}
    start = [sys.executable, "-c", "from cds_server.cli import main; main()", *words, *meeting]
    with (tmp_path / "client.log").open("wb") as log:
        client = subprocess.Popen(start, stderr=log, stdout=log, env={**os.environ, **environment})
        until(lambda: "0 of 2 jobs" in (tmp_path / "client.log").read_text(), "the jobs to be sent")
        client.send_signal(signal.SIGINT)
        assert client.wait(60) == 1
    assert "broken off" in (tmp_path / "client.log").read_text()
    with training_worker(anywhere, tmp_path / "worker.log", processes=2):
        done = command(*words, *meeting, **environment)
        again = command(*words, *meeting, **environment)
    assert done.returncode == again.returncode == 0, done.stderr
    ids = [rule["id"] for rule in json.loads(done.stdout)["rules"]]
    assert ids == ["gentamicin/mid-informed", "gentamicin/mid-alone"]
    assert json.loads(again.stdout) == {"rules": [], "failed": {}, "kept": ids}
    assert taken_up(tmp_path / "worker.log") == 2
    # and with the files gone, the answers are still there: without any worker
    (tmp_path / "rules" / "gentamicin" / "mid-alone.toml").unlink()
    third = command(*words, *meeting, **environment)
    assert [rule["id"] for rule in json.loads(third.stdout)["rules"]] == ["gentamicin/mid-alone"]


@pytest.mark.slow
def test_hostile_messages_are_refused_and_the_worker_lives_on(files, tmp_path):
    hostile = {
        "no job": {"cmd": "rm"},
        "another id": message(RULE),
        "unknown drug": {**message(RULE), "drug": "../../etc/passwd"},
        "days of work": {**message(RULE), "generations": 10**9},
        "other code": {**message(RULE), "with": {"titrate": "0"}},
    }
    with training_worker(files, tmp_path / "worker.log"):
        for id, asked in hostile.items():
            put(files, asked, id)
        put(files, message(RULE), task_id(message(RULE)))
        until(lambda: answered(files, RULE), "the honest job")
        refused = {id: answer_of(backend(files), id) for id in hostile}
    assert all(answer is not None and answer.refused and not answer.made for answer in refused.values()), refused
    assert taken_up(tmp_path / "worker.log") == 1


@pytest.mark.slow
def test_a_training_over_its_limit_is_ended_and_said(files, tmp_path):
    with training_worker(files, tmp_path / "worker.log", minutes=0.03):
        ((_, answer),) = cluster(files).trained([LONG])
    assert "took longer than its worker allows" in answer.reason
    assert not answer.final


def test_no_worker_is_said_after_a_while_and_does_not_hang(files):
    with pytest.raises(ClusterError, match="0 of 2 jobs are finished"):
        list(cluster(files, patience_s=0.3).trained([RULE, LONG]))


def test_a_worker_that_dies_each_time_is_given_up(files):
    """A job that takes its worker's memory, say: seen from the client, a pulse that stops again and again."""
    store, id, stop = Pulses(backend(files)), task_id(message(RULE)), threading.Event()
    hasty = Pace(beat=0.1, silent=0.3, look=0.02)

    def dying() -> None:
        for n in range(10_000):
            store.write(id, Pulse(attempt=1, mark=f"worker {n}"))
            if stop.wait(0.6):
                return

    thread = threading.Thread(target=dying)
    thread.start()
    try:
        ((_, answer),) = Cluster(files, patience_s=PATIENCE_S, pace=hasty).trained([RULE])
    finally:
        stop.set()
        thread.join()
    assert "its worker was lost 4 times" in answer.reason
    assert len(list(files.folder.glob(f"*.{QUEUE}.msg"))) == 5


def test_a_job_that_another_worker_is_at_is_left_to_it(files, tmp_path):
    """Two messages of one job: the second worker hears the first one's pulse and lets go."""
    id, log = task_id(message(RULE)), tmp_path / "worker.log"
    pulses = Pulses(backend(files))
    with pulses.beating(id, 1, 0.05), training_worker(files, log):
        put(files, message(RULE), id)
        put(files, message(COMPANIONS), task_id(message(COMPANIONS)))
        until(lambda: answered(files, COMPANIONS), "the job behind it")
    assert not answered(files, RULE)
    assert taken_up(log) == 1


def test_estimations_and_trainings_share_nothing_but_the_broker(tmp_path):
    broker = "redis://127.0.0.1:1/0"
    estimations, trainings = create_celery(Settings(broker_url=broker)), training_app(Place(broker_url=broker))
    assert {estimations.conf.task_default_queue, ESTIMATIONS} == {"titrate"}
    assert {trainings.conf.task_default_queue, QUEUE} == {"titrate-training"}
    assert TRAIN not in estimations.tasks
    ledgers = [app.conf.broker_transport_options.get("unacked_index_key") for app in (estimations, trainings)]
    assert ledgers == [None, "titrate-training-unacked_index_key"]
    visible = trainings.conf.broker_transport_options["visibility_timeout"]
    assert visible > trainings.conf.task_time_limit > trainings.conf.task_soft_time_limit == 3600
    assert trainings.conf.task_acks_late
    assert trainings.conf.worker_prefetch_multiplier == 1


def test_the_ledger_of_unacknowledged_messages_is_apart_in_redis_too(tmp_path):
    with redis_server(tmp_path) as url:
        apps = create_celery(Settings(broker_url=url)), training_app(Place(broker_url=url))
        found = []
        for app in apps:
            with app.connection() as connection:
                channel = connection.default_channel
                found.append({channel.unacked_key, channel.unacked_index_key, channel.unacked_mutex_key})
    assert len(found[0]) == len(found[1]) == 3
    assert not found[0] & found[1]


def test_an_estimation_worker_does_not_load_the_search_engine():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, cds_server.cli, cds_server.queue.worker; sys.exit('pyoperon' in sys.modules)",
        ],
        check=False,
    )
    assert done.returncode == 0


def test_pickle_is_refused_as_a_training(files):
    conf = training_app(files).conf
    assert conf.result_serializer == "json"
    with pytest.raises(ContentDisallowed):
        loads(b"\x80\x04N.", "application/x-python-serialize", "binary", accept=conf.accept_content)


def test_a_cluster_finished_before_needs_no_worker(files, text):
    answer_with(files, task_id(message(RULE)), as_celery(Answer(made={"informed": text})))
    client: Cluster = cluster(files, patience_s=0.3)
    ((job, answer),) = client.trained([RULE])
    assert (job, answer.made["informed"]) == (RULE, text)
    with pytest.raises(ClusterError):
        list(client.trained([RULE], again=True))


def test_a_rule_that_can_not_be_found_is_an_answer_with_its_reason(files):
    """No formula has no nodes: as here, a value and no exception; it stays true, so that it is not tried again."""
    job = replace(RULE, plan=replace(SMALL, most_nodes=0))
    with pytest.raises(RuleError) as here:
        trained_text(job, load_catalog())
    found = done(message(job), task_id(message(job)), backend(files), QUICK)
    assert found == Answer(failed=str(here.value))
    assert found.final
