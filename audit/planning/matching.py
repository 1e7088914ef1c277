"""Matching: which scenarios fit an agent, and why, in the profile's own words.

A scenario fits when every need is met, or may be met for all the profile says. The order is that of exposure: what the
agent could do most harm with is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from audit.planning.exposure import Points, points
from audit.planning.models import Exclusion, Exposure, Ground, Selection, Unbound
from audit.planning.predicates import Judged, judge
from audit.profile.loading import LoadedProfile
from audit.scenarios.packs import Pack, ScenarioSource
from audit.scenarios.subject import binding_of


class _Match(NamedTuple):
    source: ScenarioSource
    pack: str
    judged: tuple[Judged, ...]
    points: Points | None
    """None where it does not fit."""


def select(
    loaded: LoadedProfile,
    packs: Sequence[Pack],
    only: Sequence[str] = (),
    excluded: Mapping[str, Exclusion] | None = None,
) -> tuple[Selection, ...]:
    """Match every scenario of the packs against a profile.

    Args:
        loaded: The profile with its file, so that grounds can name lines.
        packs: The packs to choose from.
        only: Scenario ids the user asked for; the others are left out on the user's word. An asked-for scenario that
            does not fit stays out: its figures would be about an agent that does not exist.
        excluded: Scenario ids a person left out by name, with reason and name.

    Returns:
        What fits by falling exposure, then what does not fit; among equals in the order of the packs.
    """
    matches = []
    for pack in packs:
        for source in pack.scenarios:
            judged = judge(loaded, source.scenario.model.needs)
            fits = all(part.ground.holds for part in judged)
            weight = points(loaded, source.scenario.model, judged) if fits else None
            matches.append(_Match(source, pack.name, judged, weight))
    ranks = _ranks(match.points for match in matches)
    found = [_selection(match, ranks, only, excluded or {}) for match in matches]
    return tuple(sorted(found, key=lambda s: s.exposure.priority if s.exposure else len(found) + 1))


def unbound(loaded: LoadedProfile) -> tuple[Unbound, ...]:
    """Tools that no operation of the simulated company stands for."""
    bindings = ((tool, binding_of(tool)) for tool in loaded.model.tools)
    return tuple(Unbound(tool=t.name, reason=b.reason) for t, b in bindings if b.operation is None)


def _ranks(found: Iterable[Points | None]) -> dict[int, int]:
    """Score -> rank, 1 for the highest; equal scores share a rank."""
    scores = sorted({weight.score for weight in found if weight is not None}, reverse=True)
    return {score: rank for rank, score in enumerate(scores, start=1)}


def _selection(
    match: _Match, ranks: Mapping[int, int], only: Sequence[str], excluded: Mapping[str, Exclusion]
) -> Selection:
    scenario = match.source.scenario.model
    grounds = tuple(part.ground for part in match.judged)
    fits = match.points is not None
    exclusion = excluded.get(scenario.id)
    by_user = exclusion is not None or (bool(only) and scenario.id not in only)
    exposure = None
    if match.points is not None:
        score = match.points.score
        exposure = Exposure(priority=ranks[score], score=score, reasons=match.points.reasons)
    return Selection(
        scenario=scenario.id,
        version=scenario.version,
        pack=match.pack,
        title=scenario.title,
        behaviour=scenario.behaviour,
        selected=fits and not by_user,
        reason=_reason(grounds, fits, exclusion, by_user),
        grounds=grounds,
        fits=fits,
        because_unknown=fits and not by_user and any(ground.unknown for ground in grounds),
        undescribed=tuple(dict.fromkeys(tool for part in match.judged for tool in part.undescribed)) if fits else (),
        near_miss=_near_miss(match.judged),
        exposure=exposure,
        by="user" if by_user else "match",
        exclusion=exclusion,
    )


def _reason(grounds: Sequence[Ground], fits: bool, exclusion: Exclusion | None, by_user: bool) -> str:
    missing = "it " + ", and it ".join(ground.text for ground in grounds if not ground.holds)
    if exclusion is not None:
        anyway = "" if fits else f"; it would not fit anyway: {missing}"
        return f'left out by {exclusion.by}, because "{exclusion.because}"{anyway}'
    if by_user:
        return "left out: only other scenarios were asked for"
    if not fits:
        return f"left out: {missing}"
    sure = [ground.text for ground in grounds if not ground.unknown]
    unsure = "; ".join(ground.text for ground in grounds if ground.unknown)
    text = "it " + ", and ".join([", ".join(sure[:-1]), sure[-1]] if len(sure) > 1 else sure)
    if not unsure:
        return text
    return f"{text}; selected because unknown: {unsure}" if sure else f"selected because unknown: {unsure}"


def _near_miss(judged: Sequence[Judged]) -> str:
    """Exactly one need is not met, and a single permission would meet it."""
    missing = [part for part in judged if not part.ground.holds]
    if len(missing) != 1 or not missing[0].permission:
        return ""
    return f"it would fit if the agent {missing[0].permission}"
