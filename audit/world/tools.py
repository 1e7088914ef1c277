"""The tools an agent is offered, and how each is bound to an operation of the simulated company.

Binding is decided once per tool, from its capabilities, its name and its JSON schema, before anything runs; so `check`
can show it and two runs cannot differ in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from audit.world.actions import Record
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from audit.world.operations import OPERATIONS, Operation


class OfferedTool(Record):
    """One tool as the target sees it, with what the organisation declares about it and its binding."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments."""
    capabilities: tuple[Capability, ...]
    effect: Effect
    irreversible: bool | None = None
    """None: the profile does not say."""
    reach: Literal["internal", "external", "public", "unknown"] = "unknown"
    origin: Literal["organisation", "scenario"] = "organisation"
    operation: str | None = None
    """Operation it is bound to; None when the company does not simulate it."""
    argument_names: dict[str, str] = Field(default_factory=dict)
    """Operation's argument name -> the tool's own."""

    @property
    def properties(self) -> dict[str, Any]:
        """The schema's properties by name."""
        found = self.parameters.get("properties", {})
        return found if isinstance(found, dict) else {}

    @property
    def capability(self) -> Capability:
        """The capability an action through this tool counts as: its operation's; where none is bound, its gravest."""
        if self.operation:
            return OPERATIONS[self.operation].capability
        gravity = list(Effect)
        return max(self.capabilities, key=lambda c: gravity.index(CAPABILITIES[c].effect))

    def canonical(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the model gave them, under the operation's names; as they are when nothing is bound."""
        if self.operation is None:
            return dict(arguments)
        return {ours: arguments[theirs] for ours, theirs in self.argument_names.items() if theirs in arguments}

    def unmapped(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments that the bound operation has no place for, under the tool's names."""
        if self.operation is None:
            return {}
        placed = set(self.argument_names.values())
        return {name: value for name, value in arguments.items() if name not in placed}

    def own(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The reverse of ``canonical``: arguments under the tool's names and in the types its schema asks for.

        Fields that the schema requires and the operation does not know get a plausible value, as a real caller would
        give one: the first allowed value, an empty text, the smallest number.
        """
        given = {theirs: arguments[ours] for ours, theirs in self.argument_names.items() if ours in arguments}
        for name in self.parameters.get("required", []):
            if name not in given:
                given[name] = _plausible(self._schema(name))
        return {name: _shaped(value, self._schema(name)) for name, value in given.items()}

    def _schema(self, name: str) -> dict[str, Any]:
        """JSON schema of one argument; ``true`` and what is not declared allow anything."""
        found = self.properties.get(name)
        return found if isinstance(found, dict) else {}


class Binding(Record):
    """How a tool is bound, or why it is not."""

    operation: str | None
    argument_names: dict[str, str] = Field(default_factory=dict)
    reason: str = ""
    """Empty when bound; otherwise what is missing and how to map it."""


def infer_binding(
    name: str,
    parameters: Mapping[str, Any],
    capabilities: Iterable[Capability],
    declared_operation: str | None = None,
    declared_arguments: Mapping[str, str] | None = None,
) -> Binding:
    """Find the operation a tool stands for.

    Candidates are the operations of the tool's capabilities (or the declared one). One fits when every argument it
    requires has a counterpart in the schema; among those the one wins whose verbs are in the tool's name, then the one
    that covers most of the schema. What cannot be bound is still offered to the target and recorded.

    Args:
        name: The tool's name.
        parameters: JSON schema of its arguments.
        capabilities: What the profile says the tool lets the agent do.
        declared_operation: ``binding.operation`` of the profile, if any.
        declared_arguments: ``binding.arguments`` of the profile: operation's argument -> the tool's.
    """
    properties = parameters.get("properties")
    fields = list(properties) if isinstance(properties, dict) else []
    wanted = set(capabilities)
    candidates = [o for o in OPERATIONS.values() if o.capability in wanted and o.name != "email.inbox"]
    if declared_operation is not None:
        if declared_operation not in OPERATIONS:
            known = ", ".join(sorted(OPERATIONS))
            return Binding(operation=None, reason=f"there is no operation {declared_operation!r}; known are: {known}")
        candidates = [OPERATIONS[declared_operation]]
    if not candidates:
        return Binding(operation=None, reason="the simulated company has no operation for its capabilities")
    words = set(_words(name))
    best: tuple[tuple[int, int, int], Operation, dict[str, str]] | None = None
    missing: list[str] = []
    for operation in candidates:
        names = _match_arguments(operation, fields, declared_arguments or {})
        lacking = operation.required - names.keys()
        if lacking:
            missing.append(f"{operation.name} needs {', '.join(sorted(lacking))}")
            continue
        score = (len(words & set(operation.verbs)), len(operation.required), len(names))
        if best is None or score > best[0]:
            best = (score, operation, names)
    if best is None:
        return Binding(operation=None, reason=f"{'; '.join(missing)}: map it with binding.arguments in the profile")
    return Binding(operation=best[1].name, argument_names=best[2])


def with_whole_inbox(tools: Sequence[OfferedTool]) -> tuple[OfferedTool, ...]:
    """Let the mail-listing tool return full texts where the organisation has no tool to open a single message."""
    if any(tool.operation in {"email.read", "email.inbox"} for tool in tools):
        return tuple(tools)
    lister = next((t for t in tools if t.operation in {"email.list", "email.search"}), None)
    return tuple(t.model_copy(update={"operation": "email.inbox"}) if t is lister else t for t in tools)


def _words(name: str) -> list[str]:
    return [w.casefold() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]


def _match_arguments(operation: Operation, fields: Sequence[str], declared: Mapping[str, str]) -> dict[str, str]:
    """Operation's argument -> schema field, each field used once; exact names first, then the known other names."""
    names = {ours: theirs for ours, theirs in declared.items() if ours in operation.arguments.model_fields}
    taken = set(names.values())
    by_fold = {field.casefold().replace("-", "_"): field for field in fields}

    def claim(ours: str, theirs: str) -> bool:
        field = by_fold.get(theirs.casefold())
        if field is None or field in taken:
            return False
        names[ours] = field
        taken.add(field)
        return True

    open_names = [n for n in operation.arguments.model_fields if n not in names]
    open_names = [n for n in open_names if not claim(n, n)]
    for ours in sorted(open_names, key=lambda n: n not in operation.required):
        any(claim(ours, other) for other in operation.also_called.get(ours, ()))
    return names


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    """Types a schema allows, also where they stand in ``anyOf`` or in a list, as generated schemas have it."""
    kinds = schema.get("type", [])
    found = list(kinds) if isinstance(kinds, list) else [kinds]
    for way in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found += _kinds(way) if isinstance(way, dict) else []
    return [kind for kind in found if kind != "null"]


def _plausible(schema: Mapping[str, Any]) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "default" in schema:
        return schema["default"]
    kind = next(iter(_kinds(schema)), "string")
    if kind in {"integer", "number"}:
        return schema.get("minimum", 0)
    return {"boolean": False, "array": [], "object": {}}.get(kind, "")


def _shaped(value: Any, schema: Mapping[str, Any]) -> Any:
    kinds = _kinds(schema)
    items = schema.get("items")
    if "array" in kinds and isinstance(items, dict) and "object" in _kinds(items):
        return [_as_object(item, items) for item in (value if isinstance(value, list | tuple) else [value])]
    if "array" in kinds and "string" not in kinds and not isinstance(value, list):
        return [value]
    if "string" in kinds and "array" not in kinds and isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value


def _as_object(item: Any, schema: Mapping[str, Any]) -> Any:
    """A text as the object that a schema asks for: under the property that names an address, else the first one."""
    properties = schema.get("properties")
    if isinstance(item, dict) or not isinstance(properties, dict) or not properties:
        return item
    name = next((n for n in properties if "mail" in n.casefold() or "address" in n.casefold()), next(iter(properties)))
    return {name: item}
