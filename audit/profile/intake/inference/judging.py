"""Signs are weighed: what a tool's capabilities, effect, reach and reversibility are, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from audit.profile.intake.inference.grammar import Kind
from audit.profile.intake.inference.reading import Reader
from audit.profile.intake.inference.signs import Sign, Signs
from audit.profile.intake.models import Confidence, Inferred, InferredTool, ListedTool
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import CAPABILITIES, Capability, Effect

_EFFECTS = tuple(Effect)
_REACHES = (Reach.INTERNAL, Reach.UNKNOWN, Reach.EXTERNAL, Reach.PUBLIC)
"""Nearest first. Unknown stands before external: what is known to go out is worse than what may."""
_REVERSALS = (
    Reversibility.REVERSIBLE,
    Reversibility.RECOVERABLE,
    Reversibility.UNKNOWN,
    Reversibility.IRREVERSIBLE,
)
_MOST_EVIDENCE = 3
V = TypeVar("V")
_BY_WEIGHT = {1: Confidence.LOW, 2: Confidence.MEDIUM, 3: Confidence.HIGH}


class _Found(NamedTuple):
    """A capability with all its signs, the best first, and its weight."""

    capability: Capability
    weight: int
    signs: tuple[Sign, ...]


class _Worst(NamedTuple):
    """One reason for an effect."""

    effect: Effect
    weight: int
    evidence: str


def judged(tool: ListedTool, signs: Signs, reader: Reader) -> InferredTool:
    """The inferences for one tool."""
    reads = signs.name_acts == {"read"}
    weighed = _weighed(signs, reader)
    found = _kept(weighed)
    effect = _effect(tool, signs, weighed, reader, reads)
    reach = _reach(tool, signs, found, reader, effect.value, reads)
    reversibility = _reversibility(tool, signs, reader, effect)
    if any(f.capability is Capability.UNKNOWN for f in found):
        effect, reach, reversibility = _in_doubt(effect), _in_doubt(reach), _in_doubt(reversibility)
    return InferredTool(
        listed=tool, capabilities=_inferred(found), effect=effect, reach=reach, reversibility=reversibility
    )


def _in_doubt(inferred: Inferred[V]) -> Inferred[V]:
    """Nothing is sure about a tool that does something unknown."""
    return inferred.model_copy(update={"confidence": Confidence.LOW})


def _weighed(signs: Signs, reader: Reader) -> list[_Found]:
    """Every capability that has a sign.

    Something stays unknown where only remarks behind the first sentence say what a tool is for, and where a vague verb
    (`submit`) may change something that no capability found accounts for.
    """
    by_capability: dict[Capability, list[Sign]] = {}
    for sign in signs.found:
        if sign.capability is not None:
            by_capability.setdefault(sign.capability, []).append(sign)
    alone = {c for c, found in by_capability.items() if any(not sign.beside for sign in found)}
    weighed = []
    for capability, found in by_capability.items():
        counted = [s for s in found if not s.beside or alone & set(s.beside)]
        if counted:
            counted.sort(key=lambda s: -s.weight)
            weighed.append(_Found(capability, _weight(counted, signs), tuple(counted)))
    if all(sign.kind is Kind.TEXT for f in weighed for sign in f.signs):
        weighed.append(_unknown("no rule recognises what it does"))
    elif signs.vague and not any(
        (CAPABILITIES[f.capability].effect is not Effect.READ or f.capability is Capability.DATABASE_QUERY)
        and any(s.weight > 1 and s.kind is not Kind.TEXT for s in f.signs)
        for f in weighed
    ):
        weighed.append(_unknown("its verb may mean anything, and nothing tells what it changes"))
    elif signs.strange and signs.name_acts != {"read"}:
        weighed.append(_unknown(f"no rule knows `{signs.strange}` in its name"))
    return weighed


def _weight(counted: Sequence[Sign], signs: Signs) -> int:
    """The best weight; nothing is sure, and what only the description says counts little, where a word is strange."""
    described = all(sign.kind in {Kind.SUMMARY, Kind.TEXT} for sign in counted)
    most = 3 if not signs.strange else 1 if described else 2
    return min(counted[0].weight, most)


def _unknown(evidence: str) -> _Found:
    return _Found(Capability.UNKNOWN, 1, (Sign(Kind.NAME, 1, Capability.UNKNOWN, "", evidence),))


def _kept(weighed: Sequence[_Found]) -> list[_Found]:
    """What is shown: everything likely, and of what is merely possible all that could do harm; surest first."""
    sure = any(f.weight > 1 for f in weighed)
    named = any(sign.kind is Kind.NAME and sign.weight > 1 for f in weighed for sign in f.signs)
    effects = [_EFFECTS.index(CAPABILITIES[f.capability].effect) for f in weighed if f.weight > 1]
    kept = [
        f
        for f in weighed
        if f.weight > 1
        or not sure
        or (CAPABILITIES[f.capability].risky and _adds(f, max(effects, default=0), named=named))
    ]
    if any(f.capability is not Capability.UTILITY and f.weight > 1 for f in kept):
        kept = [f for f in kept if f.capability is not Capability.UTILITY or any(s.kind is Kind.NAME for s in f.signs)]
    order = list(Capability)
    return sorted(kept, key=lambda f: (-f.weight, order.index(f.capability)))


def _adds(found: _Found, worst: int, *, named: bool) -> bool:
    """Whether a merely possible capability is worth showing.

    It is not where only the description names it and it reads, or the rest of the description does (the first sentence
    too where the name is clear) and what is likely does worse, nor where the act alone shows it and what is likely does
    not only read.

    Args:
        found: the capability.
        worst: rank of the gravest effect among the likely capabilities.
        named: whether the name shows a likely capability.
    """
    info = CAPABILITIES[found.capability]
    kinds = {sign.kind for sign in found.signs}
    if kinds <= {Kind.SUMMARY, Kind.TEXT} and info.effect is Effect.READ:
        return False
    if worst > 0 and all(sign.guess for sign in found.signs):
        return False
    return bool(kinds - ({Kind.SUMMARY, Kind.TEXT} if named else {Kind.TEXT})) or _EFFECTS.index(info.effect) >= worst


def _inferred(found: Sequence[_Found]) -> tuple[Inferred[Capability], ...]:
    return tuple(
        Inferred[Capability](
            value=f.capability, confidence=_BY_WEIGHT[f.weight], evidence=_texts(s.evidence for s in f.signs)
        )
        for f in found
    )


def _texts(evidence: Iterable[str]) -> tuple[str, ...]:
    said = list(dict.fromkeys(evidence))
    longer = [one for one in said if " + " in one]
    return tuple(one for one in said if not any(other.startswith(f"{one} + ") for other in longer))[:_MOST_EVIDENCE]


def _effect(tool: ListedTool, signs: Signs, found: Sequence[_Found], reader: Reader, reads: bool) -> Inferred[Effect]:
    """The worst effect that anything shows. Where the name says that it reads, single weak words do not raise it."""
    reasons: list[_Worst] = []
    for f in found:
        likely = f.signs[0].weight > 1 or f.capability is Capability.UNKNOWN
        if (likely or not reads) and not all(s.possible for s in f.signs):
            info = CAPABILITIES[f.capability]
            reasons.append(_Worst(info.effect, f.weight, f"it can {info.phrase}"))
    shown = {f.capability for f in found}
    for sign in signs.found:
        if sign.act and (sign.weight > 1 or not reads) and (not sign.beside or shown & set(sign.beside)):
            reasons.append(_Worst(reader.rules.acts[sign.act].effect, sign.weight, sign.evidence))
            if sign.effect is not None:
                reasons.append(_Worst(sign.effect, sign.weight, sign.evidence))
    hints = tool.hints
    if hints.destructive:
        reasons.append(_Worst(Effect.IRREVERSIBLE, 2, "its annotations say that it may destroy"))
    if hints.read_only is False:
        reasons.append(_Worst(Effect.WRITE, 2, "its annotations say that it does not only read"))
    if not reasons:
        reasons.append(_Worst(Effect.READ, 1, "the name says that it reads, and nothing tells what"))
    worst = max(reasons, key=lambda r: (_EFFECTS.index(r.effect), r.weight))
    if signs.final and worst.effect is Effect.WRITE:
        worst = _Worst(Effect.IRREVERSIBLE, 2, signs.final)
        reasons.append(worst)
    agreeing = sorted((r for r in reasons if r.effect == worst.effect), key=lambda r: -r.weight)
    evidence = [r.evidence for r in agreeing]
    if worst.effect is Effect.READ and hints.read_only:
        evidence.append("its annotations say that it only reads")
    weight = worst.weight
    if weight > 2 and not any(f.weight > 2 for f in found):
        weight = 2  # the act is plain, what it is done to is not
    return Inferred[Effect](value=worst.effect, confidence=_BY_WEIGHT[weight], evidence=_texts(evidence))


def _reach(
    tool: ListedTool, signs: Signs, found: Sequence[_Found], reader: Reader, effect: Effect, reads: bool
) -> Inferred[Reach]:
    """The furthest that anything shows; unknown is further than internal."""
    reasons: list[tuple[Reach, int, str]] = []
    for f in found:
        if f.weight > 1 or not reads or f.capability is Capability.UNKNOWN:
            reach = reader.rules.reach_of.get(f.capability, Reach.UNKNOWN)
            reasons.append((reach, min(2, f.weight), f"it can {CAPABILITIES[f.capability].phrase}"))
    if effect is not Effect.READ and all(CAPABILITIES[f.capability].effect is Effect.READ for f in found):
        reasons.append((Reach.UNKNOWN, 1, "it does not only read, and nothing tells how far that goes"))
    if effect is not Effect.READ:
        shown = {f.capability for f in found}
        sends = effect is Effect.COMMUNICATE
        sends = sends or any(CAPABILITIES[f.capability].effect is Effect.COMMUNICATE for f in found)
        for reach, kind, evidence, beside in signs.reaches:
            if reach is Reach.EXTERNAL and not sends:
                continue
            if not beside or shown & set(beside):
                reasons.append((reach, 3 if kind is Kind.NAME else 2 if kind is not Kind.TEXT else 1, evidence))
    if tool.hints.open_world:
        reasons.append((Reach.EXTERNAL, 2, "its annotations say that it deals with an open world"))
    if not reasons:
        reasons.append((Reach.UNKNOWN, 1, "nothing tells how far it goes"))
    furthest = max(reasons, key=lambda r: (_REACHES.index(r[0]), r[1]))
    agreeing = sorted((r for r in reasons if r[0] == furthest[0]), key=lambda r: -r[1])
    confidence = Confidence.LOW if furthest[0] is Reach.UNKNOWN else _BY_WEIGHT[furthest[1]]
    return Inferred[Reach](value=furthest[0], confidence=confidence, evidence=_texts(r[2] for r in agreeing))


def _reversibility(tool: ListedTool, signs: Signs, reader: Reader, effect: Inferred[Effect]) -> Inferred[Reversibility]:
    if effect.value is Effect.READ:
        said = ("it only reads",)
        return Inferred[Reversibility](value=Reversibility.REVERSIBLE, confidence=effect.confidence, evidence=said)
    if signs.final:
        return Inferred[Reversibility](
            value=Reversibility.IRREVERSIBLE, confidence=Confidence.HIGH, evidence=(signs.final,)
        )
    if effect.value is Effect.IRREVERSIBLE and signs.recoverable:
        return Inferred[Reversibility](
            value=Reversibility.RECOVERABLE, confidence=Confidence.LOW, evidence=(signs.recoverable,)
        )
    if effect.value is not Effect.WRITE:
        return Inferred[Reversibility](
            value=Reversibility.IRREVERSIBLE, confidence=effect.confidence, evidence=effect.evidence
        )
    acts = [
        (reader.rules.acts[s.act].reversibility, s.weight, s.evidence)
        for s in signs.found
        if s.act and s.act != "read" and s.weight > 1
    ]
    if not acts:
        said = ("it changes something, and nothing tells how",)
        return Inferred[Reversibility](value=Reversibility.UNKNOWN, confidence=Confidence.LOW, evidence=said)
    worst = max(acts, key=lambda a: (_REVERSALS.index(a[0]), a[1]))
    return Inferred[Reversibility](
        value=worst[0],
        confidence=Confidence.MEDIUM if worst[1] > 2 else Confidence.LOW,
        evidence=_texts(a[2] for a in acts if a[0] == worst[0]),
    )
