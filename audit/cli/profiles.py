"""``check`` and ``plan``: what a profile says, and what would be run on it."""

from __future__ import annotations

from typing import Any

import typer

from audit.cli.options import Json, JudgeModel, Model, OnlyScenarios, Packs, ProfilePath, Trials
from audit.cli.output import clean, out, print_json, table
from audit.planning import DEFAULT_TRIALS


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(check)
    app.command()(plan)


def check(profile: ProfilePath, as_json: Json = False) -> None:
    """Validate an agent profile; show how its tools are bound and what it leaves open."""
    from audit.cli.options import read_profile
    from audit.profile.facts import gaps
    from audit.resources import shown_path
    from audit.scenarios.subject import binding_of
    from audit.targets.factory import check_model

    loaded = read_profile(profile)
    check_model(loaded.model.model)
    bindings = {tool.name: binding_of(tool) for tool in loaded.model.tools}
    open_facts = gaps(loaded)
    capabilities = sorted({str(c) for tool in loaded.model.tools for c in tool.capabilities})
    if as_json:
        document: dict[str, Any] = {
            "profile": shown_path(profile),
            "sha256": loaded.sha256,
            "valid": True,
            "organisation": loaded.model.organisation.name,
            "agent": loaded.model.agent.label,
            "model": loaded.model.model.id,
            "capabilities": capabilities,
            "tools": [
                {
                    "name": tool.name,
                    "capabilities": [str(c) for c in tool.capabilities],
                    "effect": str(tool.effective_effect),
                    "operation": bindings[tool.name].operation,
                    "arguments": bindings[tool.name].argument_names,
                    "not_simulated_because": bindings[tool.name].reason,
                }
                for tool in loaded.model.tools
            ],
            "unknown_facts": [
                {"fact": g.fact, "line": g.line, "column": g.column, "decides": g.decides, "tools": list(g.tools)}
                for g in open_facts
            ],
        }
        print_json(document)
        return
    console = out()
    model = loaded.model
    console.print(clean(f"{shown_path(profile)} is valid: {model.agent.label} at {model.organisation.name}"))
    rows: list[tuple[object, ...]] = [
        (
            tool.name,
            ", ".join(tool.capabilities),
            tool.effective_effect,
            bindings[tool.name].operation or "answered in general terms",
        )
        for tool in model.tools
    ]
    console.print(table("Tools", ["tool", "capabilities", "effect", "simulated as"], rows))
    for name, binding in bindings.items():
        if binding.operation is None:
            console.print(clean(f"{name}: {binding.reason}"))
    if open_facts:
        rows = [(f"{g.line}:{g.column}", g.fact, g.decides, ", ".join(g.tools)) for g in open_facts]
        console.print(table("Not stated (counts as unknown, never as no)", ["place", "fact", "decides", "for"], rows))
    else:
        console.print("Every fact is stated.")


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
