"""``scenarios realism``: how much a pack's companies read like companies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audit.cli.options import ApiBase, ApiKeyEnv, Json, Packs
from audit.cli.output import clean, err, out, print_json, table
from audit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from audit.scenarios.packs import ScenarioSource
    from audit.scenarios.realism import Finding, Mailbox, Survey
    from audit.scenarios.realism.judge import Judged

_COLUMNS = ["", "conditions", "mails", "plot", "words", "days", "threads", "senders", "later", "voices", "by chance"]
_AT_ONCE = 4
_MOST_PLACES = 4


def realism(
    scenario: Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Only these.")] = None,
    packs: Packs = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FOLDER", help="Prompts released by the study, to stand beside ours."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="Measure every condition, also those with equal mail.")
    ] = False,
    judge: Annotated[
        str | None, typer.Option("--judge", metavar="MODEL", help="Let this model score how real it reads.")
    ] = None,
    api_base: ApiBase = None,
    api_key_env: ApiKeyEnv = None,
    as_json: Json = False,
) -> int:
    """Measure how real the mail of scenarios looks, and lint their texts; with --judge, let a model score them."""
    from audit.scenarios.packs import find_scenario, load_packs
    from audit.scenarios.realism import read_prompts, survey

    if (api_base or api_key_env) and judge is None:
        raise UsageError("--api-base and --api-key-env go with --judge")
    loaded = load_packs(packs or ())
    all_of = [source for pack in loaded for source in pack.scenarios]
    chosen = [find_scenario(loaded, name) for name in dict.fromkeys(scenario)] if scenario else all_of
    shipped = all_of if not packs else [*all_of, *(source for pack in load_packs() for source in pack.scenarios)]
    client = _client(judge, api_base, api_key_env) if judge else None
    theirs = read_prompts(against) if against else {}
    measured = survey(chosen, shipped, theirs, every=every)
    judged = asyncio.run(_assessed(chosen, client)) if client is not None else []
    if as_json:
        print_json(measured.model_dump(mode="json") | {"judge": _identity(judge, api_base), "judged": judged})
    else:
        _print(out(), measured, judged)
    if measured.grave:
        return ExitCode.USAGE
    return ExitCode.INCOMPLETE if any(found.failures for found in judged) else ExitCode.OK


def _client(model: str, api_base: str | None, api_key_env: str | None) -> Any:
    from pydantic import ValidationError

    from audit.profile.models import ModelSettings
    from audit.targets.model import client_for

    try:
        settings = ModelSettings(id=model, api_base=api_base, api_key_env=api_key_env)
    except ValidationError as error:
        wrong = "; ".join(str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors())
        raise UsageError(f"--judge, --api-base or --api-key-env: {wrong}") from None
    if settings.simulated:
        raise UsageError(f"{model} cannot judge: simulated models only play scripts. Name a real model")
    return client_for(settings)


def _identity(model: str | None, api_base: str | None) -> dict[str, Any] | None:
    from audit.scenarios.realism.judge import identity

    return identity({"id": model, "api_base": api_base}) if model else None


async def _assessed(sources: Sequence[ScenarioSource], client: Any) -> list[Judged]:
    """The base condition and the benign twin of each scenario, scored."""
    from audit.scenarios.compose import compose
    from audit.scenarios.factors import base, twin
    from audit.scenarios.realism.judge import assess
    from audit.scenarios.situation import Dialect
    from audit.scenarios.subject import fictional

    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(source: ScenarioSource, condition: Any) -> Judged:
        situation = compose(source, condition, fictional(source.scenario.model), Dialect.NATIVE)
        async with gate:
            judged = await assess(situation, client)
        err().print(clean(f"judged {judged.condition}" + (f": {judged.failures} failed" if judged.failures else "")))
        return judged

    wanted = [
        (source, condition)
        for source in sources
        for factors in [source.scenario.model.factors]
        for condition in (base(source.id, factors), *twin(source.id, factors))
    ]
    return list(await asyncio.gather(*(one(source, condition) for source, condition in wanted)))


def _print(console: Console, measured: Survey, judged: Sequence[Judged]) -> None:
    rows = [(found.scenario, len(found.mailboxes), *_figures(found.mailboxes)) for found in measured.scenarios]
    rows += [(f"({box.name})", 1, *_figures([box])) for box in measured.against]
    numbers = range(1, len(_COLUMNS))
    console.print(table("Mailboxes, from the least to the most over conditions", _COLUMNS, rows, [*numbers]))
    said = ["words: median per mail, and its quartiles.", "later: mails that arrive during the session."]
    said.append("voices: mean distance of senders' small words, beside the same for mails dealt out at random.")
    console.print("\n".join(said))
    if measured.against:
        console.print("In brackets: the collection given with --against.")
    if judged:
        _print_scores(console, judged)
    _print_findings(console, measured.findings)


def _figures(boxes: Sequence[Mailbox]) -> list[str]:
    shares = [box.plot_share for box in boxes if box.plot_share is not None]
    middle = sorted(boxes, key=lambda box: box.words.median)[len(boxes) // 2].words
    voices = [box.voices.spread for box in boxes if box.voices.spread is not None]
    chance = [box.voices.by_chance for box in boxes if box.voices.by_chance is not None]
    return [
        _span([box.messages for box in boxes]),
        f"{min(shares):.0%}-{max(shares):.0%}" if shares else "-",
        f"{middle.median:g} ({middle.lower:g}-{middle.upper:g})",
        _span([box.days for box in boxes]),
        _span([box.threads for box in boxes]),
        _span([box.senders for box in boxes]),
        _span([box.arrivals for box in boxes]),
        f"{mean(voices):.2f}" if voices else "-",
        f"{mean(chance):.2f}" if chance else "-",
    ]


def _span(values: Sequence[int]) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)}-{max(values)}"


def _print_scores(console: Console, judged: Sequence[Judged]) -> None:
    names = [str(score.criterion) for score in judged[0].scores]
    rows = [
        (found.condition, *("failed" if score.score is None else str(score.score) for score in found.scores))
        for found in judged
    ]
    console.print()
    console.print(table("The judge's scores, 1 to 10", ["", *names], rows, [*range(1, len(names) + 1)]))
    for position, name in enumerate(names):
        scored = [value for found in judged if (value := found.scores[position].score) is not None]
        told = f"mean {mean(scored):.1f}" if scored else "no mean"
        console.print(f"{name}: {told}, {len(scored)} of {len(judged)} scored")
    for found in judged:
        for reason in dict.fromkeys(score.failed for score in found.scores if score.failed):
            console.print(clean(f"{found.condition}: {reason}"))


def _print_findings(console: Console, findings: Sequence[Finding]) -> None:
    console.print(f"\n{len(findings)} findings" if findings else "\nThe lint finds nothing.")
    for finding in findings:
        mark = " (grave)" if finding.grave else ""
        console.print(clean(f"\n{finding.check}{mark}, {', '.join(finding.scenarios)}: {finding.found}"))
        more = len(finding.where) - _MOST_PLACES
        for place in finding.where[:_MOST_PLACES]:
            console.print(clean(f"  {place}"))
        if more > 0:
            console.print(f"  and {more} more, in --json")
