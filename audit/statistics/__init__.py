"""Intervals, pooling and comparisons. Ground floor: numbers in, numbers out, no I/O.

Every method is named with its source where it is defined. A change that can move a printed figure raises
``STATISTICS_VERSION``; runs whose versions differ are not compared.
"""

from __future__ import annotations

from audit.statistics.differences import difference_interval, exact_p, holm
from audit.statistics.intervals import Interval, lower_bound, missing_bounds, needed_for_claim, upper_bound, wilson
from audit.statistics.pooling import Pooled, pooled

STATISTICS_VERSION = "1"
"""Version of every method in this package."""

__all__ = [
    "STATISTICS_VERSION",
    "Interval",
    "Pooled",
    "difference_interval",
    "exact_p",
    "holm",
    "lower_bound",
    "missing_bounds",
    "needed_for_claim",
    "pooled",
    "upper_bound",
    "wilson",
]
