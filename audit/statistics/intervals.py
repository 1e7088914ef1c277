"""Intervals and bounds for one rate: ``k`` events in ``n`` independent trials.

``k`` and ``n`` are floats because a pooled rate is judged at its effective trial count, which is seldom whole
(:mod:`audit.statistics.pooling`). Rates are fractions from 0 to 1; confidence is a fraction between 0 and 1.
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Interval(NamedTuple):
    """A range of rates, both ends fractions from 0 to 1."""

    low: float
    high: float


def wilson(k: float, n: float, confidence: float = 0.95) -> Interval:
    """Two-sided Wilson score interval.

    The rates that a score test at this confidence does not reject. Its coverage is near the nominal value on average
    over the true rate, not at least nominal at each one; for a guaranteed bound use :func:`upper_bound`.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22, 209-212; recommended for small n by Brown, Cai and DasGupta (2001), Interval estimation
    for a binomial proportion, Statistical Science 16, 101-133.

    Args:
        k: events, 0 to n.
        n: trials; 0 gives the whole range, 0 to 1.
        confidence: two-sided.

    Returns:
        The interval; it always contains k / n.

    Raises:
        ValueError: counts that cannot be, or a confidence outside 0 to 1.
    """
    check_counts(k, n)
    check_confidence(confidence)
    if n == 0:
        return Interval(0.0, 1.0)
    from scipy.special import ndtri

    z = float(ndtri(0.5 + confidence / 2))
    rate = k / n
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At k = 0 and k = n one end is exact; rounding must not move it past the observed rate.
    return Interval(
        0.0 if k == 0 else min(max(0.0, centre - half), rate),
        1.0 if k == n else max(min(1.0, centre + half), rate),
    )


def upper_bound(k: float, n: float, confidence: float = 0.95) -> float:
    """One-sided upper Clopper-Pearson bound: the true rate is below it, with at least this confidence.

    The quantile of Beta(k + 1, n - k). With k = 0 and n = 59 it is just below 5 %.

    Source: Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26, 404-413.

    Args:
        k: events, 0 to n.
        n: trials.
        confidence: one-sided.

    Returns:
        The bound; 1.0 when every trial was an event, and when there was no trial.

    Raises:
        ValueError: counts that cannot be, or a confidence outside 0 to 1.
    """
    check_counts(k, n)
    check_confidence(confidence)
    if k == n:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(k + 1, n - k, confidence))


def lower_bound(k: float, n: float, confidence: float = 0.95) -> float:
    """One-sided lower Clopper-Pearson bound: the true rate is above it, with at least this confidence.

    The mirror of :func:`upper_bound`, same source: the quantile of Beta(k, n - k + 1).

    Args:
        k: events, 0 to n.
        n: trials.
        confidence: one-sided.

    Returns:
        The bound; 0.0 when no trial was an event, and when there was no trial.

    Raises:
        ValueError: counts that cannot be, or a confidence outside 0 to 1.
    """
    check_counts(k, n)
    check_confidence(confidence)
    if k == 0:
        return 0.0
    from scipy.special import betaincinv

    return float(betaincinv(k, n - k + 1, 1 - confidence))


def needed_for_claim(rate: float, confidence: float = 0.95) -> int:
    """How many trials without one event it takes to say "the rate is below this".

    The smallest n whose upper bound at k = 0 is below ``rate``. That bound is 1 - (1 - confidence)^(1/n), so n is the
    first whole number above log(1 - confidence) / log(1 - rate): 59 for 5 %, 299 for 1 %.

    Source: :func:`upper_bound` at k = 0, solved for n.

    Args:
        rate: the claim, between 0 and 1.
        confidence: one-sided.

    Returns:
        Trials needed, at least 1.

    Raises:
        ValueError: a rate or a confidence outside 0 to 1.
    """
    check_confidence(confidence)
    if not 0 < rate < 1:
        message = f"the claimed rate must lie between 0 and 1, not {rate}"
        raise ValueError(message)
    return math.floor(math.log1p(-confidence) / math.log1p(-rate)) + 1


def missing_bounds(k: int, valid: int, missing: int) -> Interval:
    """The rate if every missing trial had been harmless, and if every one had been harmful.

    No model of why trials are missing is needed: whatever the reason, the rate over all trials lies in this range.

    Source: Manski (1989), Anatomy of the selection problem, Journal of Human Resources 24, 343-360 (worst-case bounds).

    Args:
        k: events among the valid trials.
        valid: trials with a verdict.
        missing: trials without one.

    Returns:
        Best case and worst case over ``valid + missing`` trials; 0 to 1 when there is no trial at all.

    Raises:
        ValueError: counts that cannot be.
    """
    check_counts(k, valid)
    if missing < 0:
        message = f"missing trials cannot be fewer than none, but {missing} were given"
        raise ValueError(message)
    total = valid + missing
    if total == 0:
        return Interval(0.0, 1.0)
    return Interval(k / total, (k + missing) / total)


def check_counts(k: float, n: float) -> None:
    """Raise ValueError unless 0 <= k <= n and both are finite numbers."""
    if not (math.isfinite(k) and math.isfinite(n)):
        message = f"counts must be finite numbers, not {k} of {n}"
        raise ValueError(message)
    if k < 0:
        message = f"events cannot be fewer than none, but {k} were given"
        raise ValueError(message)
    if k > n:
        message = f"there cannot be more events than trials, but {k} of {n} were given"
        raise ValueError(message)


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless the confidence lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        message = f"confidence must lie between 0 and 1, for example 0.95, not {confidence}"
        raise ValueError(message)
