"""How much an agent could do on a scenario's path: a small table of points that orders the scenarios of a plan.

It is an order of work, not a measure of risk: it enters no rate and no rating. What the profile leaves open counts as
the worst it could be, and once more as something unknown. The table stands in docs/decisions/matching.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from audit.oversight.standing import holds_credited, stands
from audit.planning.predicates import Judged, listed, named, quoted, shortened
from audit.profile.loading import LoadedProfile
from audit.profile.models import AgentProfile
from audit.profile.safeguards import Scope, Sensitivity
from audit.profile.tools import Reach, Reversibility, Tool
from audit.scenarios.models import Scenario
from audit.world.capabilities import CAPABILITIES, Capability, Effect

LIVES = 20
"""More than all other points together: what can cost lives comes first."""
SENSITIVITY = {
    Sensitivity.PUBLIC: 0,
    Sensitivity.INTERNAL: 1,
    Sensitivity.CONFIDENTIAL: 2,
    Sensitivity.RESTRICTED: 3,
    Sensitivity.UNKNOWN: 3,
}
REVERSIBILITY = {
    Reversibility.REVERSIBLE: 0,
    Reversibility.RECOVERABLE: 1,
    Reversibility.IRREVERSIBLE: 2,
    Reversibility.UNKNOWN: 2,
}
REACH = {Reach.INTERNAL: 0, Reach.EXTERNAL: 2, Reach.PUBLIC: 3, Reach.UNKNOWN: 3}
AUTONOMY = {"suggests": 0, "acts_with_approval": 1, "acts_alone": 2, "unknown": 2}
UNCONTROLLED = 2
UNPROVEN = 1
"""A person confirms each use, and the profile does not say that they see all of it and that silence blocks."""
MOST_UNKNOWN = 4
"""One point for each unknown fact, up to this."""


class Points(NamedTuple):
    """What a scenario's priority rests on."""

    score: int
    reasons: tuple[str, ...]


def points(loaded: LoadedProfile, scenario: Scenario, judged: Sequence[Judged]) -> Points:
    """Add up what an agent could do on a scenario's path.

    Args:
        loaded: The profile.
        scenario: A scenario that fits it.
        judged: What came of the scenario's needs.

    Returns:
        The sum, from 0 to 36, and each addend in words. A path without a tool of the agent has no reversibility, reach
        or control to speak of.
    """
    profile = loaded.model
    also = [capability for need in scenario.needs.capabilities for capability in need.also]
    tools = path_tools(profile, (*scenario.path, *also))
    scopes = [scope for part in judged for scope in part.scopes]
    unknown = list(dict.fromkeys(fact for part in judged for fact in part.unknown))
    outward = any(need.outward for need in scenario.needs.capabilities)
    found = [_lives(tools, scenario.path)]
    if scopes or "data scopes" in unknown:
        found.append(_data(scopes, unknown))
    found += [*_worst(tools, unknown), _autonomy(profile, unknown)]
    if tools:
        found.append(_controls(profile, tools, outward))
    if unknown:
        more = min(len(unknown), MOST_UNKNOWN)
        found.append((f"{len(unknown)} unknown: {listed(shortened(unknown))}", more))
    told = [(text, score) for text, score in found if text]
    return Points(sum(score for _, score in told), tuple(f"{text}: {score}" for text, score in told))


def path_tools(profile: AgentProfile, path: Sequence[Capability]) -> list[Tool]:
    """Tools through which the harm could take effect. One that nobody has described may be among them."""
    ways = {*path, Capability.UNKNOWN}
    return [tool for tool in profile.tools if ways & set(tool.capabilities)]


def _lives(tools: Sequence[Tool], path: Sequence[Capability]) -> tuple[str, int]:
    # What a capability is known for counts even where the profile declares a milder effect.
    deadly = {c for c in path if CAPABILITIES[c].effect is Effect.SAFETY_OF_LIFE}
    names = [t.name for t in tools if deadly & set(t.capabilities) or t.effective_effect is Effect.SAFETY_OF_LIFE]
    if not names and deadly and tools:
        return f"lives may depend on it ({named('tool', [tool.name for tool in tools])})", LIVES
    return (f"lives depend on it ({named('tool', names)})", LIVES) if names else ("", 0)


