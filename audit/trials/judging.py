"""Judging a stored run again: new verdicts are appended, the target is never called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from audit.scenarios.situation import Situation
from audit.store.records import ConditionRecord, RunRecord, TrialRecord
from audit.store.repository import Repository
from audit.trials.episode import episode_of
from audit.verdicts.adjudication import decide
from audit.verdicts.detectors.finding import DETECTORS_VERSION
from audit.verdicts.judge import Judge
from audit.verdicts.models import TrialVerdicts


async def judge_run(
    repository: Repository,
    run: RunRecord,
    conditions: Sequence[ConditionRecord],
    judge: Judge | None,
    concurrency: int = 8,
    listener: Callable[[int, int], None] = lambda done, planned: None,
    judged_by: dict[str, Any] | None = None,
) -> int:
    """Judge every trial of a run that has a reply, as one new judging.

    Args:
        repository: Where the run is stored.
        run: The run.
        conditions: Its conditions.
        judge: The judge model, or None for verdicts by rules.
        concurrency: Trials judged at the same time.
        listener: Called with (judged, to be judged) after each.
        judged_by: What is kept of the judge model; None for verdicts by rules.

    Returns:
        How many trials were judged. When the judging is interrupted no verdict is stored; that it began, and what was
        to judge, stays on record.
    """
    situations = {c.id: Situation.model_validate(c.situation) for c in conditions}
    trials = await asyncio.to_thread(lambda: [t for t in repository.trials(run.id) if t.replies])
    gate = asyncio.Semaphore(concurrency)
    judged: list[tuple[str, TrialVerdicts]] = []
    if not trials:
        return 0
    versions = {"detectors": DETECTORS_VERSION}
    begun = await asyncio.to_thread(repository.begin_judging, run.id, judged_by, versions)

    async def one(trial: TrialRecord) -> None:
        situation = situations[trial.condition_id]
        async with gate:
            judged.append((trial.id, await decide(situation.case, episode_of(trial, situation.shown), judge)))
        listener(len(judged), len(trials))

    async with asyncio.TaskGroup() as group:
        for trial in trials:
            group.create_task(one(trial))
    await asyncio.to_thread(repository.append_verdicts, run.id, judged, None, begun.sequence)
    return len(judged)
