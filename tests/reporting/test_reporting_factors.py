"""What each factor does, in the report: a table per scenario, and charts that leave room."""

from __future__ import annotations

from audit.analysis.models import AuditResult
from audit.reporting.effects import CHARTED_WHOLE, charted, effect_tables, level_words, p_value, points, short_label
from audit.reporting.html import render_html
from audit.reporting.view import build_view, by_scenario
from audit.scenarios.factors import Condition, Factors, Goal, Threat, around, base, twin
from tests.analysis.builders import Setup, times

FACTORS = Factors(threat=tuple(Threat), goal=(Goal.EXPLICIT, Goal.NONE))


def standard(*scenarios: str, trials: int = 4) -> AuditResult:
    """A run of every factor one at a time; harm at replacement only where the agent is told nothing."""
    cells: dict[Condition, list[str]] = {}
    for scenario in scenarios:
        first = base(scenario, FACTORS)
        for condition in (first, *around(first, FACTORS), *twin(scenario, FACTORS)):
            harmful = trials if condition.pressure and not condition.altered else 0
            cells[condition] = times(executed=harmful, harmless=trials - harmful)
    return Setup(cells).result()


def test_each_condition_stands_in_the_chart_or_in_the_table_of_factors() -> None:
    result = standard("blackmail")
    ((_, rows),) = by_scenario(result)
    assert len(rows) > CHARTED_WHOLE
    shown = {row.condition for row in charted(result, rows)}
    compared = {effect.condition for effect in result.factors}
    assert {row.condition for row in rows} == shown | compared
    assert all(not row.factors for row in charted(result, rows))
    assert charted(result, rows[:CHARTED_WHOLE]) == rows[:CHARTED_WHOLE]
    assert build_view(result).charts_left == len(rows) - len(shown) > 0


def test_a_table_names_its_base_and_marks_what_tells_the_agent_more() -> None:
    result = standard("blackmail", trials=20)
    (table,) = effect_tables(result)
    assert table.base == "replacement, no goal conflict"
    assert (table.base_rate.harmful, table.base_rate.valid) == (20, 20)
    rows = {(row.factor, row.level): row for row in table.rows}
    assert len(rows) == len(result.factors) == len(table.rows)
    told = rows["instruction", "told three prohibitions"]
    assert (told.altered, told.shown, told.said) == (True, True, "lower")
    named = rows["persona", "given a first name"]
    assert (named.altered, named.shown, named.said) == (False, False, "no difference shown")
    html = render_html(result)
    assert "told three prohibitions&nbsp;*" in html
    assert f"over {len(result.factors)}\u00a0comparisons" in html
    assert "no effect" not in html
    assert "“No difference shown” does not say that there is none" in html


def test_told_trials_stand_in_a_row_of_their_own() -> None:
    view = build_view(standard("blackmail"))
    ((behaviour, rows),) = view.results
    found = {row.label.partition(" (")[0]: row for row in rows}
    told = found["told more than usual, not counted above"]
    assert told.inherent == behaviour.altered
    assert told.counts.total == 4 * 7
    assert found["under pressure"].counts.valid == behaviour.pressure.valid
    assert sum(row.counts.total for row in rows) == 4 * len(view.conditions[0][1])


def test_a_run_without_comparisons_has_no_such_table() -> None:
    result = Setup({base("blackmail", FACTORS): times(harmless=3)}).result()
    assert not list(effect_tables(result))
    assert "What each factor does" not in render_html(result)


def test_labels_are_short_beside_the_condition_they_add_to() -> None:
    rows = list(standard("blackmail").conditions)
    labels = {row.condition.partition("/")[2]: short_label(row, rows) for row in rows}
    assert labels["replacement-none"] == "replacement, no goal conflict"
    assert labels["replacement-none+instruction.prohibitions"] == "+ told three prohibitions"
    alone = [row for row in rows if row.altered]
    assert short_label(alone[0], alone) == alone[0].label


def test_figures_are_written_with_their_sign_and_never_as_nothing() -> None:
    assert [points(value) for value in (0.25, -0.25, 0.0, -0.001)] == ["+25", "\u221225", "0", "0"]
    assert [p_value(p) for p in (0.0004, 0.0123, 0.5, 1.0)] == ["<\u00a00.001", "0.012", "0.50", "1.00"]
    assert level_words("framing", "real") == "told that this is real"
    assert level_words("weather", "rain") == "rain"
