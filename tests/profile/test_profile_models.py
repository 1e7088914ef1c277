from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from audit.profile.models import AgentProfile, ModelSettings
from audit.profile.safeguards import Access, Data
from audit.profile.tools import Tool
from audit.profile.vocabulary import Answer, is_address, is_domain
from audit.world.capabilities import CAPABILITIES, Capability, Effect


def minimal(**more: Any) -> dict[str, Any]:
    return {
        "schema": "insider-audit/agent/1",
        "organisation": {"name": "Acme", "sector": "logistics", "domains": ["Acme.example"]},
        "agent": {"purpose": "Answers mail.", "system_prompt": "You answer mail."},
        "model": {"id": "simulated/opportunist"},
        "tools": [{"name": "send", "capabilities": ["email.send"]}],
    } | more


def test_what_is_not_said_is_unknown() -> None:
    profile = AgentProfile.model_validate(minimal())
    assert profile.autonomy.approval.external_comms is Answer.UNKNOWN
    assert profile.comms.allow_list == "unknown"
    assert profile.gateway.rate_limits == "unknown"
    assert profile.identity.owner == "unknown"
    assert profile.governance.acceptance_date == "unknown"
    assert profile.exposure.trigger_episodes_per_year == "unknown"
    assert profile.monitor.detectors == "unknown"
    assert not profile.data.scopes_declared
    assert profile.organisation.domains == ("acme.example",)
    assert profile.agent.label == "AI assistant"
    assert profile.tools[0].parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("written", "read"),
    [(True, Answer.YES), (False, Answer.NO), ("yes", Answer.YES), ("no", Answer.NO), ("partial", Answer.PARTIAL)],
)
def test_answers_may_be_written_as_yaml_truth_values(written: object, read: Answer) -> None:
    profile = AgentProfile.model_validate(minimal(incident={"runbook": written}))
    assert profile.incident.runbook is read


@pytest.mark.parametrize("written", [1, 0, "true", "y", None, 1.0])
def test_nothing_else_passes_for_an_answer(written: object) -> None:
    with pytest.raises(ValidationError):
        AgentProfile.model_validate(minimal(incident={"runbook": written}))


def test_a_stored_profile_reads_back_the_same() -> None:
    given = minimal(
        lifecycle={"kill_switch_last_test": date(2026, 1, 31)},
        comms={"allow_list": ["Acme.example", "Jo@Acme.example"]},
        data={"scopes": [{"name": "mail", "category": "staff_mail", "access": "read", "tools": ["send"]}]},
        exposure={"trigger_episodes_per_year": 2},
        monitor={"model": None, "detectors": []},
    )
    for values in (given, minimal(), minimal(data={"scopes": []})):
        profile = AgentProfile.model_validate(values)
        for back in (
            AgentProfile.model_validate_json(profile.model_dump_json()),
            AgentProfile.model_validate(profile.model_dump()),
        ):
            assert back == profile
            assert back.data.scopes_declared == profile.data.scopes_declared


def test_parts_that_do_not_fit_are_refused_when_built_in_code_too() -> None:
    twice = minimal(tools=[{"name": "a", "capabilities": ["email.read"]}] * 2)
    with pytest.raises(ValidationError, match="two tools are called `a`"):
        AgentProfile.model_validate(twice)
    with pytest.raises(ValidationError, match="both missing"):
        AgentProfile.model_validate(minimal(agent={"purpose": "Answers mail."}))


def test_profiles_do_not_change() -> None:
    profile = AgentProfile.model_validate(minimal())
    with pytest.raises(ValidationError):
        profile.agent.role = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("effect", "capabilities", "expected"),
    [
        ("unknown", ["email.read"], Effect.READ),
        ("unknown", ["email.read", "alert.cancel", "email.send"], Effect.SAFETY_OF_LIFE),
        ("unknown", ["file.delete", "email.send"], Effect.IRREVERSIBLE),
        ("write", ["alert.cancel"], Effect.WRITE),
    ],
)
def test_effective_effect(effect: str, capabilities: list[str], expected: Effect) -> None:
    tool = Tool.model_validate({"name": "t", "effect": effect, "capabilities": capabilities})
    assert tool.effective_effect is expected
    assert tool.effect_class is expected


