"""``insider-audit schemas``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from audit.resources import data_dir
from audit.schemas import KINDS
from tests.commands import Command


def test_the_list_names_every_schema_and_its_files(command: Command) -> None:
    shown = command("schemas")
    assert shown.code == 0
    for kind in KINDS:
        assert kind.name in shown.out
        assert kind.files in shown.out
    listed = command("schemas", "--json").json["schemas"]
    assert {"name": "pack", "schema": "insider-audit/pack/1", "file": "pack.schema.json"}.items() <= listed[1].items()
    assert len(listed) == len(KINDS)


def test_one_schema_is_printed_as_it_is_shipped(command: Command) -> None:
    shown = command("schemas", "scenario")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (data_dir("schemas") / "scenario.schema.json").read_text("utf-8")
    assert json.loads(shown.out)["$id"] == "urn:insider-audit:scenario:1"
    assert command("schemas", "insider-audit/scenario/1").out == shown.out


def test_schemas_are_written_into_a_folder(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "schemas"
    shown = command("schemas", "--output", folder)
    assert (shown.code, shown.out) == (0, "")
    assert "agent-profile.schema.json" in shown.err
    assert {path.name for path in folder.iterdir()} == {kind.file for kind in KINDS}
    (folder / "pack.schema.json").write_text("old")
    assert command("schemas", "pack", "--output", folder).code == 0
    assert json.loads((folder / "pack.schema.json").read_text())["title"].startswith("insider-audit")
    only = tmp_path / "one"
    assert command("schemas", "pack", "--output", only, "--json").json["schemas"][0]["name"] == "pack"
    assert [path.name for path in only.iterdir()] == ["pack.schema.json"]


def test_what_cannot_be_done_is_said(command: Command, tmp_path: Path) -> None:
    unknown = command("schemas", "profile")
    assert unknown.code == 2
    assert "there is no schema 'profile'; there are: agent-profile, pack, scenario" in unknown.err
    file = tmp_path / "file"
    file.write_text("mine")
    refused = command("schemas", "--output", file)
    assert refused.code == 2
    assert "name a folder" in refused.err
    assert file.read_text() == "mine"


def test_reading_a_schema_loads_no_models() -> None:
    code = """
import sys
from audit.cli.main import run
run(["schemas", "pack"])
print([name for name in ("audit.scenarios.models", "audit.profile.models", "litellm") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
