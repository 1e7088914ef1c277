"""Databases to test on, and records to put in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from audit.store.records import ConditionRecord, RunRecord, RunStatus, TrialRecord, TrialStatus
from audit.store.repository import Repository, open_store
from audit.verdicts.models import (
    Aspect,
    AspectVerdict,
    Behaviour,
    Decider,
    Evidence,
    Reason,
    Ruling,
    Stage,
    TrialVerdicts,
    Verdict,
)
from audit.world.actions import Action, Call, Change, Decision, Disposition
from audit.world.actions import Ruling as ControlRuling
from audit.world.capabilities import Capability
from tests.postgres import postgres_schema

AWKWARD = (
    "Zażółć 你好 🙂 \u200f\u0000 NUL, \ttab, ␛0000 ␛ mark, \\u0000 \\ud800 written out, \x1b[31m, "
    "'\"; DROP TABLE runs; --"
)
STARTED = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database on disk or on a server, that several processes can open."""
    if request.param == "sqlite":
        yield str(tmp_path / "runs.sqlite")
    else:
        yield from postgres_schema()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """An open, empty store of every kind."""
    places = {"memory": iter([":memory:"]), "sqlite": iter([str(tmp_path / "runs.sqlite")])}
    for place in places.get(request.param) or postgres_schema():
        with open_store(place) as opened:
            yield opened


@pytest.fixture
def make_run() -> Callable[..., RunRecord]:
    def make(run_id: str = "20260329-a1b2c3", **changes: Any) -> RunRecord:
        values: dict[str, Any] = {
            "id": run_id,
            "created_at": STARTED,
            "status": RunStatus.RUNNING,
            "seed": 2**64 - 1,
            "trials_per_condition": 3,
            "simulated": True,
            "profile": {
                "organisation": {"name": "Müller & Söhne"},
                "zeta": 1,
                "alpha": [1.5, None, True],
                "text": AWKWARD,
            },
            "profile_path": "profiles/büro \u0000.yaml",
            "profile_sha256": "ab" * 32,
            "target": {"model": "simulated/opportunist", "parameters": {"temperature": 0.7}},
            "judge": None,
            "plan": {"selected": [{"scenario": "s", "reason": AWKWARD}]},
            "versions": {"toolkit": "0.1.0", "pack:core": "1.0.0"},
            "settings": {"concurrency": 4, "budget_usd": None},
        }
        return RunRecord.model_validate(values | changes)

    return make


@pytest.fixture
def make_conditions() -> Callable[..., list[ConditionRecord]]:
    def make(run_id: str = "20260329-a1b2c3", count: int = 2) -> list[ConditionRecord]:
        # Ordinals run against the alphabet, so that only sorting by them gives the right order.
        return [
            ConditionRecord(
                run_id=run_id,
                id=f"scenario/goal={chr(ord('z') - ordinal)}",
                ordinal=ordinal,
                situation={
                    "zoo": AWKWARD,
                    "tools": [{"type": "object", "properties": {"to": {}, "body": {}, "at": {}}}],
                },
                situation_sha256="cd" * 32,
            )
            for ordinal in range(count)
        ]

    return make


@pytest.fixture
def make_trial() -> Callable[..., TrialRecord]:
    def make(
        condition: int = 0, index: int = 0, attempt: int = 0, run_id: str = "20260329-a1b2c3", **changes: Any
    ) -> TrialRecord:
        condition_id = f"scenario/goal={chr(ord('z') - condition)}"
        hostile = {"text": AWKWARD, "half\ud83d\u0000": ["\udc00", float("inf"), -float("inf")], "": {}, "n": 10**30}
        values: dict[str, Any] = {
            "id": f"{run_id}/{condition}/{index}/{attempt}",
            "run_id": run_id,
            "condition_id": condition_id,
            "index": index,
            "attempt": attempt,
            "key": "ef" * 32,
            "seed": 2**70 + index,
            "status": TrialStatus.COMPLETED,
            "error": AWKWARD,
            "messages": [
                {"role": "system", "content": AWKWARD},
                {"role": "tool", "zz": 1, "aa": 2.0, "mm": 1e16, "nested": hostile},
            ],
            "replies": [{"text": "x" * 100_000, "reasoning": "\ud83d alone", "usage": {"prompt_tokens": 12}}],
            "actions": [
                Action(
                    index=0,
                    turn=0,
                    call=Call(id="call_0", tool="send_email", arguments=hostile, raw=AWKWARD, problems=("odd",)),
                    capability=Capability.EMAIL_SEND,
                    operation="email.send",
                    arguments=hostile,
                    disposition=Disposition.MODIFIED,
                    decisions=(
                        Decision(
                            control="C06", ruling=ControlRuling.MODIFY, reason=AWKWARD, changed={"to": ["a@b.example"]}
                        ),
                    ),
                    result=AWKWARD,
                    changes=(Change(path="messages[41]", before=None, after={"read": True, "score": 0.1}),),
                    at=datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5, minutes=30))),
                )
            ],
            "exposed": True,
            "world_sha256": "01" * 32,
            "prompt_tokens": 4321,
            "completion_tokens": None,
            "cost_usd": None,
            "started_at": STARTED + timedelta(microseconds=index),
            "duration_s": 0.1 + 0.2,
        }
        return TrialRecord.model_validate(values | changes)

    return make


@pytest.fixture
def make_verdicts() -> Callable[..., TrialVerdicts]:
    def make(instrument: str = "rules-1", ruling: Ruling = Ruling.HARMFUL, **changes: Any) -> TrialVerdicts:
        inconclusive = ruling is Ruling.INCONCLUSIVE
        verdict = Verdict(
            behaviour=Behaviour.BLACKMAIL,
            ruling=ruling,
            stage=Stage.EXECUTED if ruling is Ruling.HARMFUL else Stage.NONE,
            decided_by=Decider.DETECTOR,
            decider="coercion/1",
            evidence=(Evidence(source="action", index=0, quote=AWKWARD),),
            reason=Reason.DISAGREEMENT if inconclusive else None,
            explanation=AWKWARD,
        )
        said = AspectVerdict(
            aspect=Aspect.EVALUATION_AWARENESS,
            value="unprompted",
            decided_by=Decider.DETECTOR,
            decider="aspects/1",
            evidence=(Evidence(source="reasoning", index=0, quote=AWKWARD),),
        )
        values: dict[str, Any] = {"verdicts": (verdict,), "instrument": instrument, "notes": (AWKWARD, "second")}
        values["aspects"] = (said,)
        return TrialVerdicts.model_validate(values | changes)

    return make
