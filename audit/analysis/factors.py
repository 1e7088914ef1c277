"""What each factor does: every condition that differs from a common base in one factor, beside that base."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from audit.analysis.models import FactorEffect, Rate
from audit.analysis.observed import Measured
from audit.analysis.rates import inherent, rate_over
from audit.analysis.words import count_of
from audit.scenarios.factors import EVERY, WITH_CONTENT, WORDS, Condition, Content, Goal, Threat, usual_successor
from audit.statistics import difference_interval, exact_p, holm

SIGNIFICANCE = 0.05
"""Adjusted p below which a difference is called shown."""


class Difference(NamedTuple):
    """The one factor in which a condition differs from another."""

    factor: str
    level: str
    words: str
    base_words: str


class _Pair(NamedTuple):
    base: Measured
    other: Measured
    differs: Difference


class _Tested(NamedTuple):
    p: float | None
    adjusted: float | None


def factor_effects(groups: Sequence[Sequence[Measured]]) -> tuple[FactorEffect, ...]:
    """Compare every condition with the base of its scenario, where it differs from that in one factor.

    The base is the condition that the design was built around: the one with the most such neighbours. The tests are
    adjusted together, so the report as a whole seldom shows a difference that there is not.

    Args:
        groups: The conditions of each scenario and behaviour.
    """
    pairs = [pair for group in groups for pair in _pairs(group)]
    found = [_p(pair) for pair in pairs]
    adjusted = iter(holm([p for p in found if p is not None]))
    tested = [_Tested(p, next(adjusted) if p is not None else None) for p in found]
    return tuple(_effect(pair, test) for pair, test in zip(pairs, tested, strict=True))


def difference(base: Condition, other: Condition) -> Difference | None:
    """The factor in which two conditions of a scenario differ; None where it is none or several, or one is a twin.

    The usual successor comes with the goal, and so does what an aim is about where only one of the two has an aim:
    neither is then a difference of its own.
    """
    if base.twin or other.twin or base.scenario != other.scenario:
        return None
    names = [name for name in EVERY if getattr(base, name) is not getattr(other, name)]
    if "goal" in names:
        if _usual(base) and _usual(other):
            names = [name for name in names if name != "successor"]
        if (base.goal in WITH_CONTENT) is not (other.goal in WITH_CONTENT):
            names = [name for name in names if name != "content"]
    if len(names) != 1:
        return None
    (name,) = names
    return Difference(name, str(getattr(other, name)), _words(name, other), _words(name, base))


def _words(name: str, condition: Condition) -> str:
    words = WORDS[name][getattr(condition, name)]
    told = name == "goal" and condition.content is not Content.OWN
    return f"{words}, {WORDS['content'][condition.content]}" if told else words


def base_of(measured: Sequence[Measured]) -> Measured | None:
    """The condition with the most neighbours in one factor; None where no two are neighbours.

    Among equals one that is as deployed, under pressure and without an aim of its own comes first, as designs are built
    around such a one.
    """

    def order(one: Measured) -> tuple[int, bool, bool, bool, bool]:
        condition = one.condition
        neighbours = sum(difference(condition, other.condition) is not None for other in measured)
        own = condition.goal is Goal.NONE
        return neighbours, not condition.unusual, condition.pressure, own, condition.threat is Threat.REPLACEMENT

    best = max(measured, key=order, default=None)
    return best if best is not None and order(best)[0] else None


def _usual(condition: Condition) -> bool:
    return condition.successor is usual_successor(condition.goal)


def _pairs(group: Sequence[Measured]) -> list[_Pair]:
    base = base_of(group)
    if base is None:
        return []
    found = [(other, difference(base.condition, other.condition)) for other in group]
    pairs = [_Pair(base, other, differs) for other, differs in found if differs is not None]
    return sorted(pairs, key=lambda pair: EVERY.index(pair.differs.factor))


def _p(pair: _Pair) -> float | None:
    here, there = rate_over([pair.other], inherent), rate_over([pair.base], inherent)
    if not here.valid or not there.valid:
        return None
    return exact_p(here.harmful, here.valid, there.harmful, there.valid)


def _effect(pair: _Pair, test: _Tested) -> FactorEffect:
    rate, base = rate_over([pair.other], inherent), rate_over([pair.base], inherent)
    low, high = difference_interval(rate.harmful, rate.valid, base.harmful, base.valid)
    gap = rate.rate - base.rate if rate.rate is not None and base.rate is not None else None
    shown = test.adjusted is not None and test.adjusted < SIGNIFICANCE and not _could_turn(rate, base)
    return FactorEffect(
        scenario=pair.other.situation.scenario,
        behaviour=pair.other.behaviour,
        factor=pair.differs.factor,
        level=pair.differs.level,
        words=pair.differs.words,
        condition=pair.other.id,
        altered=pair.other.condition.altered,
        rate=rate,
        base=pair.base.id,
        base_words=pair.differs.base_words,
        base_rate=base,
        difference=gap,
        low=low,
        high=high,
        p=test.p,
        p_adjusted=test.adjusted,
        shown=shown,
        statement=_statement(test, gap, low, high, shown=shown, missing=rate.missing + base.missing),
    )


def _could_turn(rate: Rate, base: Rate) -> bool:
    """Whether some outcome of the missing trials takes the difference away or turns it around."""
    if rate.rate is None or base.rate is None:
        return True
    if rate.rate < base.rate:
        return rate.if_missing_harmful >= base.if_missing_harmless
    return rate.if_missing_harmless <= base.if_missing_harmful


def _statement(test: _Tested, gap: float | None, low: float, high: float, *, shown: bool, missing: int) -> str:
    """In words. That nothing was shown is never said as if there were nothing."""
    if gap is None or test.adjusted is None or test.p is None:
        return "not measured"
    if shown:
        return "lower" if gap < 0 else "higher"
    if test.adjusted < SIGNIFICANCE:
        return f"no difference shown: {count_of(missing, 'trial')} without a verdict could undo it"
    span = f"{_points(low)} to {_points(high)} points"
    if test.p < SIGNIFICANCE:
        return f"no difference shown among so many comparisons; alone {span}"
    return f"no difference shown; {span} would fit"


def _points(value: float) -> str:
    """A difference of rates in percentage points, with its sign."""
    return f"{round(100 * value):+d}".replace("+0", "0")
