"""What a JSON Schema of arguments allows, read as real tool lists write it: references, alternatives, nested objects.

Only the form is read. Whether a value satisfies a schema is left to the tool that would refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.world.binding.paths import EACH, JSON, Path

_LONGEST_CHAIN = 20
"""References and alternatives followed in one place; schemas that refer to themselves end here."""
_DEEPEST = 6
_MOST_PLACES = 400


@dataclass(frozen=True)
class Place:
    """One place in a tool's arguments where a value is written.

    Attributes:
        path: Way to it from the top.
        schema: What is allowed there, with references followed.
    """

    path: Path
    schema: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Names on the way, outermost first."""
        return tuple(step for step in self.path if isinstance(step, str))

    @property
    def many(self) -> bool:
        """Whether a list is written there."""
        return "array" in kinds(self.schema) and "string" not in kinds(self.schema)

    @property
    def bag(self) -> bool:
        """Whether an object is written there, of which the schema does not say what stands in it."""
        return kinds(self.schema) == ["object"]


def resolve(schema: Any, root: Mapping[str, Any], chain: int = 0) -> dict[str, Any]:
    """One level of a schema with local references followed and alternatives joined.

    Args:
        schema: A schema; ``true``, and what is no schema, allow anything.
        root: The whole schema, which references point into.
        chain: References and alternatives followed so far.

    Returns:
        A schema without ``$ref``, ``allOf``, ``anyOf`` and ``oneOf``: ``type`` is a list without ``null``,
        ``properties`` holds those of every alternative, ``required`` what all alternatives require.
    """
    if not isinstance(schema, Mapping) or chain > _LONGEST_CHAIN:
        return {}
    found = {k: v for k, v in schema.items() if k not in {"$ref", "allOf", "anyOf", "oneOf", "type"}}
    if declared := _types(schema.get("type")):
        found["type"] = declared
    if isinstance(reference := schema.get("$ref"), str):
        found = _joined(resolve(_pointed(reference, root), root, chain + 1), found)
    for part in _listed(schema.get("allOf")):
        found = _joined(found, resolve(part, root, chain + 1))
    for word in ("anyOf", "oneOf"):
        ways = [way for way in _listed(schema.get(word)) if not _only_null(way)]
        if ways:
            found = _joined(found, _either([resolve(way, root, chain + 1) for way in ways]))
    return found


def kinds(schema: Mapping[str, Any]) -> list[str]:
    """Types that a resolved schema allows, without ``null``; empty when it does not say."""
    if declared := _types(schema.get("type")):
        return declared
    if isinstance(schema.get("properties"), Mapping):
        return ["object"]
    return ["array"] if isinstance(schema.get("items"), Mapping) else []


def properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Properties of a resolved schema by name."""
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def required(schema: Mapping[str, Any]) -> list[str]:
    """Names of the properties that a resolved schema requires."""
    return [name for name in _listed(schema.get("required")) if isinstance(name, str)]


def places(parameters: Mapping[str, Any]) -> list[Place]:
    """Every place where a tool's arguments hold a value, in the schema's order, the outer ones first."""
    found: list[Place] = []
    for place in _below((), parameters, parameters):
        found.append(place)
        if len(found) == _MOST_PLACES:
            break
    return sorted(found, key=lambda place: len(place.names))


def allowed_at(parameters: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The resolved schema of one place; empty where the schema does not know it."""
    schema = resolve(parameters, parameters)
    for step in path:
        if isinstance(step, str):
            schema = resolve(properties(schema).get(step), parameters)
        elif step is JSON:
            schema = resolve(schema.get("contentSchema"), parameters)
        else:
            schema = resolve(schema.get("items"), parameters)
    return schema


