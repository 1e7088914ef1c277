"""The shipped checklist holds together, a broken one says where, and unknown facts block the right questions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import PackError
from audit.oversight.catalogue import load_catalogue
from audit.oversight.checklist import OTHER_FACTS, Answered, Checklist, Given, OpenFact, Severity, load_checklist
from audit.profile.facts import fact_names, facts, gaps
from audit.profile.loading import load_profile
from audit.profile.models import AgentProfile
from audit.profile.prompt.reading import read_prompt
from audit.resources import data_dir

CHECKLIST = load_checklist().model
CATALOGUE = load_catalogue().model
EXAMPLES = sorted(data_dir("examples").glob("*/agent.yaml"))
SMALLEST: dict[str, Any] = {
    "schema": "insider-audit/agent/1",
    "organisation": {"name": "Halden", "sector": "freight", "domains": ["halden.example"]},
    "agent": {"purpose": "mail", "system_prompt": "You answer mail."},
    "model": {"id": "simulated/compliant"},
    "tools": [{"name": "send_mail", "capabilities": ["email.send"]}],
}


def known(**sections: Any) -> dict[str, Any]:
    """Facts of a small profile; sections are added to it or put in place of its own."""
    return facts(AgentProfile.model_validate({**SMALLEST, **sections}))


def open_for(question: str, values: dict[str, Any]) -> tuple[OpenFact, ...]:
    return next((blocked.open for blocked in CHECKLIST.blocked(values) if blocked.question.id == question), ())


# --- the shipped questions --------------------------------------------------------------------------------------


def test_forty_questions_in_nine_groups() -> None:
    assert len(CHECKLIST.questions) == 40
    per_group = Counter(question.group for question in CHECKLIST.questions)
    assert list(per_group) == list(CHECKLIST.groups), "groups are shown in the order of their questions"
    prefixes = {(question.group, question.id[:3]) for question in CHECKLIST.questions}
    assert len(prefixes) == len(per_group) == 9


def test_each_control_of_the_catalogue_is_asked_about() -> None:
    asked = {control for question in CHECKLIST.questions for control in question.controls}
    assert asked == {control.id for control in CATALOGUE.controls}


def test_questions_read_as_questions_and_say_why_in_one_sentence() -> None:
    for question in CHECKLIST.questions:
        assert question.question.endswith("?"), question.id
        assert question.why.endswith("."), question.id
        assert question.why.count(". ") == 0, question.id
        assert {Given.YES, Given.NO} <= set(question.answers), question.id
    texts = [text for question in CHECKLIST.questions for text in (question.question, question.why)]
    assert len(set(texts)) == len(texts)


def test_what_guards_a_life_is_critical() -> None:
    critical = {question.id for question in CHECKLIST.questions if question.severity_if_absent is Severity.CRITICAL}
    assert {"PRM-03", "AUT-02", "KIL-01"} <= critical
    assert Severity.CRITICAL.rank > Severity.LOW.rank


@pytest.mark.parametrize("question", CHECKLIST.questions, ids=lambda question: question.id)
def test_how_a_question_is_answered_fits_its_facts(question: Any) -> None:
    names = {asked.fact for asked in question.facts}
    assert names, "every question says what an answer is drawn from"
    from_run = any(name.startswith("run.") for name in names)
    assert from_run is (question.answered is Answered.FROM_RUN)
    if question.answered is Answered.PROMPT:
        assert any(name.startswith("prompt.") for name in names)
    if question.answered is Answered.FULL:
        assert not names & OTHER_FACTS.keys()


def test_facts_that_stand_in_no_profile_are_all_asked_for() -> None:
    asked = {fact.fact for question in CHECKLIST.questions for fact in question.facts}
    assert asked - fact_names() == OTHER_FACTS.keys()
    read = {name for name in OTHER_FACTS if name.startswith("prompt.")}
    assert read == read_prompt("You answer mail.").facts().keys()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_profile_has_the_facts_that_are_asked_for(path: Path) -> None:
    assert fact_names() <= facts(load_profile(path).model).keys()


# --- blocked questions ------------------------------------------------------------------------------------------


def test_a_profile_that_says_everything_blocks_nothing() -> None:
    loaded = load_profile(data_dir("examples") / "retail-support" / "agent.yaml")
    assert CHECKLIST.blocked(facts(loaded.model)) == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_what_blocks_a_question_is_a_gap_of_the_profile(path: Path) -> None:
    loaded = load_profile(path)
    left_open = {gap.fact for gap in gaps(loaded)}
    blocking = {fact.fact for blocked in CHECKLIST.blocked(facts(loaded.model)) for fact in blocked.open}
    assert blocking <= left_open


def test_a_profile_that_says_nothing_blocks_most() -> None:
    blocked = CHECKLIST.blocked(known())
    assert [b.question.id for b in blocked] == [q.id for q in CHECKLIST.questions if q in [b.question for b in blocked]]
    unblocked = {q.id for q in CHECKLIST.questions} - {b.question.id for b in blocked}
    # No such tool, nothing to approve on plant; the rest waits for a run or for the prompt to be read.
    assert unblocked == {"PRM-03", "PRM-06", "TST-03", "TST-04", "GPH-01", "GPH-02"}


def test_no_facts_at_all_block_every_question_that_a_profile_answers() -> None:
    blocked = {b.question.id for b in CHECKLIST.blocked({})}
    assert {q.id for q in CHECKLIST.questions} - blocked == {"TST-03", "TST-04", "GPH-01", "GPH-02"}


def test_a_fact_matters_only_where_the_tools_make_it_matter() -> None:
    siren = {"name": "siren_off", "capabilities": ["alert.cancel"]}
    mail = {"name": "send_mail", "capabilities": ["email.send"]}
    assert open_for("PRM-03", known(tools=[mail, siren])) == (OpenFact("tools[].policy", (1,)),)
    assert open_for("PRM-03", known(tools=[mail, {**siren, "policy": "deny"}])) == ()
    assert open_for("PRM-06", known(tools=[mail])) == ()
    helper = {"name": "start_helper", "capabilities": ["utility", "agent.delegate"]}
    assert open_for("PRM-06", known(tools=[mail, helper])) == (OpenFact("delegation.policy"),)


def test_a_tool_that_nobody_described_leaves_the_question_open() -> None:
    values = known(tools=[{"name": "process_item", "capabilities": ["unknown"]}])
    waiting = open_for("PRM-06", values)
    assert OpenFact("tools[].capabilities", (0,)) in waiting
    assert OpenFact("delegation.policy") in waiting, "it may hand work on"
    assert OpenFact("tools[].policy", (0,)) in waiting, "it may grant rights"


def test_answers_that_make_a_fact_pointless_unblock() -> None:
    assert open_for("PRM-04", known(gateway={"present": "no"})) == ()
    assert open_for("MON-03", known(monitor={"present": "no"})) == ()
    assert open_for("AUT-01", known(autonomy={"level": "suggests"})) == ()
    assert open_for("DAT-03", known(comms={"external": "no"})) == ()
    assert open_for("MON-03", known(monitor={"present": "yes", "model": None})) == (OpenFact("monitor.mode"),)


def test_scopes_that_nobody_listed_are_one_open_fact() -> None:
    assert open_for("DAT-01", known()) == (OpenFact("data.scopes[]"),)
    assert open_for("DAT-01", known(data={"scopes": []})) == ()
    scopes = [
        {"name": "wiki", "category": "public"},
        {"name": "files of staff", "category": "hr", "sensitivity": "restricted", "access": "read"},
    ]
    waiting = open_for("DAT-01", known(data={"scopes": scopes}))
    assert waiting == (OpenFact("data.scopes[].required_for_task", (1,)),)


def test_what_was_looked_up_in_vain_blocks_and_what_nobody_looked_up_does_not() -> None:
    stated = known(credentials={"max_ttl_minutes": 15, "in_context": "no"})
    assert open_for("PRM-05", stated) == ()
    assert open_for("PRM-05", {**stated, "prompt.secret_scan": "unknown"}) == (OpenFact("prompt.secret_scan"),)
    assert open_for("PRM-05", {**stated, "prompt.secret_scan": "not_found"}) == ()
    assert open_for("TST-03", {"run.n_by_behaviour": "unknown"}) == (OpenFact("run.n_by_behaviour"),)


STATED = facts(load_profile(data_dir("examples") / "retail-support" / "agent.yaml").model)
ASKED = sorted({asked.fact for question in CHECKLIST.questions for asked in question.facts} & STATED.keys())


@given(st.sets(st.sampled_from(ASKED)), st.sampled_from(ASKED))
def test_to_state_one_fact_more_never_blocks_a_question(unknown: set[str], stated: str) -> None:
    before = STATED | dict.fromkeys(unknown, "unknown")
    after = STATED | dict.fromkeys(unknown - {stated}, "unknown")
    blocked_before = {blocked.question.id for blocked in CHECKLIST.blocked(before)}
    assert {blocked.question.id for blocked in CHECKLIST.blocked(after)} <= blocked_before


# --- broken checklists ------------------------------------------------------------------------------------------


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(PackError) as raised:
        load_checklist(path)
    return [str(problem).removeprefix(f"{path}:") for problem in raised.value.problems]


BROKEN = """\
schema: insider-audit/checklist/1
version: "1.0"
note: Ours.
groups:
  permissions: {title: Permissions}
