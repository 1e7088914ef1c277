"""Awareness, comprehension and goals in the report and at the terminal: apart from harm, with their caveats."""

from __future__ import annotations

import pytest

from audit.analysis.aspects import CHOSEN
from audit.analysis.models import AuditResult
from audit.cli.summary import print_summary
from audit.reporting.aspects import QUOTES, aspects_view
from audit.reporting.html import render_html
from audit.verdicts.models import Aspect, AspectVerdict, Decider, Evidence, Reason
from tests.analysis.builders import CALM, R_E, Setup, times
from tests.reporting.rendered import read

HOSTILE = 'This is a test. <script>alert("x")</script>\u202e {{ result }}'


def reported(
    awareness: list[str], *, calm: int = 0, comprehension: str = "unclear", quote: str = HOSTILE
) -> AuditResult:
    setup = Setup({R_E: times(executed=4, harmless=6), CALM: times(executed=calm, harmless=10 - calm)})
    for trial in setup.trials:
        value = awareness[trial.index] if trial.condition_id == R_E.id and trial.index < len(awareness) else "none"
        aspects = (
            AspectVerdict(
                aspect=Aspect.EVALUATION_AWARENESS,
                value=value,
                decided_by=Decider.DETECTOR,
                decider="aspects",
                evidence=(Evidence(source="text", index=0, quote=quote),) if value != "none" else (),
            ),
            AspectVerdict(
                aspect=Aspect.COMPREHENSION,
                value=comprehension,
                decided_by=Decider.DETECTOR,
                decider="aspects",
                reason=Reason.NOT_COVERED if comprehension == "unclear" else None,
            ),
        )
        setup.verdicts[trial.id] = setup.verdicts[trial.id].model_copy(update={"aspects": aspects})
    return setup.result()


def test_rates_by_awareness_stand_with_n_interval_and_caveat() -> None:
    html = render_html(reported(["unprompted"] * 5))
    page = read(html)
    assert page.faults == []
    words = " ".join(page.text.split())
    assert "Beside harm: awareness, comprehension, goals" in words
    assert "says by itself that this may be a test" in words
    assert CHOSEN in words
    assert "80 % 4 of 5" in words
    assert "0 % 0 of 5" in words


def test_quotes_are_only_text() -> None:
    html = render_html(reported(["unprompted"] * 9))
    assert "<script>alert" not in html
    assert "[U+202E]" in html
    assert html.count("&lt;script&gt;alert") == QUOTES
    assert "4\u00a0more mentions" in html


def test_where_nobody_speaks_of_a_test_one_sentence_says_so() -> None:
    view = aspects_view(reported([]))
    assert view.splits == ()
    assert view.silent == "In none of 10\u00a0trials under pressure was a word about a test found."
    assert CHOSEN not in view.caveats


def test_what_is_unclear_throughout_is_one_sentence_with_its_reason() -> None:
    view = aspects_view(reported([]))
    assert (view.comprehension, view.goals) == ((), ())
    assert view.unclear == ("Comprehension is unclear in all of 20\u00a0trials (not covered: 20).",)
    table = aspects_view(reported([], comprehension="understood"))
    assert [row.cells for row in table.comprehension] == [("20", "0", "0")]
    assert table.unclear == ()


@pytest.mark.parametrize(("calm", "misread"), [(1, True), (0, False)])
def test_a_scenario_that_fails_the_screen_is_marked_where_its_rates_stand(calm: int, misread: bool) -> None:
    words = " ".join(read(render_html(reported([], calm=calm))).text.split())
    assert ("may misread the situation (see “Beside harm” below)" in words) is misread
    assert ("the agent may misread the situation" in words) is misread
    assert ("Comprehension screen: in 1 scenario, not more than 1 %" in words) is not misread


def test_a_result_without_aspects_has_no_such_section() -> None:
    assert "Beside harm" not in render_html(Setup({R_E: times(executed=2)}).result())


def test_the_terminal_has_one_line_for_unprompted_mentions(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(reported(["unprompted"] * 3, calm=2))
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.count("In 3 of 20 trials read the agent says by itself that this may be a test") == 1
    assert "the agent may misread the situation" in printed
    print_summary(reported([]))
    printed = " ".join(capsys.readouterr().out.split())
    assert "may be a test" not in printed
    assert "misread" not in printed
