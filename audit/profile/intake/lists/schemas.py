"""Schemas of listed tools: whatever a list declares becomes a JSON Schema of type object that profiles accept."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from audit.profile.tools import Tool
from audit.resources import Fault, FaultsError, Loc, describe

MAX_DEPTH = 48
"""Levels of an entry. Profiles are read up to 64 levels deep, and the schema starts at the fourth."""

_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_OTHER_NAMES = {
    "str": "string",
    "text": "string",
    "uuid": "string",
    "date": "string",
    "datetime": "string",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "dict": "object",
    "map": "object",
    "none": "null",
}
_SCHEMA_WORDS = {"properties", "$ref", "anyOf", "oneOf", "allOf", "$defs", "definitions", "required", "$schema"}
_SUBSCHEMAS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_INNER = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def mended_schema(declared: Any, notes: list[str]) -> dict[str, Any]:
    """A schema of type object.

    Args:
        declared: a JSON Schema, a mapping of argument names to schemas, or a list of arguments (each with ``name``, and
            ``type``, ``desc``, ``optional`` and the like).
        notes: what had to be changed is added here, in sentences.

    Returns:
        The schema as declared wherever it can be kept; references and definitions are kept.

    Raises:
        FaultsError: with everything that cannot be mended, each with its place inside ``declared``.
    """
    if isinstance(declared, list):
        schema = _from_list(declared)
    elif not isinstance(declared, dict):
        if declared is True:
            return {"type": "object", "properties": {}}
        wrong = f"the schema is {describe(declared)}"
        raise FaultsError([Fault((), wrong, "write the JSON Schema of the arguments, with `type: object`")])
    elif _is_bare_properties(declared):
        notes.append("Its schema named the arguments without `type: object`; that was added.")
        schema = {"type": "object", "properties": declared}
    else:
        schema = declared
    changed: set[str] = set()
    mended = _mended(schema, changed)
    notes += sorted(changed)
    mended = _as_object(mended, notes)
    try:
        _ACCEPTED.validate_python({"name": "tool", "parameters": mended, "capabilities": ["unknown"]})
    except ValidationError as error:
        raise FaultsError(_faults(error)) from None
    return mended


_ACCEPTED = TypeAdapter(Tool)


def _faults(error: ValidationError) -> list[Fault]:
    faults: list[Fault] = []
    for detail in error.errors():
        raised = detail.get("ctx", {}).get("error")
        if isinstance(raised, FaultsError):
            faults += raised.faults
        else:
            faults.append(Fault((), f"the schema is refused ({detail['msg']})", "correct the schema"))
    return faults


def _is_bare_properties(declared: dict[str, Any]) -> bool:
    """Whether these are the properties themselves: names of arguments, each with its schema."""
    if not declared or not all(isinstance(inner, dict) for inner in declared.values()):
        return False
    return not (_SCHEMA_WORDS & declared.keys()) or any(
        key not in _SCHEMA_WORDS and "type" in inner for key, inner in declared.items()
    )


def _from_list(arguments: list[Any]) -> dict[str, Any]:
    """The schema of a list of arguments, as registries write them."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    faults: list[Fault] = []
    for position, argument in enumerate(arguments):
        name = argument.get("name") if isinstance(argument, dict) else None
        if not isinstance(argument, dict) or not isinstance(name, str) or not name.strip():
            faults.append(Fault((position,), "the argument has no name", "write a mapping with `name` and `type`"))
            continue
        if name in properties:
            faults.append(Fault((position, "name"), f"the argument `{name}` stands twice", "keep one of them"))
            continue
        own = argument.get("schema")
        inner = dict(own) if isinstance(own, dict) else {}
        inner |= {k: v for k, v in argument.items() if k not in {"name", "desc", "optional", "required", "schema"}}
        description = argument.get("desc", argument.get("description"))
        if isinstance(description, str) and description:
            inner["description"] = description
        if inner.get("type") is None:
            inner.pop("type", None)
        properties[name] = inner
        if argument.get("optional") is not True and argument.get("required") is not False:
            required.append(name)
    if faults:
        raise FaultsError(faults)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {})


