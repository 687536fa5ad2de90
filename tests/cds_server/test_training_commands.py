"""Training on a cluster by the command line: exit codes that say what to do, and the same files as here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_server.cli import titrate
from cds_server.training.app import Place, prepared
from tests.cds_server.trainers import training_worker, where
from tests.cds_server.training_broker import command


@pytest.fixture
def files(tmp_path: Path) -> Place:
    return prepared(Place(folder=tmp_path / "queue"))


@pytest.mark.parametrize("group", [["rules", "train", "--out", "x"], ["learn", "train", "--out", "x"]])
def test_without_a_broker_a_cluster_is_an_error_that_says_what_to_do(group):
    environment = {name: value for name, value in os.environ.items() if name != "TITRATE_BROKER_URL"}
    start = [sys.executable, "-c", "from cds_server.cli import main; main()", *group, "--cluster"]
    done = subprocess.run(start, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 3
    assert "TITRATE_BROKER_URL is not set" in done.stderr
    assert "--cluster-folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("broker", "said"),
    [("redis://127.0.0.1:1/0", "does not answer (ConnectionError)"), ("amqp://localhost", "must be redis://")],
)
def test_a_broker_that_is_no_use_is_exit_3(tmp_path, broker, said):
    words = ["rules", "train", "--drug", "gentamicin", "--out", str(tmp_path), "--cluster"]
    done = command(*words, TITRATE_BROKER_URL=broker)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_no_worker_is_exit_3(tmp_path):
    words = ["rules", "train", "--drug", "gentamicin", "--out", str(tmp_path), "--patience", "0.01"]
    done = command(*words, "--cluster-folder", str(tmp_path / "queue"))
    assert done.returncode == 3
    assert "no training worker gave a sign of life" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["worker", "--folder", "x"], "--folder goes with --training"),
        (["rules", "train", "--out", "x", "--cluster-folder", "q", "--threads", "2"], "--checkpoints and --threads"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(titrate, words)
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.slow
def test_companions_of_a_cluster_are_those_of_here(files, tmp_path):
    words = [
        "learn",
        "train",
        "--drug",
        "iohexol",
        "--scheme",
        "late",
        "--patients",
        "200",
        "--calibration",
        "100",
        "--json",
    ]
    with training_worker(files, tmp_path / "worker.log"):
        there = command(*words, "--out", str(tmp_path / "there"), "--cluster-folder", where(files))
    here = command(*words, "--out", str(tmp_path / "here"))
    assert there.returncode == here.returncode == 0, there.stderr
    assert json.loads(there.stdout)["trained"] == json.loads(here.stdout)["trained"]
    for path in (tmp_path / "here").rglob("*.json"):
        assert path.read_bytes() == (tmp_path / "there" / path.relative_to(tmp_path / "here")).read_bytes()
