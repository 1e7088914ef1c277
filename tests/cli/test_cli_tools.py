"""``insider-audit tools`` as people and scripts use it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.profile.tools import Tool
from tests.commands import Command

LIST = [
    {
        "name": "send.mail",
        "description": "Sends a mail",
        "inputSchema": {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
        "annotations": {"readOnlyHint": True},
    },
    {"name": "mystery", "inputSchema": {"type": "object"}},
]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps({"tools": LIST}), encoding="utf-8")
    return path


def test_the_table_shows_capabilities_confidence_and_what_to_look_at(command: Command, listed: Path) -> None:
    ran = command("tools", listed)
    assert ran.code == 0
    for part in ("send_mail", "email.send (high)", "communicate (high)", "external", "irreversible (low)"):
        assert part in ran.out
    assert "the name says `send` + `mail`" in ran.out
    assert "Look at these, they rest on little: mystery" in ran.out
    assert "send_mail: The list calls it `send.mail`" in ran.err


def test_narrow_terminals_get_two_lines_for_each_tool(
    command: Command, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.cli.output._WIDTH_OF_FILES", 80)
    lines = command("tools", listed).out.splitlines()
    assert lines[:4] == [
        "send_mail",
        "  email.send: communicate, external, irreversible",
        "mystery",
        "  unknown?: irreversible?, unknown?, irreversible?",
    ]


def test_why_prints_every_inference_with_its_evidence(command: Command, listed: Path) -> None:
    ran = command("tools", listed, "--why")
    assert "reach external (medium): it can send mail" in ran.out
    assert "  effect irreversible (low): it can do something that nobody has described" in ran.out


def test_json_is_one_document(command: Command, listed: Path) -> None:
    document = command("tools", listed, "--json").json
    first, second = document["tools"]
    assert (first["name"], first["listed_as"], first["unsure"]) == ("send_mail", "send.mail", False)
    assert first["capabilities"][0]["value"] == "email.send"
    assert set(first["effect"]) == {"value", "confidence", "evidence"}
    assert first["parameters"]["required"] == ["to"]
    assert first["hints"]["read_only"] is True
    assert (second["capabilities"][0]["value"], second["unsure"]) == ("unknown", True)


def test_yaml_is_the_tools_part_of_a_profile(command: Command, listed: Path) -> None:
    ran = command("tools", listed, "--yaml")
    tools: list[dict[str, Any]] = YAML(typ="safe").load(ran.out)["tools"]
    read = [Tool.model_validate(tool) for tool in tools]
    assert [tool.name for tool in read] == ["send_mail", "mystery"]
    assert "email.send" in read[0].capabilities


def test_standard_input_and_several_lists_are_put_together(
    command: Command, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = json.dumps([{"name": "mystery", "description": "Reads a file", "parameters": {}}])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped.encode())))
    document = command("tools", listed, "-", "--json").json
    assert [(tool["name"], tool["source"].rpartition("/")[2]) for tool in document["tools"]] == [
        ("send_mail", "tools.json"),
        ("mystery", "tools.json"),
        ("mystery_2", "standard input"),
    ]


def test_all_problems_of_all_lists_are_printed(command: Command, listed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"description": "no name", "parameters": {}}]', encoding="utf-8")
    ran = command("tools", listed, broken, tmp_path / "missing.json")
    assert ran.code == 2
    assert "entry 1: the tool has no name" in ran.err
    assert "missing.json: the file does not exist" in ran.err
    assert "2 problems found" in ran.err


def test_wrong_use_is_said(command: Command, listed: Path) -> None:
    ran = command("tools")
    assert (ran.code, "no tool list is given" in ran.err) == (2, True)
    ran = command("tools", listed, "--json", "--yaml")
    assert (ran.code, "exclude each other" in ran.err) == (2, True)
