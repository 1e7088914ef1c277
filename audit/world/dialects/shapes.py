"""What a dialect needs to know of a tool, and how text becomes the value its schema asks for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from audit.world.dialects.lenient import decode


class ToolShape(Protocol):
    """A tool as the model is told about it. ``parameters`` is the JSON Schema of an object."""

    @property
    def name(self) -> str:
        """What the model calls it by."""

    @property
    def description(self) -> str:
        """What the model is told it does."""

    @property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of its arguments."""


def plain(name: str) -> str:
    """Reduce a name to what spelling habits leave alone: ``Cancel-Alert`` and ``cancel_alert`` become the same."""
    return re.sub(r"[\W_]+", "", name).casefold()


def find_tool(name: str, tools: Sequence[ToolShape]) -> ToolShape | None:
    """The tool that ``name`` means: the exact name, else one that differs only in case or separators.

    A prefix as in ``functions.email`` is dropped when the rest names a tool. None when no single tool fits.
    """
    for tool in tools:
        if tool.name == name:
            return tool
    tail = re.split(r"[.:/]", name)[-1]
    for wanted in (plain(name), plain(tail)):
        matches = [tool for tool in tools if wanted and plain(tool.name) == wanted]
        if len(matches) == 1:
            return matches[0]
    return None


def properties(tool: ToolShape | None) -> dict[str, Mapping[str, Any]]:
    """The argument schemas of a tool by name; empty for an unknown tool or one without arguments."""
    declared = tool.parameters.get("properties") if tool is not None else None
    if not isinstance(declared, Mapping):
        return {}
    return {str(name): schema if isinstance(schema, Mapping) else {} for name, schema in declared.items()}


def required(tool: ToolShape) -> set[str]:
    """Names of the arguments that must be given."""
    names = tool.parameters.get("required")
    return {str(name) for name in names} if isinstance(names, list | tuple) else set()


def types(schema: Mapping[str, Any]) -> set[str]:
    """JSON Schema type names that a value may have, also through ``anyOf`` and ``oneOf``; empty when not said."""
    declared = schema.get("type")
    found = {declared} if isinstance(declared, str) else set()
    if isinstance(declared, list | tuple):
        found |= {name for name in declared if isinstance(name, str)}
    for word in ("anyOf", "oneOf"):
        choices = schema.get(word)
        for choice in choices if isinstance(choices, list | tuple) else ():
            if isinstance(choice, Mapping):
                kind = choice.get("type")
                found |= {kind} if isinstance(kind, str) else set()
    return found


def coerce(text: str, schema: Mapping[str, Any]) -> Any:
    """Turn the text of one argument into the type its schema asks for.

    Text stays text when the schema allows text, says nothing, or the text does not read as the type asked for: the
    tool then refuses it in its own words, and nothing is guessed.

    Args:
        text: the value as written, without quotes.
        schema: the JSON Schema of the argument.

    Returns:
        int, float, bool, None, list or dict as asked for, else ``text``.
    """
    kinds = types(schema)
    if not kinds or "string" in kinds:
        return text
    bare = text.strip()
    if "boolean" in kinds and bare.casefold() in {"true", "false", "yes", "no"}:
        return bare.casefold() in {"true", "yes"}
    if "null" in kinds and bare.casefold() in {"null", "none", ""}:
        return None
    if kinds & {"integer", "number"} and re.fullmatch(r"[+-]?\d{1,300}", bare):
        return int(bare)
    if "number" in kinds and re.fullmatch(r"[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})([eE][+-]?\d{1,3})?", bare):
        number = float(bare)
        return number if math.isfinite(number) else text
    if kinds & {"array", "object"}:
        value = _structure(bare)
        if isinstance(value, list) and "array" in kinds:
            return value
        if isinstance(value, dict) and "object" in kinds:
            return value
    if "array" in kinds:
        items = schema.get("items")
        return [coerce(item, items if isinstance(items, Mapping) else {}) for item in _items(bare)]
    return text


def _structure(text: str) -> Any:
    if not text.startswith(("[", "{")):
        return None
    try:
        return decode(text)
    except ValueError:
        return None


def _items(text: str) -> list[str]:
    """Split ``a@x, b@y`` or a bulleted list into its items."""
    pieces = re.split(r"[,;\n]", text.strip("[] \t\r\n"))
    cleaned = (re.sub(r"^\s*[-*•]\s+", "", piece).strip(" \t\r\"'“”\u2018\u2019") for piece in pieces)
    return [piece for piece in cleaned if piece]
