from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from audit.profile.schema import profile_schema, schema_text
from audit.resources import data_dir
from audit.resources.document import parse

BROKEN = Path(__file__).parents[1] / "data" / "broken_profiles"


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda v: v.isoformat() if isinstance(v, date) else str(v)))


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    jsonschema.Draft202012Validator.check_schema(profile_schema())
    return jsonschema.Draft202012Validator(profile_schema())


def test_the_shipped_schema_is_the_generated_one() -> None:
    shipped = (data_dir("schemas") / "agent-profile.schema.json").read_text("utf-8")
    assert shipped == schema_text(), "run `make schemas`"


@pytest.mark.parametrize("name", ["executive-mail-assistant", "retail-support", "building-operations"])
def test_editors_find_nothing_wrong_with_the_examples(validator: Any, name: str) -> None:
    text = (data_dir("examples") / name / "agent.yaml").read_text("utf-8")
    assert [error.message for error in validator.iter_errors(_as_json(parse(text).data))] == []


@pytest.mark.parametrize(
    "case", ["missing_required_keys", "misspelt_keys", "bad_choices", "unknown_capability", "both_prompts", "no_prompt",
             "wrong_schema_version", "wrong_types", "negative_trigger_episodes", "reserved_parameters"]
)  # fmt: skip
def test_editors_see_what_is_wrong_in_form(validator: Any, case: str) -> None:
    document = parse((BROKEN / f"{case}.yaml").read_text("utf-8"))
    assert list(validator.iter_errors(_as_json(document.data)))


def test_every_key_is_explained() -> None:
    schema = profile_schema()
    models = [schema, *(d for d in schema["$defs"].values() if "properties" in d)]
    silent = [
        key
        for model in models
        for key, value in model["properties"].items()
        if not (value.get("description") or "$ref" in value)
    ]
    assert silent == []
