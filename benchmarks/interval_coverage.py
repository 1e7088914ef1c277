"""How often the intervals hold the true rate: simulated, seeded, printed as a table.

Run: ``.venv/bin/python -m benchmarks.interval_coverage [--repeats N] [--seed S]``; a quarter of a minute

The trials of one condition share a rate of their own, drawn from a beta distribution around the true rate;
``similarity`` is the intraclass correlation that this gives (0: independent trials; 1: all trials of a condition end
alike). ``wilson`` and ``upper`` are computed as if trials were independent, ``pooled`` respects the conditions. The
claim is 95 % throughout; with 2000 repeats the simulation itself is uncertain by about one point.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import random
import time

from audit.statistics import Pooled, pooled, upper_bound, wilson

RATES = (0.02, 0.1, 0.3, 0.6)
SHAPES = ((3, 10), (6, 10), (12, 10), (24, 5))
"""Conditions, trials in each."""
SIMILARITIES = (0.0, 0.1, 0.3)

# The same counts come up again and again at low rates.
cached_wilson = functools.cache(wilson)
cached_upper = functools.cache(upper_bound)


@functools.cache
def cached_pooled(counts: tuple[tuple[int, int], ...]) -> Pooled:
    """The order of conditions is irrelevant, so sorted counts serve for all orders."""
    return pooled(counts)


def draw_counts(
    draw: random.Random, rate: float, groups: int, size: int, similarity: float
) -> tuple[tuple[int, int], ...]:
    """Events and trials of each condition, sorted."""
    counts = []
    for _ in range(groups):
        own = rate
        if similarity:
            spread = (1 - similarity) / similarity
            own = draw.betavariate(rate * spread, (1 - rate) * spread)
        counts.append((sum(draw.random() < own for _ in range(size)), size))
    return tuple(sorted(counts))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals, in percent; the claim is 95.")
    parser.add_argument("--repeats", type=int, default=2000, help="simulated audits per line (default 2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the simulation (default 1)")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    began = time.perf_counter()

    print(f"coverage in percent, claim 95; {options.repeats} repeats per line, seed {options.seed}")
    heads = ("rate", "conditions", "trials", "similarity", "wilson", "upper", "pooled", "p.upper", "mean deff")
    print("".join(f"{head:>11}" for head in heads))
    for rate, (groups, size), similarity in itertools.product(RATES, SHAPES, SIMILARITIES):
        hits = [0, 0, 0, 0]
        effects = 0.0
        for _ in range(options.repeats):
            result = cached_pooled(draw_counts(draw, rate, groups, size, similarity))
            low, high = cached_wilson(result.k, result.n)
            hits[0] += low <= rate <= high
            hits[1] += rate <= cached_upper(result.k, result.n)
            hits[2] += result.interval.low <= rate <= result.interval.high
            hits[3] += rate <= result.upper
            effects += result.design_effect
        shares = "".join(f"{100 * hit / options.repeats:>11.1f}" for hit in hits)
        mean = effects / options.repeats
        print(f"{rate:>11}{groups:>11}{groups * size:>11}{similarity:>11}{shares}{mean:>11.2f}")
    print(f"{time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
