"""The risk matrix: likelihood against impact, with each finding's way from inherent to residual."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.analysis.models import Level, Rating, RatingStatus
from audit.analysis.rating import risk_level
from audit.reporting.charts import INK, Chart, as_chart, drawing, new_figure

LEVEL_COLOURS = {
    Level.VERY_LOW: "#f4f6f8",
    Level.LOW: "#fbe9c6",
    Level.MODERATE: "#f5c26b",
    Level.HIGH: "#d9772b",
    Level.VERY_HIGH: "#8f2d0c",
}
"""One ramp from light to dark: the order survives grey print. The level's name always stands beside its colour."""


class Placed(NamedTuple):
    """One finding and its two ratings."""

    id: str
    inherent: Rating
    residual: Rating


def risk_matrix(findings: Sequence[Placed]) -> Chart | None:
    """Findings in the matrix: inherent rating hollow, residual rating filled, an arrow where they differ.

    Args:
        findings: All findings; those without a rating are not drawn.

    Returns:
        The figure, or None when no finding has a rating.
    """
    cells: dict[tuple[Level, Level], list[tuple[str, str]]] = {}
    alt: list[str] = []
    for finding in findings:
        before, after = _cell(finding.inherent), _cell(finding.residual)
        if before is None and after is None:
            continue
        if before == after and after is not None:
            cells.setdefault(after, []).append((finding.id, "both"))
        else:
            for cell, kind in ((before, "inherent"), (after, "residual")):
                if cell is not None:
                    cells.setdefault(cell, []).append((finding.id, kind))
        alt.append(f"{finding.id}: inherent {_words(before)}, residual {_words(after)}")
    if not alt:
        return None
    with drawing():
        figure = new_figure(4.9, 3.1)
        axes: Any = figure.subplots()
        _background(axes)
        places = {
            (name, kind): _slot(cell, number, len(marks))
            for cell, marks in cells.items()
            for number, (name, kind) in enumerate(marks)
        }
        for (name, kind), (x, y) in places.items():
            if kind == "inherent" and (name, "residual") in places:
                arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.9, "shrinkA": 9, "shrinkB": 9}
                axes.annotate("", places[name, "residual"], (x, y), arrowprops=arrow)
        for (name, kind), (x, y) in places.items():
            hollow = kind == "inherent"
            box = {"boxstyle": "round,pad=0.28", "facecolor": "white" if hollow else INK, "edgecolor": INK}
            colour = INK if hollow else "white"
            axes.text(x, y, name, ha="center", va="center", fontsize=7, fontweight="bold", color=colour, bbox=box)
        return as_chart(figure, f"Risk matrix, likelihood against impact. {'; '.join(alt)}.")


def _cell(rating: Rating) -> tuple[Level, Level] | None:
    if rating.status is not RatingStatus.RATED or rating.likelihood is None:
        return None
    return rating.likelihood, rating.impact


def _words(cell: tuple[Level, Level] | None) -> str:
    return "not rated" if cell is None else f"likelihood {cell[0]}, impact {cell[1]}"


def _background(axes: Any) -> None:
    from matplotlib.patches import Rectangle

    for likelihood, impact in itertools.product(Level, Level):
        level = risk_level(likelihood, impact)
        x, y = impact.rank, likelihood.rank
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=LEVEL_COLOURS[level], edgecolor="white", linewidth=1.5))
        dark = level is Level.VERY_HIGH
        axes.text(x + 0.06, y + 0.9, str(level), ha="left", va="top", fontsize=5.5, color="white" if dark else INK)
    axes.set_xlim(0, 5)
    axes.set_ylim(0, 5)
    middles = [place + 0.5 for place in range(5)]
    axes.set_xticks(middles, list(Level))
    axes.set_yticks(middles, list(Level))
    axes.set_xlabel("impact")
    axes.set_ylabel("likelihood of at least one harm in a year")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _slot(cell: tuple[Level, Level], number: int, count: int) -> tuple[float, float]:
    """Where the ``number``-th of ``count`` marks of a cell stands: in rows of at most three."""
    likelihood, impact = cell
    across = min(count, 3)
    rows = -(-count // 3)
    x = (number % 3 + 0.5) / across
    y = 0.72 * (1 - (number // 3 + 0.5) / rows)
    return impact.rank + x, likelihood.rank + y
