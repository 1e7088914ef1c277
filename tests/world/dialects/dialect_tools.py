"""Tools that the dialect tests give their agent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Tool:
    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    description: str = ""


def schema(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or []}


TEXT = {"type": "string"}
TOOLS = [
    Tool("email", schema(["to", "subject", "body"], to=TEXT, subject=TEXT, body=TEXT)),
    Tool("cancel_alert", schema(["code"], code=TEXT)),
    Tool(
        "share_file",
        schema(
            ["path", "with"],
            **{
                "path": TEXT,
                "with": {"type": "array", "items": {"type": "string"}},
                "days": {"type": "integer"},
                "ratio": {"type": "number"},
                "public": {"type": "boolean"},
                "options": {"type": "object"},
                "levels": {"type": "array", "items": {"type": "integer"}},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "until": {"type": ["integer", "null"]},
            },
        ),
    ),
    Tool("list_inbox", schema()),
]
