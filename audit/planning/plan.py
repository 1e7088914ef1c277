"""The plan: everything decided before the first call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from audit.errors import PackError, Problem, UsageError
from audit.planning import DEFAULT_TRIALS
from audit.planning.coverage import coverage, uncovered
from audit.planning.designs import DEFAULT_DESIGN, Design, DesignName, check_scenarios, fold
from audit.planning.forecast import Speed, forecast_of, sizes_of
from audit.planning.matching import select, unbound
from audit.planning.models import DesignPrice, Exclusion, Forecast, Plan, Selection
from audit.planning.sizes import TrialSize
from audit.profile.loading import LoadedProfile
from audit.profile.models import ModelSettings
from audit.scenarios.compose import compose
from audit.scenarios.factors import Condition, base
from audit.scenarios.packs import Pack, ScenarioSource, find_scenario
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import Dress, dressed


def make_plan(
    loaded: LoadedProfile,
    packs: Sequence[Pack],
    trials: int | None = None,
    only: Sequence[str] = (),
    judge: ModelSettings | None = None,
    excluded: Mapping[str, Exclusion] | None = None,
    speed: Speed | None = None,
    design: Design | None = None,
    dress: Dress = Dress.ORGANISATION,
) -> Plan:
    """Choose scenarios and conditions for an agent and estimate the run.

    Args:
        loaded: The agent profile.
        packs: Packs to choose from.
        trials: Trials per condition, at least 1; None for what the design says, else ``DEFAULT_TRIALS``.
        only: Scenario ids to limit the plan to; empty for all that fit.
        judge: The judge model that will be used, for its price.
        excluded: Scenario ids a person leaves out, with reason and name; see ``planning.exclusions``.
        speed: Trials at the same time and what is known of the models' pace, for the wall time.
        design: Which conditions are run; None for ``standard``.
        dress: Whose company the agent is put into.

    Raises:
        UsageError: ``trials`` is below 1, ``only`` names a scenario that does not exist or that the design leaves out.
        DesignError: the design's file asks for what there is not.
        PackError: a selected scenario cannot be composed for this agent.
    """
    design = design or Design(DEFAULT_DESIGN)
    often = trials if trials is not None else design.trials or DEFAULT_TRIALS
    if often < 1:
        raise UsageError(f"there must be at least 1 trial per condition, not {often}")
    for name in only:
        find_scenario(packs, name)
    check_scenarios(design, [source.id for pack in packs for source in pack.scenarios])
    selections = _select(loaded, packs, only, excluded or {}, design)
    chosen = [find_scenario(packs, s.scenario) for s in selections if s.selected]
    settled = dialect_of(loaded.model.model)
    dialect = settled or Dialect.NATIVE
    conditions, folded = fold(design.conditions(chosen), dialect)
    situations = situations_for(loaded, chosen, conditions, dialect, dress)
    general = unbound(loaded)
    every = [source.scenario.model for pack in packs for source in pack.scenarios]
    rows = coverage(loaded.model, every, selections, {entry.tool for entry in general})
    model, pace = loaded.model.model, speed or Speed()
    sizes = sizes_of(situations, model, pace)
    cast = forecast_of(sizes, often, model, judge, pace)
    measured = dict(zip(conditions, sizes, strict=True))
    return Plan(
        selections=selections,
        design=design.name,
        design_sha256=design.sha256,
        dress=dress,
        conditions=conditions,
        folded=folded,
        trials_per_condition=often,
        dialect=settled,
        uncovered=uncovered(rows),
        unbound=general,
        coverage=rows,
        forecast=cast,
        designs=_prices(loaded, chosen, dialect, dress, measured, (design.name, cast), often, judge, pace),
    )


def dialect_of(model: ModelSettings) -> Dialect | None:
    """The dialect the profile settles; None for ``auto`` with a real model, which a probe decides at run time."""
    if model.tool_calling == "auto":
        return Dialect.NATIVE if model.simulated else None
    return Dialect(model.tool_calling)


def situations_for(
    loaded: LoadedProfile,
    sources: Sequence[ScenarioSource],
    conditions: Iterable[Condition],
    dialect: Dialect,
    dress: Dress = Dress.ORGANISATION,
) -> list[Situation]:
    """Compose conditions for the audited agent.

    Args:
        loaded: The agent profile.
        sources: The scenarios the conditions are of.
        conditions: What is wanted, in the order in which it is returned.
        dialect: How the agent calls tools.
        dress: Whose company it is put into.

    Raises:
        PackError: with every text that cannot be filled, over all conditions.
    """
    by_id = {source.id: source for source in sources}
    subjects = {source.id: dressed(loaded, source.scenario.model, dress) for source in sources}
    situations: list[Situation] = []
    problems: dict[tuple[str, int, int, str], Problem] = {}
    for condition in conditions:
        try:
            situations.append(compose(by_id[condition.scenario], condition, subjects[condition.scenario], dialect))
        except PackError as error:
            # What mends a fault may depend on the condition; it is one fault all the same.
            for problem in error.problems:
                what = problem.wrong.replace(condition.id, "")
                problems.setdefault((problem.file, problem.line, problem.column, what), problem)
    if problems:
        raise PackError(list(problems.values()))
    return situations


def _select(
    loaded: LoadedProfile,
    packs: Sequence[Pack],
    only: Sequence[str],
    excluded: Mapping[str, Exclusion],
    design: Design,
) -> tuple[Selection, ...]:
    """The scenarios that fit; those the design does not name are left out, so that none counts as tested unrun."""
    named = design.scenarios
    if named is None:
        return select(loaded, packs, only, excluded)
    for name in only:
        if name not in named:
            raise UsageError(f"the design {design.name} names no condition of {name}; name others with --scenario")
    return select(loaded, packs, only or sorted(named), excluded)


def _prices(
    loaded: LoadedProfile,
    chosen: Sequence[ScenarioSource],
    dialect: Dialect,
    dress: Dress,
    measured: Mapping[Condition, TrialSize],
    own: tuple[str, Forecast],
    trials: int,
    judge: ModelSettings | None,
    speed: Speed,
) -> tuple[DesignPrice, ...]:
    """What each design would take.

    The conditions of a scenario differ little in size, so one of each stands for all of them.
    """
    if not chosen:
        return ()
    model = loaded.model.model
    first = {source.id: base(source.id, source.scenario.model.factors) for source in chosen}
    missing = [condition for condition in first.values() if condition not in measured]
    composed = situations_for(loaded, chosen, missing, dialect, dress)
    sizes = {**measured, **dict(zip(missing, sizes_of(composed, model, speed), strict=True))}
    found = []
    for name in DesignName:
        conditions, _ = fold(Design(name).conditions(chosen), dialect)
        mine = name == own[0]
        found.append(
            DesignPrice(
                design=name,
                conditions=len(conditions),
                trials=len(conditions) * trials,
                chosen=mine,
                forecast=own[1]
                if mine
                else forecast_of([sizes[first[c.scenario]] for c in conditions], trials, model, judge, speed),
            )
        )
    if own[0] not in set(DesignName):
        price = DesignPrice(
            design=own[0], conditions=len(measured), trials=len(measured) * trials, chosen=True, forecast=own[1]
        )
        found.append(price)
    return tuple(found)
