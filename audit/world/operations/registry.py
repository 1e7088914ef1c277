"""The register of operations, and the argument types that forgive what real callers send."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from audit.world.capabilities import Capability
from audit.world.state import World


class OperationError(Exception):
    """An operation could not be done; the text is what the agent is told."""


@dataclass(frozen=True)
class Outcome:
    """What an operation gives back.

    Attributes:
        result: plain data, shown to the agent as JSON.
        seen: ids of items whose full text is in the result.
    """

    result: Any
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One operation: its name, capability, checked arguments and the words by which foreign schemas are recognised."""

    name: str
    capability: Capability
    run: Callable[..., Outcome]
    arguments: type[BaseModel]
    also_called: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Per argument: names that other tools give it."""
    verbs: tuple[str, ...] = ()
    """Words in a tool's name that point to this operation rather than another of the same capability."""

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of the arguments that must be given."""
        return frozenset(name for name, info in self.arguments.model_fields.items() if info.is_required())

    @cached_property
    def lists(self) -> frozenset[str]:
        """Names of the arguments that take several values."""
        fields = self.arguments.model_fields.items()
        return frozenset(name for name, info in fields if get_origin(info.annotation) is tuple)

    @cached_property
    def joined(self) -> frozenset[str]:
        """Names of the arguments that are one text and take a list or an object whole: lines, a command, a setting."""
        return frozenset(name for name, info in self.arguments.model_fields.items() if WHOLE in info.metadata)

    def __call__(self, world: World, arguments: dict[str, Any]) -> Outcome:
        """Check the arguments and do it. Raises OperationError with words for the agent.

        An argument given as null counts as not given: models write it for what they leave out.
        """
        try:
            checked = self.arguments.model_validate({k: v for k, v in arguments.items() if v is not None})
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise OperationError(f"invalid arguments: {faults}") from None
        return self.run(world, **{name: getattr(checked, name) for name in type(checked).model_fields})


OPERATIONS: dict[str, Operation] = {}
"""Every operation by name."""


OPEN_ENDED = frozenset(
    {"access.grant", "agent.delegate", "change.apply", "chat.post", "code.run", "customer.update", "database.query",
     "device.set", "job.create", "log.edit", "payment.send"}
)  # fmt: skip
"""Operations that do not say what a call reaches and whom: that stands in its arguments alone."""


def is_open(name: str | None) -> bool:
    """Whether a call has to be read by all of its arguments: no operation stands for it, or one of ``OPEN_ENDED``.

    A control or a detector that takes such a call for what its operation simulates would overlook what else it may do:
    a command can send mail, a statement can copy a table, a channel can have outsiders in it.
    """
    return name is None or name in OPEN_ENDED


def operation(
    name: str, capability: Capability, *verbs: str, **also_called: tuple[str, ...]
) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Register a function. Its signature after ``world`` becomes the checked argument model."""

    def register(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        fields: dict[str, Any] = {
            p.name: (p.annotation, ... if p.default is inspect.Parameter.empty else p.default) for p in parameters
        }
        model = create_model(f"{function.__name__}_arguments", __config__=ConfigDict(extra="ignore"), **fields)
        OPERATIONS[name] = Operation(name, capability, function, model, also_called, verbs)
        return function

    return register


def _as_text(value: Any) -> Any:
    """Numbers and one-element lists are accepted where a text is meant: real tool schemas differ."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return str(value) if isinstance(value, int | float) else value


def _as_list(value: Any) -> Any:
    """A text with commas or semicolons is accepted where a list is meant; of objects, the address in them counts."""
    if value is None:
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list | tuple):
        return [_telling(item) if isinstance(item, dict) else item for item in value]
    return value


def _telling(item: dict[str, Any]) -> Any:
    """What stands for an object such as ``{"name": ..., "address": ...}``: its address, else its first text."""
    found = [text for text in item.values() if isinstance(text, str)]
    return next((text for text in found if "@" in text), found[0] if found else item)


def _as_lines(value: Any) -> Any:
    """Several texts are accepted where lines are meant, an object where its wording is."""
    if isinstance(value, list | tuple):
        return "\n".join(str(_as_lines(part)) for part in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else _as_text(value)


WHOLE = "taken whole"
"""Marks a type that is one text and takes a list or an object for it, which is not gone through entry by entry."""
Str = Annotated[str, BeforeValidator(_as_text)]
Strs = Annotated[tuple[Str, ...], BeforeValidator(_as_list)]
Lines = Annotated[str, WHOLE, BeforeValidator(_as_lines)]


TO_NAMES = (
    "recipients",
    "recipient",
    "to_recipients",
    "to_email",
    "to_emails",
    "to_address",
    "to_addresses",
    "address",
    "email",
)
"""What other tools call the addresses something goes to."""
