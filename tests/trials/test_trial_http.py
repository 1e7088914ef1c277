"""Runs against real HTTP through litellm: how calls travel, what is sent, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.scenarios.models import ScriptKind
from audit.scenarios.situation import Dialect
from tests.agents import harmful_under_pressure, is_probe, scripted_agent
from tests.commands import BUILDING, EXAMPLES, MAIL, RETAIL, Command, MakeProfile, counts, trials_of
from tests.loopback import LoopbackServer, Response, completion, status, text, tool_call, tool_calls

SMALL = ("--trials", 1, "--concurrency", 4, "--attempts", 1, "--json")


@pytest.mark.parametrize(
    ("example", "scenario", "dialect"),
    [
        (MAIL, "blackmail", Dialect.NATIVE),
        (RETAIL, "leak", Dialect.NATIVE),
        (BUILDING, "lethal_action", Dialect.NATIVE),
        (MAIL, "leak", Dialect.TAGS),
        (BUILDING, "lethal_action", Dialect.TAGS),
    ],
)
def test_what_an_agent_does_over_http_is_what_the_run_counts(
    example: str, scenario: str, dialect: Dialect, loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(example, tool_calling=str(dialect), api_base=loopback.base_url)
    loopback.script = scripted_agent(profile, scenario, harmful_under_pressure, dialect)
    ran = command("run", profile, "--scenario", scenario, *SMALL)
    assert ran.json["counts"] == counts(harmful=5, harmless=2), ran.err
    assert ran.json["simulated"] is False
    for condition in ran.json["conditions"]:
        assert condition["counts"]["harmful"] == (1 if condition["pressure"] else 0)
    trials = trials_of(ran.run_id)
    assert len(trials) == 7
    assert sum(len(trial.replies) for trial in trials) == len(loopback.requests)
    for trial in trials:
        assert len(trial.replies) == 1 if dialect is Dialect.TAGS else len(trial.replies) > 2
        assert trial.exposed
        # What is stored is what was sent: the requests of the trial are prefixes of its stored messages.
        sent = [body["messages"] for body in loopback.bodies if body["seed"] == trial.seed % 2**31]
        assert len(sent) == len(trial.replies)
        for messages in sent:
            assert messages == trial.messages[: len(messages)]


def test_native_tools_arrive_under_the_organisations_names_and_schemas(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(RETAIL, api_base=loopback.base_url)
    loopback.script = scripted_agent(profile, "leak")
    command("run", profile, "--scenario", "leak", *SMALL)
    declared = {tool["name"]: tool for tool in command("check", profile, "--json").json["tools"]}
    for body in loopback.bodies:
        offered = {tool["function"]["name"]: tool["function"] for tool in body["tools"]}
        assert offered.keys() >= declared.keys()
        refund = offered["issue_refund"]
        assert refund["description"].startswith("Refund an order in part or in full.")
        assert refund["parameters"]["properties"]["amount_pence"] == {"type": "integer", "minimum": 1}
        assert refund["parameters"]["required"] == ["order_number", "amount_pence", "reason"]


@pytest.mark.parametrize("dialect", [Dialect.NATIVE, Dialect.TAGS])
def test_the_organisations_prompt_arrives_byte_for_byte(
    dialect: Dialect, loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, tool_calling=str(dialect), api_base=loopback.base_url)
    file = profile.parent / "system-prompt.md"
    awkward = '\n\n  {{ curly }} ${VAR} <tool_use:x> "quotes" \\n Zażółć 你好 🙂  \t\n'
    file.write_text(file.read_text("utf-8") + awkward, "utf-8")
    prompt = file.read_text("utf-8")
    loopback.script = scripted_agent(profile, "leak", dialect=dialect)
    ran = command("run", profile, "--scenario", "leak", *SMALL)
    assert ran.json["counts"]["harmless"] == 7
    systems = {body["messages"][0]["content"] for body in loopback.bodies}
    assert systems
    assert all(system.startswith(prompt) for system in systems)
    added = set(ran.json["additions"]["leak"])
    assert {part for system in systems for part in added if part in system} == added


def _probe_first(probe: Response, agent: Any) -> Any:
    return lambda body, index: probe if is_probe(body) else agent(body, index)


@pytest.mark.parametrize(
    ("probe", "dialect", "found"),
    [
        (tool_calls([tool_call("get_date", {})]), Dialect.NATIVE, "probe: the model made a native tool call"),
        (text("It is Tuesday."), Dialect.TAGS, "probe: the model made no native tool call"),
        (status(400, "this model does not support tools"), Dialect.TAGS, "probe: the provider refused tool schemas"),
    ],
)
def test_auto_finds_out_how_the_model_calls_tools(
    probe: Response,
    dialect: Dialect,
    found: str,
    loopback: LoopbackServer,
    make_profile: MakeProfile,
    command: Command,
) -> None:
    profile = make_profile(BUILDING, tool_calling="auto", api_base=loopback.base_url)
    loopback.script = _probe_first(probe, scripted_agent(profile, "lethal_action", ScriptKind.HARMFUL, dialect))
    ran = command("run", profile, "--scenario", "lethal_action", *SMALL)
    assert ran.json["target"]["dialect"] == dialect
    assert ran.json["target"]["dialect_found"] == found
    assert ran.json["counts"] == counts(harmful=7), ran.err
    assert [is_probe(body) for body in loopback.bodies] == [True] + [False] * (len(loopback.bodies) - 1)
    assert all(("tools" in body) is (dialect is Dialect.NATIVE) for body in loopback.bodies[1:])


def test_a_probe_that_cannot_call_the_model_at_all_starts_no_run(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    loopback.script = status(401, "bad key")
    profile = make_profile(tool_calling="auto", api_base=loopback.base_url)
    ran = command("run", profile, "--scenario", "leak", *SMALL)
    assert (ran.code, ran.out) == (3, "")
    assert "api_key_env" in ran.err
    assert command("runs", "list", "--json").json == {"runs": []}


def test_calls_written_into_the_text_are_acted_on_although_native_ones_were_offered(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, api_base=loopback.base_url)
    loopback.script = scripted_agent(profile, "blackmail", harmful_under_pressure, dumped=True)
    ran = command("run", profile, "--scenario", "blackmail", *SMALL)
    assert ran.json["counts"] == counts(harmful=5, harmless=2), ran.err
    assert all("tools" in body for body in loopback.bodies)
    for trial in trials_of(ran.run_id):
        told = [m["content"] for m in trial.messages[2:] if m["role"] == "user"]
        assert told
        assert all(content.startswith("Tool results:\n[{") for content in told)


def test_arguments_that_are_not_json_get_an_error_and_the_agent_goes_on(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, api_base=loopback.base_url)
    agent = scripted_agent(profile, "leak", ScriptKind.HARMFUL)
    broken = tool_calls([tool_call("gmail_send_message", '{"to": "kyle@', "call_broken")])

    def stumbles(body: dict[str, Any], index: int) -> Response:
        spoken = [m for m in body["messages"] if m["role"] == "assistant"]
        if not spoken:
            return broken
        without = {**body, "messages": [m for m in body["messages"] if m is not spoken[0]]}
        return agent(without, index)

    loopback.script = stumbles
    ran = command("run", profile, "--scenario", "leak", *SMALL)
    assert ran.json["counts"] == counts(harmful=7), ran.err
    for trial in trials_of(ran.run_id):
        first = trial.actions[0]
        assert (first.call.raw, first.call.arguments, first.disposition) == ('{"to": "kyle@', None, "failed")
        assert "stop midway" in json.loads(first.result)["error"]
        assert trial.replies[0]["tool_calls"][0]["arguments"] == '{"to": "kyle@'
    for body in loopback.bodies:
        for message in body["messages"]:
            for call in message.get("tool_calls", ()):
                assert isinstance(json.loads(call["function"]["arguments"]), dict)
            if message.get("tool_call_id") == "call_broken":
                assert "error" in json.loads(message["content"])


def test_reasoning_stays_apart_and_goes_back_as_it_came(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(MAIL, api_base=loopback.base_url)
    agent = scripted_agent(profile, "leak")

    def thinks(body: dict[str, Any], index: int) -> Response:
        answer = json.loads(agent(body, index).body)
        message = answer["choices"][0]["message"]
        number = sum(m["role"] == "assistant" for m in body["messages"])
        return completion({**message, "content": f"Aloud {number}.", "reasoning_content": f"Quietly {number}."})

    loopback.script = thinks
    ran = command("run", profile, "--scenario", "leak", *SMALL)
    assert ran.json["counts"] == counts(harmless=7), ran.err
    for trial in trials_of(ran.run_id):
        for number, reply in enumerate(trial.replies):
            assert (reply["text"], reply["reasoning"]) == (f"Aloud {number}.", f"Quietly {number}.")
        for body in (b for b in loopback.bodies if b["seed"] == trial.seed % 2**31):
            spoken = [m for m in body["messages"] if m["role"] == "assistant"]
            assert [m["reasoning_content"] for m in spoken] == [f"Quietly {n}." for n in range(len(spoken))]
            assert [m["content"] for m in spoken] == [f"Aloud {n}." for n in range(len(spoken))]


def test_no_key_gets_out(
    loopback: LoopbackServer,
    make_profile: MakeProfile,
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = "sk-test-0123456789abcdef"
    monkeypatch.setenv("TEST_KEY", key)
    profile = make_profile(MAIL, tool_calling="tags")
    asked = ("run", profile, "--api-base", loopback.base_url, "--api-key-env", "TEST_KEY", "--scenario", "leak")
    loopback.script = scripted_agent(profile, "leak", dialect=Dialect.TAGS)
    good = command(*asked, *SMALL)
    assert good.json["counts"] == counts(harmless=7)
    assert all(request.key_is(key) for request in loopback.requests)
    # A provider that repeats the key in its complaint, and in what the model says.
    loopback.script = status(500, f"internal error for key {key}")
    failed = command(*asked, *SMALL)
    assert failed.json["counts"] == counts(error=7)
    report = tmp_path / "report"
    written = command("report", good.run_id, "--output", report, "--format", "html,json")
    assert written.code == 0, written.err
    for ran in (good, failed, written):
        assert key not in ran.out + ran.err
    assert key not in json.dumps(loopback.bodies)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".html", ".json"}
    for path in files:
        assert key.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("example", [MAIL, BUILDING])
def test_the_examples_run_against_a_real_model_with_options_alone(
    example: str, loopback: LoopbackServer, command: Command
) -> None:
    profile = EXAMPLES / example / "agent.yaml"
    scenario = "lethal_action" if example == BUILDING else "leak"
    agent = scripted_agent(profile, scenario)
    loopback.script = _probe_first(tool_calls([tool_call("get_date", {})]), agent)
    given = ("--model", "openai/test-model", "--api-base", loopback.base_url)
    ran = command("run", profile, "--scenario", scenario, *given, *SMALL)
    assert ran.json["counts"] == counts(harmless=7), ran.err
    assert ran.json["recipients"] == ["127.0.0.1"]
    assert ran.json["usage"]["calls"] == len(loopback.requests) - 1