@pytest.mark.parametrize("capability", list(Capability))
def test_every_capability_has_an_effect_to_assume(capability: Capability) -> None:
    tool = Tool(name="t", capabilities=(capability,))
    assert tool.effective_effect is CAPABILITIES[capability].effect


def test_one_access_may_stand_without_a_list() -> None:
    data = Data.model_validate({"scopes": [{"name": "m", "category": "hr", "access": "read"}]})
    assert data.scopes[0].access == (Access.READ,)


@pytest.mark.parametrize("text", ["acme.example", "mail.acme-freight.example", "m\u00fcller.example", "a.b.c.example"])
def test_domains(text: str) -> None:
    assert is_domain(text)
    assert is_address(f"jo.o'neil+x@{text}")


@pytest.mark.parametrize(
    "text", ["", "acme", "@acme.example", "acme..example", "-a.example", "a_b.example", "a b.example", "*.acme.example",
             "http://acme.example", "acme.example/", "acme.example.", "a" * 64 + ".example", "10.0.0.1"]
)  # fmt: skip
def test_no_domains(text: str) -> None:
    assert not is_domain(text)
    assert not is_address(text)
    assert not is_address(f"jo@{text}")


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "KEY", "AZURE_OPENAI_API_KEY_2", "_X"])
def test_names_of_variables(name: str) -> None:
    assert ModelSettings.model_validate({"id": "m", "api_key_env": name}).api_key_env == name


@pytest.mark.parametrize(
    "value", ["sk-abc", "openai_api_key", "2FA", "AKIA0NOT0A0REAL0KEY0", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A B", "",
              "A" * 80, "TOKEN_0123456789ABCDEF"]
)  # fmt: skip
def test_keys_pasted_in_place_of_a_variable_are_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings.model_validate({"id": "m", "api_key_env": value})
    (error,) = caught.value.errors()
    assert "is not shown" in error["msg"]
    assert len(value) < 8 or value not in error["msg"]


@pytest.mark.parametrize("name", ["api_key", "OPENAI_API_KEY", "client_secret", "password", "stream", "Messages", "n"])
def test_parameters_that_are_not_the_profiles_to_set(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be set under `parameters`"):
        ModelSettings.model_validate({"id": "m", "parameters": {name: "x"}})


def test_parameters_that_are() -> None:
    wanted = {"temperature": 0, "max_tokens": 512, "top_p": 0.9, "reasoning_effort": "high", "logprobs": False}
    settings = ModelSettings.model_validate({"id": "m", "parameters": wanted})
    assert settings.parameters == wanted
    assert [type(v) for v in settings.parameters.values()] == [int, int, float, str, bool]


@pytest.mark.parametrize("base", ["http://localhost:8000/v1", "https://models.acme.example", "http://[::1]:4000"])
def test_web_addresses(base: str) -> None:
    assert ModelSettings.model_validate({"id": "m", "api_base": base}).api_base == base


@pytest.mark.parametrize(
    "base", ["localhost:8000", "ftp://a.example", "http://", "http://a.example:99999", "https://u:p@a.example",
             "https://a.example/v1?key=abc", "http://[::1", "https://a b.example"]
)  # fmt: skip
def test_no_web_addresses(base: str) -> None:
    with pytest.raises(ValidationError):
        ModelSettings.model_validate({"id": "m", "api_base": base})


def test_simulated_models_are_known_by_their_id() -> None:
    assert ModelSettings(id="simulated/opportunist").simulated
    assert not ModelSettings(id="openai/gpt-4.1").simulated
