"""What a run should take: calls, tokens, money and time. How large one trial is, ``sizes`` measures."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from audit.llm import cached_price_known, estimate_cost
from audit.llm.models import Prices
from audit.planning.models import Forecast
from audit.planning.sizes import (
    EXTRA_TURNS,
    JUDGE_REPLY_TOKENS,
    PROSE,
    RESULT,
    SCHEMA,
    THOUGHT,
    WORDS,
    CallSize,
    TrialSize,
    trial_size,
)
from audit.profile.models import ModelSettings
from audit.scenarios.situation import Situation
from audit.store.records import Pace

DEFAULT_CONCURRENCY = 8
SMALLEST_CACHED = 1024
"""Shorter prompts are not cached by the large providers."""

FIRST_TOKEN_S = 1.0
TOKENS_PER_S = 50.0
"""Assumed of a model that no stored run has measured: seconds before it answers, and how fast it writes."""
OWN_SECONDS_PER_TRIAL = 0.01
OWN_SECONDS_PER_CALL = 0.015
"""The toolkit's own time, which more trials at once do not shorten: for a trial, and for a call through litellm.
Measured by ``benchmarks/throughput.py`` on two cores."""
_SCHEDULED = 20_000
"""Trials up to which the schedule is played through; above, work is spread evenly, which then differs by nothing."""


@dataclass(frozen=True)
class Speed:
    """What decides how long a run takes, beside its size.

    Attributes:
        concurrency: Trials at the same time.
        target: How fast the target answered in earlier runs; None where no run of it is stored.
        judge: The same of the judge.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    target: Pace | None = None
    judge: Pace | None = None


@dataclass(frozen=True)
class _Load:
    """What a run asks of one model."""

    model: ModelSettings
    calls: float
    seconds_per_call: float


def forecast(
    situations: Sequence[Situation],
    trials: int,
    model: ModelSettings,
    judge: ModelSettings | None,
    speed: Speed,
) -> Forecast:
    """Estimate a run.

    Args:
        situations: One per planned condition.
        trials: Trials per condition.
        model: The target, for its prices and limits.
        judge: The judge, or None when verdicts are by rules.
        speed: How many trials at the same time, and what is known of the models' pace.
    """
    return forecast_of(sizes_of(situations, model, speed), trials, model, judge, speed)


def sizes_of(situations: Sequence[Situation], model: ModelSettings, speed: Speed) -> list[TrialSize]:
    """How large one trial of each situation is."""
    produced = _produced(model, speed)
    return [trial_size(situation, model.simulated, produced) for situation in situations]


def forecast_of(
    sizes: Sequence[TrialSize], trials: int, model: ModelSettings, judge: ModelSettings | None, speed: Speed
) -> Forecast:
    """As ``forecast``, from sizes that are measured already: one per condition."""
    pace, concurrency, produced = speed.target, speed.concurrency, _produced(model, speed)
    calls = trials * sum(size.weight * len(size.calls) for size in sizes)
    judge_calls = trials * len(sizes) if judge else 0
    judge_given = trials * sum(size.judge_prompt for size in sizes) if judge else 0
    output = trials * _over(sizes, [call.produced for size in sizes for call in size.calls])
    per_call = _seconds_per_call(pace, output / calls if calls else 0)
    judge_per_call = _seconds_per_call(speed.judge, JUDGE_REPLY_TOKENS) if judge else 0.0
    return Forecast(
        target_calls=round(calls),
        judge_calls=judge_calls,
        input_tokens=round(trials * _over(sizes, [call.prompt for size in sizes for call in size.calls])),
        output_tokens=round(output),
        cacheable_tokens=0 if model.simulated else sum(_cacheable(size, trials) for size in sizes),
        judge_input_tokens=judge_given,
        judge_output_tokens=judge_calls * JUDGE_REPLY_TOKENS,
        cost_usd=_cost(model, sizes, trials),
        cost_with_caching_usd=_cost_with_caching(model, sizes, trials),
        judge_cost_usd=_judge_cost(judge, sizes, trials),
        concurrency=concurrency,
        seconds=_seconds(sizes, trials, concurrency, model, per_call, judge, judge_per_call),
        basis=_basis(model, judge, produced, pace),
        seconds_basis=_seconds_basis(model, judge, concurrency, (per_call, pace), (judge_per_call, speed.judge)),
    )


