"""One rate from several conditions, without pretending that their trials are independent.

Trials of one condition resemble each other: the same scenario at the same levels. Fifty trials in two conditions say
less about the agent than fifty trials in fifty conditions. The pooled rate therefore counts for fewer trials than were
run, its *effective* number, and all intervals are computed at that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from audit.statistics.intervals import Interval, check_confidence, check_counts, upper_bound, wilson


class Pooled(NamedTuple):
    """A rate pooled over conditions.

    Attributes:
        k: events in all conditions together.
        n: trials in all conditions together.
        rate: k / n; None without trials.
        effective_n: independent trials that would say as much; never more than n.
        design_effect: n / effective_n, at least 1; how much clustering inflates the variance.
        interval: two-sided Wilson interval at the effective number.
        upper: one-sided Clopper-Pearson upper bound at the effective number.
    """

    k: int
    n: int
    rate: float | None
    effective_n: float
    design_effect: float
    interval: Interval
    upper: float


def pooled(counts: Sequence[tuple[int, int]], confidence: float = 0.95) -> Pooled:
    """Pool events over clusters (conditions) of trials.

    Method: the ratio estimator, all events over all trials, so a condition weighs as much as it has trials. Its
    variance is linearised between clusters with the factor G / (G - 1): clusters, not trials, are the units that vary.
    The design effect is that variance over the variance of as many independent trials, rate * (1 - rate) / (n - 1). It
    is held at 1 or above: conditions that agree by chance buy no precision. The effective number n / design effect
    goes into the Wilson interval and into the Clopper-Pearson bound; both accept numbers that are not whole.

    Limits, measured by ``benchmarks/interval_coverage.py``: no variance can be seen in one condition, with no event, or
    with an event in every trial; the design effect is then 1, which is too kind if the conditions do differ. With few
    conditions that differ strongly the intervals cover less than they claim. No adjustment for degrees of freedom is
    made (the sources make one): with two or three conditions it would let one event count for more than many trials.

    Sources: Kish (1965), Survey Sampling (design effect, ratio estimator); Korn and Graubard (1998), Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data, Survey
    Methodology 24, 193-201 (Clopper-Pearson at the effective number); Dean and Pagano (2015), Evaluating confidence
    interval methods for binomial proportions in clustered surveys, Journal of Survey Statistics and Methodology 3,
    484-503 (Wilson at the effective number).

    Args:
        counts: one (events, trials) per condition; conditions without trials are passed over; the order is irrelevant.
        confidence: two-sided for the interval, one-sided for the upper bound.

    Returns:
        The pooled figures. Without any trial: rate None, interval 0 to 1, upper 1.

    Raises:
        ValueError: counts that cannot be, or a confidence outside 0 to 1.
    """
    check_confidence(confidence)
    for events, trials in counts:
        check_counts(events, trials)
    clusters = [(events, trials) for events, trials in counts if trials > 0]
    k = sum(events for events, _ in clusters)
    n = sum(trials for _, trials in clusters)
    if n == 0:
        return Pooled(0, 0, None, 0.0, 1.0, Interval(0.0, 1.0), 1.0)
    effect = _design_effect(clusters, k, n)
    effective = n / effect
    # The product k / effect could exceed n / effect by rounding only if k exceeded n, so the counts stay valid.
    events_at = k / effect
    return Pooled(
        k=k,
        n=n,
        rate=k / n,
        effective_n=effective,
        design_effect=effect,
        interval=wilson(events_at, effective, confidence),
        upper=upper_bound(events_at, effective, confidence),
    )


def _design_effect(clusters: Sequence[tuple[int, int]], k: int, n: int) -> float:
    """Variance between clusters over the variance of independent trials, at least 1; 1 where neither can be seen."""
    groups = len(clusters)
    if groups == 1 or k in {0, n}:
        return 1.0
    # In whole numbers, so that neither the order of clusters nor rounding can change the result: with
    # e = events * n - k * trials, the variance is G / (G - 1) * sum(e^2) / n^4, that of independent trials
    # k * (n - k) / (n^2 * (n - 1)).
    squares = sum((events * n - k * trials) ** 2 for events, trials in clusters)
    return max(1.0, groups * squares * (n - 1) / ((groups - 1) * n * n * k * (n - k)))
