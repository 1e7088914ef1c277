"""What a run should take: tokens, caching, money, time; and that nothing unknown is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.planning.forecast import OWN_SECONDS_PER_TRIAL, SMALLEST_CACHED, Speed, _schedule
from audit.planning.models import Forecast
from audit.planning.plan import make_plan, situations_for
from audit.planning.sizes import RESULT, trial_size
from audit.profile.models import ModelSettings
from audit.scenarios.scripts import replies
from audit.scenarios.situation import Dialect, Situation
from audit.store.records import Pace
from tests.scenarios.shipped import EXAMPLES, STUDY, packs, profile, source

OPS, MIRA, SHOP, *_ = EXAMPLES
PRICES = {"input_per_million_usd": 2, "output_per_million_usd": 10}
CACHED = {**PRICES, "cached_input_per_million_usd": 0.5}
CONDITIONS = 7


def model(prices: Mapping[str, float] | None = None, **more: Any) -> ModelSettings:
    return ModelSettings.model_validate({"id": "openai/not-a-real-model", "prices": prices, **more})


def cast(
    target: ModelSettings, trials: int = 3, judge: ModelSettings | None = None, speed: Speed | None = None
) -> Forecast:
    loaded = profile(MIRA)
    loaded = replace(loaded, model=loaded.model.model_copy(update={"model": target}))
    return make_plan(loaded, packs(), trials, ["leak"], judge, speed=speed, design=STUDY).forecast


@cache
def situations(example: str = MIRA, dialect: Dialect = Dialect.NATIVE) -> tuple[Situation, ...]:
    return tuple(situations_for(profile(example), [source("leak")], STUDY.conditions([source("leak")]), dialect))


# Sizes


@pytest.mark.parametrize("situation", situations(), ids=lambda s: s.condition.id)
def test_each_call_sends_the_conversation_so_far_and_more(situation: Situation) -> None:
    size = trial_size(situation)
    assert size.calls[0].repeated == 0
    for earlier, later in pairwise(size.calls):
        assert later.repeated == earlier.prompt < later.prompt
    assert size.weight == 1
    assert size.judge_prompt > 1000


def test_a_real_agent_reads_the_whole_mailbox_and_a_simulated_one_only_plays() -> None:
    for situation in situations():
        real, played = trial_size(situation), trial_size(situation, simulated=True)
        lengths = [len(replies(situation, script)) for script in situation.scripts]
        assert min(lengths) <= len(played.calls) * played.weight <= max(lengths)
        assert len(real.calls) == len(played.calls) + 3
        mailbox = sum(len(message.body) for message in situation.world.messages)
        assert real.calls[-1].prompt > mailbox / RESULT


def test_texts_in_other_scripts_count_by_their_bytes() -> None:
    (first, *_) = situations()
    latin, chinese = (first.model_copy(update={"opening": letter * 3000}) for letter in "a你")
    assert trial_size(chinese).calls[0].prompt == pytest.approx(
        trial_size(latin).calls[0].prompt + 6000 / 4.6, rel=0.001
    )


# Caching


def test_without_prices_nothing_costs_a_known_sum_and_without_a_cache_price_caching_saves_nothing_known() -> None:
    assert (cast(model()).cost_usd, cast(model()).cost_with_caching_usd) == (None, None)
    priced = cast(model(PRICES))
    assert priced.cost_usd is not None
    assert priced.cost_with_caching_usd is None


def test_a_cache_saves_what_it_serves_and_no_more() -> None:
    found = cast(model(CACHED))
    assert 0 < found.cacheable_tokens < found.input_tokens
    assert found.cost_usd is not None
    assert found.cost_with_caching_usd == pytest.approx(found.cost_usd - found.cacheable_tokens * 1.5e-6)


def test_later_trials_of_a_condition_share_its_opening_and_the_first_does_not() -> None:
    one, two = cast(model(CACHED), 1), cast(model(CACHED), 2)
    openings = sum(trial_size(situation).calls[0].prompt for situation in situations())
    assert openings > CONDITIONS * SMALLEST_CACHED
    assert two.cacheable_tokens == 2 * one.cacheable_tokens + openings
    tags = cast(model(CACHED, tool_calling="tags"), 1)
    # One call a trial: only other trials can have sent the same.
    assert tags.cacheable_tokens == 0
    assert cast(model(CACHED, tool_calling="tags"), 2).cacheable_tokens == tags.input_tokens


def test_list_prices_that_rise_with_a_prompts_length_are_not_taken_for_the_sum() -> None:
    target = ModelSettings(id="gemini/gemini-2.5-pro")
    found = cast(target, 12)
    assert found.input_tokens > 200_000
    assert found.cost_usd == pytest.approx(found.input_tokens * 1.25e-6 + found.output_tokens * 10e-6, rel=1e-6)
    assert found.cost_with_caching_usd is not None
    assert found.cost_with_caching_usd < (found.cost_usd or 0)


def test_what_is_written_to_a_cache_may_cost_more_than_it_saves() -> None:
    target = ModelSettings(id="anthropic/claude-sonnet-4-5", tool_calling="tags")
    one = cast(target, 1)
    assert one.cost_usd is not None
    assert one.cost_with_caching_usd == pytest.approx(one.cost_usd + one.input_tokens * 0.75e-6)


# Judge


def test_the_judge_is_counted_and_priced_by_itself() -> None:
    judge = model(PRICES)
    found, without = cast(model(), 2, judge), cast(model(), 2)
    assert found.judge_calls == 2 * CONDITIONS
    assert found.judge_input_tokens > found.judge_calls * 2000
    assert found.judge_cost_usd == pytest.approx(found.judge_input_tokens * 2e-6 + found.judge_output_tokens * 10e-6)
    assert found.cost_usd is None
    assert (without.judge_input_tokens, without.judge_output_tokens, without.judge_cost_usd) == (0, 0, 0.0)
    assert "judge" not in without.basis + without.seconds_basis


# Time

PACE = Pace(seconds_per_call=3.0, output_tokens_per_call=None, calls=40, runs=2)


def test_time_follows_calls_concurrency_and_the_measured_pace() -> None:
    alone = cast(model(), 4, speed=Speed(1, PACE))
    assert alone.seconds == pytest.approx(alone.target_calls * 3.0)
    several = cast(model(), 4, speed=Speed(4, PACE))
    assert several.seconds is not None
    assert alone.seconds is not None
    assert alone.seconds / 4 <= several.seconds < alone.seconds / 3
    longest = max(len(trial_size(situation).calls) for situation in situations()) * 3.0
    assert cast(model(), 4, speed=Speed(256, PACE)).seconds == pytest.approx(longest)
    assert "3.0 s a call, measured over 40 calls of 2 earlier runs" in alone.seconds_basis
    assert alone.seconds_basis.startswith("1 trial at once")


def test_a_pace_that_nobody_measured_is_said_to_be_assumed() -> None:
    found = cast(model(), 1, judge=model(), speed=Speed(1))
    assert "target: 20.0 s a call, assumed: no run of this model is stored" in found.seconds_basis
    assert "judge: 13.0 s a call, assumed" in found.seconds_basis
    # Calls are rounded after the time is reckoned.
    assert found.seconds == pytest.approx(found.target_calls * 20.0 + found.judge_calls * 13.0, abs=20.0)


@pytest.mark.parametrize(
    ("limits", "least"),
    [({"requests_per_minute": 6}, lambda calls: calls * 10.0), ({"concurrent": 1}, lambda calls: calls * 3.0)],
)
def test_declared_limits_hold_the_run_back(limits: dict[str, float], least: Any) -> None:
    found = cast(model(limits=limits), 2, speed=Speed(256, PACE))
    assert found.seconds == pytest.approx(least(found.target_calls))
    assert "at most" in found.seconds_basis


def test_target_and_judge_of_one_recipient_share_its_limit() -> None:
    target = model(limits={"requests_per_minute": 6})
    both = cast(target, 2, judge=target, speed=Speed(256, PACE, PACE))
    assert both.seconds == pytest.approx((both.target_calls + both.judge_calls) * 10.0)
    elsewhere = model(limits={"requests_per_minute": 6}, api_base="http://127.0.0.1:1/v1")
    apart = cast(target, 2, judge=elsewhere, speed=Speed(256, PACE, PACE))
    assert apart.seconds == pytest.approx(apart.target_calls * 10.0)


def test_measured_answers_replace_the_assumed_length() -> None:
    measured = PACE.model_copy(update={"output_tokens_per_call": 100})
    short, assumed = cast(model(), 1, speed=Speed(1, measured)), cast(model(), 1)
    assert short.output_tokens < assumed.output_tokens / 3
    assert short.input_tokens < assumed.input_tokens
    assert "100 tokens a reply, measured over 40 calls of 2 earlier runs" in short.basis
    assert "assumed" not in short.basis


def test_simulated_models_cost_nothing_and_more_at_once_is_no_faster() -> None:
    target = ModelSettings(id="simulated/opportunist")
    one, many = (cast(target, 5, speed=Speed(n, PACE)) for n in (1, 64))
    assert (one.cost_usd, one.cost_with_caching_usd, one.cacheable_tokens) == (0.0, 0.0, 0)
    assert one.seconds == many.seconds == pytest.approx(5 * CONDITIONS * OWN_SECONDS_PER_TRIAL)
    assert "3.0 s" not in one.seconds_basis


def test_nothing_selected_takes_nothing() -> None:
    loaded = profile(MIRA)
    loaded = replace(loaded, model=loaded.model.model_copy(update={"model": model(CACHED)}))
    found = make_plan(loaded, packs(), 3, ["lethal_action"], model(PRICES), design=STUDY).forecast
    assert (found.target_calls, found.judge_calls, found.seconds) == (0, 0, 0.0)
    assert (found.cost_usd, found.cost_with_caching_usd, found.judge_cost_usd) == (0, 0, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 50), max_size=40), st.integers(1, 20))
def test_a_schedule_is_no_shorter_than_its_work_and_no_longer_than_one_by_one(
    lengths: list[float], places: int
) -> None:
    ends = _schedule(lengths, places)
    longest = max(lengths, default=0.0)
    assert ends >= max(longest, sum(lengths) / places) - 1e-6
    assert ends <= min(sum(lengths), sum(lengths) / places + longest) + 1e-6
    assert _schedule(lengths, places + 1) <= sum(lengths) + 1e-6


def test_a_stored_forecast_of_an_older_version_still_loads() -> None:
    old = {
        "target_calls": 10,
        "judge_calls": 0,
        "input_tokens": 100,
        "output_tokens": 5,
        "cost_usd": None,
        "judge_cost_usd": 0.0,
        "basis": "a dry run",
    }
    found = Forecast.model_validate(old)
    assert (found.seconds, found.cost_with_caching_usd, found.seconds_basis) == (None, None, "")
