from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import ProfileError, UsageError
from audit.profile.authoring.answers import AnswerError, facts_there_are
from audit.profile.authoring.draft import load_answers, load_draft, read_set, save_draft
from audit.profile.authoring.interview import Move, Session, interview, read_typed, shown
from audit.profile.authoring.steps import Form, Step
from audit.profile.authoring.tool_yaml import tool_values
from audit.profile.authoring.writing import profile_text, scopes, write_profile
from audit.profile.facts import facts, gaps
from audit.profile.loading import LoadedProfile
from tests.profile.authoring.listed import TOOLS

NASTY = (
    "yes", "1e3", "null", "2026-11-21", "a: b # c", "- a", "? b", "[x", "{y", "'", '"quoted"', "tab\there", " spaced ",
    "first\nsecond\n", "smör \N{GRINNING FACE}", "&a *b !c %d @e `f", "|", ">-", "12:30", "\\", "none given", "~x",
)  # fmt: skip
GOOD = {
    "organisation.name": "Halden Freight",
    "organisation.sector": "freight",
    "organisation.domains": "halden.example, halden-voss.example",
    "agent.purpose": "Reads mail.",
    "model.id": "simulated/opportunist",
}


def start(folder: Path, **given_: Any) -> Session:
    (folder / "prompt.md").write_text("You are Mira, a mail assistant at Halden. Write from mira@halden.example.\n")
    return Session(given={"prompt": "prompt.md", "tools": ["tools.json"]} | given_, tools=TOOLS)


def written(session: Session, folder: Path) -> LoadedProfile:
    return write_profile(session, folder / "agent.yaml", force=True)


