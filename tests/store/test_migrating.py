from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from audit.store import migrating
from audit.store.database import Database, open_database
from audit.store.schema import VERSION_TABLE, Base


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


def _tables(database: Database) -> set[str]:
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names())


def _differences(database: Database) -> object:
    with database.reading() as session:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(session.connection(), opts=options)
        return compare_metadata(context, Base.metadata)


def test_migrating_gives_the_tables_of_the_schema(database: Database) -> None:
    assert _tables(database) == {*Base.metadata.tables, VERSION_TABLE}
    assert _differences(database) == []


def test_constraints_stand_in_the_database(database: Database) -> None:
    with database.reading() as session:
        inspector = inspect(session.connection())
        unique = inspector.get_unique_constraints("trials")
        assert [u["column_names"] for u in unique] == [["run_id", "condition_id", "index", "attempt"]]
        assert inspector.get_pk_constraint("verdicts")["constrained_columns"] == ["trial_id", "sequence"]
        references = {
            (table, key["referred_table"])
            for table in ("conditions", "trials", "verdicts", "judgings", "run_leases")
            for key in inspector.get_foreign_keys(table)
        }
    assert references == {
        ("conditions", "runs"),
        ("trials", "conditions"),
        ("verdicts", "trials"),
        ("verdicts", "runs"),
        ("judgings", "runs"),
        ("run_leases", "runs"),
    }


def test_a_difference_would_be_seen(database: Database) -> None:
    with database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE trials DROP COLUMN world_sha256")
    assert "add_column" in str(_differences(database))


def test_going_back_and_forth(database: Database) -> None:
    with database.writing() as session:
        migrating.downgrade(session.connection(), "base")
    assert _tables(database) == {VERSION_TABLE}
    database.migrate()
    assert _differences(database) == []
    database.migrate()
    assert _differences(database) == []


def test_a_database_of_the_first_version_is_brought_up_to_date(database: Database) -> None:
    with database.writing() as session:
        migrating.downgrade(session.connection(), "0001")
    assert "judgings" not in _tables(database)
    database.migrate()
    assert _differences(database) == []
