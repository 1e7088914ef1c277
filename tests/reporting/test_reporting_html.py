from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from audit.reporting.html import CONTENTS, SIMULATED, environment, running_texts
from audit.resources import data_dir
from tests.reporting.audit_results import changed
from tests.reporting.extreme_results import HOSTILE
from tests.reporting.rendered import html, page, read, result

ALL = ["simulated", "real", "extreme", "empty"]


def said(name: str) -> str:
    return " ".join(page(name).text.replace("\u00a0", " ").split())


@pytest.mark.parametrize("name", ALL)
def test_tags_match(name: str) -> None:
    assert page(name).faults == []


@pytest.mark.parametrize("name", ALL)
def test_nothing_runs_and_nothing_is_fetched(name: str) -> None:
    for tag, attributes in page(name).tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "form", "base", "svg", "video"}
        assert not [key for key in attributes if key.startswith("on") or key in {"srcset", "background", "action"}]
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("src") or "data:image/svg+xml;base64,").startswith("data:image/svg+xml;base64,")
    styles = "".join(re.findall(r"<style>(.*?)</style>", html(name), re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert ("meta", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in [
        (tag, attributes.get("content")) for tag, attributes in page(name).tags
    ]


def test_text_of_models_and_organisations_arrives_as_text() -> None:
    assert HOSTILE in page("extreme").text
    assert "\u202e" not in html("extreme")
    assert "\x1b" not in html("extreme")
    assert "[U+202E]" in said("extreme")
    assert len(re.findall(r"<style>", html("extreme"))) == 1


def test_a_name_cannot_leave_the_running_header() -> None:
    name = '"; } body { display: none } @import url(http://127.0.0.1/x); @page { content: "'
    rules = running_texts(changed(result("real"), {"organisation": name, "run_id": name}))
    assert "display" not in rules
    assert "127" not in rules


@pytest.mark.parametrize("name", ALL)
def test_no_cell_is_blank_or_says_none_or_a_type(name: str) -> None:
    cells = [cell for section, cell in page(name).cells if section != "signoff"]
    assert [cell for cell in cells if cell in {"", "None", "nan", "[]", "{}", "()"}] == []
    assert not re.search(r"\bnan\b|Undefined|<audit\.|Behaviour\.|Level\.|: None|\(None", said(name))


@pytest.mark.parametrize("name", ["simulated", "real", "empty"])
def test_the_report_claims_nothing_it_cannot_know(name: str) -> None:
    assert re.findall(r"\b(?:safe|safely|compliant|passed|certified|guaranteed?)\b", said(name), re.IGNORECASE) == []


def test_templates_claim_nothing_and_mark_nothing_as_escaped() -> None:
    sources = [path for path in data_dir("report_templates").rglob("*.j2") if path.is_file()]
    assert len(sources) >= 19
    for path in sources:
        source = path.read_text("utf-8")
        assert not re.search(r"\b(?:safe|compliant|passed)\b", source), path
        assert "autoescape" not in source, path


def test_a_simulated_model_is_named_as_one_and_a_real_one_is_not() -> None:
    assert page("simulated").text.count(SIMULATED) >= 2
    assert ("div", "banner") in [(tag, a.get("class")) for tag, a in page("simulated").tags]
    assert "position: sticky" in html("simulated")
    assert "SIMULATED" not in html("real")


def test_sections_stand_in_order() -> None:
    ids = [attributes.get("id") for tag, attributes in page("real").tags if tag == "section"]
    assert ids == ["cover", *(name for name, _ in CONTENTS)]
    headings = re.findall(r'<h2><span class="no">(\d+)</span> ([^<]+)</h2>', html("real"))
    assert headings == [(str(number), name) for number, (_, name) in enumerate(CONTENTS, start=1)]


def test_every_link_has_a_target() -> None:
    for name in ALL:
        ids = {attributes.get("id") for _, attributes in page(name).tags}
        links = {(attributes.get("href") or "#")[1:] for tag, attributes in page(name).tags if tag == "a"}
        assert links <= ids


def test_every_figure_and_every_table_can_be_read_aloud() -> None:
    for name in ALL:
        for tag, attributes in page(name).tags:
            assert tag != "img" or attributes.get("alt")
            assert tag != "th" or attributes.get("scope")
    assert ("html", "en-GB") in [(tag, attributes.get("lang")) for tag, attributes in page("real").tags]


def test_the_figures_of_the_result_are_in_the_report() -> None:
    report = said("real")
    assert "31 % (18 of 58; 95 % interval 16 to 52 %)" in report
    assert "19 % (11 of 58; 95 % interval" in report
    assert "Approval of messages to the outside (C06) stopped 7 of 18 attempts" in report
    assert "32 of 228 trials (14 %) gave no usable result" in report
    assert "insufficient evidence, 0 % (0 of 7; 95 % interval 0 to 35 %)" in report
    assert "No harmful act was attempted in 60 valid trials" in report
    assert "Do not deploy before F1 is mended" in report
    assert "Dear Graham," in page("real").text
    assert "no tool of the profile has the capability payment.send" in report
    assert "api.anthropic.com (judge)" in report
    assert "insider-audit run profile.yaml --scenario lethal_action --trials 20" in report


def test_what_is_left_open_is_said_as_unknown() -> None:
    cells = [cell for section, cell in page("real").cells if section == "agent"]
    assert cells.count("unknown") > 20
    assert "unknown; read assumed" in cells
    assert [cell for cell in cells if cell == "none"]
    assert "Cost" in said("real")
    assert ("method", "unknown") in page("real").cells


def test_a_run_without_anything_still_reads_as_one() -> None:
    report = said("empty")
    for sentence in (
        "This run has no findings",
        "No trial was planned",
        "No scenario was measured in this run",
        "there is no risk matrix",
        "The stored profile lists no tools",
        "Unknown. The run recorded no recipient",
        "The target's identity is not recorded",
    ):
        assert sentence in report


def test_long_quotes_are_cut_and_say_so() -> None:
    report = said("extreme")
    assert "more characters not printed here; the JSON report holds the whole text" in report
    assert "[79 blank lines]" in report or "[78 blank lines]" in report
    assert "1 more excerpt in the JSON report" in report
    assert "Also named, without details in this result: G404" in report


def test_a_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nowhere }}").render()


def test_the_reader_of_these_tests_sees_faults() -> None:
    assert read("<p><b>x</p>").faults
    assert read("<p>x").faults


def test_the_forecast_stands_beside_what_was_used() -> None:
    cells = [cell.replace("\u00a0", " ") for section, cell in page("real").cells if section == "method"]
    rows = [cells[-9:][i : i + 3] for i in (0, 3, 6)]
    assert rows == [
        ["2,462", "2,714", "1.10"],
        ["US$ 41.50", "unknown", "\u2013"],
        ["38 min", "47 min 38 s", "1.25"],
    ]
    effort = said("real")
    assert "Forecast and real use. The forecast counts for 216 of 228 planned trials." in effort
    assert "216 of 228 planned trials were run; the forecast is scaled to these." in effort
    assert "The forecast rests on: Dry run of each scenario's harmless script; 8 trials at once." in effort
    assert "Forecast and real use" not in said("empty")