def _data(scopes: Sequence[Scope], unknown: list[str]) -> tuple[str, int]:
    if not scopes:
        return "what it can read is not stated", SENSITIVITY[Sensitivity.UNKNOWN]
    most = max(SENSITIVITY[scope.sensitivity] for scope in scopes)
    worst = [scope for scope in scopes if SENSITIVITY[scope.sensitivity] == most]
    unknown += [f"sensitivity of data scope {s.name}" for s in scopes if s.sensitivity is Sensitivity.UNKNOWN]
    kinds = listed(list(dict.fromkeys(_told(scope.sensitivity.value, "sensitivity") for scope in worst)))
    return f"reads data ({quoted([scope.name for scope in worst])}: {kinds})", most


def _worst(tools: Sequence[Tool], unknown: list[str]) -> list[tuple[str, int]]:
    """Reversibility of every tool on the path, reach of those that speak; the worst of each."""
    speaking = [tool for tool in tools if _speaks(tool)]
    found = []
    if tools:
        weights = {tool.name: REVERSIBILITY[tool.reversibility] for tool in tools}
        words = {tool.name: _told(tool.reversibility.value, "reversibility") for tool in tools}
        found.append(_most("what it does there", weights, words))
    if speaking:
        weights = {tool.name: REACH[tool.reach] for tool in speaking}
        words = {tool.name: _told(tool.reach.value, "reach") for tool in speaking}
        found.append(_most("whom it can talk to", weights, words))
    missing = [f"capabilities of tool {t.name}" for t in tools if Capability.UNKNOWN in t.capabilities]
    missing += [f"reversibility of tool {t.name}" for t in tools if t.reversibility is Reversibility.UNKNOWN]
    missing += [f"reach of tool {t.name}" for t in speaking if t.reach is Reach.UNKNOWN]
    unknown += [fact for fact in missing if fact not in unknown]
    return found


def _speaks(tool: Tool) -> bool:
    told = any(CAPABILITIES[c].effect is Effect.COMMUNICATE for c in tool.capabilities)
    return told or Capability.UNKNOWN in tool.capabilities


def _most(what: str, weights: Mapping[str, int], words: Mapping[str, str]) -> tuple[str, int]:
    most = max(weights.values())
    names = [name for name, weight in weights.items() if weight == most]
    return f"{what} ({named('tool', names)}: {listed(list(dict.fromkeys(words[n] for n in names)))})", most


def _autonomy(profile: AgentProfile, unknown: list[str]) -> tuple[str, int]:
    level = profile.autonomy.level
    if level == "unknown":
        unknown.append("autonomy.level")
        return "how far it acts on its own is not stated", AUTONOMY[level]
    return f"it {level.replace('_', ' ')}", AUTONOMY[level]


def _controls(profile: AgentProfile, tools: Sequence[Tool], outward: bool) -> tuple[str, int]:
    """The weakest tool on the path: a control on one of two mail tools leaves the way open."""
    weights = {tool.name: _openness(profile, tool, outward) for tool in tools}
    most = max(weights.values())
    names = named("tool", [name for name, weight in weights.items() if weight == most])
    if most == UNCONTROLLED:
        return f"no declared control stands on {names}", most
    if most == UNPROVEN:
        return f"only an approval that is not shown to work stands on {names}", most
    return f"a declared control stands on {names}", most


def _openness(profile: AgentProfile, tool: Tool, outward: bool) -> int:
    """0 where a control would stop a call, 1 where only an unproven approval would, 2 where nothing would."""
    standing = [s for s in stands(profile, tool) if not s.budget and (outward or not s.outward_only)]
    if any(not s.holds or holds_credited(profile) for s in standing):
        return 0
    return UNPROVEN if standing else UNCONTROLLED


def _told(value: str, what: str) -> str:
    return f"{what} not stated" if value == "unknown" else value
