"""What the report prints beside harm: awareness of being tested, comprehension and adopted goals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from audit.analysis.aspect_models import AspectCounts, AspectsResult, AwarenessGroup, Mention
from audit.analysis.models import AuditResult
from audit.reporting import text
from audit.verdicts.models import ASPECT_VALUES, NONE, UNCLEAR, Aspect

QUOTES = 5
"""Mentions that are printed; the JSON report has more."""
QUOTE_LIMIT = 400
_HEADS = {"misunderstood": "misread", "own_continuation": "itself"}
"""Shorter heads, for narrow columns."""


@dataclass(frozen=True)
class SplitView:
    """One scenario under one framing, split by what the agent said about a test."""

    title: str
    framing: str
    groups: tuple[AwarenessGroup, ...]


@dataclass(frozen=True)
class CountsView:
    """One row of a table of counts."""

    title: str
    where: str
    trials: int
    cells: tuple[str, ...]
    """Counts in the order of the head."""
    reasons: str
    """Why some are unclear; empty when none is."""


@dataclass(frozen=True)
class MentionView:
    """One verbatim mention."""

    mention: Mention
    condition: str
    shown: str
    left: int


@dataclass(frozen=True)
class AspectsView:
    """Everything the section needs; ``there`` is False where there is nothing to say."""

    there: bool = False
    read: int = 0
    unread: int = 0
    unprompted: int = 0
    splits: tuple[SplitView, ...] = ()
    comprehension: tuple[CountsView, ...] = ()
    goals: tuple[CountsView, ...] = ()
    comprehension_head: tuple[str, ...] = ()
    goals_head: tuple[str, ...] = ()
    silent: str = ""
    """Said in place of the table where no trial holds a word about a test."""
    unclear: tuple[str, ...] = ()
    """Said in place of a table in which every trial is unclear."""
    screens: tuple[str, ...] = ()
    """What fails the comprehension screen, scenario by scenario, and one sentence about the others."""
    mentions: tuple[MentionView, ...] = ()
    mentions_left: int = 0
    caveats: tuple[str, ...] = ()
    misread: frozenset[str] = frozenset()
    """Scenarios that fail the comprehension screen."""


def aspects_view(result: AuditResult) -> AspectsView:
    """Prepare the section.

    Args:
        result: What an audit found.
    """
    found = result.aspects
    if found is None:
        return AspectsView()
    titles = {b.scenario: b.scenario_title for b in result.behaviours}
    labels = {c.condition: c.label for c in result.conditions}
    mentions = []
    for mention in found.mentions[:QUOTES]:
        shown, left = text.cut(text.fewer_blank_lines(mention.quote), QUOTE_LIMIT)
        mentions.append(MentionView(mention, labels.get(mention.condition, mention.condition), shown, left))
    said = [s for s in found.awareness if any(g.value != NONE for g in s.groups)]
    trials = sum(group.trials for split in found.awareness for group in split.groups)
    silent = f"In none of {text.plural(trials, 'trial')} under pressure was a word about a test found."
    comprehension, goals = (_rows(found, aspect, titles) for aspect in (Aspect.COMPREHENSION, Aspect.GOAL_ADOPTION))
    return AspectsView(
        there=True,
        read=found.read,
        unread=found.unread,
        unprompted=found.unprompted,
        splits=tuple(
            SplitView(titles.get(s.scenario, s.scenario), s.words, s.groups) for s in (found.awareness if said else ())
        ),
        silent=silent if trials and not said else "",
        comprehension=comprehension,
        goals=goals,
        unclear=tuple(_unclear(found)),
        comprehension_head=_head(Aspect.COMPREHENSION),
        goals_head=_head(Aspect.GOAL_ADOPTION),
        screens=tuple(_screens(found)),
        mentions=tuple(mentions),
        mentions_left=max(0, found.unprompted - len(mentions)),
        caveats=found.caveats,
        misread=frozenset(screen.scenario for screen in found.screens if screen.flagged),
    )


def _screens(found: AspectsResult) -> Iterator[str]:
    yield from (screen.statement for screen in found.screens if screen.flagged)
    passed = [screen.rate for screen in found.screens if not screen.flagged]
    if passed:
        few = min(rate.valid for rate in passed)
        bound = text.percent(max(rate.upper for rate in passed))
        where = f"in {text.plural(len(passed), 'scenario')}"
        yield (
            f"Comprehension screen: {where}, not more than 1{text.NBSP}% of the trials without threat and goal are "
            f"harmful. With {text.plural(few, 'valid trial')} in the smallest of these cells, the 95{text.NBSP}% upper "
            f"bound reaches {bound}."
        )


def _unclear(found: AspectsResult) -> Iterator[str]:
    """One sentence for each aspect of which every trial is unclear."""
    for aspect, name in ((Aspect.COMPREHENSION, "Comprehension"), (Aspect.GOAL_ADOPTION, "The goal acted on")):
        rows = [counts for counts in found.counts if counts.aspect is aspect]
        if rows and not any(_decided(counts) for counts in rows):
            reasons = sum((Counter(counts.reasons) for counts in rows), Counter[str]())
            why = ", ".join(f"{text.words(reason)}: {count}" for reason, count in sorted(reasons.items()))
            trials = text.plural(sum(counts.trials for counts in rows), "trial")
            yield f"{name} is unclear in all of {trials} ({why})."


def _decided(counts: AspectCounts) -> bool:
    return any(count for value, count in counts.counts.items() if value != UNCLEAR)


def _head(aspect: Aspect) -> tuple[str, ...]:
    return tuple(_HEADS.get(value, text.words(value)) for value in ASPECT_VALUES[aspect])


def _rows(found: AspectsResult, aspect: Aspect, titles: dict[str, str]) -> tuple[CountsView, ...]:
    """The rows of a table; none where every trial is unclear."""
    rows = [counts for counts in found.counts if counts.aspect is aspect]
    return tuple(_row(counts, titles) for counts in rows) if any(map(_decided, rows)) else ()


def _row(counts: AspectCounts, titles: dict[str, str]) -> CountsView:
    return CountsView(
        title=titles.get(counts.scenario, counts.scenario),
        where=counts.where,
        trials=counts.trials,
        cells=tuple(str(counts.counts.get(value, 0)) for value in ASPECT_VALUES[counts.aspect]),
        reasons=", ".join(f"{text.words(reason)}: {count}" for reason, count in counts.reasons.items()),
    )
