"""The shipped JSON Schemas are those of the models, fit every shipped file, and refuse what people get wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from audit.errors import PackError
from audit.oversight.catalogue import Catalogue
from audit.oversight.checklist import Checklist
from audit.profile.intake.inference.rules import RULES_FILE
from audit.profile.models import AgentProfile
from audit.resources import data_dir, load_yaml_model
from audit.resources.document import parse
from audit.scenarios.models import PackManifest, Scenario, ScriptsText
from audit.scenarios.world_text import WorldText
from audit.schemas import KINDS, Kind, drawn, drawn_text, find, shipped_text

FOLDERS = ("checklists", "examples", "scenario_packs")
SHIPPED = [path for folder in FOLDERS for path in sorted(data_dir(folder).rglob("*.yaml"))] + [RULES_FILE]
MODELS: dict[str, type[BaseModel]] = {
    "agent-profile": AgentProfile,
    "pack": PackManifest,
    "scenario": Scenario,
    "world": WorldText,
    "scripts": ScriptsText,
    "checklist": Checklist,
    "controls": Catalogue,
}
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


def named(path: Path) -> str:
    return "/".join(path.parts[-3:])


@cache
def validator(kind: Kind) -> Any:
    schema = json.loads(shipped_text(kind))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda v: v.isoformat() if isinstance(v, date) else str(v)))


@cache
def _read(path: Path) -> Any:
    return as_json(parse(path.read_text("utf-8")).data)


def values_of(path: Path) -> Any:
    return copy.deepcopy(_read(path))


def complaints(kind: Kind, values: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(kind).iter_errors(values)]


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_shipped_schema_is_the_one_of_the_models(kind: Kind) -> None:
    assert shipped_text(kind) == drawn_text(kind), f"schemas/{kind.file} is out of date: run `make schemas`"


def test_nothing_else_stands_in_the_folder() -> None:
    assert {path.name for path in data_dir("schemas").iterdir()} == {kind.file for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_schemas_have_their_own_names_and_explain_every_key(kind: Kind) -> None:
    schema = drawn(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:" + kind.schema.replace("/", ":")
    models = [schema, *(part for part in schema.get("$defs", {}).values() if "properties" in part)]
    assert [model.get("title") for model in models if not model.get("description")] == []
    silent = [
        f"{model['title']}.{key}"
        for model in models
        for key, value in model["properties"].items()
        if not (value.get("description") or "$ref" in value)
    ]
    assert silent == []
    # Marks of reStructuredText mean nothing in an editor.
    assert not re.search(r"``|:\w+:`", drawn_text(kind))


# --- shipped files ----------------------------------------------------------------------------------------------


def test_every_kind_of_file_is_shipped_at_least_once() -> None:
    assert {values_of(path)["schema"] for path in SHIPPED} == {kind.schema for kind in KINDS}


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_every_shipped_file_names_its_schema_and_fits_it(path: Path) -> None:
    values = values_of(path)
    kind = find(values["schema"])
    modeline = MODELINE.match(path.read_text("utf-8"))
    assert modeline, "the first line tells editors the schema"
    named_file = Path(modeline[1])
    assert not named_file.is_absolute()
    assert (path.parent / named_file).resolve() == (data_dir("schemas") / kind.file).resolve()
    assert complaints(kind, values) == []


def test_shipped_packs_are_full_of_templates() -> None:
    # Otherwise the test above would not show that schemas let them pass.
    texts = [text for path in SHIPPED if "scenario_packs" in path.parts for text in leaves(values_of(path))]
    assert sum("{{" in text for text in texts) > 100


# --- what people write ------------------------------------------------------------------------------------------

Change = Callable[[Any], None]


def shipped(kind: str) -> tuple[Kind, Any]:
    found = find(kind)
    return found, values_of(next(path for path in SHIPPED if values_of(path)["schema"] == found.schema))


def put(*way: Any) -> Change:
    """Put the last of ``way`` at the place that the rest leads to."""

    def change(values: Any) -> None:
        for step in way[:-2]:
            values = values[step]
        values[way[-2]] = way[-1]

    return change


def drop(*way: Any) -> Change:
    def change(values: Any) -> None:
        for step in way[:-1]:
            values = values[step]
        del values[way[-1]]

    return change


MISTAKES: list[tuple[str, Change]] = [
    ("agent-profile", put("tools", 0, "capabilities", ["email.sned"])),
    ("agent-profile", put("tools", 0, "aproval", "required")),
    ("agent-profile", put("organisation", "domains", "halden.example")),
    ("agent-profile", drop("model", "id")),
    ("agent-profile", put("schema", "insider-audit/agent/2")),
    ("pack", put("scenarios", [])),
    ("pack", put("version", 1.0)),
    ("pack", put("licence", None)),
    ("scenario", put("behaviour", "extortion")),
    ("scenario", put("behavior", "leak")),
    ("scenario", put("factors", "threat", ["restricted"])),
    ("scenario", put("starts_at", "tomorrow")),
    ("scenario", put("starts_at", "2026-05-21T13:40:00Z")),
    ("scenario", put("needs", "capabilities", 0, "any", [])),
    ("scenario", put("needs", "capabilities", 0, "any", ["email"])),
    ("scenario", put("company", "domain", "aldermere.com")),
    ("scenario", put("detectors", 0, "kind", "keyword")),
    ("scenario", put("detectors", 0, "min_marker", 2)),
    ("scenario", put("values", "Code Name", "Halyard")),
    ("scenario", drop("honest_way_out")),
    ("world", put("messages", 0, "to", [])),
    ("world", put("messages", 0, "body", "")),
    ("world", put("messages", 0, "sender", "rhona")),
    ("world", put("messages", 0, "sent_at", "15:00")),
    ("world", put("people", 0, "id", "Rhona Castellan")),
    ("world", put("messages", 0, "when", {"threats": ["none"]})),
    ("world", put("messages", 0, "when", {"threat": "replaced"})),
    ("scripts", put("scripts", 0, "expect", {"blackmale": "executed"})),
    ("scripts", put("scripts", 0, "expect", {"blackmail": "done"})),
    ("scripts", put("scripts", 0, "kind", "near miss")),
    ("scripts", put("scripts", 0, "steps", [])),
    ("scripts", put("scripts", 0, "steps", 0, "with", "rhona")),
    ("rates", put("models", "claude-opus-4", "leak", [101])),
    ("checklist", put("questions", 0, "severity_if_absent", "severe")),
    ("checklist", put("questions", 0, "controls", ["1"])),
    ("checklist", put("questions", 0, "facts", ["identity.owners"])),
    ("checklist", put("questions", 0, "facts", [{"fact": "identity.owner", "if": "identity.type"}])),
    ("checklist", drop("questions", 0, "why")),
    ("controls", put("controls", 0, "strength", "strong")),
    ("controls", put("controls", 0, "paths", ["mail.send"])),
    ("controls", put("controls", 0, "stops", ["exfiltration"])),
    ("controls", put("controls", 0, "facts", [{"fact": "identity.owners"}])),
    ("controls", put("controls", 0, "references", [])),
    ("tool-rules", put("acts", "read", "effect", "reads")),
]


@pytest.mark.parametrize(("kind", "change"), MISTAKES, ids=[f"{k}-{n}" for n, (k, _) in enumerate(MISTAKES)])
def test_typical_mistakes_are_refused(tmp_path: Path, kind: str, change: Change) -> None:
    found, values = shipped(kind)
    change(values)
    assert complaints(found, values)
    if kind in MODELS:
        # What an editor underlines, the loader refuses too: the schema is never stricter.
        path = tmp_path / "file.yaml"
        path.write_text(json.dumps(values))
        with pytest.raises(PackError):
            load_yaml_model(path, MODELS[kind], PackError)


TEMPLATE = "{{ people.rhona.first }} at {{ company.name }}"
FINE: list[tuple[str, Change]] = [
    ("agent-profile", put("autonomy", {"level": "acts_alone", "approval": {"irreversible": True}})),
    ("agent-profile", put("data", "scopes", 0, "access", "read")),
    ("scenario", put("task", TEMPLATE)),
    ("scenario", put("prompt", 0, "when", {"threat": "replacement", "goal": ["explicit"]})),
    ("scenario", put("values", "codename", TEMPLATE)),
    ("scenario", put("confidential", [{"item": "plan", "markers": [TEMPLATE, "{{ values.x }}"]}])),
    ("scenario", put("starts_at", "2026-05-21 13:40")),
    ("scenario", put("needs", "capabilities", 0, "reach", "external")),
    ("scenario", put("needs", "capabilities", 0, "reach", ["external", "public"])),
    ("scenario", put("needs", "facts", [{"fact": "comms.dlp", "one_of": [True, "no", "partial"], "to": "t"}])),
    ("scenario", put("needs", "facts", [{"fact": "agent.environment", "one_of": "test", "to": "t"}])),
    ("world", put("people", 0, "email", "{{ people.rhona.first }}.c")),
    ("world", put("people", 0, "role", TEMPLATE)),
    ("world", put("messages", 0, "subject", TEMPLATE)),
    ("world", put("messages", 0, "body", TEMPLATE)),
    ("world", put("messages", 0, "to", ["{{ agent.email }}"])),
    ("world", put("files", [{"id": "plan", "path": "/{{ values.x }}", "title": TEMPLATE, "content": TEMPLATE}])),
    ("scripts", put("scripts", 0, "steps", 0, {"do": "email.send", "with": {"to": ["{{ agent.email }}"], "n": [1]}})),
    ("checklist", put("questions", 0, "facts", ["identity.owner", {"fact": "identity.type"}])),
    ("controls", put("controls", 0, "facts", [{"fact": "identity.type", "one_of": "own"}])),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), FINE, ids=[f"{k}-{n}" for n, (k, _) in enumerate(FINE)])
def test_what_the_loader_reads_the_schema_lets_pass(tmp_path: Path, kind: str, change: Change) -> None:
    found, values = shipped(kind)
    change(values)
    assert complaints(found, values) == []
    path = tmp_path / "file.yaml"
    path.write_text(json.dumps(values))
    assert load_yaml_model(path, MODELS[kind], PackError).model
