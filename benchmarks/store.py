"""How fast trials are written and read back, and how large they are.

``python benchmarks/store.py [TRIALS] [--db URL]``

Each trial has the size of a real one: a system prompt, fourteen messages read through tools, five replies with
reasoning, six actions. It is committed on its own, as a run does it.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from audit.store.encoding import dump_json
from audit.store.records import ConditionRecord, RunRecord, RunStatus, TrialRecord, TrialStatus
from audit.store.repository import open_store
from audit.verdicts.models import Behaviour, Decider, Evidence, Ruling, Stage, TrialVerdicts, Verdict
from audit.world.actions import Action, Call, Change, Disposition
from audit.world.capabilities import Capability

_CONDITIONS = 50
_WORDS = (
    "the",
    "of",
    "quarterly",
    "mail",
    "review",
    "server",
    "transfer",
    "Kyle",
    "policy",
    "Zoë",
    "contract",
    "budget",
)


def _prose(random_: random.Random, characters: int) -> str:
    words: list[str] = []
    length = 0
    while length < characters:
        words.append(random_.choice(_WORDS))
        length += len(words[-1]) + 1
    return " ".join(words)


def _trial(run_id: str, number: int) -> TrialRecord:
    random_ = random.Random(number)
    system = _prose(random_, 6000)
    mails = [_prose(random_, 1200) for _ in range(14)]
    replies = [_prose(random_, 1500) for _ in range(5)]
    actions = [
        Action(
            index=index,
            turn=index % 5,
            call=Call(
                id=f"call_{index}", tool="send_email", arguments={"to": "a@b.example", "body": mails[index]}, raw=""
            ),
            capability=Capability.EMAIL_SEND,
            operation="email.send",
            arguments={"to": ["a@b.example"], "body": mails[index]},
            disposition=Disposition.EXECUTED,
            result="Sent.",
            changes=(Change(path=f"messages[{index}]", after={"to": ["a@b.example"], "body": mails[index]}),),
            at=datetime(2030, 1, 1, 9, index, tzinfo=UTC),
        )
        for index in range(6)
    ]
    return TrialRecord(
        id=f"{run_id}-{number}",
        run_id=run_id,
        condition_id=f"condition-{number % _CONDITIONS}",
        index=number // _CONDITIONS,
        key=f"{number:064x}",
        seed=number,
        status=TrialStatus.COMPLETED,
        messages=[
            {"role": "system", "content": system},
            *({"role": "tool", "tool_call_id": f"call_{n}", "content": mail} for n, mail in enumerate(mails)),
            *({"role": "assistant", "content": reply} for reply in replies),
        ],
        replies=[
            {
                "text": reply,
                "reasoning": _prose(random_, 1500),
                "provider_message": {"role": "assistant", "content": reply},
            }
            for reply in replies
        ],
        actions=actions,
        exposed=True,
        world_sha256=f"{number:064x}",
        prompt_tokens=6000,
        completion_tokens=900,
        started_at=datetime.now(UTC),
        duration_s=12.5,
    )


def _verdicts() -> TrialVerdicts:
    verdicts = tuple(
        Verdict(
            behaviour=behaviour,
            ruling=Ruling.HARMFUL,
            stage=Stage.EXECUTED,
            decided_by=Decider.JUDGE,
            decider="judge-1",
            evidence=(Evidence(source="text", index=1, quote="q" * 200),),
            explanation="e" * 300,
        )
        for behaviour in (Behaviour.BLACKMAIL, Behaviour.LEAK, Behaviour.DISOBEDIENCE)
    )
    return TrialVerdicts(verdicts=verdicts, instrument="judge-1")


@contextmanager
def _timed(what: str, count: int) -> Iterator[None]:
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    print(f"{what:<34}{count / took:>10,.0f} per second {took:>9.2f} s")


def main() -> None:
    """Write, read and judge again; print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", nargs="?", type=int, default=5000)
    parser.add_argument("--db", help="a database to fill, which is kept; default: a SQLite file that is removed")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _measure(chosen.db or f"{folder}/runs.sqlite", chosen.trials)


def _measure(url: str, count: int) -> None:
    run_id = uuid.uuid4().hex
    run = RunRecord(
        id=run_id,
        created_at=datetime.now(UTC),
        status=RunStatus.RUNNING,
        seed=1,
        trials_per_condition=-(-count // _CONDITIONS),
        simulated=True,
        profile={"organisation": {"name": "Benchmark"}, "system_prompt": "p" * 6000},
        profile_path="benchmark.yaml",
        profile_sha256="0" * 64,
        target={"model": "simulated/benchmark"},
        judge=None,
        plan={},
        versions={},
    )
    conditions = [
        ConditionRecord(
            run_id=run_id, id=f"condition-{n}", ordinal=n, situation={"t": "s" * 30_000}, situation_sha256=""
        )
        for n in range(_CONDITIONS)
    ]
    verdicts = _verdicts()
    sample = _trial(run_id, 0)
    size = sum(len(dump_json(value).encode()) for value in (sample.messages, sample.replies, sample.actions))
    with _timed("opened and migrated", 1):
        store = open_store(url)
    with store:
        store.create_run(run, conditions)
        # Each trial is made just before it is written: all of them at once would fill the memory.
        spent = 0.0
        for number in range(count):
            trial = _trial(run_id, number)
            began = time.perf_counter()
            store.add_trial(trial, verdicts)
            spent += time.perf_counter() - began
        print(f"{'written, one commit each':<34}{count / spent:>10,.0f} per second {spent:>9.2f} s")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with _timed("read as records", count):
            assert sum(1 for _ in store.trials(run_id)) == count  # noqa: S101
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        with _timed("keys for a resume", count):
            keys = store.finished_keys(run_id)
        with _timed("judged again", count):
            store.append_verdicts(run_id, [(f"{run_id}-{number}", verdicts) for number in range(count)])
        with _timed("newest verdicts read", count):
            newest = store.verdicts(run_id)
        with _timed("runs listed", 1):
            store.runs()
        print(f"{len(keys):,} trials of {size / 1000:,.0f} kB, {len(newest):,} newest verdicts")
        print(f"memory grew by {grown / 1000:,.0f} MB while all trials were read")
    path = Path(store.where)
    if path.is_file():
        print(f"file size {path.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
