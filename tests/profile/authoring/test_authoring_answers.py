from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from audit.profile.authoring.answers import AnswerError, fact_type, facts_there_are, flat, read_answer
from audit.profile.authoring.questions import QUESTIONS
from audit.profile.facts import decides


@pytest.mark.parametrize(
    ("fact", "typed", "value"),
    [
        ("autonomy.level", "Acts_Alone", "acts_alone"),
        ("comms.external", "true", "yes"),
        ("comms.external", "unknown", "unknown"),
        ("comms.allow_list", "A.example, b@c.example", ["a.example", "b@c.example"]),
        ("comms.allow_list", "none", "none"),
        ("lifecycle.kill_switch_last_test", "2026-11-21", date(2026, 11, 21)),
        ("lifecycle.kill_switch_last_test", "none", None),
        ("oversight.reviewers", "0", 0),
        ("exposure.trigger_episodes_per_year", "2.5", 2.5),
        ("agent.name", "unknown", None),
        ("agent.goals", "[Be fast, 1]", ["Be fast", "1"]),
        ("organisation.sector", "1e3", "1e3"),
        ("judge.id", "none", None),
        ("model.parameters.temperature", "0.3", 0.3),
        ("gateway.rate_limits", "{actions_per_session: 3}", {"actions_per_session": 3}),
        ("tools.send.capabilities", "email.send, file.read", ["email.send", "file.read"]),
        ("data.scopes.mail.access", "read, write", ["read", "write"]),
        ("governance.inventory_id", "AI-REGISTER-2026-000017-B", "AI-REGISTER-2026-000017-B"),
    ],
)
def test_an_answer_becomes_a_value_of_the_profile(fact: str, typed: str, value: Any) -> None:
    assert read_answer(fact, typed) == value


@pytest.mark.parametrize(
    ("fact", "typed", "said"),
    [
        ("autonomy.level", "sometimes", "`acts_alone`"),
        ("organisation.domains", "not a domain", "mail domain"),
        ("organisation.name", "unknown", "cannot do without"),
        ("model.api_base", "http://user:pw@host.example", "carries credentials"),
        ("oversight.reviewers", "-3", "at least 0"),
        ("oversight.reviewers", "many", "not a number"),
        ("exposure.trigger_episodes_per_year", "inf", "finite"),
        ("testing.last_test", "2026-13-01", "not a date"),
        ("testing.last_test", "1700000000", "not a date"),
        ("monitor.presnt", "yes", "did you mean `monitor.present`"),
        ("gateway", "yes", "`gateway.present`"),
        ("agent.system_prompt", "Hi", "--prompt"),
        ("tools.send.description", "x", "tool list"),
        ("tools.send.capabilities", "email.sned", "did you mean `email.send`"),
        ("model.parameters.api_key", "x", "api_key_env"),
        ("organisation.name", "a\0b", "cannot be stored"),
        ("data.scopes", "[{name: a", "YAML"),
    ],
)
def test_a_wrong_answer_is_refused_with_a_way_to_mend_it(fact: str, typed: str, said: str) -> None:
    with pytest.raises(AnswerError, match=said.replace("`", "\\`")):
        read_answer(fact, typed)


@pytest.mark.parametrize("fact", ["model.api_key_env", "agent.purpose", "identity.owner", "agent.goals"])
def test_a_pasted_key_is_refused_and_never_repeated(fact: str) -> None:
    key = "sk-" + "NoRealKey1234567890abcd"
    with pytest.raises(AnswerError) as caught:
        read_answer(fact, key)
    assert "NoRealKey" not in str(caught.value)


@pytest.mark.parametrize(
    ("fact", "typed"),
    [
        ("agent.purpose", "Reads postgresql://svc:{}@db.halden.example/orders."),
        ("organisation.name", "Halden, password={}"),
        ("agent.goals", "[be quick, 'the password is {}']"),
        ("model.id", "openai/" + "sk-proj-" + "NoRealKey1234567890abcd"),
        ("governance.inventory_id", "the token is {}"),
    ],
)
def test_a_credential_inside_a_text_is_refused_and_never_repeated(fact: str, typed: str) -> None:
    with pytest.raises(AnswerError, match="credential") as caught:
        read_answer(fact, typed.format("Tr0ub4dor9!x"))
    assert "Tr0ub" not in str(caught.value)


@pytest.mark.parametrize(
    ("fact", "typed"),
    [("model.id", "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0"), ("agent.purpose", "Resets the password.")],
)
def test_ordinary_texts_are_no_credentials(fact: str, typed: str) -> None:
    assert read_answer(fact, typed) == typed


def test_every_open_fact_has_a_question_and_every_question_a_fact() -> None:
    asked = [question.fact for question in QUESTIONS]
    assert len(asked) == len(set(asked))
    outside_lists = [fact for fact in facts_there_are() if decides(fact)]
    assert len(outside_lists) > 45
    assert set(outside_lists) <= set(asked)
    for question in QUESTIONS:
        kind = fact_type(question.fact)
        assert question.ask.endswith("?")
        assert question.explain.endswith(".")
        if question.labels and question.fact != "gateway.rate_limits":
            assert set(question.labels) == set(kind.words) - {"unknown"}, question.fact


def test_nested_and_dotted_answers_are_the_same() -> None:
    nested = {
        "comms": {"external": "yes", "dlp": "no"},
        "autonomy.approval": {"irreversible": "yes"},
        "gateway": {"rate_limits": {"actions_per_session": 4}},
        "tools": {"send": {"approval": "required"}},
        "model": {"parameters": {"temperature": 1}},
        "data": {"scopes": [{"name": "a"}]},
    }
    assert dict(flat(nested)) == {
        "comms.external": "yes",
        "comms.dlp": "no",
        "autonomy.approval.irreversible": "yes",
        "gateway.rate_limits": {"actions_per_session": 4},
        "tools.send.approval": "required",
        "model.parameters": {"temperature": 1},
        "data.scopes": [{"name": "a"}],
    }
