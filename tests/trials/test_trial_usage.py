"""What a run used, counted by a provider with a prompt cache, beside what was forecast."""

from __future__ import annotations

from typing import Any

import pytest

from audit.planning.sizes import WORDS
from audit.scenarios.situation import Dialect
from audit.store.repository import open_store
from tests.agents import by_model, counted, judge, scripted_agent, thorough_agent
from tests.commands import BUILDING, MAIL, RETAIL, Command, MakeProfile, trials_of
from tests.loopback import LoopbackServer

SMALL = ("--scenario", "leak", "--attempts", 1, "--json")
CACHE = "prices: {input_per_million_usd: 2, output_per_million_usd: 10, cached_input_per_million_usd: 0.5}"


def items(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in result["usage_compared"]["items"]}


def test_cached_tokens_are_stored_priced_and_compared(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, api_base=loopback.base_url, lines=(CACHE,))
    loopback.script = counted(scripted_agent(profile, "leak"))
    ran = command("run", profile, *SMALL, "--trials", 2, "--concurrency", 1)
    trials = trials_of(ran.run_id)
    for trial in trials:
        assert trial.cached_tokens is not None
        assert trial.prompt_tokens is not None
        assert trial.completion_tokens is not None
        assert 0 < trial.cached_tokens < trial.prompt_tokens
        fresh = trial.prompt_tokens - trial.cached_tokens
        assert trial.cost_usd == pytest.approx(
            (fresh * 2 + trial.cached_tokens * 0.5 + trial.completion_tokens * 10) / 1e6
        )
    found = items(ran.json)
    assert found["cacheable_tokens"]["actual"] == sum(trial.cached_tokens or 0 for trial in trials)
    assert ran.json["usage"]["cached_tokens"] == found["cacheable_tokens"]["actual"]
    # The scripted agent opens the key mail only and says little: a forecast lets a real one do more.
    assert 0.6 < found["target_calls"]["ratio"] <= 1
    for name in ("input_tokens", "cacheable_tokens", "output_tokens", "cost_with_caching_usd"):
        assert 0.05 < found[name]["ratio"] <= 1, name
    assert found["cost_usd"]["ratio"] < found["cost_with_caching_usd"]["ratio"]
    assert not [name for name in found if name.startswith("judge")]
    shown = command("runs", "show", ran.run_id)
    assert "Forecast and real use" in shown.out
    assert "of these from the provider's cache" in shown.out