questions:
  - id: PRM-01
    group: permisions
    question: Who?
    why: Because.
    controls: [C01, C77]
    severity_if_absent: dreadful
    facts:
      - gateway.presnt
      - {fact: "tools[].policy", where: {fact: "tools[].effectclass", one_of: read}}
    answered: full
  - id: PRM-01
    group: permissions
    question: Who?
    why: Because.
    answers: ['yes']
    controls: [C1]
    severity_if_absent: low
    answered: fully
"""


def test_a_broken_checklist_says_everything_at_once_and_where(tmp_path: Path) -> None:
    found = problems(tmp_path, BROKEN)
    assert found == [
        "8:12: there is no group `permisions` in this file; use one of permissions, or add it under `groups`",
        "11:21: there is no control C77 in the catalogue; use the id of a control in checklists/controls.yaml",
        "12:25: `severity_if_absent` is `dreadful`; write `low`, `medium`, `high` or `critical`",
        "14:9: there is no fact `gateway.presnt`; did you mean `gateway.present`?",
        "15:48: there is no fact `tools[].effectclass`; did you mean `tools[].effect_class` or `tools[].effect`?",
        "17:9: two questions are called PRM-01; give it another id, or remove one",
        "21:14: `answers` has too few entries; give at least 2",
        "22:16: entry 1 of `controls` is `C1`, which has not the form expected here; "
        r"write text that matches the pattern `^C\d{2}$`",
        "24:15: `answered` is `fully`; did you mean `full`? "
        "Otherwise write `full`, `partial`, `from_run`, `prompt` or `none`",
    ]


def test_a_good_checklist_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        """\
schema: insider-audit/checklist/1
version: "1.0"
note: Ours.
groups: {own: {title: Our own}}
questions:
  - id: OWN-01
    group: own
    question: Is it ours?
    why: Because.
    controls: [C01]
    severity_if_absent: low
    facts: [{fact: comms.dlp, where: {fact: comms.external, one_of: 'yes'}}]
    answered: full
"""
    )
    checklist: Checklist = load_checklist(path).model
    question = checklist.get("OWN-01")
    assert question is not None
    assert question.answers == tuple(Given)
    assert checklist.get("OWN-02") is None
    assert [b.open for b in checklist.blocked(known())] == [(OpenFact("comms.dlp"),)]
    assert checklist.blocked(known(comms={"external": "partial"})) == ()


def test_what_is_made_in_code_is_checked_too() -> None:
    values = CHECKLIST.model_dump(mode="json", by_alias=True)
    assert Checklist.model_validate(values) == CHECKLIST
    values["questions"][1]["id"] = values["questions"][0]["id"]
    values["questions"][2]["group"] = "elsewhere"
    with pytest.raises(ValueError, match=r"two questions are called PRM-01[\s\S]*no group `elsewhere`"):
        Checklist.model_validate(values)
