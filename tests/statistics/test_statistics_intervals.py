from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.statistics import STATISTICS_VERSION, lower_bound, missing_bounds, needed_for_claim, upper_bound, wilson

# The first example pays for importing scipy, so examples are not timed.
untimed = settings(deadline=None)
confidences = st.floats(0.5, 0.999)


@st.composite
def counts(draw: st.DrawFn, smallest: int = 1) -> tuple[int, int]:
    n = draw(st.integers(smallest, 2000))
    return draw(st.integers(0, n)), n


def test_version_is_recorded_with_results_as_text() -> None:
    assert STATISTICS_VERSION == "1"


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [(0, 20, 0.139), (0, 59, 0.0495), (0, 100, 0.0295), (3, 100, 0.0757), (15, 100, 0.2215), (96, 100, 0.9862)],
)
def test_upper_bound_of_worked_examples(k: int, n: int, bound: float) -> None:
    assert upper_bound(k, n) == pytest.approx(bound, abs=6e-5 if n > 20 else 6e-4)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(3, 100, 0.0103, 0.0845), (15, 100, 0.0931, 0.2328), (96, 100, 0.9016, 0.9843)],
)
def test_wilson_of_worked_examples(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=6e-5)


@untimed
@given(counts(), confidences)
def test_wilson_agrees_with_scipy(pair: tuple[int, int], confidence: float) -> None:
    from scipy.stats import binomtest

    k, n = pair
    theirs = binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert wilson(k, n, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@untimed
@given(counts(), confidences)
def test_bounds_agree_with_scipy(pair: tuple[int, int], confidence: float) -> None:
    from scipy.stats import binomtest

    k, n = pair
    below = binomtest(k, n, alternative="less").proportion_ci(confidence, method="exact")
    above = binomtest(k, n, alternative="greater").proportion_ci(confidence, method="exact")
    assert upper_bound(k, n, confidence) == pytest.approx(below.high, abs=1e-9)
    assert lower_bound(k, n, confidence) == pytest.approx(above.low, abs=1e-9)


@untimed
@given(counts(), confidences)
def test_every_range_contains_the_observed_rate(pair: tuple[int, int], confidence: float) -> None:
    k, n = pair
    low, high = wilson(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1
    assert 0 <= lower_bound(k, n, confidence) <= k / n <= upper_bound(k, n, confidence) <= 1


@untimed
@given(counts(), confidences)
def test_one_more_event_never_lowers_a_bound(pair: tuple[int, int], confidence: float) -> None:
    k, n = pair[0], pair[1] + 1
    before, after = wilson(k, n, confidence), wilson(k + 1, n, confidence)
    assert before.low < after.low
    assert before.high < after.high or after.high == 1
    assert upper_bound(k, n, confidence) < upper_bound(k + 1, n, confidence)
    assert lower_bound(k, n, confidence) < lower_bound(k + 1, n, confidence)


@untimed
@given(counts(), st.integers(2, 20), confidences)
def test_fewer_trials_at_the_same_rate_are_wider(pair: tuple[int, int], times: int, confidence: float) -> None:
    k, n = pair
    small, large = wilson(k, n, confidence), wilson(k * times, n * times, confidence)
    assert small.low <= large.low
    assert large.high <= small.high
    assert large.high - large.low < small.high - small.low
    if k < n:
        assert upper_bound(k * times, n * times, confidence) < upper_bound(k, n, confidence)


@untimed
@given(counts(), confidences)
def test_harmful_and_harmless_are_mirror_images(pair: tuple[int, int], confidence: float) -> None:
    k, n = pair
    low, high = wilson(n - k, n, confidence)
    assert wilson(k, n, confidence) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    assert lower_bound(k, n, confidence) == pytest.approx(1 - upper_bound(n - k, n, confidence), abs=1e-9)


def test_no_trials_say_nothing() -> None:
    assert wilson(0, 0) == (0, 1)
    assert upper_bound(0, 0) == 1
    assert lower_bound(0, 0) == 0
    assert missing_bounds(0, 0, 0) == (0, 1)


def test_extremes_are_exact() -> None:
    assert wilson(0, 30).low == 0
    assert wilson(30, 30).high == 1
    assert upper_bound(30, 30) == 1
    assert lower_bound(0, 30) == 0


def test_counts_need_not_be_whole() -> None:
    assert upper_bound(3, 100) < upper_bound(3.5, 100) < upper_bound(4, 100)
    assert wilson(3, 100).high < wilson(3.5, 100).high < wilson(4, 100).high


@pytest.mark.parametrize(("rate", "n"), [(0.05, 59), (0.01, 299), (0.1, 29), (0.999, 1)])
def test_needed_for_claim(rate: float, n: int) -> None:
    assert needed_for_claim(rate) == n


@untimed
@given(st.floats(0.001, 0.9), confidences)
def test_needed_for_claim_is_the_smallest_such_number(rate: float, confidence: float) -> None:
    n = needed_for_claim(rate, confidence)
    assert upper_bound(0, n, confidence) <= rate + 1e-9
    assert n == 1 or upper_bound(0, n - 1, confidence) >= rate - 1e-9


def test_missing_bounds() -> None:
    assert missing_bounds(3, 90, 10) == (0.03, 0.13)
    assert missing_bounds(0, 0, 4) == (0, 1)
    assert missing_bounds(2, 8, 0) == (0.25, 0.25)


@untimed
@given(counts(smallest=0), st.integers(0, 500), st.integers(0, 500))
def test_whatever_the_missing_were_lies_between(pair: tuple[int, int], missing: int, harmful: int) -> None:
    k, valid = pair
    low, high = missing_bounds(k, valid, missing)
    if valid + missing:
        assert low <= (k + min(harmful, missing)) / (valid + missing) <= high


@pytest.mark.parametrize(
    ("k", "n", "words"),
    [
        (-1, 10, "events cannot be fewer than none"),
        (11, 10, "more events than trials"),
        (0, -1, "more events than trials"),
        (math.nan, 10, "finite"),
        (1, math.inf, "finite"),
    ],
)
def test_impossible_counts_are_refused(k: float, n: float, words: str) -> None:
    for method in (wilson, upper_bound, lower_bound):
        with pytest.raises(ValueError, match=words):
            method(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, math.nan])
def test_impossible_confidence_is_refused(confidence: float) -> None:
    for method in (wilson, upper_bound, lower_bound):
        with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
            method(1, 10, confidence)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        needed_for_claim(0.05, confidence)


@pytest.mark.parametrize("rate", [0, 1, 1.5, -0.1])
def test_impossible_claims_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="claimed rate"):
        needed_for_claim(rate)


def test_impossible_missing_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="missing trials"):
        missing_bounds(1, 2, -1)
    with pytest.raises(ValueError, match="more events than trials"):
        missing_bounds(3, 2, 0)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3, 0.5])
@pytest.mark.parametrize("n", [20, 60, 200])
def test_upper_bound_keeps_its_promise(rate: float, n: int) -> None:
    """Exact, not simulated: the chance of a count whose bound falls below the true rate is at most 5 %."""
    missed = sum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1) if upper_bound(k, n) < rate)
    assert missed <= 0.05 + 1e-12


def test_wilson_covers_about_as_often_as_it_says() -> None:
    draw = random.Random(20260101)
    covered = 0
    for _ in range(2000):
        rate = draw.uniform(0.02, 0.98)
        k = sum(draw.random() < rate for _ in range(40))
        low, high = wilson(k, 40)
        covered += low <= rate <= high
    assert 0.93 <= covered / 2000 <= 0.97
