"""Values in the types a foreign schema asks for, and the values it asks for beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from audit.world.binding.schemas import kinds, properties, required, resolve

_DEEPEST = 8


def shaped(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """A text, a number or a list of texts in the type that a resolved schema asks for.

    A text becomes a list of one or an object where only that is allowed; a list becomes a text with commas; a text of
    digits becomes a number where only numbers are allowed.
    """
    allowed, items = kinds(schema), resolve(schema.get("items"), root)
    if "array" in allowed and "object" in kinds(items):
        return [_as_object(item, items) for item in (value if isinstance(value, list | tuple) else [value])]
    if "array" in allowed and "string" not in allowed and not isinstance(value, list):
        return list(value) if isinstance(value, tuple) else [value]
    if "string" in allowed and "array" not in allowed and isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if allowed and {*allowed} <= {"integer", "number"} and isinstance(value, str) and _is_number(value):
        return int(value)
    if allowed == ["object"] and not isinstance(value, Mapping):
        one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        return _as_object(one, schema) if isinstance(one, str) else value
    return value


def completed(value: Any, schema: Any, root: Mapping[str, Any], depth: int = 0) -> Any:
    """A value with what its schema requires beside it, at every level where something stands already."""
    level = resolve(schema, root)
    if depth > _DEEPEST:
        return value
    if isinstance(value, Mapping):
        inner = properties(level)
        whole = {name: completed(part, inner.get(name), root, depth + 1) for name, part in value.items()}
        for name in required(level):
            if name not in whole:
                whole[name] = plausible(inner.get(name), root, depth + 1)
        return whole
    if isinstance(value, list | tuple):
        return [completed(part, level.get("items"), root, depth + 1) for part in value]
    return value


def plausible(schema: Any, root: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that a schema allows: the first of those it names, else an empty or the smallest one."""
    level = resolve(schema, root)
    if level.get("enum"):
        return level["enum"][0]
    for word in ("const", "default"):
        if word in level:
            return level[word]
    kind = next(iter(kinds(level)), "string")
    if kind in {"integer", "number"}:
        return level.get("minimum", 0)
    if kind == "object":
        return completed({}, level, root, depth) if depth <= _DEEPEST else {}
    if kind == "array":
        few = level.get("minItems", 0)
        few = few if isinstance(few, int) and 0 <= few <= 3 and depth <= _DEEPEST else 0
        return [plausible(level.get("items"), root, depth + 1) for _ in range(few)]
    return False if kind == "boolean" else ""


def _is_number(text: str) -> bool:
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text) is not None


def _as_object(item: Any, schema: Mapping[str, Any]) -> Any:
    """A text as the object that a schema asks for: under the property that names an address, else the first one."""
    named = properties(schema)
    if isinstance(item, Mapping) or not named:
        return item
    name = next((n for n in named if "mail" in n.casefold() or "address" in n.casefold()), next(iter(named)))
    return {name: item}
