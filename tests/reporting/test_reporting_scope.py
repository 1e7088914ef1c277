"""The plan in the report: why each scenario was chosen, what somebody left out, and what is tested of what."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from audit.analysis.models import AuditResult, Counts
from audit.planning.exclusions import exclusions
from audit.planning.models import CoverageState
from audit.planning.plan import make_plan
from audit.reporting.html import render_html
from audit.reporting.scope import FACT_LIMIT, MARKS, NO_RESULT, REASON_LIMIT, TOOL_LIMIT, scope_view
from audit.verdicts.models import Behaviour
from tests.commands import EXAMPLES, MAIL, Command
from tests.reporting.audit_results import changed
from tests.reporting.extreme_results import HOSTILE, LONG_WORD, OVERRIDE
from tests.reporting.rendered import Page, page, read, result
from tests.scenarios.shipped import STUDY, profile, study_pack

REASON = "Repeated by the penetration test of March"
WHO = "Jo Brand"


def planned(leave_out: tuple[str, ...] = (), because: str = REASON, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """The plan of the mail assistant as a run stores it."""
    left = exclusions(study_pack(), leave_out, [because] if leave_out else [], WHO)
    return make_plan(profile(MAIL), study_pack(), 12, only, excluded=left, design=STUDY).model_dump(mode="json")


def of(plan: dict[str, Any], **more: Any) -> AuditResult:
    """A result with another plan; its conditions are those of blackmail, leak and lethal_action."""
    return changed(result("real"), {"plan": plan, **more})


def cells(document: Page) -> list[str]:
    return [" ".join(cell.replace("\u00a0", " ").split()) for section, cell in document.cells if section == "scope"]


def words(document: Page) -> str:
    return " ".join(document.text.replace("\u00a0", " ").split())


def marks(found: AuditResult) -> dict[str, list[str]]:
    """Capability -> the words in its row of the matrix."""
    return {row.capability: [mark.word for mark in row.marks] for row in scope_view(found).matrix}


def test_why_a_scenario_was_chosen_names_the_places_in_the_profile() -> None:
    report = words(read(render_html(of(planned())))).partition("Scenarios run")[2]
    assert "It can read mail (tools gmail_search_messages and gmail_get_message)" in report
    assert re.search(r"Rests on, in \S*agent\.yaml: tool gmail_search_messages \(\d+:\d+\); tool gmail_get_", report)
    assert re.search(r"Exposure 11: reads data \(scopes .*?; it acts alone: 2; ", report)
    assert "Near miss: it would fit if the agent could cancel or silence alerts" in report
    first, second = (row.title for row in scope_view(of(planned())).run)
    assert report.index(first) < report.index(second)


def test_places_in_several_files_keep_their_file() -> None:
    facts = ["tool a (one.yaml:1:2)", "tool b (two.yaml:3:4)"]
    plan = planned()
    plan["selections"][0]["grounds"] = [{"text": "x", "holds": True, "facts": facts}]
    row = scope_view(of(plan)).run[0]
    assert (row.file, row.facts) == ("", tuple(facts))
    plan["selections"][0]["grounds"][0]["facts"] = [f"tool {n} (C:\\a b.yaml:{n}:5)" for n in range(FACT_LIMIT + 3)]
    row = scope_view(of(plan)).run[0]
    assert (row.file, row.facts[2], row.facts_left) == ("C:\\a b.yaml", "tool 2 (2:5)", 3)
    assert "and 3 more in the JSON report" in words(read(render_html(of(plan))))


def test_what_was_left_out_stands_with_name_and_reason() -> None:
    plan = planned(("leak", "lethal_action"))
    row = scope_view(of(plan)).left_out[0]
    assert (row.by, row.because, row.fits) == (WHO, REASON, "yes, not tested")
    document = read(render_html(of(plan)))
    row_cells = cells(document)
    place = row_cells.index(WHO)
    assert row_cells[place - 1].startswith("yes, not tested")
    assert row_cells[place + 1] == f"“{REASON}”"
    # Left out although it does not fit: recorded, with what is missing.
    assert any(cell.startswith("no: it cannot cancel or silence alerts") for cell in row_cells)
    assert any("near miss: it would fit if the agent could cancel or silence alerts" in cell for cell in row_cells)
    assert "every scenario that was considered fits" not in words(document)
    assert scope_view(of(plan)).left_out_titles == ("Confidential plan requested by an outsider",)
    cover = words(document).partition("Executive summary")[0]
    assert "Left out on request. 1 scenario that fits this agent: Confidential plan requested by an outsider." in cover


def test_only_other_scenarios_were_asked_for_is_said_as_such() -> None:
    found = of(planned(only=("blackmail",)))
    row = next(row for row in scope_view(found).left_out if row.fits.startswith("yes"))
    assert (row.by, row.because) == ("", "")
    assert "name not recorded" in cells(read(render_html(found)))
    assert "Left out: only other scenarios were asked for." in words(read(render_html(found)))


def test_a_long_reason_is_cut_and_says_so() -> None:
    found = of(planned(("leak",), "word " * (REASON_LIMIT // 2)))
    assert scope_view(found).left_out[0].reason_left > REASON_LIMIT
    assert "more characters in the JSON report" in words(read(render_html(found)))


def test_the_matrix_says_in_words_what_is_tested() -> None:
    found = of(planned(("leak",)))
    rows = marks(found)
    behaviours = list(Behaviour)
    blackmail, leak, lethal = (
        behaviours.index(b) for b in (Behaviour.BLACKMAIL, Behaviour.LEAK, Behaviour.LETHAL_ACTION)
    )
    assert (rows["email.read"][blackmail], rows["email.read"][leak]) == ("tested", "left out")
    assert rows["email.read"][lethal] == "does not fit"
    assert rows["file.read"] == ["no scenario"] * len(behaviours)
    document = read(render_html(found))
    classes = [a.get("class") or "" for tag, a in document.tags if tag == "td" and "mark-" in (a.get("class") or "")]
    assert len(classes) == len(rows) * len(behaviours)
    row_cells = cells(document)
    assert row_cells.count("left out") == classes.count("mark mark-left-out") > 0
    assert row_cells.count("tested") == classes.count("mark mark-tested") > 0
    report = words(document)
    assert "share files with others risky, no result" in report
    assert "No scenario of the packs in use looks for these through any capability of the agent: deception" in report
    key = {mark.word: meaning for mark, meaning in scope_view(found).key}
    assert set(key) == {"tested", "left out", "does not fit", "no scenario"}
    assert all(meaning in report for meaning in key.values())


def test_planned_and_not_decided_is_not_tested() -> None:
    rows = [
        c.model_copy(update={"counts": Counts(error=c.counts.total), "considered": 0})
        if c.scenario == "leak" and not c.twin
        else c
        for c in result("real").conditions
    ]
    found = of(planned(), conditions=tuple(rows))
    leak = list(Behaviour).index(Behaviour.LEAK)
    assert marks(found)["file.share"][leak] == NO_RESULT
    assert marks(found)["email.read"][leak] == NO_RESULT
    assert marks(found)["email.read"][0] == CoverageState.TESTED
    view = scope_view(found)
    assert {name for _, name, _ in view.uncovered} == {"file.read", "file.share"}
    assert "nothing is known" in {m.word: why for m, why in view.key}[NO_RESULT]
    nothing = of(planned(), conditions=())
    assert {word for row in marks(nothing).values() for word in row} & {"tested"} == set()


def test_every_state_of_a_plan_has_its_place_in_the_key() -> None:
    assert set(MARKS) == {*CoverageState, NO_RESULT}


def test_tools_that_nobody_has_described_are_named() -> None:
    stored = json.loads(json.dumps(result("real").profile))
    stored["tools"][0]["capabilities"] = ["unknown"]
    report = words(read(render_html(of(planned(), profile=stored))))
    assert "The profile does not say what 1 tool can do." in report
    assert "no scenario tests what can be done with it: gmail_search_messages." in report
    assert "1 tool that nobody has described, tested by nothing (section 4)" in report


def test_an_older_plan_still_reads() -> None:
    report = words(page("real"))
    assert "Not recorded: the run's plan holds no coverage matrix." in report
    assert "read personnel records (hr.read: hris_get_employee)" in report
    assert ("scope", "not recorded") in [(section, cell.strip()) for section, cell in page("real").cells]
    assert scope_view(result("empty")).run == ()
    assert "None is recorded." in words(page("empty"))


def test_texts_of_people_and_servers_arrive_as_text() -> None:
    plan = planned(("leak",), HOSTILE)
    for entry in plan["selections"]:
        entry.update(title=HOSTILE, reason=HOSTILE, near_miss=OVERRIDE, pack=LONG_WORD)
        entry["grounds"] = [{"text": HOSTILE, "holds": False, "facts": [HOSTILE, f"tool {OVERRIDE} (a.yaml:1:1)"]}]
        entry["exposure"] = {"priority": HOSTILE, "score": OVERRIDE, "reasons": [HOSTILE]}
    plan["selections"][0]["exclusion"] = {"by": HOSTILE, "because": OVERRIDE}
    for row in plan["coverage"]:
        row.update(phrase=HOSTILE, tools=[HOSTILE, LONG_WORD, OVERRIDE, "d", "e"], capability=LONG_WORD)
        row["cells"][0]["state"] = '"><script>alert(1)</script>'
    plan["unbound"] = [{"tool": HOSTILE, "reason": OVERRIDE}, {"tool": LONG_WORD, "reason": OVERRIDE}]
    html = render_html(of(plan))
    document = read(html)
    assert document.faults == []
    assert "script" not in {tag for tag, _ in document.tags}
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert {c for _, a in document.tags for c in (a.get("class") or "").split() if c.startswith("mark-")} <= {
        *(f"mark-{word.replace(' ', '-')}" for word in MARKS),
        "mark-unknown",
    }
    assert all(row.tools.endswith(f"and {5 - TOOL_LIMIT} more") for row in scope_view(of(plan)).matrix)


@pytest.mark.parametrize(
    "plan",
    [
        {"selections": 7, "coverage": "x", "uncovered": {}, "unbound": None},
        {"selections": [None, {}], "coverage": [{}, 3], "uncovered": [{}], "unbound": [{}]},
        {
            "selections": [{"selected": True, "grounds": [1, {"facts": 3}], "exposure": [], "exclusion": "x"}],
            "coverage": [{"tools": 4, "cells": [{"behaviour": ["leak"], "state": []}], "risky": "y"}],
        },
    ],
)
def test_odd_plans_do_not_stop_the_report(plan: dict[str, Any]) -> None:
    document = read(render_html(of(plan)))
    assert document.faults == []
    assert [cell for cell in cells(document) if cell in {"", "None", "[]"}] == []


def test_a_run_with_an_exclusion_says_so_everywhere(command: Command, tmp_path: Path) -> None:
    ran = command(
        *("run", EXAMPLES / MAIL / "agent.yaml", "--trials", 1, "--exclude", "leak"),
        *("--because", f"{REASON} <b>&</b>", "--by", WHO, "--json"),
    )
    found = ran.json
    told = f"{WHO} left it out, although it fits this agent, because “{REASON} <b>&</b>”."
    assert [told in said for said in found["headline"]["sentences"]].count(True) == 1
    assert any(f"(leak) fits this agent and was not tested: {WHO} left it out" in said for said in found["limitations"])
    leak = next(entry for entry in found["plan"]["selections"] if entry["scenario"] == "leak")
    assert leak["exclusion"] == {"because": f"{REASON} <b>&</b>", "by": WHO}
    shown = command("runs", "show", ran.run_id)
    assert told in " ".join(shown.out.split())
    output = tmp_path / "report.html"
    assert command("report", ran.run_id, "--output", output, "--format", "html").code == 0
    document = read(output.read_text("utf-8"))
    assert document.faults == []
    boxes = re.findall(r'<p class="partial">(.*?)</p>', output.read_text("utf-8"), re.DOTALL)
    assert [f"{REASON} &lt;b&gt;&amp;&lt;/b&gt;" in box for box in boxes].count(True) == 1
    assert f"“{REASON} <b>&</b>”" in cells(document)
    assert "left out" in cells(document)
