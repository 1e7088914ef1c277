"""The engine and its transactions: one writer, many readers, errors in plain words."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from audit.errors import StoreError
from audit.store import migrating
from audit.store.encoding import dump_json, load_json
from audit.store.locations import Location, locate, prepare_file

_BUSY_S = 30
"""How long a statement waits for another process's lock."""
_CONNECT_S = 10

_SQLITE_REASONS = (
    ("SQLITE_BUSY", "another program holds it locked; try again when that has finished"),
    ("SQLITE_LOCKED", "another program holds it locked; try again when that has finished"),
    ("SQLITE_READONLY", "it may not be written; mend the permissions or choose another place with --db"),
    ("SQLITE_CANTOPEN", "it cannot be opened; mend the permissions of its folder or choose another place with --db"),
    ("SQLITE_NOTADB", "it is not a SQLite file; choose another file with --db"),
    ("SQLITE_CORRUPT", "the file is damaged; restore a copy or choose another file with --db"),
    ("SQLITE_FULL", "the disk is full; make room and resume the run"),
    ("SQLITE_IOERR", "the disk reports an error"),
)


class Database:
    """An open database. Sessions are short: no transaction outlives the call that needed it.

    Attributes:
        where: the database as messages name it, without secrets.
    """

    def __init__(self, location: Location) -> None:
        self.where = location.shown
        self._secrets = location.secrets
        self._readers: Engine = _engine(location)
        self._writers = self._readers.execution_options(insider_audit_writes=True)
        # Writers queue here and not in SQLite's busy handler, which polls and is unfair.
        self._write_lock = threading.Lock()
        # A database in memory has one connection, which no two threads may use at once.
        self._read_lock = self._write_lock if location.in_memory else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database.

        Raises:
            StoreError: the database could not be read.
        """
        with self._plain_errors("read"), self._read_lock, Session(self._readers) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are committed together when the block ends, or not at all.

        Raises:
            StoreError: the database could not be written; nothing was.
        """
        with self._plain_errors("write"), self._write_lock, Session(self._writers) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema up to date. It writes, so a database that may not be written is refused here."""
        with self.writing() as session:
            migrating.upgrade(session.connection(), self.where)

    def now(self, session: Session) -> datetime:
        """The time all users of this database agree on: the server's, or this machine's for a file."""
        if session.get_bind().dialect.name == "sqlite":
            return datetime.now(UTC)
        moment = session.execute(select(func.current_timestamp())).scalar_one()
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def close(self) -> None:
        """Close all connections. SQLite then folds its write-ahead log into the file."""
        self._readers.dispose()

    @contextmanager
    def _plain_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, StatementError) and error.orig else error
            if isinstance(cause, StoreError):
                raise cause from None
            message = f"results database {self.where}: cannot {doing}: {_reason(error, cause)}"
            for secret in self._secrets:
                message = message.replace(secret, "***")
            # Without "from": a driver's own message may quote the password.
            raise StoreError(message) from (None if self._secrets else error)


def open_database(url: str | None) -> Database:
    """Open a database, creating and migrating it as needed. See ``audit.store.repository.open_store``."""
    location = locate(url)
    prepare_file(location)
    try:
        database = Database(location)
    except ModuleNotFoundError as error:
        hint = "; install insider-audit[postgres]" if error.name == "psycopg" else ""
        raise StoreError(
            f"results database {location.shown}: its driver {error.name} is not installed{hint}"
        ) from error
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def _engine(location: Location) -> Engine:
    options: dict[str, Any] = {"json_serializer": dump_json, "json_deserializer": load_json, "hide_parameters": True}
    name = location.url.get_backend_name()
    if location.in_memory:
        options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    elif name == "postgresql":
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_S}}
    engine = create_engine(location.url, **options)
    if name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun below, not by the driver, which would begin them late and always as readers.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_S * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    # With WAL, NORMAL survives the death of the process; a power cut may lose the last commits, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # The very first switch of a new file does not wait for other processes as busy_timeout asks.
    give_up = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that reads first and writes later can fail without waiting.
    writes = connection.get_execution_options().get("insider_audit_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: Exception, cause: BaseException) -> str:
    code = getattr(cause, "sqlite_errorname", "")
    for start, reason in _SQLITE_REASONS:
        if code.startswith(start):
            return reason
    first_line = str(cause).strip().split("\n", 1)[0]
    if isinstance(error, IntegrityError):
        return f"it contradicts what is stored ({first_line})"
    return first_line or type(cause).__name__
