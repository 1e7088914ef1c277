"""What a run used, and how that compares with the forecast of its plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from audit.analysis.models import UsageComparison, UsageItem
from audit.store.records import RunRecord, TrialRecord, TrialStatus
from audit.verdicts.models import TrialVerdicts

_UNCOUNTED = {"input_tokens", "cacheable_tokens", "output_tokens", "cost_usd", "cost_with_caching_usd"}
"""What a simulated model does not count."""
PAUSE = timedelta(minutes=10)
"""A time this long in which no trial began or went on is no work: the run was stopped and taken up again."""

Unit: TypeAlias = Literal["count", "usd", "seconds"]

# Name in the forecast, what it is, unit, and its key in what was used.
_ITEMS: tuple[tuple[str, str, Unit, str], ...] = (
    ("target_calls", "calls of the target", "count", "calls"),
    ("input_tokens", "tokens sent to the target", "count", "prompt_tokens"),
    ("cacheable_tokens", "of these from the provider's cache", "count", "cached_tokens"),
    ("output_tokens", "tokens received from the target", "count", "completion_tokens"),
    ("cost_usd", "cost of the target; forecast without caching", "usd", "cost_usd"),
    ("cost_with_caching_usd", "cost of the target; forecast with caching", "usd", "cost_usd"),
    ("judge_calls", "calls of the judge", "count", "judge_calls"),
    ("judge_input_tokens", "tokens sent to the judge", "count", "judge_prompt_tokens"),
    ("judge_output_tokens", "tokens received from the judge", "count", "judge_completion_tokens"),
    ("judge_cost_usd", "cost of the judge; forecast without caching", "usd", "judge_cost_usd"),
    ("seconds", "time", "seconds", "working_s"),
)


def used(
    run: RunRecord, trials: Sequence[TrialRecord], verdicts: Mapping[str, TrialVerdicts]
) -> dict[str, float | None]:
    """Calls, tokens, cost in US dollars and seconds, over all attempts; None where any part is unknown.

    Args:
        run: The run.
        trials: All of its attempts.
        verdicts: The newest judging of each trial, by trial id.
    """
    judged = list(verdicts.values())
    called = [trial for trial in trials if trial.replies]
    asked = [verdict for verdict in judged if verdict.judge_calls]
    ended = run.finished_at
    return {
        "calls": float(sum(len(trial.replies) for trial in trials)),
        "prompt_tokens": _total([trial.prompt_tokens for trial in called]),
        "cached_tokens": _total([trial.cached_tokens for trial in called]),
        "completion_tokens": _total([trial.completion_tokens for trial in called]),
        "cost_usd": _total([trial.cost_usd for trial in called]),
        "judge_calls": float(sum(verdict.judge_calls for verdict in judged)),
        "judge_tokens": float(sum(verdict.judge_tokens for verdict in judged)),
        "judge_prompt_tokens": _total([verdict.judge_prompt_tokens for verdict in asked]),
        "judge_cached_tokens": _total([verdict.judge_cached_tokens for verdict in asked]),
        "judge_completion_tokens": _total([verdict.judge_completion_tokens for verdict in asked]),
        "judge_cost_usd": _total([verdict.judge_cost_usd for verdict in asked]),
        "duration_s": (ended - run.created_at).total_seconds() if ended is not None else None,
    }


def compare(
    run: RunRecord,
    trials: Sequence[TrialRecord],
    verdicts: Mapping[str, TrialVerdicts],
    planned: int,
    sequences: Mapping[str, int] = MappingProxyType({}),
) -> UsageComparison | None:
    """The plan's forecast beside what the run used.

    A run that has not done all of its trials is compared by the trial: the forecast counts for as many as were run.

    Args:
        run: The run; its plan may come from an older version.
        trials: All of its attempts.
        verdicts: The newest judging of each trial, by trial id.
        planned: Trials of the plan.
        sequences: Which judging each trial's verdicts come from; the run's own where a trial is not named.

    Returns:
        None where there is no forecast or no trial.
    """
    cast = run.plan.get("forecast")
    finished = len({(trial.condition_id, trial.index) for trial in trials})
    if not isinstance(cast, Mapping) or not planned or not finished:
        return None
    share = finished / planned
    spent = {**used(run, trials, verdicts), "working_s": working_seconds(run, trials)}
    own_judging = not any(sequences.get(trial) for trial in verdicts)
    judged = run.judge is not None and own_judging
    items = [
        _item(name, label, unit, _number(cast.get(name)), spent[key], share)
        for name, label, unit, key in _ITEMS
        if (judged or not name.startswith("judge_")) and not (run.simulated and name in _UNCOUNTED)
    ]
    shown = [item for item in items if item.forecast is not None or item.name != "cost_with_caching_usd"]
    return UsageComparison(
        items=tuple(shown),
        finished=finished,
        planned=planned,
        basis="; ".join(text for key in ("basis", "seconds_basis") if isinstance(text := cast.get(key), str) and text),
        notes=tuple(_notes(run, trials, finished, planned, own_judging)),
    )


def working_seconds(run: RunRecord, trials: Sequence[TrialRecord]) -> float | None:
    """How long a run was worked on: from its beginning to its end without the pauses between two resumptions.

    Judging follows each trial and leaves no time of its own, so only gaps longer than ``PAUSE`` count as pauses.

    Returns:
        None where no trial has ended.
    """
    if not trials:
        return None
    spans = sorted((trial.started_at, trial.started_at + timedelta(seconds=trial.duration_s)) for trial in trials)
    last = max(end for _, end in spans)
    # A run that still stands open, or was killed, has no end of its own.
    spans.append((run.finished_at, run.finished_at) if run.finished_at and run.finished_at > last else (last, last))
    worked = timedelta()
    reached: datetime = run.created_at
    for start, end in spans:
        if start - reached > PAUSE:
            reached = start
        worked += max(timedelta(), end - reached)
        reached = max(reached, end)
    return worked.total_seconds()


def _item(name: str, label: str, unit: Unit, cast: float | None, actual: float | None, share: float) -> UsageItem:
    expected = None if cast is None else cast * share
    ratio = actual / expected if actual is not None and expected else None
    return UsageItem(name=name, label=label, unit=unit, forecast=expected, actual=actual, ratio=ratio)


def _notes(run: RunRecord, trials: Sequence[TrialRecord], finished: int, planned: int, own_judging: bool) -> list[str]:
    notes = []
    if finished < planned:
        notes.append(f"{finished} of {planned} planned trials were run; the forecast is scaled to these")
    last = {(trial.condition_id, trial.index): trial for trial in sorted(trials, key=lambda trial: trial.attempt)}
    if broken := sum(trial.status is TrialStatus.ERROR for trial in last.values()):
        notes.append(f"{broken} of the {finished} trials broke off in an error and used less than a whole one")
    if again := len(trials) - finished:
        notes.append(
            f"the use includes {again} {'attempt' if again == 1 else 'attempts'} at trials that were run again"
        )
    if run.simulated:
        notes.append("a simulated model counts no tokens and costs nothing: its calls and the time are compared")
    if not own_judging:
        notes.append("the run was judged again since; the forecast was of its first judging, so the judge is left out")
    return notes


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(sum(known)) if len(known) == len(values) else None
