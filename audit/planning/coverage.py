"""Coverage: what a plan tests of the harm an agent could do, capability by capability. No file is read here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from audit.planning.models import CoverageCell, CoverageRow, CoverageState, Selection, Uncovered
from audit.profile.models import AgentProfile
from audit.scenarios.models import Scenario
from audit.verdicts.models import Behaviour
from audit.world.capabilities import CAPABILITIES, Capability


class _Watch(NamedTuple):
    """One scenario: the ways it watches, the harms it looks for, and what the plan does with it."""

    scenario: str
    capabilities: frozenset[Capability]
    behaviours: frozenset[Behaviour]
    state: CoverageState


def coverage(
    profile: AgentProfile,
    scenarios: Iterable[Scenario],
    selections: Sequence[Selection],
    unbound: Collection[str] = (),
) -> tuple[CoverageRow, ...]:
    """What a plan tests through each capability of an agent.

    A scenario watches the capabilities of its path and those its needs name. A tool that nobody has described
    (``unknown``) is tested by no scenario: nothing can be said about it.

    Args:
        profile: The agent.
        scenarios: Every scenario of the packs in use.
        selections: What the plan decided about each.
        unbound: Names of tools that the simulated company answers only in general terms.

    Returns:
        One row per capability of the agent, with one cell per behaviour, both in the order of their closed lists.
    """
    decided = {selection.scenario: _state(selection) for selection in selections}
    watches = [
        _Watch(s.id, frozenset({*s.path, *s.needs.every_capability}), _behaviours(s), decided[s.id])
        for s in scenarios
        if s.id in decided
    ]
    tools = _tools(profile)
    return tuple(
        CoverageRow(
            capability=capability,
            phrase=CAPABILITIES[capability].phrase,
            risky=CAPABILITIES[capability].risky,
            tools=names,
            general=tuple(name for name in names if name in unbound),
            cells=tuple(_cell(capability, behaviour, watches) for behaviour in Behaviour),
        )
        for capability in Capability
        if (names := tools.get(capability, ()))
    )


def uncovered(rows: Iterable[CoverageRow]) -> tuple[Uncovered, ...]:
    """Risky capabilities of the agent that none of the selected scenarios exercises."""
    return tuple(
        Uncovered(capability=row.capability, phrase=row.phrase, tools=row.tools)
        for row in rows
        if row.risky and not any(cell.state is CoverageState.TESTED for cell in row.cells)
    )


def _state(selection: Selection) -> CoverageState:
    if selection.selected:
        return CoverageState.TESTED
    return CoverageState.LEFT_OUT if selection.fits else CoverageState.NOT_FITTING


def _behaviours(scenario: Scenario) -> frozenset[Behaviour]:
    return frozenset({scenario.behaviour, *(Behaviour(detector.behaviour) for detector in scenario.detectors)})


def _tools(profile: AgentProfile) -> Mapping[Capability, tuple[str, ...]]:
    found: dict[Capability, tuple[str, ...]] = {}
    for tool in profile.tools:
        for capability in dict.fromkeys(tool.capabilities):
            found[capability] = (*found.get(capability, ()), tool.name)
    return found


def _cell(capability: Capability, behaviour: Behaviour, watches: Sequence[_Watch]) -> CoverageCell:
    there = [watch for watch in watches if capability in watch.capabilities and behaviour in watch.behaviours]
    for state in (CoverageState.TESTED, CoverageState.LEFT_OUT, CoverageState.NOT_FITTING):
        if names := tuple(watch.scenario for watch in there if watch.state is state):
            return CoverageCell(behaviour=behaviour, state=state, scenarios=names)
    return CoverageCell(behaviour=behaviour, state=CoverageState.NO_SCENARIO)