class Drawn:
    """A person who answers whatever the questions take, goes back now and then, and leaves sections unknown."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.moves = 0

    def __call__(self, step: Step, session: Session) -> Any:
        if self.moves < 8 and self.data.draw(st.integers(0, 24)) == 0:
            self.moves += 1
            return self.data.draw(st.sampled_from([Move.BACK, Move.LATER if step.required else Move.REST_UNKNOWN]))
        if step.form is Form.ONE_OF:
            return self.data.draw(st.sampled_from([choice.value for choice in step.choices]))
        if step.form is Form.SOME_OF:
            names = [choice.value for choice in step.choices]
            return self.data.draw(st.lists(st.sampled_from(names), min_size=step.least, max_size=4, unique=True))
        typed = self.data.draw(
            st.sampled_from([*NASTY, "unknown", "none", "12", "2.5", "a.example", "jo@a.example", "OPENAI_API_KEY"])
            | st.text(max_size=12)
        )
        for attempt in (typed, GOOD.get(step.key, "unknown")):
            try:
                return read_typed(step, attempt)
            except AnswerError:
                continue
        raise AssertionError(step)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_any_answers_make_a_profile_that_says_what_was_answered(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = start(folder)
        interview(session, Drawn(data), lambda: None)
        assert session.missing() == []
        loaded = written(session, folder)
        again = load_after_draft(session, folder)
        assert again == profile_text(session)
    found = facts(loaded.model)
    for fact, value in session.known.items():
        if fact in facts_there_are() and not (value is None and fact not in found) and fact != "gateway.rate_limits":
            assert found[fact] == value, fact
    for tool, source in zip(loaded.model.tools, TOOLS, strict=True):
        expected = tool_values(source, session.said_of(source.name))
        assert {key: list(v) if isinstance(v := getattr(tool, key), tuple) else v for key in expected} == expected
    described = scopes(session)
    declared = found["data.scopes[]"]
    assert (declared == "unknown") if described is None else (len(declared) == len(described))


def load_after_draft(session: Session, folder: Path) -> str:
    """The profile that the same answers make after a night in the draft."""
    save_draft(session, folder / "agent.yaml")
    earlier = load_draft(folder / "agent.yaml")
    assert earlier is not None
    earlier.tools = session.tools
    return profile_text(earlier)


def told(session: Session, answers: dict[str, Any]) -> list[str]:
    """Answer everything, unknown where nothing is said; the keys that were asked for."""
    asked: list[str] = []

    def ask(step: Step, _: Session) -> Any:
        asked.append(step.key)
        if step.key in answers:
            return answers[step.key]
        if step.form is Form.TEXT:
            return read_typed(step, GOOD.get(step.key, "unknown"))
        if step.form is Form.SOME_OF:
            return [choice.value for choice in step.choices[: step.least]]
        return step.choices[-1].value

    interview(session, ask, lambda: None)
    return asked


def test_pointless_and_given_questions_are_not_asked(tmp_path: Path) -> None:
    asked = told(start(tmp_path, **{"comms.external": "no"}), {"monitor.present": "no", "autonomy.level": "suggests"})
    assert "monitor.present" in asked
    assert not [
        key for key in asked if key.startswith(("monitor.", "comms.", "autonomy.approval")) and key[-7:] != "present"
    ]
    assert "model.api_key_env" not in asked, "a simulated model needs no key"
    assert "prompt" not in asked


def test_only_tools_in_doubt_are_asked_about_unless_one_is_opened(tmp_path: Path) -> None:
    asked = told(start(tmp_path), {"tools.unsure": "all", "tools.open": ["read_mail"]})
    looked_at = [key for key in asked if key.endswith(".capabilities")]
    assert looked_at == [
        "tools.files_sync.capabilities", "tools.process_item.capabilities", "tools.read_mail.capabilities",
    ]  # fmt: skip
    untold = told(start(tmp_path), {"tools.unsure": "untold"})
    assert [key for key in untold if key.endswith(".capabilities")] == ["tools.process_item.capabilities"]


def test_group_answers_reach_every_tool_and_single_ones_win(tmp_path: Path) -> None:
    session = start(tmp_path, **{"tools.read_mail.policy": "allow", "tools[].policy": "deny"})
    told(session, {"tools[].approval": "some", "tools[].approval.which": ["send_mail"]})
    tools = {tool.name: tool for tool in written(session, tmp_path).model.tools}
    assert {name: str(tool.approval) for name, tool in tools.items()} == {
        name: "required" if name == "send_mail" else "none" for name in tools
    }
    assert [name for name, tool in tools.items() if tool.policy == "allow"] == ["read_mail"]


def test_data_are_asked_for_by_kind_and_what_is_not_known_is_assumed_grave(tmp_path: Path) -> None:
    session = start(tmp_path)
    answers = {
        "data.scopes": "describe",
        "data.scopes.mail.category": "unknown",
        "data.scopes.files.category": "absent",
        "data.scopes.customers.category": "customer",
        "data.scopes.customers.sensitivity": "confidential",
        "data.scopes.customers.access": ["read", "write"],
        "data.scopes.more": ["tariff book"],
        "data.scopes.more1.category": "trade_secret",
    }
    told(session, answers)
    mail, customers, more = written(session, tmp_path).model.data.scopes
    assert (mail.category, mail.sensitivity, mail.access, mail.tools) == (
        "executive_mail", "unknown", ("unknown",), ("read_mail",),
    )  # fmt: skip
    assert (customers.sensitivity, customers.access, customers.tools) == (
        "confidential", ("read", "write"), ("crm_update",),
    )  # fmt: skip
    assert (more.name, more.category) == ("tariff book", "trade_secret")
    assert "executive_mail is assumed" in profile_text(session)
    nothing = start(tmp_path)
    told(nothing, {"data.scopes": "unknown"})
    assert not written(nothing, tmp_path).model.data.scopes_declared


def test_data_that_nobody_described_stay_unknown_though_somebody_meant_to(tmp_path: Path) -> None:
    session = start(tmp_path)
    session.tools = tuple(
        tool for tool in TOOLS if tool.name == "process_item"
    )  # nothing suggests any data, so no kind is asked about
    told(session, {"data.scopes": "describe", "data.scopes.more": []})
    assert facts(written(session, tmp_path).model)["data.scopes[]"] == "unknown"
    denied = start(tmp_path)
    told(denied, {"data.scopes": "none"})
    assert facts(written(denied, tmp_path).model)["data.scopes[]"] == []


def test_enter_alone_claims_nothing(tmp_path: Path) -> None:
    """Nothing filled in says that data are harmless, that messages stay inside or that a control is there."""
    session = start(tmp_path)
    session.tools = tuple(tool for tool in TOOLS if "email.send" not in [c.value for c in tool.capabilities])
    assert 0 < len(session.tools) < len(TOOLS)
    taken: dict[str, Any] = {}

    def enter(step: Step, _: Session) -> Any:
        if step.required:
            return read_typed(step, GOOD[step.key])
        if step.form is Form.TEXT:
            taken[step.key] = read_typed(step, shown(step, step.default))
        elif step.form is Form.SOME_OF:
            taken[step.key] = list(step.default or ()) or [choice.value for choice in step.choices[: step.least]]
        else:
            values = [choice.value for choice in step.choices]
            taken[step.key] = (
                step.default if step.default in values else "unknown" if "unknown" in values else values[0]
            )
        return taken[step.key]

    interview(session, enter, lambda: None)
    found = facts(written(session, tmp_path).model)
    sections = ("autonomy.", "gateway.", "monitor.", "logging.", "lifecycle.", "governance.", "testing.", "incident.")
    assert {str(value) for fact, value in found.items() if fact.startswith(sections)} <= {"unknown", "None", "[]"}
    assert found["comms.external"] in {"unknown", "yes"}
    assert {value for key, value in taken.items() if key.startswith("tools[].")} == {"unknown"}
    assert {value for key, value in taken.items() if key.endswith((".category", ".sensitivity"))} == {"unknown"}


def test_back_takes_the_last_answer_and_offers_it_again(tmp_path: Path) -> None:
    session = start(tmp_path)
    step = session.next_step()
    assert step is not None
    assert step.key == "organisation.name"
    session.answer(step, "Halden")
    after = session.next_step()
    assert after is not None
    session.move(after, Move.BACK)
    assert session.next_step() == step
    assert session.before == {"organisation.name": "Halden"}
    session.move(step, Move.BACK)
    assert session.next_step() == step, "nothing comes before the first question"


def test_required_answers_can_wait_and_come_last(tmp_path: Path) -> None:
    session = start(tmp_path)
    asked: list[str] = []

    def ask(step: Step, _: Session) -> Any:
        asked.append(step.key)
        if step.required and asked.count(step.key) == 1:
            return Move.LATER
        return read_typed(step, GOOD.get(step.key, "unknown")) if step.form is Form.TEXT else step.choices[0].value

    def plainly(step: Step, current: Session) -> Any:
        value = ask(step, current)
        return value if step.form is not Form.SOME_OF or isinstance(value, Move) else [value]

    interview(session, plainly, lambda: None)
    assert asked[-5:] == [*GOOD]
    assert session.missing() == []


def test_prompt_and_tools_suggest_and_never_answer(tmp_path: Path) -> None:
    session = start(tmp_path)
    session.prompt = (tmp_path / "prompt.md").read_text()
    suggested: dict[str, Any] = {}

    def ask(step: Step, _: Session) -> Any:
        suggested[step.key] = step.default
        if step.form is Form.TEXT:
            return read_typed(step, GOOD.get(step.key, "unknown"))
        return [step.choices[0].value] if step.form is Form.SOME_OF else step.choices[-1].value

    interview(session, ask, lambda: None)
    assert suggested["agent.name"] == "Mira"
    assert suggested["agent.role"] == "mail assistant"
    assert suggested["agent.email"] == "mira@halden.example"
    assert suggested["organisation.domains"] == "halden.example"
    assert suggested["comms.external"] == "yes"
    assert suggested["autonomy.level"] is None
    model = written(session, tmp_path).model
    assert (model.agent.name, model.comms.external) == (None, "unknown")


def test_unknown_facts_stay_open_in_the_file_with_what_they_decide(tmp_path: Path) -> None:
    session = start(tmp_path, **{key: read_set([f"{key}={value}"])[key] for key, value in GOOD.items()})
    loaded = written(session, tmp_path)
    text = (tmp_path / "agent.yaml").read_text("utf-8")
    assert "kill_switch: unknown # it decides whether it can be stopped without its help" in text
    assert {gap.fact for gap in gaps(loaded)} > {"lifecycle.kill_switch", "data.scopes[]", "tools[].approval"}
    assert max(len(line) for line in text.splitlines()) < 200


def test_answers_that_do_not_fit_leave_no_file(tmp_path: Path) -> None:
    session = start(tmp_path, **{key: read_set([f"{key}={value}"])[key] for key, value in GOOD.items()})
    session.given |= {"model.id": "openai/gpt", "judge.id": "simulated/judge"}
    with pytest.raises(UsageError, match="simulated judge"):
        write_profile(session, tmp_path / "new.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prompt.md"]


def test_an_existing_profile_and_a_foreign_schema_stay(tmp_path: Path) -> None:
    session = start(tmp_path, **{key: read_set([f"{key}={value}"])[key] for key, value in GOOD.items()})
    path = tmp_path / "agent.yaml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        write_profile(session, path)
    (tmp_path / "agent-profile.schema.json").write_text("{}")
    with pytest.raises(UsageError, match="--no-schema"):
        write_profile(session, path, force=True, schema="{}")
    assert path.read_text() == "mine"


def test_answers_in_a_file_are_checked_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text("comms: {external: perhaps, dlp: no}\noversight.reviewers: -1\nagent: {purpose: Reads mail.}\n")
    with pytest.raises(ProfileError) as caught:
        load_answers(path, tmp_path)
    assert [problem.wrong.partition(":")[0] for problem in caught.value.problems] == [
        "`comms.external`", "`oversight.reviewers`",
    ]  # fmt: skip
    path.write_text("comms: {external: yes}\nprompt: sub/p.md\ntools: [t.json]\n")
    assert load_answers(path, tmp_path / "profiles") == {
        "comms.external": "yes", "prompt": "../sub/p.md", "tools": ["../t.json"],
    }  # fmt: skip


def test_a_broken_draft_is_not_taken_for_answers(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml.draft.yaml").write_text("schema: insider-audit/draft/1\ngiven: {}\nanswers: {a.b: 1}\n")
    with pytest.raises(ProfileError, match=r"no fact `a\.b`"):
        load_draft(tmp_path / "agent.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: insider-audit/draft/2\ngiven: {}\nanswers: {}\n", "another version"),
        ("hello: 1\n", "no draft"),
        ("", "is empty"),
        ("schema: insider-audit/draft/1\ngiven: {\n", "ends where a value"),
        ("schema: insider-audit/draft/1\ngiven: {}\n", "`answers` is missing"),
    ],
)
def test_a_draft_that_cannot_be_used_says_what_to_do_with_it(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "agent.yaml.draft.yaml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=said) as caught:
        load_draft(tmp_path / "agent.yaml")
    assert "mend it, or remove it to start anew" in [problem.mend for problem in caught.value.problems]
    assert path.read_text() == text


def test_answers_that_were_stepped_back_over_outlive_the_night(tmp_path: Path) -> None:
    session = start(tmp_path)
    for text in ("Halden", "freight"):
        step = session.next_step()
        assert step is not None
        session.answer(step, text)
    for _ in range(2):
        step = session.next_step()
        assert step is not None
        session.move(step, Move.BACK)
    save_draft(session, tmp_path / "agent.yaml")
    again = load_draft(tmp_path / "agent.yaml")
    assert again is not None
    assert (again.answers, again.before) == ({}, {"organisation.name": "Halden", "organisation.sector": "freight"})
