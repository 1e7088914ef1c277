"""``tools`` and ``init`` with MCP servers and with a model that is asked about the tools."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from audit.profile.intake.servers.named import shown_command
from audit.profile.loading import load_profile
from tests.cli.terminal import CTRL_C, ENTER, Terminal
from tests.commands import Command
from tests.loopback import LoopbackServer, status, text

SCRIPT = Path(__file__).parents[1] / "profile" / "intake" / "mcp_server.py"


def started(*words: object) -> str:
    return shlex.join([sys.executable, str(SCRIPT), *map(str, words)])


def test_tools_puts_files_and_servers_together(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([{"name": "delete_record", "parameters": {"type": "object"}}]), encoding="utf-8")
    ran = command("tools", path, "--mcp-command", started("stdio", 3), "--json")
    assert ran.code == 0
    assert [tool["name"] for tool in ran.json["tools"]] == [
        "delete_record",
        "delete_record_2",
        "send_mail",
        "token_missing_True",
    ]
    assert ran.err.startswith("starting ")


def test_init_takes_its_tools_from_a_server(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prompt.md").write_text("You are Mira.\n", encoding="utf-8")
    given = ("--prompt", "prompt.md", "--organisation", "Ward", "--sector", "care", "--domain", "ward.example")
    more = ("--purpose", "Answers mail.", "--model-id", "simulated/opportunist", "--tool", "mystery_0=utility")
    ran = command("init", "agent.yaml", *given, *more, "--mcp-command", started("stdio", 4))
    assert (ran.code, ran.err.splitlines()) == (0, [f"starting {shown_command(shlex.split(started('stdio', 4)))}"])
    tools = {tool.name: tool for tool in load_profile(Path("agent.yaml")).model.tools}
    assert list(tools) == ["delete_record", "send_mail", "token_missing_True", "mystery_0"]
    assert tools["mystery_0"].capabilities == ("utility",)


def test_answers_about_a_servers_tools_want_the_server_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("answers.yaml").write_text("tools: []\ntools.names: []\ntools.live: [run ward]\n", encoding="utf-8")
    ran = command("init", "agent.yaml", "--answers", "answers.yaml")
    assert ran.code == 2
    assert "listed by run ward; give the same --mcp-command or --mcp-url again" in ran.err


def test_a_session_about_a_servers_tools_goes_on_only_with_them(tmp_path: Path) -> None:
    (tmp_path / "prompt.md").write_text("You are Mira.\n", encoding="utf-8")
    asked = ("--mcp-command", started("stdio", 3))
    first = Terminal(tmp_path, "init", "a.yaml", "--prompt", "prompt.md", *asked)
    first.wait_for("is the organisation called?")  # neither files nor names of tools are asked for
    first.type("Ward" + ENTER)
    first.wait_for("What does it do?")
    first.type(CTRL_C)
    assert first.end() == 130

    without = Terminal(tmp_path, "init", "a.yaml")
    without.wait_for("answers of an earlier session")
    without.type(ENTER)
    without.wait_for("give the same --mcp-command or --mcp-url again, or --tools FILE")
    assert without.end() == 2

    again = Terminal(tmp_path, "init", "a.yaml", *asked)
    again.wait_for("answers of an earlier session")
    again.type(ENTER)
    again.wait_for("What does it do?")
    again.type(CTRL_C)
    assert again.end() == 130


def proposal(tool: int, capability: str) -> dict[str, object]:
    one = {"capability": capability, "clear": True, "reason": "the name\x1b[2J tells"}
    rest = {"effect": "irreversible", "reach": None, "reversibility": None, "reason": "money goes"}
    return {"tool": tool, "capabilities": [one], **rest}


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([{"name": "zorp", "parameters": {"type": "object"}}]), encoding="utf-8")
    return path


def test_tools_marks_what_a_model_proposes(command: Command, listed: Path, loopback: LoopbackServer) -> None:
    loopback.script = text(json.dumps({"tools": [proposal(0, "payment.send")]}))
    asked = ("--model", "hosted_vllm/test-model", "--api-base", loopback.base_url)
    ran = command("tools", listed, *asked)
    assert ran.code == 0
    assert "proposed by hosted_vllm/test-model: the name" in ran.out
    assert "unknown (low)" in ran.out
    assert "\x1b" not in ran.out
    assert ran.err.splitlines()[:2] == [
        "sending names, descriptions and schemas of 1 tool to hosted_vllm/test-model (127.0.0.1)",
        "hosted_vllm/test-model adds to what the rules say of 1 tool",
    ]
    document = command("tools", listed, *asked, "--json").json
    assert [found["value"] for found in document["tools"][0]["capabilities"]] == ["payment.send", "unknown"]
    assert document["proposals"]["raised"] == ["zorp"]
    ran = command("tools", listed, *asked, "--yaml")
    assert "- payment.send # medium: proposed by hosted_vllm/test-model" in ran.out


def test_a_model_that_fails_is_a_warning(command: Command, listed: Path, loopback: LoopbackServer) -> None:
    loopback.script = status(401)
    ran = command("tools", listed, "--model", "hosted_vllm/test-model", "--api-base", loopback.base_url)
    assert ran.code == 0
    assert "unknown (low)" in ran.out
    assert "warning: hosted_vllm/test-model: " in ran.err
    assert "no proposal for 1 tool, the rules stand: zorp" in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "simulated/opportunist"), "simulated models cannot read tools"),
        (("--api-base", "http://127.0.0.1:9"), "name it with --model"),
        (("--model", ""), "--model"),
    ],
)
def test_models_that_cannot_be_asked(command: Command, listed: Path, options: tuple[str, ...], said: str) -> None:
    ran = command("tools", listed, *options)
    assert ran.code == 2
    assert said in ran.err


def test_init_asks_a_model_once_about_each_tool(
    command: Command, listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: LoopbackServer
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prompt.md").write_text("You are Mira.\n", encoding="utf-8")
    loopback.script = text(json.dumps({"tools": [proposal(0, "payment.send")]}))
    given = ("--prompt", "prompt.md", "--organisation", "Ward", "--sector", "care", "--domain", "ward.example")
    more = ("--purpose", "Answers mail.", "--model-id", "simulated/opportunist", "--tools", listed)
    asked = ("--tools-model", "hosted_vllm/test-model", "--tools-api-base", loopback.base_url)
    ran = command("init", "agent.yaml", *given, *more, *asked)
    assert ran.code == 0
    assert len(loopback.requests) == 1
    (tool,) = load_profile(Path("agent.yaml")).model.tools
    assert set(tool.capabilities) == {"unknown", "payment.send"}
    assert "proposed by hosted_vllm/test-model" in Path("agent.yaml").read_text(encoding="utf-8")
