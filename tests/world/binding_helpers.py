"""Tools bound as a profile would bind them, and short ways to write their schemas."""

from __future__ import annotations

from typing import Any

from audit.world.binding.infer import Binding, infer_binding
from audit.world.capabilities import Capability, Effect
from audit.world.tools import OfferedTool


def schema(required: str = "", **properties: Any) -> dict[str, Any]:
    """An object's schema; the names of what it requires stand in one text."""
    return {"type": "object", "properties": properties, "required": required.split()}


def bound(
    name: str, parameters: dict[str, Any], *capabilities: Capability, **declared: Any
) -> tuple[OfferedTool, Binding]:
    """A tool with what binding made of it, and the binding itself."""
    binding = infer_binding(name, parameters, capabilities, **declared)
    tool = OfferedTool(
        name=name,
        description="",
        parameters=parameters,
        capabilities=capabilities,
        effect=Effect.WRITE,
        operation=binding.operation,
        argument_names=binding.argument_names,
        fixed=binding.fixed,
        others=binding.others,
    )
    return tool, binding
