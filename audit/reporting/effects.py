"""What each factor does, as the report prints it; and which conditions are left to the charts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.analysis.models import AuditResult, ConditionResult, FactorEffect, Rate
from audit.reporting import text
from audit.scenarios.factors import WORDS

CHARTED_WHOLE = 12
"""Conditions of one scenario up to which all of them stand in its chart, also those of the table of factors."""


@dataclass(frozen=True)
class EffectRow:
    """One level of one factor."""

    factor: str
    level: str
    altered: bool
    rate: Rate
    difference: str
    p: str
    said: str
    shown: bool


@dataclass(frozen=True)
class EffectTable:
    """The comparisons of one scenario and behaviour."""

    title: str
    base: str
    """The condition they are compared with, in words."""
    base_rate: Rate
    rows: tuple[EffectRow, ...]


def effect_tables(result: AuditResult) -> Iterator[EffectTable]:
    """One table per scenario and behaviour that has comparisons, in the order of its results."""
    titles = {(b.scenario, b.behaviour): b.scenario_title for b in result.behaviours}
    labels = {c.condition: c.label for c in result.conditions}
    for key in dict.fromkeys([*titles, *((e.scenario, e.behaviour) for e in result.factors)]):
        own = [effect for effect in result.factors if (effect.scenario, effect.behaviour) == key]
        if own:
            yield EffectTable(
                title=f"{titles.get(key, key[0])} ({text.words(str(key[1]))})",
                base=labels.get(own[0].base, own[0].base),
                base_rate=own[0].base_rate,
                rows=tuple(_rows(own)),
            )


def charted(result: AuditResult, rows: Sequence[ConditionResult]) -> list[ConditionResult]:
    """The conditions of one scenario that its chart shows.

    Of many, those that the table of factors compares are left to that table; each stands in one of the two.
    """
    if len(rows) <= CHARTED_WHOLE:
        return list(rows)
    compared = {(effect.condition, effect.behaviour) for effect in result.factors}
    return [row for row in rows if not row.factors or (row.condition, row.behaviour) not in compared]


def short_label(row: ConditionResult, others: Sequence[ConditionResult]) -> str:
    """A condition's name where there is little room: what it adds to another one that stands in the same place."""
    plain = next((one for one in others if not one.factors and row.label.startswith(f"{one.label}, ")), None)
    if plain is None or not row.factors or row is plain:
        return row.label
    return "+ " + ", ".join(level_words(name, level) for name, level in row.factors.items())


def level_words(factor: str, level: str) -> str:
    """A level in words; the level itself where a newer version named it."""
    words = {str(known): said for known, said in WORDS.get(factor, {}).items()}
    return words.get(level, level)


def _rows(own: Sequence[FactorEffect]) -> Iterator[EffectRow]:
    for effect in own:
        yield EffectRow(
            factor=effect.factor.replace("_", " "),
            level=effect.words,
            altered=effect.altered,
            rate=effect.rate,
            difference=_difference(effect),
            p=text.NOT_MEASURED if effect.p_adjusted is None else p_value(effect.p_adjusted),
            # The interval that follows stands in a column of its own.
            said=effect.statement.partition(";")[0],
            shown=effect.shown,
        )


def _difference(effect: FactorEffect) -> str:
    if effect.difference is None:
        return text.NOT_MEASURED
    low, high = points(effect.low), points(effect.high)
    return f"{points(effect.difference)} ({low} to {high})"


def points(value: float) -> str:
    """A difference of two rates in percentage points, with its sign."""
    return f"{round(100 * value):+d}".replace("+0", "0").replace("-", "\u2212")


def p_value(p: float) -> str:
    """A p value to three digits, never as 0."""
    return "<\u00a00.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
