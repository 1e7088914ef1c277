"""The native dialect: tool calls as OpenAI-compatible providers carry them, outside the reply text."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from audit.world.actions import Call
from audit.world.dialects.lenient import read_object
from audit.world.dialects.shapes import ToolShape


def schemas(tools: Sequence[ToolShape]) -> list[dict[str, Any]]:
    """The ``tools`` array of a chat request. The caller's schemas are copied, so nothing it does can change them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": copy.deepcopy(tool.parameters) or {"type": "object", "properties": {}},
            },
        }
        for tool in tools
    ]


def parse(calls: Sequence[tuple[str, str, str]]) -> list[Call]:
    """Read the calls of one provider message.

    Args:
        calls: id, tool name and arguments text of each call, in order.

    Returns:
        One call each. Arguments that cannot be read are None, with the reason in ``problems``; ``raw`` is the
        arguments text as it came.
    """
    found = []
    for identity, name, text in calls:
        reading = read_object(text)
        found.append(
            Call(
                id=identity,
                tool=name,
                arguments=reading.value,
                raw=text,
                problems=reading.problems,
                complete=reading.complete,
            )
        )
    return found


def result_message(call: Call, text: str) -> dict[str, Any]:
    """The chat message that answers ``call`` with ``text``."""
    return {"role": "tool", "tool_call_id": call.id, "content": text}


def render_calls(items: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The ``tool_calls`` of an assistant message, as a provider would send them; for simulated models.

    Args:
        items: id, tool name and arguments of each call.
    """
    return [
        {
            "id": identity,
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(dict(arguments), ensure_ascii=False)},
        }
        for identity, name, arguments in items
    ]
