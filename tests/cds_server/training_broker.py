"""What tests ask of a broker by hand, and the command line as a process of its own."""

import json
import os
import subprocess
import sys
import time

from cds_server.training.answer import Answer, answer_of
from cds_server.training.app import TRAIN, Place, training_app
from cds_server.training.jobs import Message, message, task_id
from models.learned.job import CompanionsJob
from models.learned.train import Plan as LearnedPlan
from tests.cds_server.trainers import PATIENCE_S

COMPANIONS = CompanionsJob(
    drug="iohexol", scheme="late", kinds=("exposure", "weight"), plan=LearnedPlan(patients=200, calibration=100)
)


def backend(place: Place):
    return training_app(place).backend


def until(true, what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def answered(place: Place, job) -> bool:
    return answer_of(backend(place), task_id(message(job))) is not None


def put(place: Place, asked: Message, id: str) -> None:
    """A message as anybody who reaches the broker can send one."""
    training_app(place).send_task(TRAIN, args=[asked], task_id=id)


def answer_with(place: Place, id: str, content: bytes) -> None:
    store = backend(place)
    store.set(store.get_key_for_task(id), content)


def as_celery(answer: Answer) -> bytes:
    return json.dumps({"status": "SUCCESS", "result": answer.to_json(), "traceback": None, "children": []}).encode()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The `titrate` script as a process of its own."""
    start = [sys.executable, "-c", "from cds_server.cli import main; main()", *words]
    return subprocess.run(start, capture_output=True, text=True, check=False, env={**os.environ, **environment})
