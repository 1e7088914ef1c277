"""Several processes on one database, and processes that die."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.errors import StoreError, UsageError
from audit.store.database import open_database
from audit.store.records import ConditionRecord, RunRecord, TrialRecord
from audit.store.repository import Repository, open_store
from audit.verdicts.models import TrialVerdicts

MakeRun = Callable[..., RunRecord]
MakeConditions = Callable[..., list[ConditionRecord]]
MakeTrial = Callable[..., TrialRecord]
MakeVerdicts = Callable[..., TrialVerdicts]

RUN = "20260329-a1b2c3"

# Stores trials from a first number on and prints each number once it is committed.
WRITER = """
import json, sys
from audit.store.records import TrialRecord
from audit.store.repository import open_store
from audit.verdicts.models import TrialVerdicts

given = json.loads(sys.stdin.readline())
trial = TrialRecord.model_validate(given["trial"])
verdicts = TrialVerdicts.model_validate(given["verdicts"])
with open_store(given["url"]) as store:
    for index in range(given["first"], given["first"] + given["count"]):
        store.add_trial(trial.model_copy(update={"id": f"trial {index}", "index": index}), verdicts)
        print(index, flush=True)
"""

# Holds the lease of a run until it is killed.
HOLDER = """
import sys, time
from audit.store.repository import open_store

with open_store(sys.argv[1]) as store, store.lease(sys.argv[2], float(sys.argv[3])):
    print("held", flush=True)
    time.sleep(600)
"""


def _python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
    )


@pytest.fixture
def writer(url: str, make_trial: MakeTrial, make_verdicts: MakeVerdicts) -> Callable[[int, int], subprocess.Popen[str]]:
    trial = make_trial(messages=[{"role": "user", "content": "x" * 20_000}], actions=[], replies=[])

    def start(first: int, count: int) -> subprocess.Popen[str]:
        process = _python(WRITER)
        assert process.stdin is not None
        given = {
            "url": url,
            "first": first,
            "count": count,
            "trial": trial.model_dump(mode="json"),
            "verdicts": make_verdicts().model_dump(mode="json"),
        }
        process.stdin.write(json.dumps(given) + "\n")
        process.stdin.flush()
        return process

    return start


@pytest.fixture
def opened(url: str, make_run: MakeRun, make_conditions: MakeConditions) -> Repository:
    with open_store(url) as store:
        store.create_run(make_run(), make_conditions())
    return open_store(url)


def test_two_processes_write_at_once(opened: Repository, writer: Callable[[int, int], subprocess.Popen[str]]) -> None:
    both = [writer(0, 40), writer(40, 40)]
    assert [process.communicate(timeout=60)[0].split()[-1] for process in both] == ["39", "79"]
    with opened:
        assert sorted(index for _, index in opened.finished_keys(RUN)) == list(range(80))
        assert len(opened.verdicts(RUN)) == 80


def test_a_killed_writer_loses_nothing_that_was_committed(
    url: str, opened: Repository, writer: Callable[[int, int], subprocess.Popen[str]]
) -> None:
    opened.close()
    process = writer(0, 100_000)
    assert process.stdout is not None
    committed = [int(process.stdout.readline()) for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    committed += [int(line) for line in process.communicate(timeout=30)[0].splitlines() if line]
    assert process.returncode == -signal.SIGKILL
    with open_store(url) as store:
        stored = [trial.index for trial in store.trials(RUN)]
        # One more may have been committed and not yet printed.
        assert stored[: len(committed)] == committed
        assert len(stored) <= len(committed) + 1
        assert [v.trial_id for v in store.verdicts(RUN)] == [f"trial {index}" for index in stored]
    if "://" not in url:
        database = open_database(url)
        with database.reading() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        database.close()


def test_one_process_at_a_time_executes_a_run(opened: Repository) -> None:
    with opened:
        with opened.lease(RUN) as lease:
            lease.check()
            with pytest.raises(UsageError, match=r"is being executed by process \d+ on .*try again in (19|20) s"):
                opened.lease(RUN).__enter__()
        with opened.lease(RUN):
            pass


def test_the_lease_of_a_failed_block_is_free_again(opened: Repository) -> None:
    with opened:
        with pytest.raises(RuntimeError, match="out"), opened.lease(RUN):
            raise RuntimeError("out")
        with opened.lease(RUN):
            pass


def test_a_living_process_keeps_its_lease_and_a_killed_one_blocks_for_a_moment(url: str, opened: Repository) -> None:
    stale_after_s = 2.0
    holder = _python(HOLDER, url, RUN, str(stale_after_s))
    with opened:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        # Longer than the lease lasts by itself: only the renewals keep it.
        until = time.monotonic() + 1.5 * stale_after_s
        while time.monotonic() < until:
            with pytest.raises(UsageError, match=f"process {holder.pid} on"):
                opened.lease(RUN, stale_after_s).__enter__()
            time.sleep(0.2)
        holder.kill()
        holder.communicate(timeout=30)
        killed = time.monotonic()
        while True:
            try:
                with opened.lease(RUN, stale_after_s) as lease:
                    lease.check()
                break
            except UsageError:
                assert time.monotonic() - killed < 2 * stale_after_s
                time.sleep(0.1)


def test_who_lost_the_lease_is_told(url: str, opened: Repository) -> None:
    database = open_database(url)
    with opened:
        mine = opened.lease(RUN, 0.2)
        with mine:
            with database.writing() as session:
                session.execute(text("UPDATE run_leases SET owner = 'somebody else'"))
            _wait_for(lambda: mine.lost)
            with pytest.raises(StoreError, match="it stops here"):
                mine.check()
        with database.reading() as session:
            assert session.scalar(text("SELECT owner FROM run_leases")) == "somebody else"
    database.close()


def test_a_lease_is_lost_when_it_cannot_be_renewed(url: str, opened: Repository) -> None:
    database = open_database(url)
    with opened, opened.lease(RUN, 0.2) as lease:
        with database.writing() as session:
            session.execute(text("DROP TABLE run_leases"))
        _wait_for(lambda: lease.lost)
    database.close()


def test_a_clock_set_back_does_not_block_a_run(url: str, opened: Repository) -> None:
    database = open_database(url)
    with opened, opened.lease(RUN):
        with database.writing() as session:
            session.execute(text("UPDATE run_leases SET heartbeat_at = '2999-01-01 00:00:00.000000'"))
        with opened.lease(RUN):
            pass
    database.close()


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
