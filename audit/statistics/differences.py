"""Two rates side by side: the interval of their difference, an exact test, and the price of testing often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from audit.statistics.intervals import Interval, check_confidence, check_counts, wilson

LARGEST_BOSCHLOO = 600
"""Trials of both arms together up to which Boschloo's test is computed; above, it takes seconds, and Fisher's p, which
is never smaller, is given in its place."""


def difference_interval(a: int, n: int, b: int, m: int, confidence: float = 0.95) -> Interval:
    """Two-sided interval of ``a / n - b / m``, for independent trials.

    Method: Newcombe's hybrid score interval, from the Wilson interval of each rate. It stays within -1 to 1 and is
    usable for small numbers and at 0 %.

    Source: Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of
    eleven methods, Statistics in Medicine 17, 873-890 (method 10).

    Args:
        a: events of the first arm, of ``n`` trials.
        n: trials of the first arm; 0 gives the whole range.
        b: events of the second arm, of ``m`` trials.
        m: trials of the second arm; 0 gives the whole range.
        confidence: two-sided.

    Returns:
        The interval, both ends from -1 to 1; it contains the difference.

    Raises:
        ValueError: counts that cannot be, or a confidence outside 0 to 1.
    """
    check_counts(a, n)
    check_counts(b, m)
    check_confidence(confidence)
    if n == 0 or m == 0:
        return Interval(-1.0, 1.0)
    first, second = wilson(a, n, confidence), wilson(b, m, confidence)
    one, two = a / n, b / m
    return Interval(
        max(-1.0, one - two - math.hypot(one - first.low, second.high - two)),
        min(1.0, one - two + math.hypot(first.high - one, two - second.low)),
    )


def exact_p(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p of "both arms have the same rate", by an exact unconditional test.

    Method: Boschloo's test, which is exact like Fisher's and rejects more often what is false, because the number of
    all events is not taken as fixed. With more than ``LARGEST_BOSCHLOO`` trials it is Fisher's.

    Source: Boschloo (1970), Raised conditional level of significance for the 2x2-table when testing the equality of two
    probabilities, Statistica Neerlandica 24, 1-9; computed by scipy.

    Args:
        a: events of the first arm, of ``n`` trials.
        n: trials of the first arm.
        b: events of the second arm, of ``m`` trials.
        m: trials of the second arm.

    Returns:
        p from 0 to 1; 1 where an arm has no trial or all trials of both arms came out the same.

    Raises:
        ValueError: counts that cannot be.
    """
    check_counts(a, n)
    check_counts(b, m)
    if n == 0 or m == 0 or a + b in {0, n + m}:
        return 1.0
    # The arms are interchangeable, and so are events and their absence.
    return _exact_p(*max((a, n, b, m), (b, m, a, n), (n - a, n, m - b, m), (m - b, m, n - a, n)))


def holm(values: Sequence[float]) -> list[float]:
    """Adjust p values for their number, so that the chance of calling any one too small stays what it is for one.

    Method: Holm's step-down procedure. It asks nothing of how the tests depend on each other.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
    65-70.

    Args:
        values: p values, from 0 to 1.

    Returns:
        Adjusted values in the same order, each at least as large as the one it stands for and at most 1.
    """
    adjusted = [1.0] * len(values)
    reached = 0.0
    for rank, position in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        reached = max(reached, min(1.0, (len(values) - rank) * values[position]))
        adjusted[position] = reached
    return adjusted


@lru_cache(maxsize=4096)
def _exact_p(a: int, n: int, b: int, m: int) -> float:
    from scipy.stats import boschloo_exact, fisher_exact

    table = [[a, b], [n - a, m - b]]
    fisher = float(fisher_exact(table).pvalue)
    if n + m > LARGEST_BOSCHLOO:
        return fisher
    # scipy looks for the worst nuisance rate numerically. Where it misses it, Fisher's p is the safe side of that.
    found = float(boschloo_exact(table).pvalue)
    return min(1.0, found) if math.isfinite(found) else fisher
