"""The database engine: SQLite in WAL mode by default, PostgreSQL by URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError


class StoreError(Exception):
    """The database can not be used. The message says what to do and quotes no URL."""


# An answer waits for its row, so the row must survive a power cut: synchronous=FULL, not WAL's usual NORMAL.
_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


def open_engine(url: str) -> Engine:
    """An engine for `url`; the folder of a SQLite file is made, readable by this user alone."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return _with_driver(parsed)
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _parsed(url: str) -> URL:
    # The URL may hold a password, and the driver's own message may quote it: neither is passed on.
    try:
        return make_url(url)
    except ArgumentError:
        raise StoreError("TITRATE_DATABASE_URL is no SQLAlchemy URL: expected dialect+driver://user@host/db") from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(f"the folder {folder} of the SQLite file can not be made: {error.strerror}") from None


def _with_driver(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise StoreError(
            f"the driver {url.drivername} of TITRATE_DATABASE_URL is not installed: "
            "use postgresql+pg8000 and install titrate[postgres]"
        ) from None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # else the driver begins transactions behind SQLAlchemy's back
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A write transaction takes its lock at the start: a reader that becomes a writer half way can deadlock.
    writing = connection.get_execution_options().get("titrate_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back on an error."""
    with engine.connect().execution_options(titrate_write=True) as connection, connection.begin():
        yield connection


def lock_audit_log(connection: Connection) -> None:
    """Let one writer at a time number the audit log. SQLite's write transaction is exclusive already."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE audit_entry IN EXCLUSIVE MODE"))
