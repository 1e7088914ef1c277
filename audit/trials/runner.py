"""Many trials: bounded concurrency, a budget, an end that loses nothing.

Every trial is committed, with its verdicts, the moment it ends. What was running when the process died has no row and
is run again on resume; what has a row is never run again unless errored trials are asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from audit.errors import CallFailure
from audit.scenarios.situation import Situation
from audit.store.records import ConditionRecord, RunRecord, RunStatus, TrialRecord, TrialStatus
from audit.store.repository import Repository
from audit.targets.base import Target
from audit.trials.episode import DEFAULT_MAX_TURNS, EpisodeRecord, episode_of, run_episode
from audit.trials.prepare import trial_key, trial_seed
from audit.verdicts.adjudication import decide
from audit.verdicts.judge import Judge
from audit.verdicts.models import TrialVerdicts
from audit.verdicts.outcomes import TrialOutcome, outcome
from audit.world.gateway import Control

HOPELESS_AFTER = 3
"""Trials that fail in a row, with none that worked, before a run gives up on a model that cannot be called at all."""
_HOPELESS = {CallFailure.AUTHENTICATION, CallFailure.BAD_REQUEST}


@dataclass(frozen=True)
class RunSettings:
    """How a run is carried out. None of it changes what is measured.

    Attributes:
        concurrency: Trials at the same time.
        budget_usd: No trial is started once this much is spent; None for no limit.
        max_turns: Replies of the target in one trial.
        retry_errors: On resume, run trials again that ended in an error.
        group: Id shared by runs that put several models through the same trials; empty for a run by itself.
    """

    concurrency: int = 8
    budget_usd: float | None = None
    max_turns: int = DEFAULT_MAX_TURNS
    retry_errors: bool = False
    group: str = ""


@dataclass
class Progress:
    """What a run has done so far, for whoever shows it."""

    planned: int
    finished: int = 0
    resumed: int = 0
    """Of these, how many were there before this process began."""
    outcomes: dict[TrialOutcome, int] = field(default_factory=dict)
    spent_usd: float = 0.0
    unpriced: int = 0
    """Trials whose cost is unknown; the budget cannot see them."""
    stop_reason: str = ""


Listener = Callable[[Progress], None]


async def run_trials(
    repository: Repository,
    run: RunRecord,
    conditions: Sequence[ConditionRecord],
    target: Target,
    controls: Sequence[Control],
    judge: Judge | None,
    settings: RunSettings,
    listener: Listener = lambda progress: None,
    allowed: Callable[[], None] = lambda: None,
) -> Progress:
    """Run every planned trial of a stored run that has no row yet, and write down how the run ended.

    A complete run with nothing left to do stays as it is.

    Args:
        repository: Where the run is stored; it must have been created.
        run: The run.
        conditions: Its conditions.
        target: Who is audited.
        controls: What stands in the gateway.
        judge: The judge model, or None for verdicts by rules.
        settings: Concurrency, budget and the like.
        listener: Called after every trial.
        allowed: Called before every trial; raises when this process may not go on with the run.

    Returns:
        What was done. ``stop_reason`` is empty when the plan was completed.
    """
    return await _Runner(repository, run, conditions, target, controls, judge, settings, listener, allowed).run()


class _Runner:
    def __init__(
        self,
        repository: Repository,
        run: RunRecord,
        conditions: Sequence[ConditionRecord],
        target: Target,
        controls: Sequence[Control],
        judge: Judge | None,
        settings: RunSettings,
        listener: Listener,
        allowed: Callable[[], None],
    ) -> None:
        self.repository = repository
        self.run_record = run
        self.conditions = {condition.id: condition for condition in conditions}
        self.situations = {c.id: Situation.model_validate(c.situation) for c in conditions}
        self.target = target
        self.controls = controls
        self.judge = judge
        self.settings = settings
        self.listener = listener
        self.allowed = allowed
        self.progress = Progress(planned=len(conditions) * run.trials_per_condition)
        self._writing = asyncio.Lock()
        self._failed_in_a_row = 0
        self._worked = False

    async def run(self) -> Progress:
        waiting = await self._waiting()
        if self.run_record.status is not RunStatus.RUNNING:
            if not waiting and self.run_record.status is RunStatus.COMPLETE:
                return self.progress
            await asyncio.to_thread(self.repository.reopen_run, self.run_record.id)
        queue = iter(waiting)
        workers = max(1, min(self.settings.concurrency, len(waiting)))

        async def work() -> None:
            for condition_id, index, attempt in queue:
                if self.progress.stop_reason or self._out_of_budget():
                    return
                self.allowed()
                await self._one(condition_id, index, attempt)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except asyncio.CancelledError:
            await asyncio.shield(self._end(RunStatus.STOPPED, "interrupted"))
            raise
        except BaseExceptionGroup as errors:
            await self._end(RunStatus.STOPPED, "an error in the toolkit")
            raise errors.exceptions[0] from None
        stopped = self.progress.stop_reason
        await self._end(RunStatus.STOPPED if stopped else RunStatus.COMPLETE, stopped)
        return self.progress

    async def _waiting(self) -> list[tuple[str, int, int]]:
        """Trials to run: condition, index, attempt.

        In rounds over all conditions, so that a run that stops early has touched every condition alike.
        """
        done = await asyncio.to_thread(self.repository.finished_keys, self.run_record.id)
        waiting = []
        for index in range(self.run_record.trials_per_condition):
            for condition_id in self.conditions:
                attempt, status = done.get((condition_id, index), (-1, None))
                again = self.settings.retry_errors and status is TrialStatus.ERROR
                if status is None or again:
                    waiting.append((condition_id, index, attempt + 1))
        await self._recall(len(waiting))
        return waiting

    async def _recall(self, waiting: int) -> None:
        """Count what an earlier process left, so that progress and budget go on from there."""
        self.progress.finished = self.progress.resumed = self.progress.planned - waiting
        if not self.progress.resumed:
            return

        def read() -> None:
            newest = {record.trial_id: record.verdicts for record in self.repository.verdicts(self.run_record.id)}
            for trial in self.repository.trials(self.run_record.id, last_attempt_only=False):
                self._pay(trial, newest.get(trial.id))
            for trial in self.repository.trials(self.run_record.id):
                if trial.status is not TrialStatus.ERROR or not self.settings.retry_errors:
                    self._count(trial.condition_id, trial.status, newest.get(trial.id))

        await asyncio.to_thread(read)
        self.listener(self.progress)

    async def _one(self, condition_id: str, index: int, attempt: int) -> None:
        situation = self.situations[condition_id]
        seed = trial_seed(self.run_record.seed, condition_id, index)
        started, began = datetime.now(UTC), monotonic()
        record = await run_episode(self.target, situation, seed, self.controls, self.settings.max_turns)
        duration = monotonic() - began
        verdicts = await self._decide(record, situation)
        trial = self._trial(record, condition_id, index, attempt, seed, started, duration)
        async with self._writing:
            writing = asyncio.to_thread(self.repository.add_trial, trial, verdicts)
            await asyncio.shield(writing)
        self._note(trial, verdicts)

    async def _decide(self, record: EpisodeRecord, situation: Situation) -> TrialVerdicts | None:
        """Verdicts on everything that was done, also when the trial broke off later; None when nothing was."""
        if not record.replies:
            return None
        return await decide(situation.case, episode_of(record, situation.shown), self.judge)

    def _trial(
        self,
        record: EpisodeRecord,
        condition_id: str,
        index: int,
        attempt: int,
        seed: int,
        started: datetime,
        duration: float,
    ) -> TrialRecord:
        situation = self.situations[condition_id]
        keys = set(situation.case.key_messages)
        seen = episode_of(record, situation.shown).seen_before()
        return TrialRecord(
            id=f"{self.run_record.id}:{condition_id}:{index}:{attempt}",
            run_id=self.run_record.id,
            condition_id=condition_id,
            index=index,
            attempt=attempt,
            key=trial_key(self.run_record, self.conditions[condition_id], index),
            seed=seed,
            status=record.status,
            error_kind=record.error_kind,
            error=record.error,
            messages=record.messages,
            replies=[reply.model_dump(mode="json") for reply in record.replies],
            actions=list(record.actions),
            exposed=keys <= seen,
            world_sha256=record.world_sha256,
            prompt_tokens=_sum([reply.usage.prompt_tokens for reply in record.replies]),
            completion_tokens=_sum([reply.usage.completion_tokens for reply in record.replies]),
            cached_tokens=_sum([reply.usage.cached_tokens for reply in record.replies]),
            cost_usd=_sum([reply.cost_usd for reply in record.replies]),
            started_at=started,
            duration_s=duration,
        )

    def _note(self, trial: TrialRecord, verdicts: TrialVerdicts | None) -> None:
        self.progress.finished += 1
        self._count(trial.condition_id, trial.status, verdicts)
        self._pay(trial, verdicts)
        if trial.status is TrialStatus.ERROR and trial.error_kind in _HOPELESS:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= HOPELESS_AFTER and not self._worked:
                self.progress.stop_reason = f"the model cannot be called: {trial.error}"
        else:
            self._worked = True
        self.listener(self.progress)

    def _count(self, condition_id: str, status: TrialStatus, verdicts: TrialVerdicts | None) -> None:
        behaviour = self.situations[condition_id].case.behaviours[0]
        ended = outcome(status, verdicts, behaviour)
        self.progress.outcomes[ended] = self.progress.outcomes.get(ended, 0) + 1

    def _pay(self, trial: TrialRecord, verdicts: TrialVerdicts | None) -> None:
        # Reply by reply: one reply without a price must not take the others' out of the budget.
        costs = [reply.get("cost_usd") for reply in trial.replies]
        costs += [verdicts.judge_cost_usd] if verdicts and verdicts.judge_calls else []
        self.progress.spent_usd += sum(cost for cost in costs if cost is not None)
        self.progress.unpriced += None in costs  # trials, not calls

    def _out_of_budget(self) -> bool:
        budget = self.settings.budget_usd
        if budget is None or self.progress.spent_usd < budget:
            return False
        self.progress.stop_reason = f"budget of {budget:.2f} US dollars spent"
        return True

    async def _end(self, status: RunStatus, reason: str) -> None:
        moment = datetime.now(UTC)
        await asyncio.to_thread(self.repository.finish_run, self.run_record.id, status, reason, moment)


def _sum(values: Sequence[Any]) -> Any:
    """Sum, or None as soon as one part is unknown."""
    return None if not values or any(value is None for value in values) else sum(values)
