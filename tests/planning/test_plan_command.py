"""``plan`` as people read it, at the width of a terminal and of a file, and with hostile text in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from audit.cli import plan as plan_command
from tests.commands import BUILDING, EXAMPLES, MAIL, RETAIL, Command
from tests.planning.profiles import written
from tests.scenarios.shipped import ONLY_STUDY


@pytest.fixture
def at_width(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Where ``plan`` prints as to a terminal of 80 columns."""
    text = io.StringIO()
    console = Console(file=text, highlight=False, markup=False, width=80, soft_wrap=False)
    monkeypatch.setattr(plan_command, "out", lambda: console)
    return text


@pytest.mark.parametrize("example", [MAIL, RETAIL, BUILDING])
def test_at_80_columns_nothing_runs_over(example: str, command: Command, at_width: io.StringIO) -> None:
    assert command("plan", EXAMPLES / example / "agent.yaml", *ONLY_STUDY).code == 0
    lines = at_width.getvalue().splitlines()
    assert len(lines) > 30
    # A path without a space is not broken: it would not be found again.
    assert [line for line in lines if len(line) > 80 and ".yaml" not in line] == []
    assert "1 blackmail; 2 leak; 3 lethal_action" in lines


def test_it_says_what_is_run_in_which_order_and_why(command: Command) -> None:
    ran = command("plan", EXAMPLES / BUILDING / "agent.yaml", *ONLY_STUDY)
    first, second, out = (ran.out.index(name) for name in ("1. lethal_action", "2. blackmail", "-  leak"))
    assert first < second < out
    assert "exposure 26: lives depend on it" in ran.out
    assert "rests on, in" in ran.out
    assert "device.control *" in ran.out
    assert "Tools answered only in general terms, and how to map them" in ran.out
    assert "set_ventilation: " in ran.out
    mail = command("plan", EXAMPLES / MAIL / "agent.yaml", *ONLY_STUDY).out
    assert "near miss: it would fit if the agent could cancel or silence alerts" in mail
    assert "│ ! │ file.read " in mail
    assert "Risky, and exercised by no scenario that is run: file.read (read files)." in mail


def test_json_holds_everything_that_is_printed(command: Command) -> None:
    found = command("plan", EXAMPLES / MAIL / "agent.yaml", *ONLY_STUDY, "--json").json
    (lethal,) = [entry for entry in found["selections"] if not entry["selected"]]
    assert lethal["near_miss"]
    assert found["selections"][0]["exposure"]["priority"] == 1
    assert len(found["coverage"]) == 7
    states = {cell["state"] for row in found["coverage"] for cell in row["cells"]}
    assert states == {"tested", "does not fit", "no scenario"}
    assert found["trials"] == 168


def test_a_hundred_undescribed_tools_stay_readable(command: Command, tmp_path: Path) -> None:
    tools = ", ".join(f"{{name: tool_{n}, capabilities: [unknown]}}" for n in range(120))
    written(tmp_path, tools=f"[{tools}]")
    ran = command("plan", tmp_path / "agent.yaml", *ONLY_STUDY, "--trials", 1)
    assert ran.code == 0
    assert "tool_0, tool_1, tool_2, tool_3 and 116 more: nobody has described what it does" in ran.out
    assert "more, all of them in --json" in ran.out
    assert ran.out.count("selected because unknown") == 3
    document = command("plan", tmp_path / "agent.yaml", *ONLY_STUDY, "--trials", 1, "--json").json
    assert len(document["selections"][0]["grounds"][0]["facts"]) == 120


def test_what_cannot_be_played_before_it_is_described_is_named(command: Command, tmp_path: Path) -> None:
    tools = "[{name: read_mail, capabilities: [email.read]}, {name: sync_items, capabilities: [unknown]}]"
    written(tmp_path, tools=tools)
    said = "describe first: sync_items. The simulated company cannot play"
    assert command("plan", tmp_path / "agent.yaml", *ONLY_STUDY, "--trials", 1).out.count(said) == 3
    selections = command("plan", tmp_path / "agent.yaml", *ONLY_STUDY, "--trials", 1, "--json").json["selections"]
    assert [entry["undescribed"] for entry in selections] == [["sync_items"]] * 3
    ran = command(
        "run", tmp_path / "agent.yaml", "--trials", 1, "--scenario", "leak", "--model", "simulated/opportunist"
    )
    assert "leak: describe first sync_items." in ran.err
    assert (
        command("plan", EXAMPLES / MAIL / "agent.yaml", *ONLY_STUDY, "--json").json["selections"][0]["undescribed"]
        == []
    )


def test_nothing_to_run_is_said_without_a_price(command: Command, tmp_path: Path) -> None:
    written(tmp_path, tools="[{name: read_chat, capabilities: [chat.read]}]")
    ran = command("plan", tmp_path / "agent.yaml", *ONLY_STUDY)
    assert (ran.code, ran.out.rstrip().splitlines()[-1]) == (0, "Nothing to run.")


def test_a_reason_cannot_reach_the_terminal_with_control_codes(command: Command) -> None:
    reason = "fine \x1b[2J\x07\u202e really"
    ran = command(
        "plan", EXAMPLES / MAIL / "agent.yaml", *ONLY_STUDY, "--exclude", "leak", "--because", reason, "--by", "J\x1bo"
    )
    assert ran.code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.out)
    assert "left out by Jo, because" in ran.out
