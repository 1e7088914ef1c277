"""Brings a database to the schema of this version, and refuses one that a later version has changed."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from audit.errors import StoreError
from audit.store.schema import VERSION_TABLE

_MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 0x1A5D_A0D1
"""Any number, the same in every process: who holds it migrates."""

# Alembic keeps the current migration in module globals; two threads must not migrate at once.
_one_at_a_time = threading.Lock()


def upgrade(connection: Connection, where: str) -> None:
    """Migrate to the newest schema, within the transaction that is open on ``connection``.

    On SQLite that transaction must hold the write lock already (BEGIN IMMEDIATE); on PostgreSQL an advisory lock is
    taken. So of several processes that open a new database, one creates it and the others find it done.

    Args:
        connection: in a transaction; the caller commits.
        where: the database, as messages name it.

    Raises:
        StoreError: the database was changed by a later version, or belongs to another program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
    with _one_at_a_time:
        config = _config(connection)
        script = ScriptDirectory.from_config(config)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        current = set(context.get_current_heads())
        if current - {revision.revision for revision in script.walk_revisions()}:
            raise StoreError(
                f"results database {where}: a newer insider-audit has written it "
                f"(schema {', '.join(sorted(current))}); upgrade insider-audit, or choose another database with --db"
            )
        if not current and connection.dialect.name == "sqlite" and _foreign_tables(connection):
            raise StoreError(
                f"results database {where}: this is the SQLite database of another program; "
                "choose another file with --db"
            )
        if current != set(script.get_heads()):
            command.upgrade(config, "head")


def downgrade(connection: Connection, revision: str) -> None:
    """Go back to an earlier schema, within the open transaction. ``base`` removes every table and all results.

    Args:
        connection: in a transaction; the caller commits.
        revision: an Alembic revision id, or ``base``.
    """
    with _one_at_a_time:
        command.downgrade(_config(connection), revision)


def _foreign_tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {VERSION_TABLE}


def _config(connection: Connection) -> Config:
    config = Config()
    # Config interpolates, so a percent sign in the path is doubled.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
