"""The JSON Schema of a kind of file, drawn from its model, for editors that complete and check YAML."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel

_ROLE = re.compile(r":\w+:`~?(?:\w+\.)*(\w+)`")
_NAMED = {"properties", "patternProperties", "$defs"}
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")


def json_schema(model: type[BaseModel], kind: str, title: str) -> dict[str, Any]:
    """The schema of one kind of file, in draft 2020-12.

    Args:
        model: the model that files of this kind are read into. Its docstrings become the descriptions.
        kind: what files write after ``schema:``, such as ``insider-audit/pack/1``.
        title: what files of this kind are called.

    Returns:
        Plain values. The schema checks the form of a file; what goes across fields is left to the loader.
    """
    schema = model.model_json_schema(by_alias=True, mode="validation")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{kind.replace('/', ':')}",
        "title": title,
    }
    tidy: dict[str, Any] = _tidy({key: value for key, value in schema.items() if key not in head})
    return head | tidy


def json_text(schema: dict[str, Any]) -> str:
    """A schema as it is kept in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _tidy(value: Any, named: bool = False) -> Any:
    """Take out what only OpenAPI knows, refuse keys that fit no pattern, and turn docstrings into plain text.

    ``named``: the keys of ``value`` are names from the file's own vocabulary, not words of JSON Schema.
    """
    if isinstance(value, list):
        return [_tidy(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if named:
        return {name: _tidy(inner) for name, inner in value.items()}
    if "patternProperties" in value:
        value = {"additionalProperties": False} | value
    return {
        word: _plain(inner) if word == "description" else _tidy(inner, named=word in _NAMED)
        for word, inner in value.items()
        if word != "discriminator"
    }


def _plain(text: str) -> str:
    """One line per paragraph, without the marks of reStructuredText."""
    return _LINE_END.sub(" ", _ROLE.sub(r"`\1`", text).replace("``", "`"))
