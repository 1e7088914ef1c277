"""How fast a model answered before, and trials stored before cached tokens were counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from audit.store import migrating
from audit.store.database import open_database
from audit.store.pace import pace_of
from audit.store.records import ConditionRecord, RunRecord, TrialRecord, TrialStatus
from audit.store.repository import Repository, open_existing, open_store

MakeRun = Callable[..., RunRecord]
MakeConditions = Callable[..., list[ConditionRecord]]
MakeTrial = Callable[..., TrialRecord]
MODEL = "openai/m"


def reply(seconds: float, tokens: int | None = None) -> dict[str, Any]:
    return {"latency_s": seconds, "usage": {"completion_tokens": tokens}}


@pytest.fixture
def add(
    store: Repository, make_run: MakeRun, make_conditions: MakeConditions, make_trial: MakeTrial
) -> Callable[..., None]:
    """Store a run of one trial with some replies."""

    def put(run_id: str, replies: list[dict[str, Any]], target: dict[str, Any], **changes: Any) -> None:
        status = changes.pop("trial_status", TrialStatus.COMPLETED)
        store.create_run(make_run(run_id, target=target, simulated=False, **changes), make_conditions(run_id))
        store.add_trial(make_trial(run_id=run_id, replies=replies, status=status), None)

    return put


def test_the_pace_is_the_mean_over_all_stored_calls_of_the_model(store: Repository, add: Callable[..., None]) -> None:
    target = {"model": MODEL, "api_base": None}
    add("one", [reply(2, 100), reply(4, 300)], target)
    add("two", [reply(6)], target)
    add("other-model", [reply(99, 9)], {"model": "openai/n", "api_base": None})
    add("other-place", [reply(77, 9)], {"model": MODEL, "api_base": "http://127.0.0.1:1/v1"})
    add("broken-off", [reply(55, 9)], target, trial_status=TrialStatus.ERROR)
    pace = store.pace(MODEL, None)
    assert pace is not None
    assert pace.seconds_per_call == pytest.approx(4)
    assert (pace.calls, pace.runs) == (3, 2)
    assert pace.output_tokens_per_call == pytest.approx(200)
    elsewhere = store.pace(MODEL, "http://127.0.0.1:1/v1")
    assert elsewhere is not None
    assert elsewhere.seconds_per_call == pytest.approx(77)
    assert store.pace("openai/unknown", None) is None


def test_simulated_runs_say_nothing_about_pace(
    store: Repository, make_run: MakeRun, make_conditions: MakeConditions, make_trial: MakeTrial
) -> None:
    store.create_run(make_run("sim", target={"model": MODEL, "api_base": None}), make_conditions("sim"))
    store.add_trial(make_trial(run_id="sim", replies=[reply(1)]), None)
    assert store.pace(MODEL, None) is None


def test_only_the_newest_trials_count(store: Repository, add: Callable[..., None], make_run: MakeRun) -> None:
    target = {"model": MODEL, "api_base": None}
    began = make_run().created_at
    for number in range(52):
        add(f"run-{number}", [reply(1 if number else 10_000)], target, created_at=began + timedelta(hours=number))
    pace = store.pace(MODEL, None)
    assert pace is not None
    assert (pace.seconds_per_call, pace.calls) == (1, 40)


@pytest.mark.parametrize(
    "replies",
    [None, "text", [], [None, 3, "x"], [{}], [{"latency_s": None}], [{"latency_s": "fast"}], [{"latency_s": -1}]],
)
def test_replies_of_another_shape_are_left_out(replies: Any) -> None:
    assert pace_of([("run", replies)]) is None
    odd = [{"latency_s": 3, "usage": "none"}, {"latency_s": True}, {"latency_s": float("nan")}]
    pace = pace_of([("run", replies), ("run", odd)])
    assert pace is not None
    assert (pace.seconds_per_call, pace.output_tokens_per_call, pace.calls, pace.runs) == (3, None, 1, 1)


def test_a_glance_makes_no_database(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "runs.sqlite"
    assert open_existing(str(path)) is None
    assert not path.parent.exists()
    assert open_existing(":memory:") is None
    open_store(str(path)).close()
    found = open_existing(str(path))
    assert found is not None
    with found:
        assert found.runs() == []


def test_cached_tokens_are_kept_and_unknown_for_trials_stored_before(
    tmp_path: Path, make_run: MakeRun, make_conditions: MakeConditions, make_trial: MakeTrial
) -> None:
    path = str(tmp_path / "runs.sqlite")
    with open_store(path) as store:
        store.create_run(make_run(), make_conditions())
        store.add_trial(make_trial(index=0, prompt_tokens=9, cached_tokens=7), None)
        assert next(store.trials(make_run().id)).cached_tokens == 7
    database = open_database(path)
    with database.writing() as session:
        migrating.downgrade(session.connection(), "0002")
        columns = {row[1] for row in session.execute(text("PRAGMA table_info(trials)"))}
        assert "cached_tokens" not in columns
    database.close()
    with open_store(path) as store:
        old = next(store.trials(make_run().id))
        assert (old.prompt_tokens, old.cached_tokens) == (9, None)
        assert old.replies == make_trial(index=0).replies
        store.add_trial(make_trial(index=1, cached_tokens=0), None)
        assert [trial.cached_tokens for trial in store.trials(make_run().id)] == [None, 0]
