from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url, text

from audit.errors import StoreError
from audit.store.database import Database, open_database
from audit.store.locations import locate
from audit.store.records import ConditionRecord, RunRecord
from audit.store.repository import open_store


def test_the_place_is_argument_then_variable_then_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("INSIDER_AUDIT_DB", raising=False)
    default = locate(None).path
    assert default is not None
    assert (default.name, default.parent.name) == ("runs.sqlite", "insider-audit")
    monkeypatch.setenv("INSIDER_AUDIT_DB", str(tmp_path / "by-variable.sqlite"))
    assert locate(None).path == locate("").path == tmp_path / "by-variable.sqlite"
    assert locate(str(tmp_path / "named")).path == tmp_path / "named"
    assert locate(f"sqlite:///{tmp_path}/named").path == tmp_path / "named"


def test_folders_are_made_and_the_path_may_be_odd(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "50% ü?#@.sqlite"
    with open_store(str(path)) as store:
        assert store.where == str(path)
        assert store.runs() == []
    assert path.is_file()


def test_memory_is_kept_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in (":memory:", "sqlite://", "sqlite:///:memory:"):
        with open_store(url) as store:
            assert store.where == ":memory:"
    assert list(tmp_path.iterdir()) == []


def test_sqlite_is_set_up(tmp_path: Path) -> None:
    database = open_database(str(tmp_path / "runs.sqlite"))
    with database.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA synchronous")) == 1
        assert session.scalar(text("PRAGMA busy_timeout")) >= 1000
    database.close()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"this is a folder; name a file in it"):
        open_store(str(tmp_path))


def test_a_file_that_is_not_sqlite_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "profile.yaml"
    path.write_text("schema: insider-audit/agent/1\n")
    with pytest.raises(StoreError, match=r"profile\.yaml: this is not a SQLite file; choose another"):
        open_store(str(path))
    assert path.read_text() == "schema: insider-audit/agent/1\n"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    open_store(str(path)).close()
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(bytes(content))
    with pytest.raises(StoreError, match=r"runs\.sqlite: .*the file is damaged; restore a copy"):
        open_store(str(path))


def test_another_programs_sqlite_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE visits (url TEXT)")
    other.commit()
    with pytest.raises(StoreError, match="database of another program"):
        open_store(str(path))
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("visits",)]
    other.close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"cannot be opened \(Not a directory|cannot be opened \(File exists"):
        open_store(str(tmp_path / "file" / "runs.sqlite"))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work differently on Windows")
@pytest.mark.parametrize(("locked", "mode"), [("file", 0o444), ("unreadable", 0o000), ("folder", 0o555)])
def test_what_may_not_be_written_is_refused(locked: str, mode: int) -> None:
    superuser = os.geteuid() == 0
    # Not in tmp_path, which is closed to everybody else: root may write anything, so it tests as nobody.
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "runs.sqlite"
        folder.chmod(0o755)
        if locked == "folder":
            folder.chmod(mode)
        else:
            open_store(str(path)).close()
            path.chmod(mode)
        if superuser:
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match=r"runs\.sqlite: .*mend the permissions"):
                open_store(str(path))
        finally:
            if superuser:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_lock_of_another_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.store.database._BUSY_S", 0)
    path = tmp_path / "runs.sqlite"
    open_store(str(path)).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program holds it locked; try again"):
        open_store(str(path))
    other.close()
    open_store(str(path)).close()


def test_reading_goes_on_while_another_program_writes(
    tmp_path: Path, make_run: Callable[..., RunRecord], make_conditions: Callable[..., list[ConditionRecord]]
) -> None:
    path = tmp_path / "runs.sqlite"
    with open_store(str(path)) as store:
        store.create_run(make_run(), make_conditions())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM conditions")
        assert len(store.conditions(make_run().id)) == 2
        other.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://user:hunter2%zz@127.0.0.1:port/x", "cannot be read"),
        ("postgresql://user:hunter2@hunter2@127.0.0.1:1/x", "%40"),
        ("nosuchsql://user:hunter2@127.0.0.1/x", "no kind of database is called 'nosuchsql'"),
        ("sqlite+aiosqlite:///hunter2", "asynchronous"),
        ("postgresql://user:hunter2@127.0.0.1:1/x", r"postgresql://user:\*\*\*@127.0.0.1:1/x: cannot"),
        ("postgresql://user@127.0.0.1:1/x?password=hunter2", "127.0.0.1:1/x"),
    ],
)
def test_errors_hold_no_password(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"install insider-audit\[postgres\]"):
        open_store("postgresql://user:hunter2@127.0.0.1:1/x")


def test_a_failed_block_changes_nothing(url: str) -> None:
    database = open_database(url)

    def fail_midway() -> None:
        with database.writing() as session:
            session.execute(text("DROP TABLE run_leases"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_midway()
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM run_leases")) == 0
    database.close()


def test_a_newer_database_is_refused(url: str) -> None:
    database = open_database(url)
    with database.writing() as session:
        session.execute(text("UPDATE insider_audit_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StoreError, match=r"a newer insider-audit has written it \(schema 9999\); upgrade"):
        open_store(url)


def test_many_processes_may_open_a_new_database_at_once(url: str) -> None:
    code = "import sys; from audit.store.repository import open_store; open_store(sys.argv[1]).close()"
    opening = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, url], stderr=subprocess.PIPE, cwd=Path.cwd())
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[1].decode() for process in opening] == [""] * 4
    database = open_database(url)
    with database.reading() as session:
        assert session.execute(text("SELECT version_num FROM insider_audit_version")).all() == [("0003",)]
    database.close()


def test_other_tables_in_a_postgresql_schema_are_left_alone(url: str) -> None:
    if make_url(url if "://" in url else f"sqlite:///{url}").get_backend_name() != "postgresql":
        pytest.skip("a SQLite file belongs to one program")
    database = Database(locate(url))
    with database.writing() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        session.execute(text("INSERT INTO alembic_version VALUES ('someone else')"))
    database.migrate()
    with database.reading() as session:
        assert inspect(session.connection()).has_table("runs")
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "someone else"
    database.close()
