"""``plan``: what would be run on an agent, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from audit.cli.options import (
    Because,
    By,
    Concurrency,
    Database,
    Exclude,
    Json,
    JudgeModel,
    LeftOut,
    Model,
    OnlyScenarios,
    Packs,
    ProfilePath,
    Trials,
)
from audit.cli.output import clean, out, print_json, table
from audit.cli.usage import forecast_lines, stored_speed
from audit.planning import DEFAULT_TRIALS

if TYPE_CHECKING:
    from rich.console import Console

    from audit.planning.models import CoverageRow, Forecast, Plan, Selection


_MOST = 12
"""Tools and places listed at the terminal for one entry; --json has all of them."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(plan)


def plan(
    profile: ProfilePath,
    trials: Trials = DEFAULT_TRIALS,
    scenario: OnlyScenarios = None,
    exclude: Exclude = None,
    because: Because = None,
    by: By = None,
    model: Model = None,
    judge: JudgeModel = None,
    concurrency: Concurrency = 8,
    packs: Packs = None,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Show which scenarios fit the agent and why, and what a run would take."""
    from audit.cli.options import excluded_scenarios, judge_settings, read_profile
    from audit.planning.plan import make_plan
    from audit.resources import shown_path
    from audit.scenarios.packs import load_packs
    from audit.targets.factory import check_model

    loaded = read_profile(profile, model)
    check_model(loaded.model.model)
    judging = judge_settings(loaded, judge)
    found = load_packs(packs or ())
    excluded = excluded_scenarios(found, LeftOut(exclude, because, by), scenario)
    pace = stored_speed(db, loaded.model.model, judging, concurrency)
    made = make_plan(loaded, found, trials, scenario or (), judging, excluded, pace)
    if as_json:
        print_json(made.model_dump(mode="json") | {"trials": made.trials})
        return
    console = out()
    _print_scenarios(console, made, shown_path(profile))
    _print_coverage(console, made)
    _print_unbound(console, made)
    if not made.conditions:
        console.print("Nothing to run.")
        return
    console.print(f"{len(made.conditions)} conditions x {made.trials_per_condition} trials = {made.trials} trials")
    _print_forecast(console, made.forecast)


def _print_scenarios(console: Console, made: Plan, profile: str) -> None:
    selected = [s for s in made.selections if s.selected]
    others = [s for s in made.selections if not s.selected]
    _head(console, "Selected, most exposed first" if selected else "No scenario is selected")
    for selection in selected:
        _print_selection(console, selection, profile)
    if others:
        _head(console, "\nNot run")
    for selection in others:
        _print_selection(console, selection, profile)


def _print_selection(console: Console, selection: Selection, profile: str) -> None:
    rank = f"{selection.exposure.priority}. " if selection.selected and selection.exposure else "-  "
    _line(console, f"{rank}{selection.scenario}: {selection.title} ({selection.behaviour})", "", "   ")
    for label, text in _said(selection, profile):
        _line(console, f"{label}: {text}" if label else text, "   ", "     ")


def _said(selection: Selection, profile: str) -> Iterator[tuple[str, str]]:
    yield "", selection.reason
    facts = dict.fromkeys(fact for ground in selection.grounds for fact in ground.facts)
    if selection.selected and facts:
        # The file is named once, so that lines can be read.
        short = [fact.replace(f"({profile}:", "(") for fact in facts]
        more = f"; and {len(short) - _MOST} more, all of them in --json" if len(short) > _MOST else ""
        yield f"rests on, in {profile}", "; ".join(short[:_MOST]) + more
    if selection.selected and selection.exposure:
        yield f"exposure {selection.exposure.score}", "; ".join(selection.exposure.reasons)
    if selection.selected and selection.undescribed:
        yield "describe first", undescribed(selection)
    if selection.near_miss:
        yield "near miss", selection.near_miss


def undescribed(selection: Selection) -> str:
    """What to do before a scenario is run that rests on tools nobody has described."""
    tools = selection.undescribed
    more = f" and {len(tools) - _MOST} more" if len(tools) > _MOST else ""
    return (
        f"{', '.join(tools[:_MOST])}{more}. The simulated company cannot play a tool of unknown capability; trials of "
        "this scenario will most likely end without a verdict"
    )


def _print_coverage(console: Console, made: Plan) -> None:
    """A matrix of the behaviours that some scenario looks for; the others have nothing to show in any row."""
    if not made.coverage:
        return
    behaviours = [cell.behaviour for cell in made.coverage[0].cells]
    shown = [i for i, _ in enumerate(behaviours) if any(_mark(row, i) != "-" for row in made.coverage)]
    names = [str(behaviours[i]) for i in shown]
    # Many behaviours on a narrow terminal: the columns are numbered, and the names stand below.
    narrow = sum(len(name) + 3 for name in names) > console.width - 50
    heads = [str(number) for number in range(1, len(names) + 1)] if narrow else names
    rows = [
        (
            _risk(row),
            f"{row.capability} *" if set(row.general) == set(row.tools) else row.capability,
            *(_mark(row, i) for i in shown),
            len(row.tools) if narrow else ", ".join(row.tools[:_MOST]) + (", ..." if len(row.tools) > _MOST else ""),
        )
        for row in made.coverage
    ]
    console.print()
    title = "Coverage: what is tested of the harm that each capability allows"
    console.print(table(title, ["", "capability", *heads, "tools"], rows))
    if narrow:
        _line(console, "; ".join(f"{head} {name}" for head, name in zip(heads, names, strict=True)))
    _line(console, "!: risky, and exercised by no scenario that is run. -: no scenario of the packs in use.")
    if any(set(row.general) == set(row.tools) for row in made.coverage):
        _line(console, "*: the simulated company answers these tools only in general terms; calls are still judged.")
    if missing := [str(behaviour) for i, behaviour in enumerate(behaviours) if i not in shown]:
        _line(console, f"No scenario looks for these through any known capability of the agent: {', '.join(missing)}.")
    if made.uncovered:
        listed = ", ".join(f"{entry.capability} ({entry.phrase})" for entry in made.uncovered)
        _line(console, f"Risky, and exercised by no scenario that is run: {listed}.")


def _risk(row: CoverageRow) -> str:
    return "!" if row.risky and not any(cell.state == "tested" for cell in row.cells) else ""


def _mark(row: CoverageRow, position: int) -> str:
    state = str(row.cells[position].state)
    return "-" if state == "no scenario" else state


def _print_unbound(console: Console, made: Plan) -> None:
    if not made.unbound:
        return
    _head(console, "\nTools answered only in general terms, and how to map them")
    by_reason: dict[str, list[str]] = {}
    for entry in made.unbound:
        by_reason.setdefault(entry.reason, []).append(entry.tool)
    for reason, tools in by_reason.items():
        _line(console, f"{', '.join(tools)}: {reason}", "- ", "  ")


def _print_forecast(console: Console, cast: Forecast) -> None:
    for line in forecast_lines(cast):
        _line(console, line, "", "  ")


def _head(console: Console, text: str) -> None:
    console.print(clean(text), style="bold")


def _line(console: Console, text: str, first: str = "", rest: str = "") -> None:
    """A text broken at spaces, with a hanging indent; names, places and YAML in it stay whole."""
    for line in clean(text).splitlines():
        wrapped = textwrap.wrap(
            line, console.width, initial_indent=first, subsequent_indent=rest, break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip
        console.print("\n".join(wrapped) if line.strip() else "", soft_wrap=True)
        first = rest
