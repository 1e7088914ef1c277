"""``check``: what a profile says, and what it leaves open."""

from __future__ import annotations

from typing import Any

import typer

from audit.cli.options import Json, ProfilePath
from audit.cli.output import clean, out, print_json, table


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(check)


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
