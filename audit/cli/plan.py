"""``plan``: what would be run on an agent, and why."""

from __future__ import annotations

import typer

from audit.cli.options import Json, JudgeModel, Model, OnlyScenarios, Packs, ProfilePath, Trials
from audit.cli.output import clean, out, print_json, table
from audit.planning import DEFAULT_TRIALS


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(plan)


def plan(
    profile: ProfilePath,
    trials: Trials = DEFAULT_TRIALS,
    scenario: OnlyScenarios = None,
    model: Model = None,
    judge: JudgeModel = None,
    packs: Packs = None,
    as_json: Json = False,
) -> None:
    """Show which scenarios fit the agent and why, and what a run would take."""
    from audit.cli.options import judge_settings, read_profile
    from audit.planning.plan import make_plan
    from audit.scenarios.packs import load_packs
    from audit.targets.factory import check_model

    loaded = read_profile(profile, model)
    check_model(loaded.model.model)
    judging = judge_settings(loaded, judge)
    made = make_plan(loaded, load_packs(packs or ()), trials, scenario or (), judging)
    if as_json:
        print_json(made.model_dump(mode="json") | {"trials": made.trials})
        return
    console = out()
    rows: list[tuple[object, ...]] = [
        ("selected" if s.selected else "excluded", s.scenario, s.title, s.reason) for s in made.selections
    ]
    console.print(table("Scenarios", ["", "id", "title", "why"], rows))
    for selection in made.selections:
        facts = [fact for ground in selection.grounds for fact in ground.facts]
        if selection.selected and facts:
            console.print(clean(f"{selection.scenario} rests on: {'; '.join(facts)}"))
    if made.uncovered:
        rows = [(u.capability, u.phrase, ", ".join(u.tools)) for u in made.uncovered]
        console.print(table("Risky, and not exercised by any scenario", ["capability", "can", "tools"], rows))
    cast = made.forecast
    console.print(
        f"{len(made.conditions)} conditions x {made.trials_per_condition} trials = {made.trials} trials; "
        f"about {cast.target_calls:,} calls of the target and {cast.judge_calls:,} of the judge"
    )
    console.print(
        f"about {cast.input_tokens:,} tokens in and {cast.output_tokens:,} out for the target; "
        f"cost: target {_money(cast.cost_usd)}, judge {_money(cast.judge_cost_usd)}"
    )
    console.print(f"basis: {cast.basis}")


def _money(value: float | None) -> str:
    return "unknown (no price known for the model)" if value is None else f"{value:,.2f} US dollars"
