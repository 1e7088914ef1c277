"""The longer questions the repository asks, as statements. Nothing is executed here."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from audit.store.records import TrialStatus
from audit.store.schema import ConditionRow, RunRow, TrialRow, VerdictRow

Statement: TypeAlias = Select[*tuple[Any, ...]]


def summaries() -> Statement:
    """Runs, newest first, each with its numbers of conditions, of finished trials and of errors among these.

    A trial counts once, by its last attempt. The numbers are None where there is nothing to count.
    """
    planned = select(ConditionRow.run_id, func.count().label("conditions")).group_by(ConditionRow.run_id).subquery()
    done = (
        select(
            TrialRow.run_id,
            func.count().label("finished"),
            func.sum(case((TrialRow.status == TrialStatus.ERROR.value, 1), else_=0)).label("errors"),
        )
        .where(is_last_attempt())
        .group_by(TrialRow.run_id)
        .subquery()
    )
    return (
        select(RunRow, planned.c.conditions, done.c.finished, done.c.errors)
        .outerjoin(planned, planned.c.run_id == RunRow.id)
        .outerjoin(done, done.c.run_id == RunRow.id)
        .order_by(RunRow.created_at.desc(), RunRow.id.desc())
    )


def trial_ids(run_id: str, last_attempt_only: bool) -> Statement:
    """Ids of a run's trials in the order of conditions, repetitions and attempts."""
    query = in_order(select(TrialRow.id).where(TrialRow.run_id == run_id))
    if last_attempt_only:
        query = query.where(is_last_attempt())
    return query


def last_attempts(run_id: str) -> Statement:
    """Condition, index, attempt and status of the last attempt at every trial of a run."""
    query = select(TrialRow.condition_id, TrialRow.index, TrialRow.attempt, TrialRow.status)
    return query.where(TrialRow.run_id == run_id, is_last_attempt())


def verdicts(run_id: str, sequence: int | None) -> Statement:
    """Verdicts of one judging, or the newest of each trial, in the order of the trials."""
    query = in_order(select(VerdictRow).join(TrialRow, TrialRow.id == VerdictRow.trial_id))
    query = query.where(VerdictRow.run_id == run_id)
    if sequence is None:
        later = aliased(VerdictRow)
        query = query.where(
            ~exists().where(later.trial_id == VerdictRow.trial_id, later.sequence > VerdictRow.sequence)
        )
    else:
        query = query.where(VerdictRow.sequence == sequence)
    return query


def judgings(run_id: str) -> Statement:
    """Sequence, instrument, number of trials, first and last time of every judging of a run."""
    return (
        select(
            VerdictRow.sequence,
            VerdictRow.instrument,
            func.count().label("trials"),
            func.min(VerdictRow.judged_at).label("first_at"),
            func.max(VerdictRow.judged_at).label("last_at"),
        )
        .where(VerdictRow.run_id == run_id)
        .group_by(VerdictRow.sequence, VerdictRow.instrument)
        .order_by(VerdictRow.sequence, func.min(VerdictRow.judged_at), VerdictRow.instrument)
    )


def newest_targets(limit: int) -> Statement:
    """Id and target of the newest runs of real models."""
    query = select(RunRow.id, RunRow.target).where(RunRow.simulated.is_(False))
    return query.order_by(RunRow.created_at.desc(), RunRow.id.desc()).limit(limit)


def replies(run_ids: list[str], limit: int) -> Statement:
    """Run id and replies of the newest trials of some runs; a trial without a reply has nothing to say."""
    query = select(TrialRow.run_id, TrialRow.replies).where(TrialRow.run_id.in_(run_ids), TrialRow.status != "error")
    return query.order_by(TrialRow.started_at.desc(), TrialRow.id.desc()).limit(limit)


def is_last_attempt() -> ColumnElement[bool]:
    """True for a trial row that no later attempt follows."""
    later = aliased(TrialRow)
    return ~exists().where(
        and_(
            later.run_id == TrialRow.run_id,
            later.condition_id == TrialRow.condition_id,
            later.index == TrialRow.index,
            later.attempt > TrialRow.attempt,
        )
    )


def in_order(query: Statement) -> Statement:
    """Put a query over trials into the order of conditions, repetitions and attempts."""
    same = and_(ConditionRow.run_id == TrialRow.run_id, ConditionRow.id == TrialRow.condition_id)
    return query.join(ConditionRow, same).order_by(
        ConditionRow.ordinal, ConditionRow.id, TrialRow.index, TrialRow.attempt
    )
