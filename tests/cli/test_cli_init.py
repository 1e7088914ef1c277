"""``init`` as people use it: by options alone, and on a terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from audit.profile.facts import facts
from audit.profile.loading import load_profile
from audit.resources import data_dir
from tests.cli.terminal import CTRL_C, DOWN, ENTER, SPACE, UP, Terminal
from tests.commands import Command

MANIFESTS = sorted((Path(__file__).parents[3] / "shared" / "data" / "manifests").glob("*.json"))
TOOLS = [
    {
        "name": "send_email",
        "description": "Send an email to one or more recipients.",
        "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}, "body": {"type": "string"}}},
    },
    {"name": "zorp", "description": "", "inputSchema": {"type": "object", "properties": {}}},
]
REQUIRED = (
    "--tools", "tools.json", "--prompt", "prompt.md", "--organisation", "Halden Freight", "--sector", "freight",
    "--domain", "halden.example", "--domain", "halden-voss.example", "--purpose", "Reads and answers mail.",
    "--model-id", "simulated/opportunist",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "work"
    here.mkdir()
    (here / "tools.json").write_text(json.dumps({"tools": TOOLS}))
    (here / "prompt.md").write_text("You are Mira, a mail assistant at Halden Freight. You answer the board's mail.\n")
    monkeypatch.chdir(here)
    return here


def test_options_alone_make_a_profile_that_check_accepts(folder: Path, command: Command) -> None:
    done = command("init", "agents/mail.yaml", *REQUIRED, "--set", "comms.external=yes", "--environment", "test")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "agents/mail.yaml is written: AI assistant, 2 tools."
    assert "insider-audit plan agents/mail.yaml" in done.out
    loaded = load_profile(folder / "agents" / "mail.yaml")
    assert loaded.model.agent.system_prompt_file == "../prompt.md"
    assert loaded.system_prompt == (folder / "prompt.md").read_text()
    found = facts(loaded.model)
    assert found["organisation.domains"] == ["halden.example", "halden-voss.example"]
    assert (found["comms.external"], found["agent.environment"]) == ("yes", "test")
    assert found["monitor.present"] == found["data.scopes[]"] == "unknown"
    assert [tool.name for tool in loaded.model.tools] == ["send_email", "zorp"]
    assert loaded.model.tools[1].capabilities == ("unknown",), "nothing can be told: never harmless"
    assert sorted(path.name for path in (folder / "agents").iterdir()) == ["agent-profile.schema.json", "mail.yaml"]
    shipped = data_dir("schemas") / "agent-profile.schema.json"
    assert (folder / "agents" / "agent-profile.schema.json").read_bytes() == shipped.read_bytes()
    first = (folder / "agents" / "mail.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./agent-profile.schema.json"
    checked = command("check", "agents/mail.yaml", "--json")
    assert (checked.code, checked.json["valid"]) == (0, True)


def test_what_is_missing_is_named_by_its_option_and_nothing_is_written(folder: Path, command: Command) -> None:
    done = command("init", "a.yaml", "--unattended", "--sector", "freight", "--tools", "tools.json")
    assert done.code == 2
    for option in ("--prompt", "--organisation", "--domain", "--purpose", "--model-id"):
        assert f"  {option} " in done.err
    assert "--sector" not in done.err
    assert "--tools" not in done.err
    assert sorted(path.name for path in folder.iterdir()) == ["prompt.md", "tools.json"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--set", "comms.external=perhaps"), "--set comms.external: `external` is `perhaps`"),
        (("--set", "tools.send_mail.approval=required"), "did you mean `send_email`?"),
        (("--set", "tools.send_email.approval=maybe"), "write `none`, `required`"),
        (("--set", "nonsense"), "write it as FACT=VALUE"),
        (("--tool", "zorp=email.sned"), "did you mean `email.send`?"),
        (("--tool", "bad name=email.send"), "not a name that model providers accept"),
        (("--domain", "not a domain"), "mail domain"),
        (("--answers", "none.yaml"), "none.yaml: the file does not exist"),
        (("--prompt", "none.md"), "none.md: the file does not exist"),
        (("--tools", "prompt.md"), "prompt.md"),
        (("--sector", "shipping", "--set", "organisation.sector=freight"), "given twice and by --sector"),
        (("--set", "comms.external=yes", "--set", "comms.external=no"), "`comms.external` is given twice, with"),
        (("--tool", "zorp=email.send", "--tool", "zorp=file.read"), "this tool is named twice"),
        (("--environment", "prod"), "--environment: `environment` is `prod`"),
        (("--set", "tools[].colour=red"), "there is no fact `tools[].colour`"),
    ],
)
def test_wrong_options_are_refused_with_a_way_to_mend_them(
    folder: Path, command: Command, more: tuple[str, ...], said: str
) -> None:
    done = command("init", "a.yaml", *REQUIRED, *more)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not (folder / "a.yaml").exists()


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_folder_is_no_profile(folder: Path, command: Command, force: tuple[str, ...]) -> None:
    for name in (".", "agents"):
        (folder / "agents").mkdir(exist_ok=True)
        done = command("init", name, *REQUIRED, *force)
        assert done.code == 2
        assert "is a folder; name a file in it" in done.err


@pytest.mark.parametrize(
    "more",
    [("--organisation", "KEY"), ("--set", "KEY=yes"), ("--set", "comms.external=KEY"), ("--tool", "KEY=email.send"),
     ("--tool", "zorp=KEY"), ("--set", "model.api_base=https://svc:KEY@x.example/v1"), ("--model-id", "openai/KEY")],
)  # fmt: skip
def test_a_pasted_key_is_neither_written_nor_repeated(folder: Path, command: Command, more: tuple[str, ...]) -> None:
    key = "sk-proj-" + "Zx8Kj2Lm4Np6Qr8St0Uv2"
    kept = [*REQUIRED]
    if more[0] in kept:
        at = kept.index(more[0])
        kept[at : at + 2] = []
    done = command("init", "a.yaml", *kept, *(part.replace("KEY", key) for part in more))
    assert done.code == 2
    assert key not in done.err + done.out
    assert sorted(path.name for path in folder.iterdir()) == ["prompt.md", "tools.json"]


def test_a_key_in_the_texts_of_a_tool_is_told(folder: Path, command: Command) -> None:
    key = "sk-proj-" + "Zx8Kj2Lm4Np6Qr8St0Uv2"
    tools = [TOOLS[0] | {"description": f"Send mail. Authorise with {key}."}]
    (folder / "tools.json").write_text(json.dumps(tools))
    done = command("init", "a.yaml", *REQUIRED, "--json")
    assert done.code == 0
    assert done.json["tools"] == 1
    assert "The texts of send_email seem to hold a credential" in done.err
    assert key not in done.err + done.out
    checked = command("check", "a.yaml", "--strict", "--json")
    assert (checked.code, key in checked.out + checked.err) == (1, False)
    assert "profile-secret" in {lint["code"] for lint in checked.json["lints"]}


def test_commands_to_go_on_with_can_be_copied(folder: Path, command: Command) -> None:
    done = command("init", "mail agent.yaml", *REQUIRED)
    assert done.code == 0
    assert "insider-audit check 'mail agent.yaml'" in done.out


def test_tools_can_be_judged_by_option(folder: Path, command: Command) -> None:
    more = (
        "--tool", "zorp=calendar.read,calendar.write", "--tool", "by_hand=file.read", "--set",
        "tools.zorp.approval=none",
        "--set", "tools[].approval=required", "--set", "tools.send_email.policy=deny",
        "--set", "tools.zorp.reach=internal",
        "--set", "data.scopes=[{name: mailbox, category: executive_mail, access: [read], tools: [send_email]}]",
    )  # fmt: skip
    assert command("init", "a.yaml", *REQUIRED, *more).code == 0
    send, zorp, by_hand = load_profile(folder / "a.yaml").model.tools
    assert (zorp.capabilities, zorp.reach, zorp.approval) == (("calendar.read", "calendar.write"), "internal", "none")
    assert (send.approval, send.policy, by_hand.name, by_hand.approval) == ("required", "deny", "by_hand", "required")
    assert load_profile(folder / "a.yaml").model.data.scopes[0].category == "executive_mail"


def test_answers_come_from_files_and_options_win(folder: Path, command: Command) -> None:
    (folder / "answers.yaml").write_text(
        "prompt: prompt.md\ntools: [tools.json]\norganisation: {name: A, sector: b, domains: [a.example]}\n"
        "agent.purpose: Reads mail.\nmodel: {id: simulated/opportunist, parameters: {temperature: 0.5}}\n"
        "gateway: {present: yes, rate_limits: {actions_per_session: 9}}\nlifecycle.kill_switch_last_test: 2026-10-01\n"
    )
    done = command("init", "a.yaml", "--answers", "answers.yaml", "--organisation", "Halden", "--json")
    assert done.code == 0
    assert done.json["tools"] == 2
    assert done.json["tools_to_check"] == ["zorp"]
    assert "comms.external" in done.json["unknown_facts"]
    model = load_profile(folder / "a.yaml").model
    assert (model.organisation.name, model.model.parameters) == ("Halden", {"temperature": 0.5})
    assert facts(model)["gateway.rate_limits.actions_per_session"] == 9
    assert str(facts(model)["lifecycle.kill_switch_last_test"]) == "2026-10-01"


def test_a_tool_list_comes_through_standard_input(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO((folder / "tools.json").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw, "utf-8"))
    assert command("init", "a.yaml", "--tools", "-", *REQUIRED[2:]).code == 0
    assert len(load_profile(folder / "a.yaml").model.tools) == 2


def test_an_existing_profile_is_replaced_only_when_told(folder: Path, command: Command) -> None:
    (folder / "a.yaml").write_text("mine")
    refused = command("init", "a.yaml", *REQUIRED)
    assert (refused.code, (folder / "a.yaml").read_text()) == (2, "mine")
    assert "--force" in refused.err
    assert command("init", "a.yaml", *REQUIRED, "--force", "--no-schema").code == 0
    assert load_profile(folder / "a.yaml").model.organisation.name == "Halden Freight"
    assert not (folder / "agent-profile.schema.json").exists()


def test_facts_that_can_be_set_are_listed(command: Command) -> None:
    listed: Any = command("init", "--facts", "--json").json
    by_name = {entry["fact"]: entry for entry in listed}
    assert by_name["autonomy.level"]["choices"] == ["suggests", "acts_with_approval", "acts_alone", "unknown"]
    assert by_name["organisation.name"]["required"]
    assert "comms.allow_list" in command("init", "--facts").out


@pytest.mark.skipif(not MANIFESTS, reason="the shared tool lists are not here")
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_every_real_tool_list_becomes_a_profile(folder: Path, command: Command, manifest: Path) -> None:
    done = command("init", "a.yaml", "--tools", manifest, *REQUIRED[2:], "--json")
    assert done.code == 0, done.err
    assert len(load_profile(folder / "a.yaml").model.tools) == done.json["tools"]


def answer(terminal: Terminal, question: str, keys: str = ENTER) -> None:
    """Wait for a question and press keys."""
    terminal.wait_for(question)
    terminal.type(keys)


def test_a_session_on_a_terminal_left_and_continued(folder: Path) -> None:
    first = Terminal(folder, "init", "a.yaml", "--tools", "tools.json")
    answer(first, "holds its system prompt?", "nope.md" + ENTER)
    answer(first, "nope.md: the file does not exist", "\x15prompt.md" + ENTER)
    answer(first, "is the organisation called?", "Holden" + ENTER)
    answer(first, "What does it do?", "<" + ENTER)
    answer(first, "is the organisation called? Holden", "\x15Halden Freight" + ENTER)
    answer(first, "What does it do?", "freight" + ENTER)
    answer(first, "domains are its own?", "no domain" + ENTER)
    answer(first, "this is not a mail domain", "\x15halden.example" + ENTER)
    answer(first, "its competitors?", CTRL_C)
    assert first.end() == 130
    assert "go on with: insider-audit init a.yaml" in first.transcript
    draft = (folder / "a.yaml.draft.yaml").read_text()
    assert "organisation.name: Halden Freight" in draft
    assert "Holden" not in draft
    assert not (folder / "a.yaml").exists()

    second = Terminal(folder, "init", "a.yaml")
    answer(second, "answers of an earlier session")
    answer(second, "its competitors?", ">" + ENTER)
    answer(second, "does the prompt give the agent? Mira")
    answer(second, "in two or three words? mail assistant")
    answer(second, "does the agent write from?", "none" + ENTER)
    answer(second, "What is it for?", "unknown" + ENTER)
    answer(second, "Where does it run?", UP * 2 + ENTER)
    answer(second, "Which goals is it given?", "Be quick; be kind" + ENTER)
    answer(second, "Which model is behind it?", "simulated/opportunist" + ENTER)
    answer(second, "Look at them?")
    answer(second, "What can `zorp` do?", SPACE + DOWN + SPACE + ENTER)  # `unknown` off, the next on
    answer(second, "Is one of them wrong?")
    answer(second, "Must a person confirm each call", ENTER)
    answer(second, "Does the gateway refuse some tools", ENTER)
    answer(second, "could do its task without?", ENTER)
    answer(second, "Which data can it reach?", DOWN + ENTER)
    for question in (
        "Whose rights decide", "How far does it act", "anybody outside the organisation?", "decide on each tool call?",
        "watch what the agent does?", "messages are recorded?",
    ):  # fmt: skip
        # From `unknown`, or from the `yes` that a mail tool suggests, to "leave the rest of this section unknown".
        answer(second, question, DOWN * (4 if "outside" in question else 1) + ENTER)
    answer(second, "survive the session?", DOWN + ENTER)
    answer(second, "To which other agents", DOWN + ENTER)
    answer(second, "longest-lived of its credentials", ">" + ENTER)
    answer(second, "stop every instance", DOWN + ENTER)
    answer(second, "Under which account", DOWN + ENTER)
    answer(second, "inventory of AI systems?", ">" + ENTER)
    answer(second, "concerns that the agent raises?", DOWN + ENTER)
    answer(second, "procedure for harm", DOWN + ENTER)
    answer(second, "lead to a new test?", DOWN + ENTER)
    answer(second, "meet a situation like the tested ones?", "2.5" + ENTER)
    answer(second, "What is it for?", "Reads and answers mail." + ENTER)
    assert second.end() == 0
    assert "a.yaml is written: Mira, 2 tools." in second.screen()

    model = load_profile(folder / "a.yaml").model
    found = facts(model)
    assert (model.organisation.name, model.agent.name, model.agent.environment) == ("Halden Freight", "Mira", "test")
    assert model.agent.goals == ("Be quick", "be kind")
    assert model.tools[1].capabilities == ("email.read",)
    assert model.exposure.trigger_episodes_per_year == 2.5
    assert found["monitor.present"] == found["data.scopes[]"] == found["governance.eu_class"] == "unknown"
    assert not (folder / "a.yaml.draft.yaml").exists()


def test_nothing_stands_in_the_way_of_typing_the_tool_list(folder: Path) -> None:
    terminal = Terminal(folder, "init", "a.yaml", "--prompt", "prompt.md")
    answer(terminal, "list of its tools?", "tools.json" + ENTER)
    answer(terminal, "is the organisation called?", CTRL_C)
    assert terminal.end() == 130
    (folder / "prompt.md").unlink()
    again = Terminal(folder, "init", "a.yaml")
    answer(again, "answers of an earlier session")
    assert again.end() == 2
    assert "prompt.md: the file does not exist" in again.screen()
    assert "names it; give another with --prompt" in again.screen()
    assert (folder / "a.yaml.draft.yaml").exists()


def test_the_recorded_session_is_whole_and_names_no_machine() -> None:
    docs = Path(__file__).parents[2] / "docs"
    head, *events = [json.loads(line) for line in (docs / "init-session.cast").read_text("utf-8").splitlines()]
    assert head.keys() == {"version", "width", "height", "title"}
    assert [at for at, _, _ in events] == sorted(at for at, _, _ in events)
    printed = "".join(text for _, _, text in events)
    assert printed.count("$ insider-audit init agent.yaml") == 2
    assert "agent.yaml is written" in printed
    picture = (docs / "images" / "init-session.svg").read_text("utf-8")
    assert picture.startswith("<svg ")
    assert picture.rstrip().endswith("</svg>")
    for text in (printed, picture):
        assert not re.search(r"/(tmp|home|root|Users|work)/", text)