@pytest.mark.parametrize(("example", "scenario"), [(MAIL, "blackmail"), (RETAIL, "leak"), (BUILDING, "lethal_action")])
def test_an_agent_that_does_what_is_assumed_uses_what_is_forecast(
    example: str, scenario: str, loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(example, api_base=loopback.base_url, lines=(CACHE,))
    loopback.script = counted(thorough_agent(profile, scenario, "word " * (4 * WORDS // 5)))
    ran = command("run", profile, "--scenario", scenario, *SMALL[2:], "--trials", 2, "--concurrency", 1)
    found = items(ran.json)
    assert found["target_calls"]["ratio"] == 1
    for name in ("input_tokens", "cacheable_tokens"):
        assert 0.7 < found[name]["ratio"] < 1.3, (name, found[name])
    # It writes its words and calls; the thinking that is assumed beside them it does not do.
    assert 0.4 < found["output_tokens"]["ratio"] < 0.8
    assert 0.4 < found["cost_with_caching_usd"]["ratio"] < 1


def test_a_provider_that_says_nothing_about_its_cache_leaves_it_unknown(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, tool_calling="tags", api_base=loopback.base_url)
    loopback.script = scripted_agent(profile, "leak", dialect=Dialect.TAGS)
    ran = command("run", profile, *SMALL, "--trials", 1)
    assert {trial.cached_tokens for trial in trials_of(ran.run_id)} == {None}
    found = items(ran.json)
    assert ran.json["usage"]["cached_tokens"] is None
    assert found["cacheable_tokens"]["actual"] is None
    assert found["cost_usd"] == {**found["cost_usd"], "forecast": None, "actual": None, "ratio": None}
    assert (found["input_tokens"]["actual"], found["target_calls"]["ratio"]) == (77, 1)


def test_the_judges_use_is_kept_apart_and_compared(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    lines = ("id: openai/judge-model", f"api_base: {loopback.base_url}", CACHE)
    profile = make_profile(MAIL, tool_calling="tags", api_base=loopback.base_url, judge=lines)
    agent = scripted_agent(profile, "leak", dialect=Dialect.TAGS)
    loopback.script = by_model({"judge-model": counted(judge("none")), "test-model": agent})
    ran = command("run", profile, *SMALL, "--trials", 1)
    found = items(ran.json)
    assert (found["judge_calls"]["forecast"], found["judge_calls"]["ratio"]) == (7, 1)
    sent, cached = ran.json["usage"]["judge_prompt_tokens"], ran.json["usage"]["judge_cached_tokens"]
    assert 0 < cached < sent == found["judge_input_tokens"]["actual"]
    assert sent + ran.json["usage"]["judge_completion_tokens"] == ran.json["usage"]["judge_tokens"]
    assert 0.3 < found["judge_input_tokens"]["ratio"] < 1.5
    again = command("judge", ran.run_id, "--judge", "rules", "--json")
    assert not [name for name in items(again.json) if name.startswith("judge")]
    assert "judged again since" in again.json["usage_compared"]["notes"][-1]


def test_a_budget_stop_is_compared_by_the_trial(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, tool_calling="tags", api_base=loopback.base_url, lines=(CACHE,))
    loopback.script = counted(scripted_agent(profile, "leak", dialect=Dialect.TAGS))
    ran = command("run", profile, *SMALL, "--trials", 2, "--concurrency", 1, "--budget-usd", 0.000_001)
    assert ran.json["counts"]["harmless"] == 1
    found = items(ran.json)
    assert (found["target_calls"]["forecast"], found["target_calls"]["actual"]) == (1, 1)
    assert found["input_tokens"]["ratio"] == pytest.approx(1, abs=0.35)
    assert ran.json["usage_compared"]["notes"] == ["1 of 14 planned trials were run; the forecast is scaled to these"]


def test_a_run_stored_before_there_was_a_forecast_of_time_still_reports(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, tool_calling="tags", api_base=loopback.base_url)
    loopback.script = scripted_agent(profile, "leak", dialect=Dialect.TAGS)
    ran = command("run", profile, *SMALL, "--trials", 1)
    with open_store() as repository:
        plan = repository.run(ran.run_id).plan
        kept = ("target_calls", "judge_calls", "input_tokens", "output_tokens", "cost_usd", "judge_cost_usd", "basis")
        older = {**plan, "forecast": {key: plan["forecast"][key] for key in kept}}
        record = repository.run(ran.run_id).model_copy(update={"id": "older", "plan": older})
        repository.create_run(record, [])
    shown = command("runs", "show", ran.run_id)
    assert shown.code == 0
    assert command("runs", "show", "older", "--json").json["usage_compared"] is None


def test_the_simulated_demo_takes_about_what_was_forecast(command: Command, tmp_path: Any) -> None:
    ran = command("demo", "--output", tmp_path / "out", "--trials", 4, "--json")
    found = items(ran.json)
    assert list(found) == ["target_calls", "seconds"]
    # Scripts are of four to eight replies; which are played is chance.
    assert 0.8 < found["target_calls"]["ratio"] < 1.25
    assert found["seconds"]["forecast"] == pytest.approx(0.01 * len(ran.json["conditions"]) * 4)
    assert found["seconds"]["actual"] > 0


def test_a_plan_rests_on_the_pace_of_earlier_runs(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, tool_calling="tags", api_base=loopback.base_url)
    planned = ("plan", profile, "--scenario", "leak", "--trials", 1, "--concurrency", 2, "--json")
    before = command(*planned).json["forecast"]
    assert (before["concurrency"], before["seconds"]) == (2, pytest.approx(4 * 20.0, rel=0.05))
    assert "assumed: no run of this model is stored" in before["seconds_basis"]
    loopback.script = scripted_agent(profile, "leak", dialect=Dialect.TAGS)
    ran = command("run", profile, *SMALL, "--trials", 1)
    assert ran.json["plan"]["forecast"]["concurrency"] == 8
    after = command(*planned).json["forecast"]
    assert "measured over 7 calls of 1 earlier run" in after["seconds_basis"]
    assert after["seconds"] < 10
    assert "7 tokens a reply, measured" in after["basis"]
    printed = command(*planned[:-1])
    assert "time: about" in printed.out