def _produced(model: ModelSettings, speed: Speed) -> float | None:
    """Output tokens of one reply, where earlier runs have shown them."""
    return speed.target.output_tokens_per_call if speed.target and not model.simulated else None


# --- tokens and money -------------------------------------------------------------------------------------------


def _over(sizes: Sequence[TrialSize], figures: Sequence[int]) -> float:
    """The sum of one figure per call, over one trial of each size."""
    left = iter(figures)
    return sum(size.weight * sum(next(left) for _ in size.calls) for size in sizes)


def _again(call: CallSize, later: bool) -> int:
    """Tokens of a call that an earlier one has sent: of the same trial, or the opening of an earlier trial."""
    repeated = call.repeated or (call.prompt if later else 0)
    return repeated if repeated >= SMALLEST_CACHED else 0


def _cacheable(size: TrialSize, trials: int) -> int:
    first, later = (sum(_again(call, which) for call in size.calls) for which in (False, True))
    return first + later * (trials - 1)


def _cost(model: ModelSettings, sizes: Sequence[TrialSize], trials: int) -> float | None:
    """Without caching. Calls are priced one by one: a list price may rise with the length of a prompt."""
    if model.simulated:
        return 0.0
    prices = _prices(model)
    once = [estimate_cost(model.id, call.prompt, call.produced, prices) for size in sizes for call in size.calls]
    return _times(once, trials)


def _cost_with_caching(model: ModelSettings, sizes: Sequence[TrialSize], trials: int) -> float | None:
    """With everything that repeats served from the cache, and all the rest written to it."""
    if model.simulated:
        return 0.0
    prices = _prices(model)
    if not cached_price_known(model.id, prices):
        return None

    def price(call: CallSize, later: bool) -> float | None:
        again = _again(call, later)
        written = call.prompt - again if call.prompt >= SMALLEST_CACHED else 0
        return estimate_cost(model.id, call.prompt, call.produced, prices, again, written)

    first = _times([price(call, False) for size in sizes for call in size.calls], 1)
    others = _times([price(call, True) for size in sizes for call in size.calls], trials - 1)
    return None if first is None or others is None else first + others


def _judge_cost(judge: ModelSettings | None, sizes: Sequence[TrialSize], trials: int) -> float | None:
    if judge is None:
        return 0.0
    prices = _prices(judge)
    return _times([estimate_cost(judge.id, size.judge_prompt, JUDGE_REPLY_TOKENS, prices) for size in sizes], trials)


def _times(costs: Sequence[float | None], trials: int) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) * trials if len(known) == len(costs) else None


def _prices(model: ModelSettings) -> Prices | None:
    return Prices(**model.prices.model_dump()) if model.prices else None


# --- time -------------------------------------------------------------------------------------------------------


def _seconds_per_call(pace: Pace | None, tokens: float) -> float:
    return pace.seconds_per_call if pace else FIRST_TOKEN_S + tokens / TOKENS_PER_S


def _seconds(
    sizes: Sequence[TrialSize],
    trials: int,
    concurrency: int,
    model: ModelSettings,
    per_call: float,
    judge: ModelSettings | None,
    judge_per_call: float,
) -> float:
    """Wall time: as long as the trials take side by side, and no less than the declared limits allow."""
    loads = []
    lengths = [judge_per_call] * len(sizes)
    if not model.simulated:
        calls = [size.weight * len(size.calls) for size in sizes]
        lengths = [length + n * per_call for length, n in zip(lengths, calls, strict=True)]
        loads.append(_Load(model, trials * sum(calls), per_call))
    if judge:
        loads.append(_Load(judge, trials * len(sizes), judge_per_call))
    own = trials * len(sizes) * OWN_SECONDS_PER_TRIAL + sum(load.calls for load in loads) * OWN_SECONDS_PER_CALL
    # Rounds over all conditions, as a run does it.
    side_by_side = _schedule([length for _ in range(trials) for length in lengths], concurrency)
    return max(side_by_side, own, *_limited(loads))


