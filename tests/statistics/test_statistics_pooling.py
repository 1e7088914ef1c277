from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.statistics import Pooled, pooled, upper_bound, wilson

# The first example pays for importing scipy, so examples are not timed.
untimed = settings(deadline=None)
Counts = list[tuple[int, int]]


@st.composite
def conditions(draw: st.DrawFn) -> Counts:
    sizes = draw(st.lists(st.integers(0, 60), min_size=1, max_size=12))
    return [(draw(st.integers(0, n)), n) for n in sizes]


def drawn(draw: random.Random, rate: float, similarity: float, groups: int, size: int) -> Counts:
    """Counts of conditions whose own rates follow a beta distribution; ``similarity`` is the intraclass correlation."""
    spread = (1 - similarity) / similarity
    rates = [draw.betavariate(rate * spread, (1 - rate) * spread) for _ in range(groups)]
    return [(sum(draw.random() < own for _ in range(size)), size) for own in rates]


def test_by_hand() -> None:
    """Rates 0.9, 0.1 and 0 over ten trials each: worked through on paper.

    The rate is 1/3; residuals 17/3, -7/3 and -10/3 have squares 438/9 in sum; times 3/2 over 30^2 gives 0.081111.
    Thirty independent trials have (1/3)(2/3)/29 = 0.0076628, so the design effect is 10.585.
    """
    result = pooled([(9, 10), (1, 10), (0, 10)])
    assert (result.k, result.n) == (10, 30)
    assert result.rate == pytest.approx(1 / 3)
    assert result.design_effect == pytest.approx(10.585)
    assert result.effective_n == pytest.approx(30 / 10.585)
    assert result.interval == pytest.approx(wilson(10 / 10.585, 30 / 10.585))
    assert result.upper == pytest.approx(upper_bound(10 / 10.585, 30 / 10.585))


def test_conditions_that_all_or_never_harm_count_once_each() -> None:
    result = pooled([(10, 10), (10, 10), (10, 10), (0, 10), (0, 10), (0, 10)])
    assert result.effective_n == pytest.approx(6, rel=0.2)


@pytest.mark.parametrize(
    "counts", [[(3, 20)], [(0, 10), (0, 30)], [(10, 10), (5, 5)], [(1, 10), (0, 10)], [(2, 10), (2, 10), (2, 10)]]
)
def test_where_no_difference_shows_trials_count_in_full(counts: Counts) -> None:
    k, n = sum(c for c, _ in counts), sum(t for _, t in counts)
    assert pooled(counts) == Pooled(k, n, k / n, n, 1.0, wilson(k, n), upper_bound(k, n))


def test_without_trials_nothing_is_claimed() -> None:
    nothing = Pooled(0, 0, None, 0.0, 1.0, wilson(0, 0), 1.0)
    assert pooled([]) == nothing
    assert pooled([(0, 0), (0, 0)]) == nothing


@untimed
@given(st.lists(st.booleans(), min_size=2, max_size=80))
def test_single_trial_conditions_are_independent_trials(outcomes: list[bool]) -> None:
    result = pooled([(int(outcome), 1) for outcome in outcomes])
    assert result.design_effect == pytest.approx(1)


@untimed
@given(conditions(), st.floats(0.5, 0.99))
def test_never_narrower_than_independent_trials(counts: Counts, confidence: float) -> None:
    result = pooled(counts, confidence)
    plain = wilson(result.k, result.n, confidence)
    assert result.design_effect >= 1
    assert result.effective_n <= result.n
    assert result.interval.low <= plain.low + 1e-12
    assert result.interval.high >= plain.high - 1e-12
    assert result.upper >= upper_bound(result.k, result.n, confidence) - 1e-9


@untimed
@given(conditions())
def test_rate_lies_inside(counts: Counts) -> None:
    result = pooled(counts)
    if result.rate is not None:
        assert 0 <= result.interval.low <= result.rate + 1e-12
        assert result.rate - 1e-12 <= result.interval.high <= 1
        assert result.rate <= result.upper + 1e-12


@untimed
@given(st.data(), conditions())
def test_order_and_empty_conditions_do_not_matter(data: st.DataObject, counts: Counts) -> None:
    shuffled = data.draw(st.permutations([*counts, (0, 0)]))
    assert pooled(shuffled) == pooled(counts)


def test_more_difference_between_conditions_is_wider() -> None:
    widths = [
        high - low
        for low, high in (
            pooled([(5 + gap, 10), (5 - gap, 10), (5 + gap, 10), (5 - gap, 10)]).interval for gap in range(2, 6)
        )
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


@pytest.mark.parametrize("counts", [[(1, 10), (-1, 10)], [(1, 10), (3, 2)], [(0, -1)]])
def test_impossible_counts_are_refused(counts: Counts) -> None:
    with pytest.raises(ValueError, match=r"events"):
        pooled(counts)


def test_impossible_confidence_is_refused_even_without_trials() -> None:
    with pytest.raises(ValueError, match="confidence"):
        pooled([], 95)


def covered(samples: Sequence[Counts], rate: float) -> tuple[float, float, float]:
    """How often pooled interval, pooled upper bound and a Wilson interval blind to clustering hold the true rate."""
    results = [pooled(sample) for sample in samples]
    blind = [wilson(result.k, result.n) for result in results]
    return (
        sum(r.interval.low <= rate <= r.interval.high for r in results) / len(samples),
        sum(rate <= r.upper for r in results) / len(samples),
        sum(low <= rate <= high for low, high in blind) / len(samples),
    )


def test_pooling_mends_most_of_what_blind_intervals_miss() -> None:
    draw = random.Random(20260102)
    interval, upper, blind = covered([drawn(draw, 0.3, 0.3, 16, 10) for _ in range(1500)], 0.3)
    assert blind < 0.80
    assert 0.91 <= interval <= 0.98
    assert upper >= 0.92
