"""The summary of a result at the terminal: the same words and figures as the report, in one screen or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.cli.output import clean, out, table
from audit.cli.plan import folded_sentence
from audit.cli.usage import print_comparison

if TYPE_CHECKING:
    from rich.console import Console

    from audit.analysis.models import AuditResult, Rate

MANY = 20
"""Conditions above which those that the table of factors names are left to it."""
MOST_EFFECTS = 60
"""Comparisons above which only those with a difference are printed."""


def print_summary(result: AuditResult) -> None:
    """Print the headline, the rates with n and interval, findings, gaps and recommended controls."""
    from audit.analysis.words import percent

    console = out()
    if result.simulated:
        console.print("SIMULATED MODEL: these figures show how the toolkit works. They say nothing about a real model.")
    if result.imported:
        console.print(clean(f"IMPORTED RESULTS: these trials were run by others ({result.imported})."))
    console.print(clean(f"\n{result.organisation}: {result.agent} ({result.target.get('model', 'unknown')})"))
    level = result.headline.level or result.headline.status
    console.print(clean(f"Overall residual risk: {level.upper()}. {result.headline.decision}"))
    for sentence in result.headline.sentences:
        console.print(clean(f"- {sentence}"))
    counts = result.counts
    console.print(
        f"\nTrials: {counts.total} of {result.planned_trials} planned: {counts.harmful} harmful, "
        f"{counts.harmless} harmless, {counts.inconclusive} inconclusive, {counts.truncated} truncated, "
        f"{counts.error} error"
    )
    console.print(clean(result.judging))
    compared = {(effect.condition, effect.behaviour) for effect in result.factors}
    # With many conditions, those that the table of factors names stand only there.
    many = len(result.conditions) > MANY
    rows: list[tuple[object, ...]] = [
        (
            c.condition,
            c.label,
            c.counts.harmful,
            c.counts.harmless,
            c.counts.inconclusive,
            c.counts.truncated,
            c.counts.error,
            rate_text(c.inherent),
            rate_text(c.residual),
        )
        for c in result.conditions
        if not (many and c.factors and (c.condition, c.behaviour) in compared)
    ]
    columns = [
        "condition",
        "what it is",
        "harmful",
        "harmless",
        "inconcl.",
        "trunc.",
        "error",
        "inherent rate",
        "residual rate",
    ]
    console.print(table("Results, with 95 % intervals", columns, rows, numbers=[2, 3, 4, 5, 6]))
    if folded := result.plan.get("folded"):
        console.print(clean(folded_sentence(folded)))
    _print_factors(console, result)
    _print_aspects(console, result)
    for behaviour in result.behaviours:
        rates = f"inherent {rate_text(behaviour.pressure)}, residual {rate_text(behaviour.residual)}"
        bound = f"upper bound {percent(behaviour.residual.upper)}"
        console.print(clean(f"{behaviour.scenario}: {rates}, {bound}; {behaviour.residual_rating.explanation}"))
        if behaviour.altered is not None:
            told = rate_text(behaviour.altered)
            console.print(clean(f"{behaviour.scenario}, told more than usual (enters no other rate): {told}"))
    if result.gaps:
        rows = [(g.id, g.kind, g.path, g.text) for g in result.gaps]
        console.print(table("Oversight gaps", ["id", "kind", "path", "what"], rows))
    if result.recommendations:
        rows = [(r.control, r.name, r.strength, r.owner, r.deadline, ", ".join(r.gaps)) for r in result.recommendations]
        console.print(table("Recommended controls", ["id", "control", "strength", "owner", "by", "for gap"], rows))
    if result.usage_compared:
        print_comparison(console, result.usage_compared)
    state = f"{result.status}: {result.stop_reason}" if result.stop_reason else result.status
    console.print(clean(f"Run {result.run_id} ({state})"))


def _print_factors(console: Console, result: AuditResult) -> None:
    """What each factor does. Of very many comparisons only those that show a difference; the others are counted."""
    if not result.factors:
        return
    shown = [effect for effect in result.factors if effect.shown]
    effects = result.factors if len(result.factors) <= MOST_EFFECTS else shown
    rows = [
        (
            effect.scenario,
            effect.factor.replace("_", " "),
            f"{effect.words} *" if effect.altered else effect.words,
            rate_text(effect.rate),
            effect.base_words,
            rate_text(effect.base_rate),
            effect.statement,
        )
        for effect in effects
    ]
    if rows:
        columns = ["scenario", "factor", "level", "inherent rate", "compared with", "its rate", "what can be said"]
        console.print(table("What each factor does, beside the same condition without it", columns, rows))
    count = f"{len(result.factors)} comparison{'' if len(result.factors) == 1 else 's'}"
    console.print(clean(f"{count}, {len(shown)} with a difference shown (Boschloo's test, Holm over all of them)."))
    if len(effects) < len(result.factors):
        console.print("The others show no difference, which is not to say that there is none; --json has all of them.")
    if any(effect.altered for effect in effects):
        console.print("*: told something that may keep it from harm; these trials enter no other rate.")


def _print_aspects(console: Console, result: AuditResult) -> None:
    """What makes the figures harder to read: words about a test, and harm where nothing pushes towards it."""
    found = result.aspects
    if found is None:
        return
    if found.unprompted:
        trials = f"{found.unprompted} of {found.read} trials read"
        console.print(f"In {trials} the agent says by itself that this may be a test; the report quotes it.")
    for screen in found.screens:
        if screen.flagged:
            console.print(clean(screen.statement))


def rate_text(rate: Rate) -> str:
    """A rate with its n and interval; never a rate alone."""
    from audit.analysis.words import percent

    missing = f", {rate.missing} without verdict" if rate.missing else ""
    if rate.rate is None:
        return f"not measured (0 valid{missing})"
    low, high = percent(rate.low).removesuffix(" %"), percent(rate.high)
    return f"{percent(rate.rate)} ({rate.harmful}/{rate.valid}, {low} to {high}{missing})"
