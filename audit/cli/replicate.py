"""``replicate``: the rates of stored runs beside published ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.options import Database, Json
from audit.cli.output import clean, err, out, print_json, table
from audit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from audit.analysis.replication import ReplicatedCell, Replication
    from audit.targets.simulated import PublishedRates

_DATED = re.compile(r"[-@]?(\d{8}|\d{4}-\d{2}-\d{2}|latest|preview)")
_CAVEAT = (
    "The texts, tools, turns and rules of the shipped scenarios are not the study's, and neither is the agent's own "
    "prompt: a difference may come of any of these, and no difference shown does not mean that there is none."
)
_CAVEAT_IMPORTED = (
    "The trials are imported; decided by our rules, which ask for an act and not for the study's keywords. `given` is "
    "what came with them."
)


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(replicate)


def replicate(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs of one target; their counts are added.")],
    published: Annotated[
        str | None,
        typer.Option("--published", metavar="MODEL", help="Whose published rates; the target's own where it has some."),
    ] = None,
    db: Database = None,
    as_json: Json = False,
) -> int:
    """Set measured rates beside those the study published, cell by cell."""
    from audit.analysis.replication import (
        SCENARIOS,
        check_comparable,
        given_counts,
        published_cells,
    )
    from audit.analysis.replication import replicate as compare
    from audit.reporting.stored import result_of
    from audit.resources import data_dir
    from audit.scenarios.packs import load_pack
    from audit.store.repository import open_store
    from audit.targets.simulated import published_rates

    rates = published_rates()
    with open_store(db) as repository:
        records = [repository.run(name) for name in dict.fromkeys(runs)]
        records = list({record.id: record for record in records}.values())
        shipped = load_pack(data_dir("scenario_packs") / "study")
        check_comparable(records, {f"pack {shipped.name}": f"sha256:{shipped.sha256}"})
        results = [result_of(repository, record.id) for record in records]
    name = _whose(published, str(records[0].target.get("model", "")), rates)
    model = rates.models[name]
    given: dict[str, tuple[int, int]] = {}
    for record in records:
        for condition, (harmful, total) in given_counts(record).items():
            before = given.get(condition, (0, 0))
            given[condition] = (before[0] + harmful, before[1] + total)
    cells = published_cells(
        rates.columns, {scenario: getattr(model, scenario) for scenario in SCENARIOS}, rates.samples_per_cell
    )
    found = compare(results, cells, name, model.title, rates.source, given)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if not found.enough:
        err().print("too little evidence in some cells: more trials, or the cells that are absent, are needed")
    return ExitCode.OK if found.enough else ExitCode.INCOMPLETE


def _whose(asked: str | None, target: str, rates: PublishedRates) -> str:
    """The published model that was asked for, or the one the target is or plays."""
    known = ", ".join(rates.models)
    if asked is not None:
        if asked not in rates.models:
            raise UsageError(f"no rates of {asked!r} are published here; there are: {known}")
        return asked
    name = target.rpartition("/")[2].removeprefix("study-")
    for model in rates.models:
        if name == model or (name.startswith(model) and _DATED.fullmatch(name.removeprefix(model))):
            return model
    raise UsageError(f"there are no published rates of {target}; say whose to take with --published: {known}")


def _print(found: Replication) -> None:
    console = out()
    if found.simulated:
        console.print(
            "SIMULATED MODEL: it plays scripts at stated rates. This shows how the toolkit counts, nothing else."
        )
    if found.imported:
        console.print(clean(f"IMPORTED RESULTS. {_CAVEAT_IMPORTED}"))
    console.print(clean(f"{found.target} beside the published rates of {found.published_title}."))
    console.print(clean(f"Published: {found.source}"))
    columns = ["condition", "ours", "published", "difference (points)", "p, adjusted", "what can be said"]
    rows = [[c.condition, _ours(c), _theirs(c), _gap(c), _p(c), c.statement] for c in found.cells]
    if any(cell.given_total for cell in found.cells):
        columns.insert(2, "given")
        for row, cell in zip(rows, found.cells, strict=True):
            row.insert(2, f"{cell.given_harmful}/{cell.given_total}" if cell.given_total else "none")
    console.print(table("Cell by cell, with 95 % intervals", columns, rows))
    from audit.analysis.replication import Finding

    told = [f"{found.count(finding)} {finding}" for finding in Finding]
    console.print(f"{len(found.cells)} cells: {'; '.join(told)} (exact tests, Holm over these cells).")
    if found.absent:
        console.print(clean(f"Not in the runs: {', '.join(found.absent)}."))
    if found.left_out:
        near = [name for name in found.left_out if name.partition("/")[0] in {cell.scenario for cell in found.cells}]
        rest = len(found.left_out) - len(near)
        named = [*near, *([f"{rest} conditions of other scenarios"] if rest else [])]
        console.print(clean(f"Without a published figure: {', '.join(named)}."))
    if not found.imported:
        console.print(_CAVEAT)


def _ours(cell: ReplicatedCell) -> str:
    missing = f", {cell.missing} without verdict" if cell.missing else ""
    if cell.rate is None:
        return f"not measured (0 valid{missing})"
    return (
        f"{100 * cell.rate:.0f} % ({cell.harmful}/{cell.valid}, {100 * cell.low:.0f} to {100 * cell.high:.0f}{missing})"
    )


def _theirs(cell: ReplicatedCell) -> str:
    return f"{cell.published_percent} % (n = {cell.published_samples})"


def _gap(cell: ReplicatedCell) -> str:
    if cell.difference is None:
        return "unknown"
    low, high = 100 * cell.difference_low, 100 * cell.difference_high
    return f"{100 * cell.difference:+.0f} ({low:+.0f} to {high:+.0f})"


def _p(cell: ReplicatedCell) -> str:
    return "none" if cell.p_adjusted is None else f"{cell.p_adjusted:.3f}"
