"""What comes back from a broker is read as any file is: forged, broken or of another job, it is named, not written."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.training.answer import Answer, answer_of
from cds_server.training.app import Place, prepared
from cds_server.training.jobs import message, task_id
from models.catalog import load_catalog
from models.cohorts.since import Since
from models.errors import RuleError
from models.learned.companion import written as written_companion
from models.learned.library import load_companions
from models.rules.job import rule_for, trained_text
from models.rules.rulefile import rule_of, written
from models.signature import Signature
from tests.cds_server.trainers import RULE, SMALL
from tests.cds_server.training_broker import COMPANIONS, answer_with, as_celery, backend


@pytest.fixture
def files(tmp_path: Path) -> Place:
    return prepared(Place(folder=tmp_path / "queue"))


@pytest.fixture(scope="module")
def text() -> str:
    return trained_text(RULE, load_catalog())


FORGED = [
    b"",
    b"not json",
    b'{"status": "SUCCESS"}',
    b'{"status": "SUCCESS", "result": {"made": {"informed": 7}}}',
    b'{"status": "SUCCESS", "result": {"made": {}, "failed": "", "refused": "", "broken": ""}}',
    b'{"status": "FAILURE", "result": {"exc_type": "system", "exc_module": "os", "exc_message": ["touch /tmp/x"]}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", FORGED[1:])
def test_answers_that_are_none_are_read_as_such(files, content):
    answer_with(files, "id", content)
    found = answer_of(backend(files), "id")
    assert found is not None
    assert not found.final
    assert found.reason.startswith("broken off: ")


def test_words_from_a_broker_can_not_steer_the_terminal(files):
    answer_with(files, "id", as_celery(Answer(failed="no rule\x1b[2J\x07\n" + "x" * 10_000)))
    found = answer_of(backend(files), "id")
    assert found.failed.startswith("no rule [2J xxx")
    assert len(found.failed) == 400


def signed(text: str) -> str:
    """By a broker, which is no pharmacist."""
    note = Signature(by="A. Broker", role="broker", on="2026-11-21", hash=rule_of(text, "").hash)
    return written(replace(rule_of(text, ""), signatures=(note,)))


def test_a_rule_that_is_another_than_asked_is_refused(text):
    since = Since(load_catalog())
    assert rule_for(RULE, text, since).id == RULE.id
    wrong = {
        "changed": (RULE, text.replace("nodes = ", "nodes = 1")),
        "more in it than a rule": (RULE, text + "# a remark\n"),
        "more in it": (RULE, signed(text)),
        "another plan": (replace(RULE, plan=replace(SMALL, seed=7)), text),
        "other settings": (replace(RULE, generations=6), text),
        "it is gentamicin/mid-informed": (replace(RULE, form="alone"), text),
        "can not be read": (RULE, "no TOML"),
    }
    for said, (job, given) in wrong.items():
        with pytest.raises(RuleError, match=said):
            rule_for(job, given, since)


def test_a_forged_rule_is_not_written_and_not_kept(files, tmp_path, text):
    words = ["rules", "train", "--drug", "gentamicin", "--scheme", "mid", "--form", "informed", "--patients", "200"]
    words += ["--seeds", "1", "--generations", "5", "--test-patients", "20", "--out", str(tmp_path / "rules"), "--json"]
    plan = replace(SMALL, outer=3, test_seeds=(201, 202, 203))  # as the options above have it
    id = task_id(message(replace(RULE, plan=plan)))
    answer_with(files, id, as_celery(Answer(made={"informed": text})))
    done = CliRunner().invoke(titrate, [*words, "--cluster-folder", str(files.folder)])
    assert done.exit_code == 1
    assert "another plan" in json.loads(done.stdout)["failed"]["gentamicin/mid-informed"]
    assert not list((tmp_path / "rules").rglob("*.toml"))
    assert answer_of(backend(files), id) is None


@pytest.mark.parametrize("number", ["1e999", '"\\ud800"'])
def test_companions_that_can_not_be_hashed_are_named_not_written_and_not_kept(files, tmp_path, number):
    """Were the answer kept, the same command would meet it again for a week."""
    words = ["learn", "train", "--drug", "iohexol", "--scheme", "late", "--patients", "200", "--calibration", "100"]
    id = task_id(message(replace(COMPANIONS, kinds=("exposure", "hybrid", "weight"))))
    forged = written_companion(load_companions().companions["iohexol/late-exposure"]).replace(
        '"learner": ', f'"odd": {number}, "learner": '
    )
    answer_with(files, id, as_celery(Answer(made={"exposure": forged})))
    done = CliRunner().invoke(
        titrate, [*words, "--out", str(tmp_path / "out"), "--json", "--cluster-folder", str(files.folder)]
    )
    assert done.exit_code == 1, done.exception
    assert "iohexol/late-exposure can not be used" in json.loads(done.stdout)["failed"]["iohexol/late"]
    assert not list((tmp_path / "out").rglob("*.json"))
    assert answer_of(backend(files), id) is None
