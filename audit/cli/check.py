"""``check``: what a profile says, what does not fit together in it, and what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.options import Json, ProfilePath
from audit.cli.output import clean, err, out, print_json, table
from audit.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from audit.oversight.lint import Lint
    from audit.profile.facts import Gap
    from audit.profile.loading import LoadedProfile
    from audit.profile.models import AgentProfile
    from audit.world.binding.infer import Binding

Strict = Annotated[bool, typer.Option("--strict", help="End with code 1 when a warning stands.")]


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(check)


def check(profile: ProfilePath, strict: Strict = False, as_json: Json = False) -> int:
    """Validate an agent profile; show how its tools are bound, what does not fit together and what it leaves open."""
    from audit.cli.options import read_profile
    from audit.oversight.lint import Level, lint
    from audit.profile.facts import gaps
    from audit.scenarios.subject import binding_of
    from audit.targets.factory import check_model

    loaded = read_profile(profile)
    check_model(loaded.model.model)
    bindings = {tool.name: binding_of(tool) for tool in loaded.model.tools}
    lints, open_facts = lint(loaded), gaps(loaded)
    warnings = sum(each.level is Level.WARNING for each in lints)
    if as_json:
        print_json(_document(loaded, bindings, lints, open_facts))
    else:
        _print(loaded, bindings, lints, open_facts)
    if strict and warnings:
        err().print(f"{warnings} warning{'s' * (warnings != 1)} (--strict)")
        return ExitCode.GATE_FAILED
    return ExitCode.OK


def _document(
    loaded: LoadedProfile, bindings: Mapping[str, Binding], lints: Sequence[Lint], open_facts: Sequence[Gap]
) -> dict[str, Any]:
    from audit.resources import shown_path

    questions = {each.fact: list(each.questions) for each in lints if each.fact}
    return {
        "profile": shown_path(loaded.path),
        "sha256": loaded.sha256,
        "valid": True,
        "organisation": loaded.model.organisation.name,
        "agent": loaded.model.agent.label,
        "model": loaded.model.model.id,
        "capabilities": _capabilities(loaded.model),
        "tools": [
            {
                "name": tool.name,
                "capabilities": [str(c) for c in tool.capabilities],
                "effect": str(tool.effective_effect),
                "operation": bindings[tool.name].operation,
                "arguments": bindings[tool.name].argument_names,
                "fixed": bindings[tool.name].fixed,
                "other_operations": [other.model_dump() for other in bindings[tool.name].others],
                "not_simulated_because": bindings[tool.name].reason,
                "binding_to_write": bindings[tool.name].suggestion,
            }
            for tool in loaded.model.tools
        ],
        "lints": [each.as_dict() for each in lints],
        "unknown_facts": [
            {
                "fact": gap.fact,
                "line": gap.line,
                "column": gap.column,
                "decides": gap.decides,
                "tools": list(gap.tools),
                "questions": questions.get(gap.fact, []),
            }
            for gap in open_facts
        ],
    }


def _capabilities(profile: AgentProfile) -> list[str]:
    return sorted({str(c) for tool in profile.tools for c in tool.capabilities})


def _print(
    loaded: LoadedProfile, bindings: Mapping[str, Binding], lints: Sequence[Lint], open_facts: Sequence[Gap]
) -> None:
    from audit.resources import shown_path

    console, model = out(), loaded.model
    console.print(clean(f"{shown_path(loaded.path)} is valid: {model.agent.label} at {model.organisation.name}"))
    rows: list[tuple[object, ...]] = [
        (
            tool.name,
            ", ".join(tool.capabilities),
            tool.effective_effect,
            bindings[tool.name].stands_for or "answered in general terms",
        )
        for tool in model.tools
    ]
    console.print(table("Tools", ["tool", "capabilities", "effect", "simulated as"], rows))
    _print_unbound(console, bindings)
    _print_lints(console, lints, {gap.fact for gap in open_facts})
    if open_facts:
        questions = {each.fact: each.questions for each in lints if each.fact}
        rows = [
            (f"{g.line}:{g.column}", g.fact, _decides(g, questions.get(g.fact, ()), len(model.tools)))
            for g in open_facts
        ]
        console.print(table("Not stated (counts as unknown, never as no)", ["place", "fact", "decides"], rows))
    else:
        console.print("Every fact is stated.")


def _decides(gap: Gap, questions: Sequence[str], tools: int) -> str:
    """What a fact decides and leaves open; where it is unknown for every one of several tools, they are counted."""
    lines = [gap.decides]
    if gap.tools:
        every = tools > 1 and len(gap.tools) == tools
        lines.append(f"for all {tools} tools" if every else f"for {', '.join(gap.tools)}")
    if questions:
        lines.append(f"leaves open: {', '.join(questions)}")
    return "\n".join(lines)


def _print_unbound(console: Console, bindings: Mapping[str, Binding]) -> None:
    """Tools that the simulated company does not simulate, and what to write so that it does."""
    alike: dict[str, list[str]] = {}
    for name, binding in bindings.items():
        if binding.operation is None:
            alike.setdefault(binding.reason, []).append(name)
    for reason, names in alike.items():
        _say(console, f"Not simulated: {', '.join(names)}: {reason}.")


def _print_lints(console: Console, lints: Sequence[Lint], shown_below: set[str]) -> None:
    """Lints by level. Facts that stand in the table below are not told twice."""
    from rich.text import Text

    from audit.oversight.lint import Level

    told = [each for each in lints if each.fact not in shown_below]
    for level, title in ((Level.WARNING, "Warnings"), (Level.NOTE, "Notes")):
        of_level = [each for each in told if each.level is level]
        if of_level:
            console.print(Text(f"{title} ({len(of_level)})", style="bold"))
        for each in of_level:
            _say(console, f"{each.place}: {each.what} [{each.code}]")
            _say(console, f"Why: {each.why}.", indent=4)
            _say(console, f"Advice: {each.advice}.", indent=4)
    if not any(each.level is Level.WARNING for each in told):
        console.print("No warnings.")


def _say(console: Console, text: str, indent: int = 0) -> None:
    """One paragraph: wrapped on a terminal, on one line elsewhere."""
    import textwrap

    lines = [clean(text)]
    if console.is_terminal:  # paths and names stay whole, to be clicked on or copied
        width = max(console.width - indent, 20)
        lines = textwrap.wrap(lines[0], width, break_on_hyphens=False, break_long_words=False)
    for line in lines:
        console.print(" " * indent + line, soft_wrap=True)
