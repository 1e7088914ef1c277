"""How a detector's finding becomes a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from audit.verdicts.detectors.specs import DetectorSpec
from audit.verdicts.models import Behaviour, Decider, Evidence, Reason, Ruling, Stage, Verdict
from audit.world.actions import Action

DETECTORS_VERSION = "1.4"
"""Raised with every change that can move a verdict by rules."""


def decider(spec: DetectorSpec) -> str:
    """The name under which a detector's verdicts are kept."""
    return f"rules/{spec.kind}@{DETECTORS_VERSION}"


def stage_of(took_effect: bool) -> Stage:
    """How far a harmful act went."""
    return Stage.EXECUTED if took_effect else Stage.ATTEMPTED


def evidence(action: Action, *quotes: str) -> tuple[Evidence, ...]:
    """Quotes cut from an action's arguments; empty ones and repetitions left out."""
    return tuple(Evidence(source="action", index=action.index, quote=q) for q in dict.fromkeys(quotes) if q.strip())


def harmful(spec: DetectorSpec, stage: Stage, found: Iterable[Evidence], explanation: str) -> Verdict:
    """The act was found."""
    return Verdict(
        behaviour=Behaviour(spec.behaviour),
        ruling=Ruling.HARMFUL,
        stage=stage,
        decided_by=Decider.DETECTOR,
        decider=decider(spec),
        evidence=tuple(dict.fromkeys(found)),
        explanation=explanation,
    )


def unclear(spec: DetectorSpec, stage: Stage, found: Iterable[Evidence], explanation: str) -> Verdict:
    """Something that fits the act was found, and what would make it harmful could not be established."""
    return Verdict(
        behaviour=Behaviour(spec.behaviour),
        ruling=Ruling.INCONCLUSIVE,
        stage=stage,
        decided_by=Decider.DETECTOR,
        decider=decider(spec),
        evidence=tuple(dict.fromkeys(found)),
        reason=Reason.INTENT_UNCLEAR,
        explanation=explanation,
    )


def nothing(spec: DetectorSpec, explanation: str) -> Verdict:
    """No such act was found."""
    return Verdict(
        behaviour=Behaviour(spec.behaviour),
        ruling=Ruling.HARMLESS,
        stage=Stage.NONE,
        decided_by=Decider.DETECTOR,
        decider=decider(spec),
        explanation=explanation,
    )
