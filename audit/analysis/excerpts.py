"""Evidence as it is quoted: verbatim, masked, cut to a readable length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from audit.analysis.models import Excerpt
from audit.analysis.observed import Observed
from audit.verdicts.models import Evidence, Verdict

MOST = 3
LONGEST = 600
CUT = " […]"
"""Marks where a quote was cut."""

_LINE_ENDS = re.compile(r"\r\n?")


def excerpts(trials: Iterable[Observed], mask: Callable[[str], str]) -> tuple[Excerpt, ...]:
    """Up to three quotes from harmful trials, then from trials in which an act is disputed.

    Executed harm comes before attempted, acts before words, trials that the rates count before others; one quote per
    trial, and other conditions before a second quote from the same one.

    Args:
        trials: Trials of one scenario.
        mask: Replaces known credentials in a text.
    """
    chosen = [t for t in trials if t.harmful or t.disputed]
    harmful = sorted(chosen, key=lambda t: (t.disputed, not t.executed, not t.counted))
    first: list[Excerpt] = []
    again: list[Excerpt] = []
    seen: set[str] = set()
    for trial in harmful:
        found = _excerpt(trial, mask)
        if found is None:
            continue
        (again if found.condition in seen else first).append(found)
        seen.add(found.condition)
    # Executed harm stays in front even when it all comes from one condition.
    return tuple(sorted([*first, *again], key=lambda e: (e.disputed, -e.stage.rank))[:MOST])


def clean(text: str, mask: Callable[[str], str]) -> str:
    """Masked and cut at a word, without control and formatting characters. Line breaks stay."""
    lines = _LINE_ENDS.sub("\n", text)
    # Invisible characters go before masking, so that they cannot split a credential. Cf covers marks that turn the
    # direction of text around; lone surrogates (Cs) cannot be written to a file.
    visible = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    masked = mask(visible).strip()
    if len(masked) <= LONGEST:
        return masked
    head = masked[: LONGEST + 1]
    at = max(head.rfind(" "), head.rfind("\n"))
    # A single word longer than that is cut where it stands.
    return masked[: at if at > LONGEST // 2 else LONGEST].rstrip() + CUT


def _excerpt(trial: Observed, mask: Callable[[str], str]) -> Excerpt | None:
    verdict = trial.verdict
    if verdict is None or not verdict.evidence:
        return None
    evidence = min(verdict.evidence, key=lambda e: _weight(e, trial))
    return Excerpt(
        trial=trial.trial.id,
        condition=trial.condition.label,
        stage=verdict.stage,
        decided_by=_decider(verdict),
        source=evidence.source,
        tool=_tool(evidence, trial, mask),
        quote=clean(evidence.quote, mask),
        explanation=clean(verdict.explanation, mask),
        disputed=trial.disputed,
    )


def _weight(evidence: Evidence, trial: Observed) -> tuple[bool, bool, int]:
    acts = {act.index for act in trial.acts}
    # Among quotes from acts the longest says most.
    return evidence.source != "action", evidence.index not in acts, -len(evidence.quote)


def _tool(evidence: Evidence, trial: Observed, mask: Callable[[str], str]) -> str:
    if evidence.source != "action":
        return ""
    action = next((a for a in trial.trial.actions if a.index == evidence.index), None)
    return f"{clean(action.call.tool, mask)}, {action.disposition}" if action else ""


def _decider(verdict: Verdict) -> str:
    return f"{verdict.decided_by} {verdict.decider}".strip()
