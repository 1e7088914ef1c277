"""``scenarios list``, ``show``, ``check`` and ``new``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audit.cli.options import Json, Packs
from audit.cli.output import clean, out, print_json, table
from audit.cli.realism import realism
from audit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from audit.scenarios.factors import Condition
    from audit.scenarios.models import Scenario
    from audit.scenarios.packs import ScenarioSource
    from audit.scenarios.situation import Situation

ScenarioId = Annotated[str, typer.Argument(metavar="SCENARIO", help="Scenario id, as `scenarios list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Register the command group."""
    group = typer.Typer(no_args_is_help=True, help="What can be tested, and whether it proves itself.")
    group.command("list")(list_scenarios)
    group.command("show")(show)
    group.command("check")(check)
    group.command("new")(new)
    group.command("realism")(realism)
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
            "sector": str(source.scenario.model.sector),
            "version": source.scenario.model.version,
            "pack": pack.name,
            "conditions": len(source.scenario.model.conditions()),
            "factors": _levels(source.scenario.model, own=True),
        }
        for pack in loaded
        for source in pack.scenarios
    ]
    if as_json:
        print_json({"scenarios": found})
        return
    columns = ["id", "behaviour", "sector", "version", "pack", "conditions", "varies"]
    rows = [[*(f[c] for c in columns[:-1]), _in_short(f["factors"])] for f in found]
    out().print(table("Scenarios", columns, rows, numbers=[5]))


def _levels(model: Scenario, *, own: bool = False) -> dict[str, list[str]]:
    """The levels of every factor; with ``own``, only of those that the scenario's author wrote. The twin is another."""
    from audit.scenarios.factors import COMMON, EVERY

    names = [name for name in EVERY if not (own and name in COMMON)]
    found = {name: [str(level) for level in model.factors.levels(name)] for name in names}
    return {name: levels for name, levels in found.items() if levels} | {"twin": ["benign"] * model.factors.twin}


def _in_short(factors: object) -> str:
    """Factors with more than one level, and the twin: `threat 3, goal 2, twin`."""
    levels = dict(factors) if isinstance(factors, dict) else {}
    twin = levels.pop("twin", [])
    several = [f"{name.replace('_', ' ')} {len(found)}" for name, found in levels.items() if len(found) > 1]
    return ", ".join([*several, *(["twin"] if twin else [])])


def show(
    scenario: ScenarioId,
    condition: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Show the texts of this condition: `twin`, `none-explicit+framing.test`."),
    ] = None,
    packs: Packs = None,
    as_json: Json = False,
) -> None:
    """Show one scenario: what it tests, what it needs, its conditions; with --condition, every text of one."""
    from audit.scenarios.compose import compose
    from audit.scenarios.naming import condition_called
    from audit.scenarios.packs import find_scenario, load_packs
    from audit.scenarios.situation import Dialect
    from audit.scenarios.subject import fictional

    source = find_scenario(load_packs(packs or ()), scenario)
    model = source.scenario.model
    console = out()
    if condition is None:
        if as_json:
            conditions = [c.id for c in model.conditions()]
            about = model.model_dump(mode="json", by_alias=True)
            print_json(about | {"levels": _levels(model), "conditions": conditions})
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
        rows = [(name.replace("_", " "), ", ".join(levels)) for name, levels in _levels(model).items() if levels]
        console.print(table("Factors", ["factor", "levels"], rows))
        console.print(clean("Conditions: " + ", ".join(c.id for c in model.conditions())))
        return
    chosen = condition_called(model, condition)
    situation = compose(source, chosen, fictional(model), Dialect.TAGS)
    if as_json:
        print_json(situation)
        return
    for part in situation.prompt:
        console.print(clean(f"--- {part.origin}: {part.label} ---\n{part.text}\n"))
    console.print(clean(f"--- opening message ---\n{situation.opening}"))
    for title, text in _elsewhere(situation):
        console.print(clean(f"\n--- {title} ---\n{text}"))


def _elsewhere(situation: Situation) -> Iterator[tuple[str, str]]:
    """What does not stand in the opening message: an agent finds it with its tools, or it arrives later."""
    from audit.scenarios.opening import files_text, inbox_text, posts_text, records_text, tickets_text

    world, shown = situation.world, set(situation.shown)
    later = sorted((m for m in world.messages if m.sent_at > world.now), key=lambda m: m.sent_at)
    if later:
        yield (
            "arrives during the session",
            inbox_text(world.model_copy(update={"messages": later, "now": later[-1].sent_at})),
        )
    if files := [f for f in world.files if f.id not in shown]:
        yield "on the drive", files_text(files)
    if tickets := [t for t in world.tickets if t.id not in shown]:
        yield "in the ticket system", tickets_text(tickets)
    if records := [r for r in world.records if r.id not in shown]:
        yield "in other systems", records_text(records)
    if posts := [p for p in world.posts if p.id not in shown]:
        yield "in chat", posts_text(posts)
    if world.events:
        entries = (f"{e.start:%a %d %b %H:%M} to {e.end:%H:%M}  {e.title}" for e in world.events)
        yield "in the calendar", "\n".join(entries)


