"""``runs matrix``: several models through the same trials, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.options import Database, Json
from audit.cli.output import clean, out, print_json, table
from audit.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from audit.analysis.side_by_side import PairDifference, ScenarioRow, SideBySide

Anyway = Annotated[bool, typer.Option("--anyway", help="Compare runs that differ in more than the model, and say so.")]


def add_to(group: typer.Typer) -> None:
    """Register the command below ``runs``."""
    group.command("matrix")(matrix)


def matrix(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="Ids of runs, or the id of a group that `run` printed.")
    ],
    anyway: Anyway = False,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Show several models side by side: rates with intervals, and which of them differ."""
    from audit.analysis.side_by_side import side_by_side
    from audit.reporting.stored import result_of
    from audit.store.repository import open_store

    with open_store(db) as repository:
        grouped: dict[str, list[str]] = {}
        for summary in reversed(repository.runs()):
            if summary.group:
                grouped.setdefault(summary.group, []).append(summary.id)
        results = [result_of(repository, run) for given in runs for run in grouped.get(given, [given])]
    if len({result.run_id for result in results}) < max(2, len(results)):
        raise UsageError("name two different runs or more, or a group of runs; `insider-audit runs list` shows them")
    made = side_by_side(results, anyway)
    if as_json:
        print_json(made)
    else:
        print_matrix(made)


def print_matrix(made: SideBySide) -> None:
    """Print one line per scenario and model, and below each scenario which models differ."""
    from audit.cli.summary import rate_text

    console = out()
    if any(run.simulated for run in made.runs):
        console.print(
            "SIMULATED MODELS: these figures show how the toolkit works. They say nothing about a real model."
        )
    for what in made.unlike:
        console.print(clean(f"Not alike: {what}. A difference below may come of that."))
    names = _names(made)
    rows: list[tuple[object, ...]] = [
        (
            row.scenario,
            names[rates.run_id],
            rate_text(rates.inherent) if rates.inherent else "no trial",
            rate_text(rates.residual) if rates.residual else "no trial",
            rates.inherent.missing if rates.inherent else "",
        )
        for row in made.scenarios
        for rates in row.models
    ]
    columns = ["scenario", "model", "inherent rate", "residual rate", "no verdict"]
    console.print(table("Models side by side, with 95 % intervals", columns, rows, numbers=[4]))
    for row in made.scenarios:
        _print_pairs(console, row, names)
    console.print(clean(made.caveat))


def _print_pairs(console: Console, row: ScenarioRow, names: dict[str, str]) -> None:
    unmeasured = [names[rates.run_id] for rates in row.models if not (rates.inherent and rates.inherent.valid)]
    if unmeasured:
        console.print(clean(f"{row.scenario}: no valid trial of {', '.join(unmeasured)}, so nothing is said of it"))
    shown = [pair for pair in row.pairs if pair.shown]
    for pair in shown:
        console.print(clean(f"{row.scenario}: {_difference(pair, names)}"))
    if left := sum(pair.difference is not None and not pair.shown for pair in row.pairs):
        which = "no difference shown between the models" if not shown else f"no difference shown in {left} other pairs"
        console.print(clean(f"{row.scenario}: {which}"))


def _difference(pair: PairDifference, names: dict[str, str]) -> str:
    assert pair.difference is not None  # noqa: S101 - a difference that is shown is known
    points, low, high = (round(100 * value) for value in (pair.difference, pair.low, pair.high))
    return (
        f"{names[pair.one]} and {names[pair.other]} differ by {points:+d} points (95 % interval {low:+d} to {high:+d}; "
        f"adjusted p {pair.p_adjusted:.2g})"
    )


def _names(made: SideBySide) -> dict[str, str]:
    """What each run is called: its model, with the run's id where two runs have the same one."""
    models = [run.model for run in made.runs]
    return {r.run_id: r.model if models.count(r.model) == 1 else f"{r.model} ({r.run_id})" for r in made.runs}
