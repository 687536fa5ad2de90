"""Celery messages: whoever reaches the broker can neither run code nor advise: a message is a key, and only that."""

import base64
import json
import os
import pickle
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kombu.exceptions import ContentDisallowed

from cds_server.config import Settings
from cds_server.store import Store
from cds_server.tasks import ESTIMATE, QUEUE, create_celery
from cds_server.work import estimate
from models.catalog import load_catalog

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Bait:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture
def settings(tmp_path):
    return Settings(secret_key="key", data_folder=tmp_path)


def message(body: bytes, kind: str, task: str = ESTIMATE) -> str:
    """One message file as kombu's filesystem transport writes it, of any content type."""
    number = str(uuid.uuid4())
    properties = {
        "correlation_id": number,
        "delivery_mode": 2,
        "delivery_tag": number,
        "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "priority": 0,
    }
    content = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "binary",
        "content-type": kind,
        "headers": {"lang": "py", "task": task, "id": number, "retries": 0},
        "properties": properties,
    }
    return json.dumps(content)


def drop(folder: Path, text: str) -> None:
    """As a stranger with access to the folder would."""
    (folder / f"0_{uuid.uuid4()}.{QUEUE}.msg").write_text(text)


def test_only_json_is_taken(settings, tmp_path):
    app = create_celery(settings, tmp_path)
    assert (app.conf.accept_content, app.conf.task_serializer) == (["json"], "json")
    assert app.conf.worker_enable_remote_control is False
    app.close()


@pytest.mark.parametrize("kind", ["application/x-python-serialize", "application/x-yaml", "application/octet-stream"])
def test_a_message_of_another_kind_is_not_decoded(settings, tmp_path, kind):
    """A message a stranger left, read with what a worker accepts: refused before it is opened."""
    folder = tmp_path / "messages"
    folder.mkdir()
    bait = tmp_path / "sprung"
    drop(folder, message(pickle.dumps(((), {}, Bait(bait))), kind))
    app = create_celery(settings, folder)
    with app.connection_for_read() as connection, connection.channel() as channel:
        found = app.amqp.queues[QUEUE](channel).get(accept=app.conf.accept_content)
        with pytest.raises(ContentDisallowed):
            found.decode()
    app.close()
    assert not bait.exists()


FORGED = ["", "none", "a" * 64, "../../etc/passwd", "'; DROP TABLE estimate; --", "A" * 100_000]


@pytest.mark.parametrize("key", FORGED, ids=["empty", "none", "unknown", "path", "SQL", "long"])
def test_a_forged_key_writes_nothing(settings, key):
    store = Store(settings.database)
    store.prepare()
    estimate(store, load_catalog(), key)
    assert store.estimates.find(key) is None
    assert store.estimates.unfinished() == ()
    store.close()


def test_a_key_sent_again_changes_no_result(settings):
    """Whoever repeats a message can not make another number of it."""
    store = Store(settings.database)
    store.prepare()
    store.estimates.ask("k" * 64, "{}", NOW)
    store.estimates.finish("k" * 64, '{"p": 1}', NOW)
    estimate(store, load_catalog(), "k" * 64)
    assert store.estimates.find("k" * 64).posterior == '{"p": 1}'
    store.close()