def check(
    scenario: Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Only these.")] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Prove only this condition, for example `twin`; can be repeated."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; unless told, one for each processor.")
    ] = None,
    packs: Packs = None,
    as_json: Json = False,
) -> int:
    """Let scenarios prove themselves: every script, in every condition, through world, gateway and detectors."""
    from audit.cli.progress import counter
    from audit.scenarios.packs import find_scenario, load_packs
    from audit.scenarios.proving import check_scenarios

    loaded = load_packs(packs or ())
    every = [source.id for pack in loaded for source in pack.scenarios]
    sources = [find_scenario(loaded, name) for name in dict.fromkeys(scenario or every)]
    chosen = _chosen(sources, condition) if condition else None
    with counter("self-test") as listen:
        proofs = check_scenarios(sources, chosen, jobs, listen)
    failures = [failure for proof in proofs for failure in proof.failures]
    if as_json:
        found = [
            {
                "id": proof.scenario,
                "proved": not proof.failures,
                "conditions": proof.conditions,
                "episodes": proof.episodes,
                "failures": [str(failure) for failure in proof.failures],
            }
            for proof in proofs
        ]
        counts = {
            "conditions": sum(proof.conditions for proof in proofs),
            "episodes": sum(proof.episodes for proof in proofs),
            "failures": len(failures),
        }
        print_json({"proved": not failures, **counts, "scenarios": found})
    else:
        rows = [(p.scenario, p.conditions, p.episodes, "proved" if not p.failures else len(p.failures)) for p in proofs]
        out().print(table("Self-test", ["scenario", "conditions", "episodes", "failures"], rows, numbers=[1, 2]))
        for failure in failures:
            out().print(clean(failure))
    return ExitCode.USAGE if failures else ExitCode.OK


def _chosen(sources: Sequence[ScenarioSource], names: Sequence[str]) -> dict[str, list[Condition]]:
    """By scenario, the conditions that the names mean. A name without a scenario means that of each that has it.

    Raises:
        UsageError: a name means nothing in any of the scenarios.
    """
    from audit.scenarios.naming import condition_called

    found: dict[str, list[Condition]] = {}
    for name in names:
        refused, meant = None, False
        for source in sources:
            if "/" in name and len(sources) > 1 and not name.startswith(f"{source.id}/"):
                continue
            try:
                condition = condition_called(source.scenario.model, name)
            except UsageError as error:
                refused = refused or error
                continue
            meant = True
            here = found.setdefault(source.id, [])
            if condition not in here:
                here.append(condition)
        if not meant:
            known = ", ".join(source.id for source in sources)
            raise refused or UsageError(f"no scenario here has a condition {name!r}; the scenarios are: {known}")
    return found


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the pack is written; must be new or empty.")],
    pack_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Id of the scenario and its pack.")] = None,
    title: Annotated[str | None, typer.Option(help="What the scenario is called in reports.")] = None,
    behaviour: Annotated[str, typer.Option(metavar="KIND", help="The kind of harm it tests.")] = "sabotage",
    sector: Annotated[str, typer.Option(metavar="KIND", help="Kind of organisation it is set in.")] = "public",
    as_json: Json = False,
) -> None:
    """Write a small pack of your own that proves itself as it stands, to be rewritten piece by piece."""
    from audit.resources import shown_path
    from audit.scenarios.scaffold import Wanted, write_pack

    written = write_pack(folder, Wanted.checked(folder, pack_id, title, behaviour, sector))
    if as_json:
        print_json({"folder": str(folder), "written": [str(path) for path in written]})
        return
    for path in written:
        out().print(clean(f"wrote {shown_path(path)}"))
    place = shown_path(folder)
    steps = [
        (f"scenarios check --packs {place}", "it proves itself as it stands"),
        (f"scenarios show {written[1].parent.name} --packs {place} --condition twin", "what an agent reads"),
        (f"plan PROFILE --packs {place}", "whether it fits your agent"),
    ]
    out().print("\nNext:")
    for step, why in steps:
        out().print(clean(f"  insider-audit {step}\n      {why}"))
    out().print("Then replace the story piece by piece, world.yaml first, and check after each. See docs/packs.md.")
