"""Broken-off runs: what is stored stays, what is missing is run, nothing is run twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql

from audit.errors import StoreError
from audit.profile.models import AgentProfile
from audit.scenarios.situation import Dialect
from audit.store.database import open_database
from audit.store.records import TrialRecord
from audit.store.repository import open_store
from audit.targets.factory import target_for
from audit.trials.audit import reopen
from audit.trials.runner import RunSettings, run_trials
from tests.agents import Answer, harmful_under_pressure, scripted_agent
from tests.commands import Command, MakeProfile, counts, trials_of
from tests.loopback import LoopbackServer, Response, status

TRIALS = 4
PLANNED = 7 * TRIALS
DONE = counts(harmful=5, harmless=2)
ALL_DONE = counts(harmful=5 * TRIALS, harmless=2 * TRIALS)
LEAK = ("--scenario", "leak", "--trials", TRIALS, "--concurrency", 2)


def _slow(agent: Answer, seconds: float = 0.2) -> Answer:
    return lambda body, index: replace(agent(body, index), delay_s=seconds)


def _stored() -> list[TrialRecord]:
    return trials_of("latest")


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def _status() -> tuple[str, str]:
    with open_store() as repository:
        run = repository.run("latest")
        return str(run.status), run.stop_reason


@contextmanager
def _separate_process(profile: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = ["run", str(profile), "--design", "study", *map(str, LEAK)]
    process = subprocess.Popen(
        [sys.executable, "-m", "audit", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and children inherit that; a person's terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _age_leases() -> None:
    """Let the leases of dead processes look as old as they would be a little later."""
    database = open_database(None)
    with database.writing() as session:
        session.execute(sql("UPDATE run_leases SET heartbeat_at = '2020-01-01 00:00:00.000000'"))
    database.close()


@pytest.fixture
def profile(loopback: LoopbackServer, make_profile: MakeProfile) -> Path:
    made = make_profile(tool_calling="tags", api_base=loopback.base_url)
    loopback.script = scripted_agent(made, "leak", harmful_under_pressure, Dialect.TAGS)
    return made


def test_a_killed_run_is_taken_up_where_it_was(profile: Path, loopback: LoopbackServer, command: Command) -> None:
    agent = loopback.script
    assert callable(agent)
    loopback.script = _slow(agent)
    with _separate_process(profile) as process:
        _wait_for(lambda: len(loopback.requests) >= 7)  # two under way, so five are stored
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    before = {trial.id: trial for trial in _stored()}
    assert 5 <= len(before) < PLANNED
    assert _status() == ("running", "")
    asked = len(loopback.requests)
    loopback.script = agent
    blocked = command("run", "--resume", "latest")
    assert (blocked.code, blocked.out) == (2, "")
    assert f"is being executed by process {process.pid}" in blocked.err
    _age_leases()
    ran = command("run", "--resume", "latest", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["counts"] == ALL_DONE
    assert ran.json["status"] == "complete"
    after = {trial.id: trial for trial in _stored()}
    assert len(after) == PLANNED
    assert {trial_id: after[trial_id] for trial_id in before} == before
    assert len(loopback.requests) - asked == PLANNED - len(before)
    assert {trial.attempt for trial in after.values()} == {0}


def test_an_interrupted_run_stops_in_order_and_goes_on(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    agent = loopback.script
    assert callable(agent)
    loopback.script = _slow(agent)
    with _separate_process(profile) as process:
        _wait_for(lambda: len(loopback.requests) >= 5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "every finished trial is kept. Go on with: insider-audit run --resume" in err
    assert "Traceback" not in err
    assert _status() == ("stopped", "interrupted")
    kept = {trial.id: trial.started_at for trial in _stored()}
    assert 3 <= len(kept) < PLANNED
    loopback.script = agent
    # The lease was given back, so nobody has to wait.
    ran = command("run", "--resume", "latest", "--json")
    assert (ran.code, ran.json["counts"]) == (0, ALL_DONE)
    assert _status() == ("complete", "")
    assert kept.items() <= {trial.id: trial.started_at for trial in _stored()}.items()


def test_a_complete_run_is_left_alone(profile: Path, loopback: LoopbackServer, command: Command) -> None:
    first = command("run", profile, "--scenario", "leak", "--trials", 1, "--json")
    asked = len(loopback.requests)
    again = command("run", "--resume", "latest", "--json")
    by_id = command("run", "--resume", first.run_id[:-1], "--json")
    assert first.json == again.json == by_id.json
    assert (first.code, again.code) == (0, 0)
    assert len(loopback.requests) == asked


def test_only_errored_trials_are_run_again_and_both_attempts_stay(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    agent = loopback.script
    assert callable(agent)
    # One trial at a time, in the order of the conditions: the first five are under pressure.
    loopback.script = lambda body, index: status(500) if index in {0, 2, 3} else agent(body, index)
    first = command("run", profile, "--scenario", "leak", "--trials", 1, "--attempts", 1, "--concurrency", 1, "--json")
    assert first.json["counts"] == counts(harmful=2, harmless=2, error=3)
    before = {trial.id: trial for trial in trials_of("latest")}
    asked = len(loopback.requests)
    loopback.script = agent
    plain = command("run", "--resume", "latest", "--json")
    assert plain.json["counts"] == counts(harmful=2, harmless=2, error=3)
    assert len(loopback.requests) == asked
    again = command("run", "--resume", "latest", "--retry-errors", "--json")
    assert again.json["counts"] == DONE
    assert len(loopback.requests) == asked + 3
    every = trials_of("latest", every_attempt=True)
    assert len(every) == 10
    assert {trial.id: trial for trial in every if trial.id in before} == before
    failed = {(t.condition_id, t.index) for t in before.values() if t.status == "error"}
    assert {(t.condition_id, t.index) for t in every if t.attempt == 1} == failed
    # The figures shown while a run goes on start from what is there, each trial once.
    last = command("run", "--resume", "latest", "--retry-errors")
    assert "5 harmful, 2 harmless, 0 inconclusive, 0 truncated, 0 error" in last.out


def test_a_run_that_another_process_executes_is_not_touched(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--json")
    before = trials_of(ran.run_id)
    with open_store() as repository, repository.lease(ran.run_id):
        for asked in (("run", "--resume", "latest"), ("judge", "latest")):
            refused = command(*asked)
            assert (refused.code, refused.out) == (2, "")
            assert f"is being executed by process {os.getpid()} on" in refused.err
        assert str(repository.run(ran.run_id).status) == "complete"
    assert trials_of(ran.run_id) == before
    assert command("run", "--resume", "latest").code == 0


def test_a_process_that_may_not_go_on_stops_before_the_next_trial(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    command("run", profile, "--scenario", "leak", "--trials", 1, "--budget-usd", 0)
    asked = []

    def allowed() -> None:
        asked.append(True)
        if len(asked) == 3:
            raise StoreError("another may have taken the run over")

    with open_store() as repository:
        started = reopen(repository, "latest")
        target = target_for(AgentProfile.model_validate(started.run.profile).model)
        running = run_trials(
            repository,
            started.run,
            started.conditions,
            target,
            (),
            None,
            RunSettings(concurrency=1),
            allowed=allowed,
        )
        with pytest.raises(StoreError, match="taken the run over"):
            asyncio.run(running)
    assert len(loopback.requests) == len(trials_of("latest")) == 2
    assert _status() == ("stopped", "an error in the toolkit")
    assert command("run", "--resume", "latest", "--budget-usd", 9, "--json").json["counts"] == DONE


@pytest.mark.parametrize("option", [("--trials", 2), ("--model", "openai/x"), ("--judge", "rules"), ("--seed", 2)])
def test_a_resumed_run_cannot_be_made_another_one(
    option: tuple[object, ...], make_profile: MakeProfile, command: Command
) -> None:
    command("run", make_profile(model="simulated/compliant"), "--scenario", "leak", "--trials", 1)
    ran = command("run", "--resume", "latest", *option)
    assert (ran.code, ran.out) == (2, "")
    assert f"leave out {option[0]}" in ran.err


# Budget

PRICES = "prices: {input_per_million_usd: 1000, output_per_million_usd: 1000}"
"""The loopback server counts 18 tokens a call: 0.018 US dollars."""


def test_a_budget_stops_the_run_and_more_money_finishes_it(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(tool_calling="tags", api_base=loopback.base_url, lines=(PRICES,))
    loopback.script = scripted_agent(profile, "leak", harmful_under_pressure, Dialect.TAGS)
    small = ("--scenario", "leak", "--trials", 1, "--concurrency", 1, "--json")
    ran = command("run", profile, *small, "--budget-usd", 0.05)
    assert ran.code == 3
    assert ran.json["counts"] == counts(harmful=3)
    assert ran.json["usage"]["cost_usd"] == pytest.approx(0.054)
    assert (ran.json["status"], ran.json["stop_reason"]) == ("stopped", "budget of 0.05 US dollars spent")
    assert "the run stopped early: budget of 0.05 US dollars spent" in ran.err
    assert f"Go on with: insider-audit run --resume {ran.run_id}" in ran.err
    # What was spent before counts: the same budget buys nothing more.
    same = command("run", "--resume", ran.run_id, "--budget-usd", 0.05, "--concurrency", 1, "--json")
    assert (same.code, same.json["counts"]) == (3, counts(harmful=3))
    more = command("run", "--resume", ran.run_id, "--budget-usd", 0.09, "--concurrency", 1, "--json")
    assert (more.code, more.json["counts"]) == (3, counts(harmful=5))
    # Without a word about money the run keeps the budget it began with.
    kept = command("run", "--resume", ran.run_id, "--json")
    assert (kept.code, kept.json["counts"]) == (3, counts(harmful=5))
    rest = command("run", "--resume", ran.run_id, "--budget-usd", 9, "--json")
    assert (rest.code, rest.json["counts"], rest.json["status"]) == (0, DONE, "complete")
    assert len(loopback.requests) == 7


def test_one_call_without_a_price_does_not_take_the_others_out_of_the_budget(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(api_base=loopback.base_url, lines=(PRICES,))
    agent = scripted_agent(profile, "leak")

    def forgetful(body: dict[str, Any], index: int) -> Response:
        answer = agent(body, index)
        uncounted = {key: value for key, value in json.loads(answer.body).items() if key != "usage"}
        return replace(answer, body=json.dumps(uncounted).encode()) if index % 3 == 2 else answer

    loopback.script = forgetful
    small = ("--scenario", "leak", "--trials", 1, "--concurrency", 1, "--json")
    ran = command("run", profile, *small, "--budget-usd", 0.04)
    assert (ran.code, ran.json["stop_reason"]) == (3, "budget of 0.04 US dollars spent")
    assert sum(ran.json["counts"].values()) == 1
    assert ran.json["usage"]["cost_usd"] is None


def test_a_budget_without_prices_says_that_it_cannot_be_watched(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--budget-usd", 1, "--json")
    assert ran.code == 3
    assert ran.json["counts"] == DONE
    assert ran.json["usage"]["cost_usd"] is None
    assert "the price of some calls is unknown, so the budget could not be watched" in ran.err
    without = command("run", profile, "--scenario", "leak", "--trials", 1, "--json")
    assert (without.code, "the price of" in without.err) == (0, False)
