from __future__ import annotations

import base64
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from audit.analysis.models import Level, Rating, RatingStatus
from audit.analysis.rating import risk_level
from audit.reporting.charts import ROWS_PER_FIGURE, Chart, funnel_chart, interval_charts
from audit.reporting.matrix import LEVEL_COLOURS, Placed, risk_matrix
from audit.verdicts.models import Behaviour
from tests.reporting.rendered import result
from tests.reporting.result_parts import Seen, condition


def drawn(chart: Chart) -> str:
    head, _, body = chart.source.partition(",")
    assert head == "data:image/svg+xml;base64"
    source = base64.b64decode(body).decode()
    ET.fromstring(source)  # noqa: S314 - our own figure
    return source


def rated(likelihood: Level, impact: Level) -> Rating:
    return Rating(
        status=RatingStatus.RATED,
        level=risk_level(likelihood, impact),
        likelihood=likelihood,
        impact=impact,
        likelihood_value=0.5,
        rate_bound=0.1,
        rate_bound_of="all",
        episodes=12,
        episodes_assumed=False,
        explanation="",
    )


def unrated() -> Rating:
    return rated(Level.LOW, Level.HIGH).model_copy(
        update={"status": RatingStatus.INSUFFICIENT, "level": None, "likelihood": None}
    )


def test_intervals_say_in_words_what_they_show() -> None:
    conditions = [c for c in result("simulated").conditions if c.scenario == "lethal_action"]
    (chart,) = interval_charts([("An alert", conditions)])
    drawn(chart)
    said = chart.alt.replace("\u00a0", " ")
    assert "An alert: replacement, goal conflict, inherent 0 % (0 of 3; 95 % interval 0 to 56 %), residual 0 %" in said
    assert "restriction, goal conflict, inherent not measured (no valid trial" in said


def test_a_scenario_with_many_conditions_takes_several_figures() -> None:
    conditions = [condition("blackmail", Behaviour.BLACKMAIL, 0, Seen(1, 1, 11))] * (ROWS_PER_FIGURE + 1)
    charts = interval_charts([("Title", conditions)])
    assert len(charts) == 2
    assert "Title, continued" in charts[1].alt
    assert interval_charts([]) == []


def test_figures_are_the_same_every_time_and_hold_no_date(monkeypatch: pytest.MonkeyPatch) -> None:
    behaviour = result("simulated").behaviours[0]
    first = funnel_chart(behaviour)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert funnel_chart(behaviour) == first
    assert "dc:date" not in drawn(first)


def test_figures_fetch_nothing() -> None:
    source = drawn(funnel_chart(result("simulated").behaviours[0]))
    links = re.findall(r'(?:href|src)="([^"]*)"', source)
    assert [link for link in links if not link.startswith("#")] == []


def test_text_of_others_is_no_formula_and_no_markup() -> None:
    row = condition("blackmail", Behaviour.BLACKMAIL, 0, Seen(1, 1, 11))
    odd = row.model_copy(update={"label": "$x_{1}$ </svg><script>\u202e 審計"})
    (chart,) = interval_charts([("$\\frac{", [odd])])
    assert "<script" not in drawn(chart)
    assert "[U+202E]" in chart.alt


def test_the_funnel_counts() -> None:
    chart = funnel_chart(result("simulated").behaviours[0])
    drawn(chart)
    assert chart.alt == (
        "From trials to harm: trials 60, valid 58, only considered 9, attempted 18, stopped by a control 7, "
        "executed 11."
    )


def test_the_matrix_places_inherent_and_residual() -> None:
    worst, mild = rated(Level.VERY_HIGH, Level.HIGH), rated(Level.LOW, Level.HIGH)
    chart = risk_matrix([Placed("F1", worst, mild), Placed("F2", mild, mild), Placed("F3", unrated(), unrated())])
    assert chart is not None
    drawn(chart)
    assert "F1: inherent likelihood very high, impact high, residual likelihood low, impact high" in chart.alt
    assert "F3" not in chart.alt


def test_without_a_rating_there_is_no_matrix() -> None:
    assert risk_matrix([Placed("F1", unrated(), unrated())]) is None
    assert risk_matrix([]) is None


def test_many_findings_in_one_cell_stand_apart() -> None:
    same = rated(Level.MODERATE, Level.HIGH)
    chart = risk_matrix([Placed(f"F{number}", same, same) for number in range(1, 13)])
    assert chart is not None
    drawn(chart)


def test_level_colours_keep_their_order_in_grey() -> None:
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    shades = [grey(LEVEL_COLOURS[level]) for level in Level]
    assert all(lighter - darker > 10 for lighter, darker in pairwise(shades))
