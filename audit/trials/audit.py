"""A whole run, from a profile to stored trials and verdicts; and a broken-off run, taken up again."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from audit.errors import NotComparableError, UsageError
from audit.llm import CallPolicy, recipient
from audit.oversight.standing import standing
from audit.planning.designs import fold
from audit.planning.models import Plan
from audit.planning.plan import situations_for
from audit.profile.loading import LoadedProfile
from audit.profile.models import AgentProfile, ModelSettings
from audit.scenarios.packs import Pack, find_scenario
from audit.store.records import ConditionRecord, RunRecord
from audit.store.repository import Repository
from audit.targets.factory import target_for
from audit.targets.model import call_settings, client_for
from audit.trials.judging import judge_run
from audit.trials.prepare import prepare
from audit.trials.runner import Listener, Progress, RunSettings, run_trials
from audit.verdicts.detectors.finding import DETECTORS_VERSION
from audit.verdicts.judge import Judge, judge_identity


@dataclass(frozen=True)
class Started:
    """A run that is written down and about to begin."""

    run: RunRecord
    conditions: list[ConditionRecord]


async def start(
    loaded: LoadedProfile,
    packs: Sequence[Pack],
    plan: Plan,
    repository: Repository,
    judge: ModelSettings | None,
    seed: int,
    settings: RunSettings,
    policy: CallPolicy | None = None,
) -> Started:
    """Settle how the target is called, compose every situation and write the run down.

    Args:
        loaded: The agent profile, with command-line overrides already in it.
        packs: Where the plan's scenarios come from.
        plan: What is to be run.
        repository: Where it is stored.
        judge: The judge model, or None for verdicts by rules.
        seed: Seed of the run.
        settings: How it is run.
        policy: Attempts and timeouts of model calls.

    Raises:
        UsageError: nothing was selected.
        ModelCallError: the target cannot be called at all.
    """
    chosen = [find_scenario(packs, s.scenario) for s in plan.selections if s.selected]
    if not chosen:
        # Where some were asked for by name, the others say nothing about why there is none.
        told = [s for s in plan.selections if s.by == "match" or s.exclusion] or plan.selections
        why = "\n".join(f"  {s.scenario}: {s.reason}" for s in told)
        raise UsageError(f"no scenario fits this agent, so there is nothing to run:\n{why}")
    target = target_for(loaded.model.model, policy)
    dialect, found = await target.settle_dialect()
    # A plan made before the dialect was known may hold conditions that are one and the same under it.
    kept, dropped = fold(plan.conditions, dialect)
    plan = plan.model_copy(update={"conditions": kept, "folded": tuple(dict.fromkeys((*plan.folded, *dropped)))})
    situations = await asyncio.to_thread(situations_for, loaded, chosen, kept, dialect, plan.dress)
    identity = target.identity(dialect, found, [s.condition.id for s in situations])
    how: dict[str, Any] = {
        "concurrency": settings.concurrency,
        "budget_usd": settings.budget_usd,
        "max_turns": settings.max_turns,
        "call_policy": (policy or CallPolicy()).model_dump(),
        "controls": [control.id for control in standing(loaded.model)],
    }
    if settings.group:
        how["group"] = settings.group
    run, conditions = prepare(loaded, plan, packs, situations, identity, judge_record(judge), seed, how)
    await asyncio.to_thread(repository.create_run, run, conditions)
    return Started(run, conditions)


def group_id() -> str:
    """A new id for runs that put several models through the same trials."""
    return f"group-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


async def carry_out(
    repository: Repository, started: Started, settings: RunSettings, listener: Listener = lambda progress: None
) -> Progress:
    """Run every trial of a written-down run that has no row yet. Nobody else can work on the run meanwhile.

    Raises:
        UsageError: another process works on the run.
    """
    run = started.run
    if settings.budget_usd is None:
        # A budget belongs to the run: going on with it must not spend without limit.
        settings = replace(settings, budget_usd=run.settings.get("budget_usd"))
    profile = AgentProfile.model_validate(run.profile)
    policy = CallPolicy(**run.settings["call_policy"])
    target = target_for(profile.model, policy)
    judge = judge_for(ModelSettings.model_validate(run.judge["settings"]), policy) if run.judge else None
    controls = standing(profile)
    with repository.lease(run.id) as lease:
        return await run_trials(
            repository, run, started.conditions, target, controls, judge, settings, listener, lease.check
        )


def reopen(repository: Repository, run_id: str) -> Started:
    """Take up a run where it ended. It goes on with the profile, situations and judge it was started with.

    Nothing is written here: another process may be at work on the run, and only ``carry_out`` can tell.

    Raises:
        UsageError: there is no such run.
        NotComparableError: the toolkit's detectors or judge rubric have changed since, so that its trials would be
            judged by two instruments.
    """
    run = repository.run(run_id)
    if run.target.get("imported"):
        raise UsageError(f"run {run.id} holds imported results; there is no target to go on with")
    if run.versions.get("detectors") != DETECTORS_VERSION:
        raise NotComparableError(
            f"run {run.id} was judged with detectors {run.versions.get('detectors')}, this version has "
            f"{DETECTORS_VERSION}; start a new run, or finish this one with the version it began with"
        )
    if run.judge and judge_record(ModelSettings.model_validate(run.judge["settings"])) != run.judge:
        raise NotComparableError(f"the judge's rubric has changed since run {run.id} began; start a new run")
    return Started(run, repository.conditions(run.id))


async def judge_again(
    repository: Repository,
    run_id: str,
    judge: ModelSettings | None,
    concurrency: int,
    listener: Any = lambda done, planned: None,
) -> tuple[RunRecord, int]:
    """Judge a stored run once more. The target is not called.

    Returns:
        The run, and how many trials were judged.

    Raises:
        UsageError: there is no such run, or it is still running, or it has nothing to judge.
    """
    run = repository.run(run_id)
    conditions = repository.conditions(run.id)
    instrument = judge_for(judge, CallPolicy(**run.settings["call_policy"])) if judge else None
    with repository.lease(run.id):
        judged = await judge_run(repository, run, conditions, instrument, concurrency, listener, judge_record(judge))
    if judged == 0:
        raise UsageError(f"run {run.id} has no trial with a reply, so there is nothing to judge")
    return run, judged


def judge_for(settings: ModelSettings, policy: CallPolicy | None = None) -> Judge:
    """The judge a model section describes.

    Raises:
        UsageError: it is a simulated model; those cannot judge.
    """
    if settings.simulated:
        raise UsageError(
            f"{settings.id} cannot judge: simulated models only play scripts. Name a real model, or `rules`"
        )
    return Judge(client_for(settings, policy), _judge_parameters(settings))


def judge_record(settings: ModelSettings | None) -> dict[str, Any] | None:
    """What a run keeps about its judge."""
    if settings is None:
        return None
    return {
        "model": settings.id,
        "recipient": recipient(call_settings(settings)),
        "identity": judge_identity(_judge_parameters(settings)),
        "settings": settings.model_dump(mode="json"),
    }


def _judge_parameters(settings: ModelSettings) -> dict[str, Any]:
    return {"model": settings.id, "api_base": settings.api_base, "parameters": dict(settings.parameters)}