def misplaced(parameters: Mapping[str, Any], path: Path) -> tuple[str, str] | None:
    """Why a path leads nowhere in a tool's arguments: what is wrong, and what would be right. None: it leads somewhere.

    Below an object whose properties are not declared every name is accepted.
    """
    schema, passed = resolve(parameters, parameters), "the tool"
    for step in path:
        allowed = kinds(schema)
        if step is JSON:
            if allowed and "string" not in allowed:
                return f"{passed} is no text that could hold JSON", "leave `(json)` out"
            schema = resolve(schema.get("contentSchema"), parameters)
        elif isinstance(step, str):
            known = properties(schema)
            if step not in known:
                if fault := _no_such(schema, passed, step):
                    return fault
                return None
            schema = resolve(known[step], parameters)
            passed = f"`{step}`"
        else:
            if allowed and "array" not in allowed:
                return f"{passed} is no list", "leave the brackets out"
            schema = resolve(schema.get("items"), parameters)
    return None


def _no_such(schema: Mapping[str, Any], passed: str, name: str) -> tuple[str, str] | None:
    allowed, known = kinds(schema), properties(schema)
    if known or passed == "the tool":
        listed = ", ".join(f"`{other}`" for other in known) or "none are declared"
        return f"{passed} has no argument `{name}`", f"its arguments: {listed}"
    if not allowed or "object" in allowed:
        return None
    if "array" in allowed:
        return f"{passed} is a list", f"write `[]` after it for each of its entries: `[].{name}`"
    if "string" in allowed:
        return f"{passed} is a text", f"end the path there, or write `(json).{name}` after it if the text holds JSON"
    return f"{passed} has no parts", "end the path there"


def _below(path: Path, schema: Any, root: Mapping[str, Any]) -> Iterator[Place]:
    level = resolve(schema, root)
    allowed, inner = kinds(level), properties(level)
    deep = len(path) >= 2 * _DEEPEST
    parted = False
    if inner and not deep:
        parted = True
        for name, part in inner.items():
            yield from _below((*path, str(name)), part, root)
    items = resolve(level.get("items"), root)
    if "array" in allowed and properties(items) and not deep:
        parted = True
        yield from _below((*path, EACH), level.get("items"), root)
    if "string" in allowed and isinstance(level.get("contentSchema"), Mapping) and not deep:
        parted = True
        yield from _below((*path, JSON), level["contentSchema"], root)
    mixed = {"string", "integer", "number"} & {*allowed, *kinds(items)} and "contentSchema" not in level
    named = bool(path) and isinstance(path[-1], str)
    if (named and (not parted or mixed)) or (path and path[-1] is EACH and mixed):
        yield Place(path, level)


def _either(ways: list[dict[str, Any]]) -> dict[str, Any]:
    """What alternatives allow together."""
    found: dict[str, Any] = {}
    for way in reversed(ways):
        found |= way
    found["type"] = list(dict.fromkeys(kind for way in ways for kind in kinds(way)))
    if not all(kinds(way) for way in ways) or not found["type"]:
        found.pop("type")
    if any(properties(way) for way in ways):
        found["properties"] = {n: s for way in reversed(ways) for n, s in properties(way).items()}
    shared = [set(required(way)) for way in ways if properties(way)]
    found.pop("required", None)
    if shared:
        found["required"] = [name for name in required(ways[0]) if all(name in one for one in shared)]
    found.pop("enum", None)
    found.pop("const", None)
    values = [_values(way) for way in ways]
    if all(values):
        found["enum"] = [value for some in values for value in some]
    return found


def _values(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else _listed(schema.get("enum"))


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two schemas that hold at once; the second one's words go before."""
    both = {**first, **second}
    if first.get("type") and second.get("type"):
        both["type"] = [kind for kind in first["type"] if kind in second["type"]] or second["type"]
    if properties(first) and properties(second):
        both["properties"] = {**properties(first), **properties(second)}
    if required(first) and required(second):
        both["required"] = list(dict.fromkeys([*required(first), *required(second)]))
    return both


def _pointed(reference: str, root: Mapping[str, Any]) -> Any:
    """What a local reference such as ``#/$defs/Person`` points at; None for any other."""
    if not reference.startswith("#"):
        return None
    found: Any = root
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _types(declared: Any) -> list[str]:
    listed = declared if isinstance(declared, list) else [declared]
    return [kind for kind in listed if isinstance(kind, str) and kind != "null"]


def _only_null(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return False
    return schema.get("type") in ("null", ["null"]) or ("const" in schema and schema["const"] is None)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
