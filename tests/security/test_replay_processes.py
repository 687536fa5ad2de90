"""Replay from two processes: of all who present one token at once, on one database, exactly one is let in."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cds_server.store import Store
from cds_server.store.schema import used_token
from tests.cds_server.test_deployment import postgresql as postgresql
from tests.house.measure import ROOT

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TOKENS = 40

# Both processes are up before either begins: they wait for the word on standard input.
RACER = """
import sys
from datetime import UTC, datetime, timedelta
from cds_server.store import Store

store = Store(sys.argv[1])
now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
store.ready()
print("ready", flush=True)
sys.stdin.readline()
for n in range(int(sys.argv[2])):
    first = store.used_tokens.use(tenant="north", iss="i", jti=f"j{n}", expires_at=now + timedelta(hours=1), now=now)
    print(int(first), flush=True)
"""


def race(url: str, racers: int = 2) -> list[list[int]]:
    """What each process was told, token by token."""
    command = [sys.executable, "-c", RACER, url, str(TOKENS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=environment, **pipes) for _ in range(racers)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [[int(line) for line in process.communicate(timeout=120)[0].split()] for process in running]


def assert_one_each(told: list[list[int]]) -> None:
    assert [len(one) for one in told] == [TOKENS] * len(told)
    assert [sum(column) for column in zip(*told, strict=True)] == [1] * TOKENS


def test_two_processes_on_sqlite(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    store = Store(url)
    store.upgrade()
    assert_one_each(race(url))
    store.close()


def test_two_processes_on_postgresql(postgresql: str) -> None:
    store = Store(postgresql)
    store.upgrade()
    assert_one_each(race(postgresql, racers=3))
    store.close()


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    store.prepare()
    yield store
    store.close()


def use(store: Store, jti: str, *, iss: str = "i", minutes: float = 60, now: datetime = NOW) -> bool:
    until = NOW + timedelta(minutes=minutes)
    return store.used_tokens.use(tenant="north", iss=iss, jti=jti, expires_at=until, now=now)


def rows(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(used_token)).scalar_one()


def test_a_jti_is_used_once_for_each_issuer(store):
    assert [use(store, "a"), use(store, "a"), use(store, "b"), use(store, "a", iss="j")] == [True, False, True, True]


def test_what_lies_there_names_no_jti(store):
    use(store, "canary-jti")
    with store.engine.connect() as connection:
        assert "canary-jti" not in str(connection.execute(select(used_token)).all())


def test_expired_rows_are_dropped_and_living_ones_kept(store):
    for n in range(5):
        use(store, f"short-{n}", minutes=1)
    use(store, "long", minutes=60)
    assert not use(store, "short-0", minutes=1, now=NOW + timedelta(minutes=5))  # for a clock that is behind
    assert rows(store) == 6
    assert not use(store, "long", now=NOW + timedelta(minutes=7))
    assert rows(store) == 1
