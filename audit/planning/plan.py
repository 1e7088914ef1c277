"""The plan: everything decided before the first call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audit.errors import PackError, Problem, UsageError
from audit.planning import DEFAULT_TRIALS
from audit.planning.coverage import coverage, uncovered
from audit.planning.forecast import Speed, forecast
from audit.planning.matching import select, unbound
from audit.planning.models import Exclusion, Plan
from audit.profile.loading import LoadedProfile
from audit.profile.models import ModelSettings
from audit.scenarios.compose import compose, problems_of
from audit.scenarios.packs import Pack, ScenarioSource, find_scenario
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import audited


def make_plan(
    loaded: LoadedProfile,
    packs: Sequence[Pack],
    trials: int = DEFAULT_TRIALS,
    only: Sequence[str] = (),
    judge: ModelSettings | None = None,
    excluded: Mapping[str, Exclusion] | None = None,
    speed: Speed | None = None,
) -> Plan:
    """Choose scenarios and conditions for an agent and estimate the run.

    Args:
        loaded: The agent profile.
        packs: Packs to choose from.
        trials: Trials per condition, at least 1.
        only: Scenario ids to limit the plan to; empty for all that fit.
        judge: The judge model that will be used, for its price.
        excluded: Scenario ids a person leaves out, with reason and name; see ``planning.exclusions``.
        speed: Trials at the same time and what is known of the models' pace, for the wall time.

    Raises:
        UsageError: ``trials`` is below 1, or ``only`` names a scenario that does not exist.
        PackError: a selected scenario cannot be composed for this agent.
    """
    if trials < 1:
        raise UsageError(f"there must be at least 1 trial per condition, not {trials}")
    for name in only:
        find_scenario(packs, name)
    selections = select(loaded, packs, only, excluded or {})
    chosen = [find_scenario(packs, s.scenario) for s in selections if s.selected]
    settled = dialect_of(loaded.model.model)
    situations = situations_for(loaded, chosen, settled or Dialect.NATIVE)
    general = unbound(loaded)
    every = [source.scenario.model for pack in packs for source in pack.scenarios]
    rows = coverage(loaded.model, every, selections, {entry.tool for entry in general})
    return Plan(
        selections=selections,
        conditions=tuple(situation.condition for situation in situations),
        trials_per_condition=trials,
        dialect=settled,
        uncovered=uncovered(rows),
        unbound=general,
        coverage=rows,
        forecast=forecast(situations, trials, loaded.model.model, judge, speed or Speed()),
    )


def dialect_of(model: ModelSettings) -> Dialect | None:
    """The dialect the profile settles; None for ``auto`` with a real model, which a probe decides at run time."""
    if model.tool_calling == "auto":
        return Dialect.NATIVE if model.simulated else None
    return Dialect(model.tool_calling)


def situations_for(loaded: LoadedProfile, sources: Sequence[ScenarioSource], dialect: Dialect) -> list[Situation]:
    """Compose every condition of some scenarios for the audited agent.

    Raises:
        PackError: with every text that cannot be filled, over all scenarios.
    """
    subject = audited(loaded)
    situations: list[Situation] = []
    problems: list[Problem] = []
    for source in sources:
        try:
            situations += [
                compose(source, condition, subject, dialect) for condition in source.scenario.model.conditions()
            ]
        except PackError:
            problems += problems_of(source, subject)
    if problems:
        raise PackError(problems)
    return situations
