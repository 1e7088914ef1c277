"""Who executes a run at the moment, so that no two processes resume the same one.

A row names the owner and the time of its last sign of life. The owner renews it from a thread every few seconds; a row
that was not renewed for ``stale_after_s`` is free for anybody. A process killed with SIGKILL, or a machine that lost
power, therefore blocks a resume for at most that long, twenty seconds unless told otherwise.

The lease is a courtesy to the budget, not what keeps the data right: a process that lost its lease unawares still
cannot store a trial twice, since (run, condition, index, attempt) is unique.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from audit.errors import StoreError, UsageError
from audit.store.database import Database
from audit.store.schema import LeaseRow, RunRow

STALE_AFTER_S = 20.0
_BEATS = 4
"""Renewals within the time after which a lease is stale: some may come late."""


class RunLease:
    """The right to execute one run, held from ``with`` to the end of the block.

    Entering raises UsageError while another process holds the run, and StoreError when the database fails.
    """

    def __init__(self, database: Database, run_id: str, stale_after_s: float = STALE_AFTER_S) -> None:
        self.run_id = run_id
        self._database = database
        self._stale_after_s = stale_after_s
        self._owner = uuid.uuid4().hex
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{run_id}", daemon=True)

    @property
    def lost(self) -> bool:
        """True once another process has taken the run, or the database was out of reach for too long."""
        return self._lost.is_set()

    def check(self) -> None:
        """Ask before every new trial.

        Raises:
            StoreError: the lease is lost; stop, the trials stored so far are safe.
        """
        if self.lost:
            raise StoreError(
                f"run {self.run_id}: this process gave no sign of life for {self._stale_after_s:g} s and another may "
                "have taken the run over; it stops here, resume it when no other process is at work on it"
            )

    def __enter__(self) -> RunLease:
        with self._database.writing() as session:
            self._take(session)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            with self._database.writing() as session:
                session.execute(delete(LeaseRow).where(*self._mine()))
        except StoreError:
            # Left behind it goes stale by itself; it must not hide why the block ended.
            pass

    def _take(self, session: Session) -> None:
        # Locking the run's row first lets two takers on PostgreSQL come one after the other.
        if session.get(RunRow, self.run_id, with_for_update=True) is None:
            raise UsageError(f"no run {self.run_id} in {self._database.where}")
        now = self._database.now(session)
        row = session.get(LeaseRow, self.run_id)
        if row is None:
            row = LeaseRow(run_id=self.run_id)
            session.add(row)
        else:
            # The distance, not the difference: a clock that was set back must not block the run for long.
            silent = abs(now - row.heartbeat_at)
            if silent < timedelta(seconds=self._stale_after_s):
                wait = self._stale_after_s - silent.total_seconds()
                raise UsageError(
                    f"run {self.run_id} is being executed by {row.holder}; wait for it to end, "
                    f"or, if that process is gone, try again in {wait:.0f} s"
                )
        row.owner = self._owner
        row.holder = f"process {os.getpid()} on {socket.gethostname()}"
        row.heartbeat_at = now

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(self._stale_after_s / _BEATS):
            try:
                with self._database.writing() as session:
                    now = self._database.now(session)
                    result = session.execute(
                        update(LeaseRow).where(*self._mine()).values(heartbeat_at=now).returning(LeaseRow.run_id)
                    )
                    if result.first() is None:
                        self._lost.set()
                        return
                renewed = time.monotonic()
            except StoreError:
                if time.monotonic() - renewed > self._stale_after_s:
                    self._lost.set()
                    return

    def _mine(self) -> tuple[Any, ...]:
        return LeaseRow.run_id == self.run_id, LeaseRow.owner == self._owner
