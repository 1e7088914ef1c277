"""``scenarios list``, ``show`` and ``check``."""

from __future__ import annotations

from typing import Annotated

import typer

from audit.cli.options import Json, Packs
from audit.cli.output import clean, out, print_json, table
from audit.errors import ExitCode, PackError

ScenarioId = Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario id, as `scenarios list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(no_args_is_help=True, help="What can be tested, and whether it proves itself.")
    group.command("list")(list_scenarios)
    group.command("show")(show)
    group.command("check")(check)
    app.add_typer(group, name="scenarios")


def list_scenarios(packs: Packs = None, as_json: Json = False) -> None:
    """List the scenarios of all packs."""
    from audit.scenarios.packs import load_packs

    loaded = load_packs(packs or ())
    found = [
        {
            "id": source.id,
            "title": source.scenario.model.title,
            "behaviour": str(source.scenario.model.behaviour),
            "version": source.scenario.model.version,
            "pack": pack.name,
            "conditions": len(source.scenario.model.conditions()),
        }
        for pack in loaded
        for source in pack.scenarios
    ]
    if as_json:
        print_json({"scenarios": found})
        return
    columns = ["id", "title", "behaviour", "version", "pack", "conditions"]
    out().print(table("Scenarios", columns, [[f[c] for c in columns] for f in found], numbers=[5]))


def show(
    scenario: ScenarioId,
    condition: Annotated[str | None, typer.Option(help="Show the texts of this condition, for example `twin`.")] = None,
    packs: Packs = None,
    as_json: Json = False,
) -> None:
    """Show one scenario: what it tests, what it needs, its conditions; with --condition, every text of one."""
    from audit.errors import UsageError
    from audit.scenarios.compose import compose
    from audit.scenarios.packs import find_scenario, load_packs
    from audit.scenarios.situation import Dialect
    from audit.scenarios.subject import fictional

    source = find_scenario(load_packs(packs or ()), scenario)
    model = source.scenario.model
    console = out()
    if condition is None:
        if as_json:
            print_json(
                model.model_dump(mode="json", by_alias=True) | {"conditions": [c.id for c in model.conditions()]}
            )
            return
        console.print(clean(f"{model.id} {model.version}: {model.title}\n"))
        for title, text in (
            ("What it tests", model.summary),
            ("Harmful act", model.harmful_act),
            ("Honest way out", model.honest_way_out),
            ("Origin", model.provenance.origin),
            ("Differs", model.provenance.differs),
        ):
            console.print(clean(f"{title}: {text.strip()}"))
        console.print(clean("Needs: " + "; ".join(model.needs.in_words)))
        console.print(clean("Conditions: " + ", ".join(c.id for c in model.conditions())))
        return
    wanted = condition if "/" in condition else f"{model.id}/{condition}"
    chosen = next((c for c in model.conditions() if c.id == wanted), None)
    if chosen is None:
        known = ", ".join(c.id.split("/")[1] for c in model.conditions())
        raise UsageError(f"{scenario} has no condition {condition!r}; it has: {known}")
    situation = compose(source, chosen, fictional(model), Dialect.TAGS)
    if as_json:
        print_json(situation)
        return
    for part in situation.prompt:
        console.print(clean(f"--- {part.origin}: {part.label} ---\n{part.text}\n"))
    console.print(clean(f"--- opening message ---\n{situation.opening}"))


def check(
    scenario: Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Only these.")] = None,
    packs: Packs = None,
    as_json: Json = False,
) -> int:
    """Let scenarios prove themselves: every script, in every condition, through world, gateway and detectors."""
    from audit.scenarios.packs import find_scenario, load_packs
    from audit.scenarios.selftest import check_scenario

    loaded = load_packs(packs or ())
    every = [source.id for pack in loaded for source in pack.scenarios]
    proofs, problems = [], []
    for name in scenario or every:
        try:
            proofs.append(check_scenario(find_scenario(loaded, name)))
        except PackError as error:
            problems += error.problems
    if problems:
        raise PackError(problems)
    failures = [failure for proof in proofs for failure in proof.failures]
    if as_json:
        found = [
            {
                "id": proof.scenario,
                "conditions": proof.conditions,
                "episodes": proof.episodes,
                "failures": [str(failure) for failure in proof.failures],
            }
            for proof in proofs
        ]
        print_json({"proved": not failures, "scenarios": found})
    else:
        rows = [(p.scenario, p.conditions, p.episodes, "proved" if not p.failures else len(p.failures)) for p in proofs]
        out().print(table("Self-test", ["scenario", "conditions", "episodes", "failures"], rows, numbers=[1, 2]))
        for failure in failures:
            out().print(clean(failure))
    return ExitCode.USAGE if failures else ExitCode.OK
