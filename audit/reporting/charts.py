"""Figures as SVG: rates with intervals, the way from trial to harm, the risk matrix.

matplotlib draws them; each becomes a ``data:`` address with a text that says the same for readers who do not see it.
Marks differ in shape and fill and never only in colour, so a figure also reads in grey. Colours are those of Okabe and
Ito, which people with the usual colour deficiencies can tell apart.
"""

from __future__ import annotations

import base64
import io
import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from audit.analysis.models import BehaviourResult, ConditionResult
from audit.reporting import text
from audit.reporting.effects import short_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRESSURE, RESIDUAL, CALM, INK, GRID = "#0072B2", "#D55E00", "#595959", "#1f2933", "#d5dbe1"
ROWS_PER_FIGURE = 28
_WIDTH = 6.85
"""Inches: the width of the text on the page."""
_FONTS = ("Liberation Sans", "Arial", "DejaVu Sans", "sans-serif")
# matplotlib's settings belong to the whole process; two reports at once must not undo each other's.
_LOCK = threading.Lock()


class Chart(NamedTuple):
    """One figure.

    Attributes:
        source: The SVG as a ``data:`` address.
        alt: What it shows, in words.
    """

    source: str
    alt: str


@contextmanager
def drawing() -> Iterator[None]:
    """Settings under which figures come out the same every time, and text stays text and is no formula."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        "svg.hashsalt": "insider-audit",
        "svg.fonttype": "none",
        "text.parse_math": False,
        "font.family": list(_FONTS),
        "font.size": 8,
        "axes.edgecolor": CALM,
        "axes.linewidth": 0.6,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": CALM,
        "ytick.color": INK,
    }
    log = logging.getLogger("matplotlib.font_manager")
    with _LOCK, mpl.rc_context(settings), warnings.catch_warnings():
        # A name in a script without a font here is drawn as boxes; the text beside the figure has it in full.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        level = log.level
        log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            log.setLevel(level)


def new_figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure in inches that no window system knows of."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasSVG(figure)
    return figure


def as_chart(figure: Figure, alt: str) -> Chart:
    """The figure as SVG without a date."""
    buffer = io.BytesIO()
    blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(buffer, format="svg", metadata=blank, transparent=True)
    return Chart(f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}", alt)


def interval_charts(groups: Sequence[tuple[str, Sequence[ConditionResult]]]) -> list[Chart]:
    """One row per condition, grouped by scenario: inherent rate with its interval, residual rate below it.

    Args:
        groups: Titles and the conditions under each.

    Returns:
        One figure per group, several where a group is too long for a page; their axes lie under each other. The first
        one explains the marks, the last one names the axis.
    """
    parts = [
        (title if not start else f"{title}, continued", rows[start : start + ROWS_PER_FIGURE])
        for title, rows in groups
        for start in range(0, len(rows), ROWS_PER_FIGURE)
    ]
    last = len(parts) - 1
    altered = any(row.altered for _, rows in parts for row in rows)
    return [
        _interval_chart(title, rows, legend=number == 0, label=number == last, altered=altered)
        for number, (title, rows) in enumerate(parts)
    ]


def _interval_chart(title: str, rows: Sequence[ConditionResult], *, legend: bool, label: bool, altered: bool) -> Chart:
    with drawing():
        head, foot = (0.46 if legend else 0.24), (0.4 if label else 0.22)
        height = head + foot + 0.185 * len(rows)
        # Margins in inches, not fitted to the labels, so that the axes of all figures are aligned.
        figure = new_figure(_WIDTH, height, layout=None)
        axes: Any = figure.subplots()
        figure.subplots_adjust(left=0.25, right=0.94, top=1 - head / height, bottom=foot / height)
        _interval_panel(axes, title, rows)
        if label:
            axes.set_xlabel("share of valid trials (%)", fontsize=7.5, labelpad=2)
        if legend:
            _interval_legend(figure, altered=altered)
        described = "; ".join(map(_in_words, rows))
        return as_chart(figure, f"Rates with 95 % intervals by condition, {text.clean(title)}: {described}.")


def _interval_panel(axes: Any, title: str, rows: Sequence[ConditionResult]) -> None:
    axes.set_title(text.one_line(title, 66), loc="left", fontsize=8.5, fontweight="bold", pad=3)
    axes.tick_params(axis="x", labelsize=7.5, pad=2)
    axes.set_xlim(-2, 102)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [text.one_line(short_label(row, rows), 32) for row in rows], fontsize=7.5)
    axes.set_xticks(range(0, 101, 20))
    axes.tick_params(length=0)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for place, row in enumerate(rows):
        rate = row.inherent
        axes.text(103.5, place, f"{rate.harmful}/{rate.valid}", va="center", ha="left", fontsize=7)
        if rate.rate is None:
            axes.text(1, place, "not measured: no valid trial", va="center", fontsize=7, color=CALM, style="italic")
            continue
        colour, marker, style = _look(row)
        axes.plot([100 * rate.low, 100 * rate.high], [place, place], color=colour, linewidth=1.6, linestyle=style)
        for end in (rate.low, rate.high):
            axes.plot([100 * end] * 2, [place - 0.17, place + 0.17], color=colour, linewidth=1.2)
        filled = colour if row.counted else "white"
        dot = {"marker": marker, "markersize": 6, "markeredgecolor": colour, "markerfacecolor": filled, "zorder": 4}
        axes.plot([100 * rate.rate], [place], linestyle="none", clip_on=False, **dot)
        if row.residual.rate is not None:
            cross = {"marker": "X", "markersize": 5, "markeredgewidth": 0, "markerfacecolor": RESIDUAL, "zorder": 5}
            axes.plot([100 * row.residual.rate], [place + 0.36], linestyle="none", clip_on=False, **cross)


def _look(row: ConditionResult) -> tuple[str, str, str]:
    """Colour, mark and line."""
    if row.twin:
        return CALM, "D", ":"
    if row.altered:
        return CALM, "^", "--"
    return (PRESSURE, "o", "-") if row.pressure else (CALM, "s", "-")


def _interval_legend(figure: Figure, *, altered: bool) -> None:
    from matplotlib.lines import Line2D

    def key(label: str, **looks: Any) -> Line2D:
        return Line2D([], [], label=label, **looks)

    hollow = {"color": CALM, "markerfacecolor": "white", "linewidth": 1.6, "markersize": 6}
    keys = [
        key("inherent, under pressure", color=PRESSURE, marker="o", linewidth=1.6, markersize=6),
        key("inherent, no pressure", marker="s", **hollow),
        key("inherent, benign twin", marker="D", linestyle=":", **hollow),
        key("residual", color=RESIDUAL, marker="X", linestyle="none", markersize=6),
    ]
    if altered:
        keys.insert(2, key("told more", marker="^", linestyle="--", **hollow))
    options: dict[str, Any] = {"loc": "upper left", "ncols": len(keys), "frameon": False, "borderaxespad": 0}
    figure.legend(handles=keys, fontsize=7.5, handlelength=2.2, columnspacing=1.6, **options)


def _in_words(row: ConditionResult) -> str:
    return (
        f"{text.clean(row.label)}, inherent {text.rate_line(row.inherent)}, residual {text.percent(row.residual.rate)}"
    )


def funnel_chart(behaviour: BehaviourResult) -> Chart:
    """From trials to harm in one scenario: small bars, each with its count."""
    funnel = behaviour.funnel
    stopped = sum(share.stopped for share in funnel.stopped)
    steps = [
        ("trials", funnel.trials, CALM),
        ("valid", funnel.valid, CALM),
        ("only considered", funnel.considered, CALM),
        ("attempted", funnel.attempted, PRESSURE),
        ("stopped by a control", stopped, "#009E73"),
        ("failed otherwise", funnel.failed, CALM),
        ("executed", funnel.executed, RESIDUAL),
    ]
    if not funnel.failed:
        steps = [step for step in steps if step[0] != "failed otherwise"]
    with drawing():
        figure = new_figure(3.5, 0.19 * len(steps) + 0.1)
        axes: Any = figure.subplots()
        whole = max(funnel.trials, 1)
        places = range(len(steps))
        axes.barh(places, [whole] * len(steps), height=0.62, color="#eef1f4")
        bars = axes.barh(places, [count for _, count, _ in steps], height=0.62, color=[colour for *_, colour in steps])
        for bar, (name, _, _) in zip(bars, steps, strict=True):
            # Hatching keeps the last two apart in grey.
            if name.startswith("stopped"):
                bar.set(hatch="////", edgecolor="white", linewidth=0)
        for place, (_, count, _) in zip(places, steps, strict=True):
            axes.text(whole * 1.03, place, str(count), va="center", fontsize=8, fontweight="bold")
        axes.set_yticks(places, [name for name, *_ in steps])
        axes.set_ylim(len(steps) - 0.4, -0.6)
        axes.set_xlim(0, whole * 1.18)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        alt = "From trials to harm: " + ", ".join(f"{name} {count}" for name, count, _ in steps) + "."
        return as_chart(figure, alt)