def _schedule(lengths: Sequence[float], concurrency: int) -> float:
    """When the last of some jobs ends, if each begins as soon as one of so many places is free."""
    places = min(concurrency, len(lengths))
    if places == 0:
        return 0.0
    if len(lengths) > _SCHEDULED:
        return sum(lengths) / places
    free = [0.0] * places
    for length in lengths:
        heapq.heappush(free, heapq.heappop(free) + length)
    return max(free)


def _limited(loads: Sequence[_Load]) -> list[float]:
    """The least time that declared limits allow. Target and judge share them where they are one recipient's."""
    shared: dict[tuple[str, ...], list[_Load]] = {}
    for load in loads:
        model = load.model
        limits = model.limits.model_dump_json() if model.limits else ""
        name = (model.id.partition("/")[0], model.api_base or "", model.api_key_env or "", limits)
        shared.setdefault(name, []).append(load)
    least = [0.0]
    for group in shared.values():
        limits_of = group[0].model.limits
        if limits_of and limits_of.requests_per_minute:
            least.append(60 * sum(load.calls for load in group) / limits_of.requests_per_minute)
        if limits_of and limits_of.concurrent:
            least.append(sum(load.calls * load.seconds_per_call for load in group) / limits_of.concurrent)
    return least


# --- words ------------------------------------------------------------------------------------------------------


def _basis(model: ModelSettings, judge: ModelSettings | None, produced: float | None, pace: Pace | None) -> str:
    rate = f"tokens at {PROSE} bytes each of prose, {SCHEMA} of schemas and calls and {RESULT} of tool results"
    judged = ["judge: one call a trial, caching not counted"] if judge else []
    if model.simulated:
        return "; ".join(["the scripts that simulated models play, in equal parts", rate, *judged])
    calls = "dry run of each scenario's harmless script, plus opening every message and "
    calls += f"{EXTRA_TURNS - 1} further turns"
    if model.tool_calling == "auto":
        calls += ", by native tool calls (a probe at the start decides)"
    if produced is not None and pace:
        output = f"{produced:,.0f} tokens a reply, measured over {_runs(pace)}"
    else:
        output = f"{WORDS} tokens of words and {THOUGHT} of thought a reply, assumed; a model that does not think: half"
    cached = (
        "caching: the conversation so far within a trial, and the opening over trials of a condition; a provider that "
        "caches only marked prompts serves none, as the toolkit marks nothing"
    )
    return "; ".join([calls, rate, output, cached, *judged, "calls that are tried again are not counted"])


def _seconds_basis(
    model: ModelSettings,
    judge: ModelSettings | None,
    concurrency: int,
    target_time: tuple[float, Pace | None],
    judge_time: tuple[float, Pace | None],
) -> str:
    said = []
    for name, settings, (seconds, pace) in (("target", model, target_time), ("judge", judge, judge_time)):
        if settings is None:
            continue
        if settings.simulated:
            own = f"{OWN_SECONDS_PER_TRIAL * 1000:.0f} ms a trial, measured on two cores; more at once is no faster"
            said.append(f"simulated model: {own}")
            continue
        how = f"measured over {_runs(pace)}" if pace else "assumed: no run of this model is stored"
        said.append(f"{name}: {seconds:.1f} s a call, {how}")
        if settings.limits and settings.limits.requests_per_minute:
            said.append(f"at most {settings.limits.requests_per_minute:g} calls of it a minute")
        if settings.limits and settings.limits.concurrent:
            said.append(f"at most {settings.limits.concurrent} of its calls at once")
    return "; ".join([f"{concurrency} {'trial' if concurrency == 1 else 'trials'} at once", *said])


def _runs(pace: Pace) -> str:
    return f"{pace.calls:,} calls of {pace.runs} earlier {'run' if pace.runs == 1 else 'runs'}"
