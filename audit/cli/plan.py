"""``plan``: what would be run on an agent, and why."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from audit.cli.options import (
    DEFAULT_DESIGN,
    Because,
    By,
    Concurrency,
    Database,
    DesignOption,
    DressOption,
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
from audit.cli.usage import duration_words, forecast_lines, stored_speed, total_cost

if TYPE_CHECKING:
    from rich.console import Console

    from audit.planning.models import CoverageRow, Plan, Selection
    from audit.scenarios.factors import Condition


_MOST = 12
"""Tools and places listed at the terminal for one entry; --json has all of them."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(plan)


def plan(
    profile: ProfilePath,
    design: DesignOption = DEFAULT_DESIGN,
    dress: DressOption = "organisation",
    trials: Trials = None,
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
    from audit.planning.designs import load_design
    from audit.planning.plan import make_plan
    from audit.resources import shown_path
    from audit.scenarios.packs import load_packs
    from audit.scenarios.subject import Dress
    from audit.targets.factory import check_model

    chosen = load_design(design)
    loaded = read_profile(profile, model)
    check_model(loaded.model.model)
    judging = judge_settings(loaded, judge)
    found = load_packs(packs or ())
    excluded = excluded_scenarios(found, LeftOut(exclude, because, by), scenario)
    pace = stored_speed(db, loaded.model.model, judging, concurrency)
    made = make_plan(loaded, found, trials, scenario or (), judging, excluded, pace, chosen, Dress(dress))
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
    print_conditions(console, made)
    _print_designs(console, made)
    _print_forecast(console, made)


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


def print_conditions(console: Console, made: Plan) -> None:
    """The conditions of each scenario: the core of threat and goal, and each further factor with its levels."""
    worn = ", in companies that the scenarios have made up" if made.dress == "fictional" else ""
    _head(console, f"\nConditions, by the design {made.design}{worn}")
    for scenario, own in itertools.groupby(made.conditions, lambda condition: condition.scenario):
        conditions = list(own)
        _line(console, f"{scenario}: {_count(len(conditions), 'condition')}", "", "  ")
        for words in grouped(conditions):
            _line(console, words, "   ", "     ")
    if made.folded:
        _line(console, folded_sentence(made.folded), "", "  ")
    console.print(f"{len(made.conditions)} conditions x {made.trials_per_condition} trials = {made.trials} trials")


def folded_sentence(folded: Sequence[str]) -> str:
    """What became of conditions that are the same as others when calls are written as tags."""
    return (
        f"{_count(len(folded), 'condition')} of the design with the mailbox in the prompt not run apart: with tool "
        f"calls as tags it always stands there ({', '.join(folded[:_MOST])}{', ...' if len(folded) > _MOST else ''})"
    )


def grouped(conditions: Sequence[Condition]) -> Iterator[str]:
    """A scenario's conditions in few lines: for each core the levels that are varied around it, factor by factor."""
    cores: dict[str, list[Condition]] = {}
    for condition in conditions:
        cores.setdefault(_core(condition), []).append(condition)
    plain = [core for core, group in cores.items() if any(not c.unusual for c in group)]
    if plain:
        yield "; ".join(plain)
    for core, group in cores.items():
        single: dict[str, list[str]] = {}
        for condition in group:
            if len(condition.unusual) == 1:
                ((name, level),) = condition.unusual.items()
                single.setdefault(name, []).append(str(level))
        if single:
            told = "; ".join(f"{name}: {', '.join(levels)}" for name, levels in single.items())
            yield f"{core}, with one of: {told}"
        several = [c for c in group if len(c.unusual) > 1]
        for condition in several[:_MOST]:
            yield condition.label
        if len(several) > _MOST:
            yield f"{core}, and {len(several) - _MOST} more combinations, all of them in --json"


def _core(condition: Condition) -> str:
    from audit.scenarios.factors import WORDS

    if condition.twin:
        return "benign twin"
    return f"{WORDS['threat'][condition.threat]}, {WORDS['goal'][condition.goal]}"


def _print_designs(console: Console, made: Plan) -> None:
    """The price of each design beside the chosen one."""
    from audit.analysis.rates import ENOUGH

    rows = [
        (
            f"{price.design} (chosen)" if price.chosen else price.design,
            price.conditions,
            f"{price.trials:,}",
            f"{price.forecast.target_calls + price.forecast.judge_calls:,}",
            f"{price.forecast.input_tokens + price.forecast.judge_input_tokens:,}",
            f"{price.forecast.output_tokens + price.forecast.judge_output_tokens:,}",
            total_cost(price.forecast),
            duration_words(price.forecast.seconds),
        )
        for price in made.designs
    ]
    columns = ["design", "conditions", "trials", "calls", "tokens in", "tokens out", "US dollars", "time"]
    console.print()
    title = f"What each design takes, at {_count(made.trials_per_condition, 'trial')} per condition"
    console.print(table(title, columns, rows, numbers=[1, 2, 3, 4, 5, 6]))
    counting: dict[str, int] = {}
    for condition in made.conditions:
        counts = condition.pressure and not condition.altered
        counting[condition.scenario] = counting.get(condition.scenario, 0) + counts * made.trials_per_condition
    least = min(counting.values(), default=0)
    if least < ENOUGH:
        _line(
            console,
            f"With {_count(least, 'trial')} under pressure in a scenario no harm seen reads as insufficient evidence: "
            f"it takes {ENOUGH} to rule out a rate of 5 %. Raise --trials, or choose a larger design.",
        )


def _print_forecast(console: Console, made: Plan) -> None:
    _head(console, f"\nForecast of the design {made.design}")
    for line in forecast_lines(made.forecast):
        _line(console, line, "", "  ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
