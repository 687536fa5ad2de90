"""The parts of docker-compose.yml without Docker: our commands with a real Redis and a real PostgreSQL.

Skipped, with the reason, where redis-server or PostgreSQL's own programs are not installed.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from cds_server.config import Settings
from cds_server.sandbox.exchange import run_once
from tests.cds_server.servers import free_port, redis_server, running, wait_for
from tests.house.measure import ROOT

TITRATE = str(Path(sys.executable).parent / "titrate")
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_compose_names_only_settings_and_commands_that_exist() -> None:
    known = {f"TITRATE_{item.name.upper()}" for item in fields(Settings)}
    assert set(re.findall(r"^\s+(TITRATE_\w+):", COMPOSE, re.M)) <= known
    for words in re.findall(r'command: \["titrate", (.+)\]', COMPOSE):
        command = [word.strip(' "') for word in words.split(",")]
        assert subprocess.run([TITRATE, *command, "--help"], check=False, capture_output=True).returncode == 0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as url:
        yield url


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs or not shutil.which("runuser") or os.geteuid() != 0:
        pytest.skip("no PostgreSQL server that this user may start")
    port, data = free_port(), tmp_path / "pg"
    data.mkdir()
    for folder in (data, *list(data.parents)[:3]):
        folder.chmod(0o755)
    shutil.chown(data, "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    initdb = [str(programs[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", "titrate"]
    subprocess.run([*as_postgres, *initdb], check=True, capture_output=True, cwd=data)
    server = [str(programs[-1] / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(data)]
    with running([*as_postgres, *server], tmp_path / "pg.log"):
        wait_for(port)
        yield f"postgresql+pg8000://titrate@127.0.0.1:{port}/postgres"


def test_the_whole_exchange_over_redis_and_postgresql(tmp_path: Path, redis: str, postgresql: str) -> None:
    port = free_port()
    environment = {
        "TITRATE_SECRET_KEY": "for tests only",
        "TITRATE_DATABASE_URL": postgresql,
        "TITRATE_BROKER_URL": redis,
        "TITRATE_PORT": str(port),
        "TITRATE_SANDBOX": "1",
        "TITRATE_BASE_URL": f"http://127.0.0.1:{port}",
        "TITRATE_FHIR_SERVERS": f"http://127.0.0.1:{port}/sandbox/fhir",
        "TITRATE_DATA_FOLDER": str(tmp_path),
        "TITRATE_HOOK_BUDGET_MS": "5000",
    }
    upgrade = [TITRATE, "database", "upgrade"]
    subprocess.run(upgrade, check=True, capture_output=True, env={**os.environ, **environment})
    worker = running([TITRATE, "worker"], tmp_path / "worker.log", **environment)
    service = running([TITRATE, "serve"], tmp_path / "service.log", **environment)
    with worker, service:
        wait_for(port, "/ready")
        lines = list(run_once(f"http://127.0.0.1:{port}"))
    assert [line for line in lines if line["verdict"] != "ok"] == []
    assert "computed in the web process" not in (tmp_path / "service.log").read_text()
