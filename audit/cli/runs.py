"""``judge``, ``report`` and ``runs``: what is stored, judged again, reported and shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from audit.cli import matrix
from audit.cli.options import Concurrency, Database, Json, JudgeModel, RunId, judge_settings, read_profile
from audit.cli.output import clean, out, print_json, table
from audit.cli.running import ErrorBudget, run_code
from audit.cli.summary import print_summary
from audit.errors import ExitCode


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(judge)
    app.command()(report)
    group = typer.Typer(no_args_is_help=True, help="What is stored.")
    group.command("list")(list_runs)
    group.command("show")(show_run)
    matrix.add_to(group)
    app.add_typer(group, name="runs")


def judge(
    run: RunId,
    profile: Annotated[Path | None, typer.Option("--profile", help="Take the judge from this profile.")] = None,
    judge: JudgeModel = None,
    concurrency: Concurrency = 8,
    error_budget: ErrorBudget = 0.1,
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Judge a stored run again. The target is not called; earlier verdicts are kept."""
    from audit.cli.progress import counter
    from audit.profile.models import ModelSettings
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store
    from audit.trials.audit import judge_again

    with open_store(db) as repository:
        stored = repository.run(run)
        settings = judge_settings(read_profile(profile) if profile else None, judge)
        if judge is None and profile is None and stored.judge:
            settings = ModelSettings.model_validate(stored.judge["settings"])
        with counter("judged") as listener:
            record, _ = asyncio.run(judge_again(repository, stored.id, settings, concurrency, listener))
        result = result_of(repository, record.id)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
    return run_code(result, error_budget)


def report(
    run: RunId,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; with several formats, its beginning.")
    ] = Path("report.pdf"),
    formats: Annotated[str, typer.Option("--format", help="pdf, html, json; several with commas.")] = "pdf",
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Write the report of a stored run. Nothing is run or judged again."""
    from audit.reporting.render import write_report
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store

    chosen = list(dict.fromkeys(part.strip().lower() for part in formats.split(",") if part.strip()))
    with open_store(db) as repository:
        result = result_of(repository, run)
    written = write_report(result, output, chosen)
    if as_json:
        print_json({"run": result.run_id, "written": [str(path) for path in written]})
    else:
        for path in written:
            out().print(clean(path))
    return ExitCode.OK


def list_runs(db: Database = None, as_json: Json = False) -> None:
    """List stored runs, newest first."""
    from audit.store.repository import open_store

    with open_store(db) as repository:
        found = repository.runs()
        where = repository.where
    if as_json:
        print_json({"runs": [summary.model_dump(mode="json") for summary in found]})
        return
    if not found:
        out().print(clean(f"no runs are stored in {where}"))
        return
    rows = [
        (
            s.id,
            f"{s.created_at:%Y-%m-%d %H:%M}",
            s.status,
            s.organisation,
            f"{s.target} (simulated)" if s.simulated else f"{s.target} (imported)" if s.imported else s.target,
            f"{s.finished}/{s.planned}",
            s.errors,
        )
        for s in found
    ]
    out().print(
        table("Runs", ["id", "started (UTC)", "status", "organisation", "target", "trials", "errors"], rows, [5, 6])
    )


def show_run(run: RunId, db: Database = None, as_json: Json = False) -> None:
    """Show what one stored run found."""
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store

    with open_store(db) as repository:
        result = result_of(repository, run)
    if as_json:
        print_json(result)
    else:
        print_summary(result)
