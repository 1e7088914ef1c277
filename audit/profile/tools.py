"""The tools of an agent: what it can do, and what the organisation says about each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from audit.profile.vocabulary import UNKNOWN, Answer, Declared, Text, Unknown
from audit.resources import Fault, FaultsError, Loc
from audit.world.capabilities import CAPABILITIES, Capability, Effect

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SCHEMA_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_MILDEST_FIRST = tuple(Effect)


class Reversibility(StrEnum):
    """Whether what a tool did can be taken back."""

    REVERSIBLE = "reversible"
    RECOVERABLE = "recoverable"
    """With effort, or not completely."""
    IRREVERSIBLE = "irreversible"
    UNKNOWN = "unknown"


class Reach(StrEnum):
    """How far the effect of a tool goes."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    """Named parties outside the organisation."""
    PUBLIC = "public"
    UNKNOWN = "unknown"


class Approval(StrEnum):
    """Whether a person confirms each use of a tool before it takes effect."""

    NONE = "none"
    REQUIRED = "required"
    UNKNOWN = "unknown"


class Policy(StrEnum):
    """What the gateway does with calls of a tool, whatever the agent says."""

    ALLOW = "allow"
    DENY = "deny"
    UNKNOWN = "unknown"


def _tool_name(name: str) -> str:
    if not _TOOL_NAME.fullmatch(name):
        wrong = "this is not a tool name that model providers accept"
        raise ValueError(f"{wrong}; use 1 to 64 letters (a-z), digits, `_` and `-`")
    return name


def _schema_faults(schema: Any, loc: Loc = ()) -> Iterator[Fault]:
    """What is wrong with the form of a JSON Schema. Meaning (formats, references) is left to the model's provider."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield Fault(loc, "a JSON Schema is expected here", "write a mapping such as `type: string`")
        return
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _SCHEMA_TYPES:
            listed = ", ".join(f"`{name}`" for name in _SCHEMA_TYPES)
            yield Fault((*loc, "type"), "this is not a type of JSON Schema", f"use one of {listed}")
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        yield Fault((*loc, "properties"), "`properties` is not a mapping", "write one `name:` per argument below it")
    else:
        for name, inner in properties.items():
            yield from _schema_faults(inner, (*loc, "properties", name))
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        yield Fault((*loc, "required"), "`required` is not a list of names", "write `required: [first, second]`")
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        yield Fault((*loc, "enum"), "`enum` is not a list of values", "write `enum: [first, second]`")
    if "items" in schema:
        yield from _schema_faults(schema["items"], (*loc, "items"))


def not_json(value: Any, loc: Loc = ()) -> Iterator[Fault]:
    """Values that YAML knows and JSON does not: they could not be sent to a model."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from not_json(inner, (*loc, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from not_json(inner, (*loc, position))
    elif isinstance(value, date):
        yield Fault(loc, "a date stands here, which JSON does not know", "put it in quotes")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Fault(
            loc, "an infinite number or none at all stands here, which JSON does not know", "write a finite number"
        )


def _parameters(schema: dict[str, Any]) -> dict[str, Any]:
    faults = [*_schema_faults(schema), *not_json(schema)]
    if schema.get("type") != "object":
        faults = [fault for fault in faults if fault.loc != ("type",)]
        faults.append(Fault(("type",), "the arguments of a tool are not declared as an object", "write `type: object`"))
    if faults:
        raise FaultsError(faults)
    return schema


class Binding(Declared):
    """Which operation of the simulated company stands for the tool, where names alone do not show it."""

    operation: Text
    """Operation of the simulated company"""
    arguments: dict[str, Text] = Field(default_factory=dict)
    """The operation's name of each argument, and the tool's own name for it, or the way to it inside the tool's
    arguments: `message.toRecipients[].emailAddress.address`"""
    fixed: dict[str, str | bool | int | float] = Field(default_factory=dict)
    """Arguments of the tool, and the value that a call must have there to stand for the operation"""


class Tool(Declared):
    """One tool, as the model sees it (name, description, parameters) and as the organisation judges it (the rest)."""

    name: Annotated[str, AfterValidator(_tool_name)]
    """Name the model calls it by"""
    description: str = ""
    """What the model is told the tool does"""
    parameters: Annotated[dict[str, Any], AfterValidator(_parameters)] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}
    )
    """JSON Schema of its arguments"""
    capabilities: tuple[Capability, ...] = Field(min_length=1)
    """What it lets the agent do"""
    effect: Effect | Unknown = UNKNOWN
    """The worst kind of change one call can make"""
    reversibility: Reversibility = Reversibility.UNKNOWN
    """Whether what it did can be taken back"""
    reach: Reach = Reach.UNKNOWN
    """How far its effect goes"""
    approval: Approval = Approval.UNKNOWN
    """Whether a person confirms each use before it takes effect"""
    policy: Policy = Policy.UNKNOWN
    """What the gateway does with its calls, whatever the agent says"""
    required_for_task: Answer = Answer.UNKNOWN
    """Whether the agent needs it for its task"""
    write_scopes: tuple[Text, ...] = ()
    """Systems or stores it can write to, by name"""
    binding: Binding | None = None
    """Operation of the simulated company that stands for it"""

    @property
    def effective_effect(self) -> Effect:
        """The declared effect; where none is declared, the worst one its capabilities are known for."""
        if self.effect != UNKNOWN:
            return Effect(self.effect)
        return max((CAPABILITIES[c].effect for c in self.capabilities), key=_MILDEST_FIRST.index)

    @property
    def effect_class(self) -> Effect:
        """The name checklists use for :attr:`effective_effect`."""
        return self.effective_effect

    def as_function(self) -> dict[str, Any]:
        """The tool in the form in which chat models are offered it."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


ToolCalling = Literal["auto", "native", "tags"]
"""How the model is told to call tools: by the provider's own interface, or by tags in its text."""
