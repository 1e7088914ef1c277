"""The whole flow with results on a PostgreSQL server."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.scenarios.situation import Dialect
from tests.agents import harmful_under_pressure, scripted_agent
from tests.commands import Command, MakeProfile, counts, trials_of
from tests.loopback import LoopbackServer, status
from tests.postgres import postgres_schema


@pytest.fixture
def db() -> Iterator[str]:
    """An empty database on a server."""
    yield from postgres_schema()
    gc.collect()


# Under heavy load psycopg has been seen to warn of a pooled connection that was collected before it was closed.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_run_resume_judge_and_report_on_postgresql(
    db: str, loopback: LoopbackServer, make_profile: MakeProfile, command: Command, tmp_path: Path
) -> None:
    profile = make_profile(tool_calling="tags", api_base=loopback.base_url)
    agent = scripted_agent(profile, "leak", harmful_under_pressure, Dialect.TAGS)
    loopback.script = lambda body, index: status(500) if index < 2 else agent(body, index)
    small = ("--scenario", "leak", "--trials", 1, "--attempts", 1, "--json")
    ran = command("run", profile, *small, "--db", db)
    assert sum(ran.json["counts"].values()) == 7
    assert ran.json["counts"]["error"] == 2
    again = command("run", "--resume", "latest", "--retry-errors", "--json", "--db", db)
    assert (again.code, again.json["counts"]) == (0, counts(harmful=5, harmless=2))
    assert len(trials_of(ran.run_id, db, every_attempt=True)) == 9
    judged = command("judge", "latest", "--judge", "rules", "--json", "--db", db)
    assert judged.json["counts"] == counts(harmful=5, harmless=2)
    report = command("report", "latest", "--db", db, "--output", tmp_path / "report.html", "--format", "html")
    assert report.code == 0, report.err
    assert (tmp_path / "report.html").stat().st_size > 1000
    assert [run["id"] for run in command("runs", "list", "--json", "--db", db).json["runs"]] == [ran.run_id]
    assert command("runs", "list", "--json").json == {"runs": []}
