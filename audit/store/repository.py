"""The door to the results: everything that is stored or read back goes through ``Repository``.

It holds no connection between calls, so one asyncio program may call it from several threads (``asyncio.to_thread``).
Runs never change, except for how they ended; trials and verdicts are only added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from audit.errors import StoreError, UsageError
from audit.store import queries
from audit.store.database import Database, open_database
from audit.store.leases import STALE_AFTER_S, RunLease
from audit.store.locations import locate
from audit.store.lookup import choose_run, listed, name_of
from audit.store.pace import pace_of
from audit.store.records import (
    ConditionRecord,
    Judging,
    JudgingRecord,
    Pace,
    RunRecord,
    RunStatus,
    RunSummary,
    TrialRecord,
    TrialStatus,
    VerdictRecord,
)
from audit.store.schema import ConditionRow, JudgingRow, RunRow, TrialRow, VerdictRow
from audit.verdicts.models import TrialVerdicts

_BATCH = 32
"""Trials read at once; a trial is some 50 to 500 kB of text."""
_PACE_RUNS = 50
_PACE_TRIALS = 40
"""How far back ``pace`` looks: among so many runs of real models, at so many trials of the model asked for."""


def open_store(url: str | None = None) -> Repository:
    """Open the results database, creating it and bringing its schema up to date as needed.

    Args:
        url: any SQLAlchemy URL; a bare path is a SQLite file, ``:memory:`` a database that ends with the process. None:
            the environment variable ``INSIDER_AUDIT_DB``, else ``runs.sqlite`` in the user's data folder. SQLite and
            PostgreSQL (extra ``postgres``) are what the tests run on.

    Returns:
        The repository; close it, or use it in a ``with`` block.

    Raises:
        StoreError: the database cannot be opened or written, is something else, or was written by a later version. The
            message says where and what to do, and holds no password.
    """
    return Repository(open_database(url))


def open_existing(url: str | None = None) -> Repository | None:
    """As ``open_store``, for a glance at what is there: where there is no database, none is made.

    Returns:
        None for a SQLite file that does not exist, and for a database in memory.

    Raises:
        StoreError: as ``open_store``.
    """
    location = locate(url)
    missing = location.path is not None and not location.path.exists()
    return None if location.in_memory or missing else open_store(url)


class Repository:
    """Reads and writes runs. Every method is one transaction; every failure of the database is a StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def where(self) -> str:
        """The database, as it may be shown to a person: a path, or a URL without its password."""
        return self._database.where

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    # Runs

    def create_run(self, run: RunRecord, conditions: Sequence[ConditionRecord]) -> None:
        """Store a run with its conditions, before its first trial.

        Raises:
            StoreError: the run is stored already, or a condition belongs to another run.
        """
        if strangers := [condition.id for condition in conditions if condition.run_id != run.id]:
            raise StoreError(f"run {run.id}: conditions of another run: {', '.join(strangers)}")
        with self._database.writing() as session:
            if session.get(RunRow, run.id) is not None:
                raise StoreError(f"run {run.id} is stored already in {self.where}; runs are never overwritten")
            session.add(RunRow(**_columns(run)))
            session.flush()
            session.add_all(ConditionRow(**_columns(condition)) for condition in conditions)

    def run(self, run_id: str) -> RunRecord:
        """Find a run as a person names it.

        Args:
            run_id: the id, the beginning of exactly one id, or ``latest``.

        Raises:
            UsageError: no run, or more than one; the message lists what comes near.
        """
        with self._database.reading() as session:
            newest_first = select(RunRow.id).order_by(RunRow.created_at.desc(), RunRow.id.desc())
            ids = list(session.scalars(newest_first))
            row = session.get_one(RunRow, choose_run(run_id, ids, self.where))
            return RunRecord.model_validate(row, from_attributes=True)

    def runs(self) -> list[RunSummary]:
        """One line per run, newest first."""
        with self._database.reading() as session:
            return [
                RunSummary(
                    id=row.id,
                    created_at=row.created_at,
                    status=RunStatus(row.status),
                    organisation=name_of(row.profile, "organisation"),
                    target=name_of(row.target, "model", "id", "name"),
                    simulated=row.simulated,
                    imported=bool(row.target.get("imported")),
                    planned=(conditions or 0) * row.trials_per_condition,
                    finished=finished or 0,
                    errors=errors or 0,
                    group=str(row.settings.get("group") or ""),
                )
                for row, conditions, finished, errors in session.execute(queries.summaries())
            ]

    def finish_run(self, run_id: str, status: RunStatus, stop_reason: str, finished_at: datetime) -> None:
        """Note how a run ended.

        Args:
            run_id: the whole id.
            status: ``complete`` or ``stopped``.
            stop_reason: why it stopped; empty when complete.
            finished_at: with time zone.

        Raises:
            UsageError: there is no such run.
        """
        self._set_end(run_id, status, stop_reason, finished_at)

    def reopen_run(self, run_id: str) -> None:
        """Set a run back to ``running``, to resume it.

        Raises:
            UsageError: there is no such run.
        """
        self._set_end(run_id, RunStatus.RUNNING, "", None)

    def lease(self, run_id: str, stale_after_s: float = STALE_AFTER_S) -> RunLease:
        """The right to execute a run, for a ``with`` block; see ``audit.store.leases``.

        Args:
            run_id: the whole id.
            stale_after_s: after how many seconds without a sign of life another process may take over. All processes
                should use the same; it is also how long a killed process blocks a resume.

        Returns:
            The lease. Entering it raises UsageError while another process executes the run.
        """
        return RunLease(self._database, run_id, stale_after_s)

    # Conditions and trials

    def conditions(self, run_id: str) -> list[ConditionRecord]:
        """The conditions of a run in their order.

        Raises:
            UsageError: there is no such run.
        """
        query = (
            select(ConditionRow).where(ConditionRow.run_id == run_id).order_by(ConditionRow.ordinal, ConditionRow.id)
        )
        with self._database.reading() as session:
            self._require(session, run_id)
            return [ConditionRecord.model_validate(row, from_attributes=True) for row in session.scalars(query)]

    def add_trial(self, trial: TrialRecord, verdicts: TrialVerdicts | None) -> None:
        """Store one trial that ended, with its verdicts where it has been judged, in one transaction.

        Verdicts given here belong to judging 0, the run's own, and are dated now.

        Raises:
            StoreError: this attempt is stored already, its run or condition is not, or the disk is full, say.
        """
        try:
            with self._database.writing() as session:
                session.add(TrialRow(**_columns(trial)))
                session.flush()
                if verdicts is not None:
                    session.add(_verdict_row(trial.run_id, trial.id, 0, datetime.now(UTC), verdicts))
        except StoreError as error:
            if isinstance(error.__context__, IntegrityError):
                name = f"{trial.condition_id} #{trial.index}, attempt {trial.attempt}"
                raise StoreError(
                    f"run {trial.run_id}, trial {name}: this attempt is stored already, or its run and condition are "
                    f"not stored; another process may be at work on the run ({error})"
                ) from error
            raise

    def trials(self, run_id: str, *, last_attempt_only: bool = True) -> Iterator[TrialRecord]:
        """Read the trials of a run one after the other, in the order of conditions, repetitions and attempts.

        Memory holds few of them at a time, and no transaction is open between two. Trials that are added while the
        iterator runs are not part of it.

        Args:
            run_id: the whole id.
            last_attempt_only: leave out attempts that were run again.

        Raises:
            UsageError: there is no such run (at the call, not at the first trial).
        """
        with self._database.reading() as session:
            self._require(session, run_id)
            ids = list(session.scalars(queries.trial_ids(run_id, last_attempt_only)))
        return self._read_trials(ids)

    def finished_keys(self, run_id: str) -> dict[tuple[str, int], tuple[int, TrialStatus]]:
        """What a resume need not run again: the last attempt at every trial that has a row.

        Returns:
            (condition id, index) → (attempt, status).

        Raises:
            UsageError: there is no such run.
        """
        with self._database.reading() as session:
            self._require(session, run_id)
            return {
                (condition_id, index): (attempt, TrialStatus(status))
                for condition_id, index, attempt, status in session.execute(queries.last_attempts(run_id))
            }

    def pace(self, model: str, api_base: str | None) -> Pace | None:
        """How fast a model answered in the newest trials of it that are stored; trials that broke off do not count.

        Args:
            model: the model id as the run recorded it.
            api_base: where it was called; another address may be another machine.

        Returns:
            None where no call of that model at that address is stored.
        """
        with self._database.reading() as session:
            newest = session.execute(queries.newest_targets(_PACE_RUNS))
            own = [(i, target) for i, target in newest if not target.get("imported")]
            same = [i for i, target in own if (target.get("model"), target.get("api_base")) == (model, api_base)]
            if not same:
                return None
            return pace_of((row[0], row[1]) for row in session.execute(queries.replies(same, _PACE_TRIALS)))

    # Verdicts

    def begin_judging(self, run_id: str, judge: dict[str, Any] | None, versions: dict[str, str]) -> JudgingRecord:
        """Write down what is about to judge a run once more, before anything is sent to it.

        Args:
            run_id: the whole id.
            judge: what is kept of the judge model; None for verdicts by rules.
            versions: of the detectors.

        Returns:
            The record; its number goes to ``append_verdicts``.

        Raises:
            UsageError: there is no such run.
        """
        with self._database.writing() as session:
            self._require(session, run_id, lock=True)
            record = JudgingRecord(
                run_id=run_id,
                sequence=max(1, self._next_sequence(session, run_id)),
                began_at=datetime.now(UTC),
                judge=judge,
                versions=versions,
            )
            session.add(JudgingRow(**_columns(record)))
        return record

    def begun_judgings(self, run_id: str) -> list[JudgingRecord]:
        """Everything that has judged a run again, earliest first, also where it was interrupted.

        Raises:
            UsageError: there is no such run.
        """
        query = select(JudgingRow).where(JudgingRow.run_id == run_id).order_by(JudgingRow.sequence)
        with self._database.reading() as session:
            self._require(session, run_id)
            return [JudgingRecord.model_validate(row, from_attributes=True) for row in session.scalars(query)]

    def append_verdicts(
        self,
        run_id: str,
        verdicts: Sequence[tuple[str, TrialVerdicts]],
        judged_at: datetime | None = None,
        sequence: int | None = None,
    ) -> int:
        """Store one more judging of a run. Earlier verdicts stay as they are.

        Args:
            run_id: the whole id.
            verdicts: trial ids with their verdicts; it need not be every trial of the run.
            judged_at: with time zone; None: now.
            sequence: the number from ``begin_judging``; None: the next one.

        Returns:
            The sequence number of this judging: 0 where nothing was judged before.

        Raises:
            UsageError: there is no such run, or nothing to store.
            StoreError: a trial does not belong to the run or is named twice.
        """
        if not verdicts:
            raise UsageError(f"run {run_id}: no verdicts to store")
        moment = judged_at or datetime.now(UTC)
        named = [trial_id for trial_id, _ in verdicts]
        with self._database.writing() as session:
            self._require(session, run_id, lock=True)
            known = set(session.scalars(select(TrialRow.id).where(TrialRow.run_id == run_id)))
            if strangers := sorted(set(named) - known):
                raise StoreError(f"run {run_id}: verdicts for trials it does not have: {listed(strangers)}")
            if len(set(named)) < len(named):
                raise StoreError(f"run {run_id}: one judging holds two verdicts for the same trial")
            sequence = self._next_sequence(session, run_id) if sequence is None else sequence
            session.add_all(_verdict_row(run_id, trial, sequence, moment, verdict) for trial, verdict in verdicts)
        return sequence

    def verdicts(self, run_id: str, sequence: int | None = None) -> list[VerdictRecord]:
        """The verdicts that count, in the order of ``trials`` and at most one per trial, superseded attempts included.

        Args:
            run_id: the whole id.
            sequence: one judging only; None: the newest of each trial.

        Raises:
            UsageError: there is no such run, or it has no such judging.
        """
        with self._database.reading() as session:
            self._require(session, run_id)
            found = [
                VerdictRecord.model_validate(_verdict_values(row))
                for row in session.scalars(queries.verdicts(run_id, sequence))
            ]
        if sequence is not None and not found:
            known = listed([str(judging.sequence) for judging in self.judgings(run_id)])
            raise UsageError(f"run {run_id} has no judging {sequence}; it has {known or 'none'}")
        return found

    def judgings(self, run_id: str) -> list[Judging]:
        """What judged a run, earliest first; empty when nothing has.

        Raises:
            UsageError: there is no such run.
        """
        with self._database.reading() as session:
            self._require(session, run_id)
            return [Judging.model_validate(dict(row)) for row in session.execute(queries.judgings(run_id)).mappings()]

    # Within

    def _require(self, session: Session, run_id: str, *, lock: bool = False) -> None:
        query = select(RunRow.id).where(RunRow.id == run_id)
        if session.scalar(query.with_for_update() if lock else query) is None:
            raise UsageError(f"no run {run_id!r} in {self.where}")

    def _next_sequence(self, session: Session, run_id: str) -> int:
        """One more than any judging of the run, begun or stored; 0 where there is none."""
        stored = session.scalar(select(func.max(VerdictRow.sequence)).where(VerdictRow.run_id == run_id))
        begun = session.scalar(select(func.max(JudgingRow.sequence)).where(JudgingRow.run_id == run_id))
        return max((number + 1 for number in (stored, begun) if number is not None), default=0)

    def _set_end(self, run_id: str, status: RunStatus, stop_reason: str, finished_at: datetime | None) -> None:
        values = {"status": status.value, "stop_reason": stop_reason, "finished_at": finished_at}
        with self._database.writing() as session:
            self._require(session, run_id, lock=True)
            session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))

    def _read_trials(self, ids: list[str]) -> Iterator[TrialRecord]:
        for start in range(0, len(ids), _BATCH):
            wanted = ids[start : start + _BATCH]
            with self._database.reading() as session:
                rows = session.scalars(select(TrialRow).where(TrialRow.id.in_(wanted)))
                found = {row.id: TrialRecord.model_validate(row, from_attributes=True) for row in rows}
            yield from (found[trial_id] for trial_id in wanted)


def _columns(record: BaseModel) -> dict[str, Any]:
    return {name: value.value if isinstance(value, StrEnum) else value for name, value in record}


def _verdict_row(run_id: str, trial_id: str, sequence: int, moment: datetime, verdicts: TrialVerdicts) -> VerdictRow:
    return VerdictRow(
        run_id=run_id,
        trial_id=trial_id,
        sequence=sequence,
        judged_at=moment,
        instrument=verdicts.instrument,
        verdicts=dict(verdicts),
    )


def _verdict_values(row: VerdictRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in VerdictRecord.model_fields}
