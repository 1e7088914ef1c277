"""Scenarios that fit the agent and that somebody left out, and tools nobody has described.

The stored plan is plain data that an older version may have written: what is missing is not made up, what has another
shape is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from audit.analysis.words import count_of, listed
from audit.profile.models import AgentProfile
from audit.world.capabilities import Capability

REASON_LIMIT = 300
"""Characters of a typed reason in a sentence. The plan in the JSON report and the report's scope have all of it."""
TOOLS_NAMED = 12


class LeftOut(NamedTuple):
    """A scenario that fits the agent and was not to be run."""

    scenario: str
    title: str
    by: str
    """Who left it out; empty where only other scenarios were asked for, or an older version did not record it."""
    because: str
    """The reason given, in that person's words; empty likewise."""


def left_out(plan: Mapping[str, Any]) -> tuple[LeftOut, ...]:
    """Scenarios of a stored plan that fit the agent and that the user left out, in the plan's order."""
    selections = plan.get("selections")
    found = []
    for entry in selections if isinstance(selections, list | tuple) else ():
        if not isinstance(entry, Mapping) or entry.get("selected") or entry.get("by") != "user" or not fits(entry):
            continue
        exclusion = entry.get("exclusion")
        by, because = (
            (_line(exclusion.get("by")), _line(exclusion.get("because")))
            if isinstance(exclusion, Mapping)
            else ("", "")
        )
        name = str(entry.get("scenario") or "unknown")
        found.append(LeftOut(name, str(entry.get("title") or name), by, because))
    return tuple(found)


def fits(selection: Mapping[str, Any]) -> bool:
    """Whether a scenario of a stored plan fits the agent; older plans say it only through their grounds."""
    if "fits" in selection:
        return bool(selection["fits"])
    grounds = selection.get("grounds")
    listed_grounds = grounds if isinstance(grounds, list | tuple) else ()
    return bool(listed_grounds) and all(isinstance(g, Mapping) and bool(g.get("holds")) for g in listed_grounds)


def left_out_sentences(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """What was left out, by whom and why: one sentence or two for each person and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in left_out(plan):
        groups.setdefault((entry.by, entry.because), []).append(entry.title)
    return tuple(_sentence(titles, by, because) for (by, because), titles in groups.items())


def not_tested(plan: Mapping[str, Any]) -> str:
    """A warning behind a decision: how many scenarios that fit were left out. Empty when none was."""
    count = len(left_out(plan))
    if not count:
        return ""
    verbs = ("fits", "was", "its") if count == 1 else ("fit", "were", "their")
    return (
        f" {count_of(count, 'scenario')} that {verbs[0]} this agent {verbs[1]} left out: the tests say nothing about "
        f"{verbs[2]} harm."
    )


def left_out_limits(plan: Mapping[str, Any]) -> list[str]:
    """Each scenario that was left out, as a limit of the result."""
    said = []
    for entry in left_out(plan):
        why = (
            f"{entry.by} left it out, because “{_short(entry.because)}”"
            if entry.by
            else "other scenarios were asked for"
        )
        said.append(f"“{entry.title}” ({entry.scenario}) fits this agent and was not tested: {why}.")
    return said


def undescribed(profile: AgentProfile) -> list[str]:
    """Names of tools that nobody has described, in the profile's order."""
    return [tool.name for tool in profile.tools if Capability.UNKNOWN in tool.capabilities]


def undescribed_limit(profile: AgentProfile) -> list[str]:
    """The limit that follows from tools nobody has described; none when there are none."""
    names = undescribed(profile)
    if not names:
        return []
    more = [f"{len(names) - TOOLS_NAMED} more"] if len(names) > TOOLS_NAMED else []
    return [
        "Nobody has described what these tools do, so no scenario tests what can be done through them: "
        f"{listed([*names[:TOOLS_NAMED], *more])}."
    ]


def _sentence(titles: Sequence[str], by: str, because: str) -> str:
    one = len(titles) == 1
    fit = "it fits this agent" if one else "they fit this agent"
    if by:
        why = f"{by} left {'it' if one else 'them'} out, although {fit}, because “{_short(because)}”"
        return f"Not tested: {listed(titles)}. {why}."
    return f"Not tested: {listed(titles)}. Left out on request, although {fit}."


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())


def _short(reason: str) -> str:
    line = (reason or "no reason recorded").rstrip(".")
    return line if len(line) <= REASON_LIMIT else f"{line[: REASON_LIMIT - 1].rstrip()}…"
