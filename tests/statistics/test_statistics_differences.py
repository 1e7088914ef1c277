"""Two rates side by side: published figures, and what must hold whatever the counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.statistics import difference_interval, exact_p, holm

counts = st.integers(1, 25).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("a", "n", "b", "m", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 873-890, Table II, method 10.
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_intervals_are_those_that_newcombe_printed(a: int, n: int, b: int, m: int, low: float, high: float) -> None:
    assert difference_interval(a, n, b, m) == pytest.approx((low, high), abs=6e-5)


@given(counts, counts)
def test_an_interval_holds_the_difference_and_turns_with_the_arms(one: tuple[int, int], two: tuple[int, int]) -> None:
    low, high = difference_interval(*one, *two)
    assert -1 <= low <= one[0] / one[1] - two[0] / two[1] + 1e-12
    assert high >= one[0] / one[1] - two[0] / two[1] - 1e-12
    assert difference_interval(*two, *one) == pytest.approx((-high, -low))


def test_without_trials_every_difference_fits() -> None:
    assert difference_interval(0, 0, 3, 4) == (-1.0, 1.0)
    assert exact_p(0, 0, 3, 4) == 1.0


@given(counts, counts)
@settings(max_examples=60, deadline=None)
def test_p_is_a_probability_and_does_not_depend_on_how_the_table_is_written(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    (a, n), (b, m) = one, two
    p = exact_p(a, n, b, m)
    assert 0 < p <= 1
    assert p == exact_p(b, m, a, n) == exact_p(n - a, n, m - b, m)
    if a * m == b * n:
        assert p > 0.3


@pytest.mark.parametrize(
    ("a", "n", "b", "m", "p"),
    [
        # The example in scipy's documentation of the test, one-sided 0.0355; two-sided is twice the smaller side.
        (74, 117, 31, 63, 2 * 0.0355),
        (0, 12, 0, 12, 1.0),
        (12, 12, 12, 12, 1.0),
    ],
)
def test_p_of_known_tables(a: int, n: int, b: int, m: int, p: float) -> None:
    assert exact_p(a, n, b, m) == pytest.approx(p, abs=2e-4)


def test_the_test_is_exact() -> None:
    """Whatever the common rate, tables with p below 5 % come up in at most 5 % of pairs of arms."""
    n = 9
    small = [(a, b) for a in range(n + 1) for b in range(n + 1) if exact_p(a, n, b, n) < 0.05]
    assert small
    for rate in (step / 40 for step in range(1, 40)):
        chance = [math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]
        assert sum(chance[a] * chance[b] for a, b in small) <= 0.05


def test_large_arms_get_fishers_p() -> None:
    from scipy.stats import fisher_exact

    assert exact_p(100, 400, 80, 400) == pytest.approx(float(fisher_exact([[100, 80], [300, 320]]).pvalue))


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_never_makes_a_p_smaller_and_keeps_the_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(p <= q <= 1 for p, q in zip(values, adjusted, strict=True))
    in_order = [q for _, q in sorted(zip(values, adjusted, strict=True))]
    assert in_order == sorted(in_order)
