"""Whatever fails between the toolkit and the model: every trial is accounted for, and none of them counts as safe."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from audit.scenarios.models import ScriptKind
from tests.agents import by_model, faults_first, judge, scripted_agent
from tests.commands import Command, MakeProfile, Ran, counts, reasons, trials_of, verdicts_of
from tests.loopback import (
    LoopbackServer,
    Response,
    completion,
    drop,
    empty,
    garbage_body,
    hang,
    length_cut,
    refusal,
    status,
    text,
    tool_call,
    tool_calls,
)

PLANNED = 7


def _run(command: Command, profile: Any, *more: object) -> Ran:
    return command("run", profile, "--scenario", "leak", "--trials", 1, "--json", *more)


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (text("I can't help with that."), "inconclusive", "not_exposed"),
        (refusal("I can't help with that."), "inconclusive", "refused"),
        (completion({"content": ""}, finish_reason="content_filter"), "inconclusive", "refused"),
        (empty(), "inconclusive", "empty"),
        (length_cut(), "truncated", "truncated"),
        (status(500), "error", "server_error"),
        (status(400, "unknown parameter"), "error", "bad_request"),
        (status(400, "content_filter: the prompt was blocked"), "error", "content_filter"),
        (status(400, "maximum context length is 4096 tokens"), "error", "context_length"),
        (status(429, retry_after=0), "error", "rate_limit"),
        (drop(), "error", "connection"),
        (garbage_body(), "error", "bad_response"),
        (hang(30), "error", "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_model_that_does_not_answer_is_never_safe(
    answer: Response,
    outcome: str,
    reason: str,
    loopback: LoopbackServer,
    make_profile: MakeProfile,
    command: Command,
) -> None:
    loopback.script = answer
    # Only the hanging server gets a short timeout: the very first call of a process takes litellm a while.
    timeout = 1 if reason == "timeout" else 60
    ran = _run(command, make_profile(api_base=loopback.base_url), "--attempts", 1, "--timeout", timeout)
    assert ran.code == 3
    assert ran.json["counts"] == counts(**{outcome: PLANNED})
    assert reasons(ran.json) == {reason: PLANNED}
    assert ran.json["error_share"] == 1.0
    assert "100% of the trials have no verdict" in ran.err
    for condition in ran.json["conditions"]:
        rate = condition["inherent"]
        assert (rate["rate"], rate["valid"], rate["missing"]) == (None, 0, 1)
        assert (rate["if_missing_harmless"], rate["if_missing_harmful"]) == (0.0, 1.0)
    trials = trials_of(ran.run_id)
    assert len(trials) == PLANNED
    for trial in trials:
        assert trial.status == ("completed" if outcome == "inconclusive" else outcome)
        assert (trial.error_kind == reason) is (outcome == "error")
        assert bool(trial.error) is (outcome == "error")


def test_calls_without_end_are_cut_off(loopback: LoopbackServer, make_profile: MakeProfile, command: Command) -> None:
    loopback.script = tool_calls([tool_call("no_such_tool", {})])
    ran = _run(command, make_profile(api_base=loopback.base_url), "--attempts", 1)
    assert ran.code == 3
    assert ran.json["counts"] == counts(truncated=PLANNED)
    assert {len(trial.replies) for trial in trials_of(ran.run_id)} == {30}


def test_harm_done_before_the_call_failed_counts(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(api_base=loopback.base_url)
    agent = scripted_agent(profile, "leak", ScriptKind.HARMFUL)

    def breaks_off(body: dict[str, Any], index: int) -> Response:
        answer = agent(body, index)
        return status(500) if b'"finish_reason": "stop"' in answer.body else answer

    loopback.script = breaks_off
    ran = _run(command, profile, "--attempts", 1)
    assert ran.json["counts"] == counts(harmful=PLANNED)
    assert {trial.status for trial in trials_of(ran.run_id)} == {"error"}


@pytest.mark.parametrize(
    ("fault", "gap"),
    [(status(429, retry_after=0.4), 0.4), (status(500), 0.0), (drop(), 0.0)],
    ids=["429", "500", "cut"],
)
def test_a_fault_of_the_moment_is_got_over(
    fault: Response, gap: float, loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(api_base=loopback.base_url)
    loopback.script = faults_first(scripted_agent(profile, "leak"), fault, fault)
    ran = _run(command, profile, "--attempts", 3)
    assert ran.json["counts"] == counts(harmless=PLANNED)
    assert ran.json["error_share"] == 0.0
    tries: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for number, request in enumerate(loopback.requests):
        tries.setdefault((request.body["seed"], len(request.body["messages"])), []).append((number, request.at))
    repeated = [times for times in tries.values() if len(times) > 1]
    assert sum(len(times) - 1 for times in repeated) == 2
    assert all(later - earlier >= gap for times in repeated for (_, earlier), (_, later) in pairwise(times))
    assert sum(reply["attempts"] - 1 for trial in trials_of(ran.run_id) for reply in trial.replies) == 2


def test_errors_within_the_error_budget_do_not_fail_the_run(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(api_base=loopback.base_url)
    agent = scripted_agent(profile, "leak", ScriptKind.HARMFUL)
    for budget, within in ((0.2, True), (0.1, False)):
        start = len(loopback.requests)
        loopback.script = lambda body, index, start=start: status(500) if index == start else agent(body, index)
        ran = _run(command, profile, "--attempts", 1, "--error-budget", budget)
        assert ran.json["counts"] == counts(harmful=6, error=1)
        assert ("the error budget is" not in ran.err) is within
        assert within or ran.code == 3


def test_a_refused_key_stops_the_run_and_says_what_to_set(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-test-0123456789abcdef")
    loopback.script = status(401, "Incorrect API key provided")
    profile = make_profile(api_base=loopback.base_url, lines=("api_key_env: TEST_KEY",))
    ran = _run(command, profile, "--concurrency", 1)
    assert ran.code == 3
    assert len(loopback.requests) == 3  # no attempt is wasted on a refused key
    assert ran.json["counts"] == counts(error=3)
    assert (ran.json["status"], ran.json["planned_trials"]) == ("stopped", PLANNED)
    assert "check the key in the environment variable TEST_KEY" in ran.json["stop_reason"]
    assert "the run stopped early: the model cannot be called" in ran.err
    assert f"insider-audit run --resume {ran.run_id} --retry-errors" in ran.err
    assert ran.json["headline"]["complete"] is False
    # With the key mended, the same run goes on to its end.
    loopback.script = scripted_agent(profile, "leak")
    again = command("run", "--resume", ran.run_id, "--retry-errors", "--json")
    assert again.json["counts"] == counts(harmless=PLANNED)
    assert again.json["status"] == "complete"
    assert len(trials_of(ran.run_id, every_attempt=True)) == PLANNED + 3


def test_a_key_that_is_not_set_is_named(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    profile = make_profile(api_base=loopback.base_url, lines=("api_key_env: TEST_KEY",))
    ran = _run(command, profile, "--concurrency", 1)
    assert (ran.code, loopback.requests) == (3, [])
    assert "set the environment variable TEST_KEY" in ran.err


def test_what_a_provider_writes_into_its_error_does_not_reach_the_terminal_raw(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    loopback.script = status(401, "\x1b[2J\x1b]0;owned\x07 no \u202eentry\x9b31m")
    for tool_calling in ("native", "auto"):
        profile = make_profile(tool_calling=tool_calling, api_base=loopback.base_url)
        ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--concurrency", 1)
        assert ran.code == 3
        assert "owned" in ran.err
        assert not set("\x1b\x07\u202e\x9b") & set(ran.out + ran.err)


# Judges that fail

JUDGE_FAULTS = [
    (status(500), "judge_error"),
    (refusal("I will not judge this."), "judge_refused"),
    (text("The agent did nothing wrong."), "judge_unparsable"),
    (text('{"verdicts": []}'), "judge_unparsable"),
    (empty(), "judge_unparsable"),
    (judge("executed", quote="these words were never written by anybody"), "judge_no_quote"),
]
IDS = ["500", "refuses", "prose", "no verdict", "empty", "invented quote"]


def _judged(make_profile: MakeProfile, loopback: LoopbackServer) -> Any:
    lines = ("id: openai/judge-model", f"api_base: {loopback.base_url}")
    return make_profile(api_base=loopback.base_url, judge=lines)


@pytest.mark.parametrize(("fault", "reason"), JUDGE_FAULTS, ids=IDS)
def test_a_judge_that_fails_leaves_honest_trials_undecided_and_harm_harmful(
    fault: Any, reason: str, loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = _judged(make_profile, loopback)
    agent = scripted_agent(
        profile,
        "leak",
        lambda s: ScriptKind.HARMFUL if s.condition.id == "leak/replacement-explicit" else ScriptKind.HARMLESS,
    )
    loopback.script = by_model({"test-model": agent, "judge-model": fault})
    ran = _run(command, profile, "--attempts", 1)
    assert ran.code == 3
    assert ran.json["counts"] == counts(harmful=1, inconclusive=6)
    assert reasons(ran.json) == {reason: 6}
    asked = [body for body in loopback.bodies if body["model"] == "judge-model"]
    assert len(asked) == ran.json["usage"]["judge_calls"] >= PLANNED
    kept = [verdict for record in verdicts_of(ran.run_id) for verdict in record.verdicts.verdicts]
    assert sorted((v.ruling, v.decided_by) for v in kept if v.ruling == "harmful") == [("harmful", "detector")]


@pytest.mark.parametrize(
    ("kind", "stage", "outcome"),
    [
        (ScriptKind.HARMLESS, "none", "harmless"),
        (ScriptKind.HARMFUL, "executed", "harmful"),
        (ScriptKind.HARMLESS, "executed", "harmful"),
        (ScriptKind.HARMFUL, "none", "inconclusive"),
    ],
)
def test_a_judge_that_answers_is_heard(
    kind: ScriptKind,
    stage: str,
    outcome: str,
    loopback: LoopbackServer,
    make_profile: MakeProfile,
    command: Command,
) -> None:
    profile = _judged(make_profile, loopback)
    loopback.script = by_model({"test-model": scripted_agent(profile, "leak", kind), "judge-model": judge(stage)})
    ran = _run(command, profile, "--attempts", 1)
    assert ran.json["counts"] == counts(**{outcome: PLANNED})
    assert ran.json["usage"]["judge_calls"] == PLANNED
    assert ran.json["judge"]["model"] == "openai/judge-model"
    assert reasons(ran.json) == ({"disagreement": PLANNED} if outcome == "inconclusive" else {})
