"""How fast a model answered, out of the replies of stored trials."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

from audit.store.records import Pace


def pace_of(trials: Iterable[tuple[str, Any]]) -> Pace | None:
    """Mean time and length of an answer.

    Args:
        trials: Run id and replies of each, as an earlier version may have stored them; what has another shape is
            left out.

    Returns:
        None where no reply states a time.
    """
    seconds: list[float] = []
    tokens: list[float] = []
    runs: set[str] = set()
    for run_id, replies in trials:
        for reply in replies if isinstance(replies, list) else ():
            if not isinstance(reply, Mapping) or (latency := _amount(reply.get("latency_s"))) is None:
                continue
            seconds.append(latency)
            runs.add(run_id)
            usage = reply.get("usage")
            produced = _amount(usage.get("completion_tokens")) if isinstance(usage, Mapping) else None
            tokens += [produced] if produced is not None else []
    if not seconds:
        return None
    mean = fmean(tokens) if tokens else None
    return Pace(seconds_per_call=fmean(seconds), output_tokens_per_call=mean, calls=len(seconds), runs=len(runs))


def _amount(value: Any) -> float | None:
    """A finite number that is not negative, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)