def _mended(schema: Any, changed: set[str]) -> Any:
    """The schema with names of types as JSON Schema has them, and other slips mended at every level."""
    if not isinstance(schema, dict):
        return schema
    mended = dict(schema)
    if "type" in mended:
        kind = _type(mended.pop("type"), changed)
        if kind is not None:
            mended = {"type": kind, **mended}
    for key in _SUBSCHEMAS:
        if isinstance(mended.get(key), dict):
            mended[key] = {name: _mended(inner, changed) for name, inner in mended[key].items()}
    for key in _LISTS_OF_SCHEMAS:
        if isinstance(mended.get(key), list):
            mended[key] = [_mended(inner, changed) for inner in mended[key]]
    for key in _INNER:
        if isinstance(mended.get(key), dict):
            mended[key] = _mended(mended[key], changed)
    if mended.get("enum") == [] or ("enum" in mended and mended["enum"] is None):
        del mended["enum"]
        changed.add("An empty `enum` was left out of its schema.")
    if isinstance(mended.get("items"), list):
        mended["prefixItems"] = [_mended(inner, changed) for inner in mended.pop("items")]
        changed.add("A list under `items` was written as `prefixItems`, as JSON Schema has it now.")
    if "properties" in mended and mended["properties"] is None:
        mended["properties"] = {}
    _mend_required(mended, changed)
    return mended


def _mend_required(schema: dict[str, Any], changed: set[str]) -> None:
    """``required: true`` beside an argument's type is an old spelling; it belongs into the list of the object."""
    properties = schema.get("properties")
    if isinstance(properties, dict):
        flagged = [n for n, inner in properties.items() if isinstance(inner, dict) and inner.get("required") is True]
        listed = schema.get("required")
        if flagged and not isinstance(listed, list):
            schema["required"] = flagged
        elif flagged and isinstance(listed, list):
            schema["required"] = [*listed, *(name for name in flagged if name not in listed)]
        for name, inner in properties.items():
            if isinstance(inner, dict) and isinstance(inner.get("required"), bool):
                properties[name] = {key: value for key, value in inner.items() if key != "required"}
                changed.add("`required` beside single arguments was moved into the list of their object.")
    if schema.get("required", []) is None:
        del schema["required"]


def _type(kind: Any, changed: set[str]) -> Any:
    """The type as JSON Schema names it; None where any type is meant."""
    if kind is None:
        changed.add("A `type` without a value was left out of its schema.")
        return None
    if isinstance(kind, list):
        named = [_type(one, changed) for one in kind]
        return None if None in named else named
    if not isinstance(kind, str) or kind in _TYPES:
        return kind
    plain = kind.strip().lower()
    if plain in {"any", "unknown", "mixed"}:
        changed.add(f"The type `{kind}` was left out of its schema; any value is accepted.")
        return None
    right = plain if plain in _TYPES else _OTHER_NAMES.get(plain)
    if right is None:
        return kind
    changed.add(f"The type `{kind}` was written as `{right}` in its schema.")
    return right


def _as_object(schema: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    kind = schema.get("type")
    if kind == "object":
        return schema
    if isinstance(kind, list) and "object" in kind:
        notes.append("Its schema allowed other types than an object; only the object is kept.")
        return {**schema, "type": "object"}
    if kind is None:
        if schema:
            notes.append("Its schema did not say `type: object`; that was added.")
        return {"type": "object", **schema} if schema else {"type": "object", "properties": {}}
    notes.append(f"Its schema was of type `{kind}`; the value is its one argument, `input`, here.")
    definitions: dict[str, Any] = {key: schema.pop(key) for key in ("$defs", "definitions") if key in schema}
    schema.pop("$schema", None)
    return {"type": "object", "properties": {"input": schema}, "required": ["input"], **definitions}


def check_depth(entry: Any) -> None:
    """Refuse what a profile could not hold. Walks without recursion: the entry may be as deep as it likes.

    Raises:
        FaultsError: the entry is nested more than ``MAX_DEPTH`` levels deep.
    """
    level: list[tuple[Loc, Any]] = [((), entry)]
    for _ in range(MAX_DEPTH):
        deeper: list[tuple[Loc, Any]] = []
        for loc, value in level:
            if isinstance(value, dict):
                deeper += [((*loc, key), inner) for key, inner in value.items()]
            elif isinstance(value, list):
                deeper += [((*loc, position), inner) for position, inner in enumerate(value)]
        if not deeper:
            return
        level = deeper
    wrong = "the entry is nested too deeply"
    raise FaultsError([Fault((), wrong, f"use at most {MAX_DEPTH} levels, or definitions (`$defs`)")])
