"""Assistant messages: reasoning apart from the visible words, and what may be sent back to the provider."""

from __future__ import annotations

import json
import re
from typing import Any

_TAG_NAMES = r"(?:thinking|think|reasoning|scratchpad_reasoning|scratchpad)"
_OPENING = re.compile(rf"<({_TAG_NAMES})>", re.IGNORECASE)
_CLOSING_ONLY = re.compile(rf"\A(?:(?!<{_TAG_NAMES}>).)*?</{_TAG_NAMES}>", re.IGNORECASE | re.DOTALL)


def split_reasoning(text: str) -> tuple[str, str]:
    """Separate reasoning written as tags from what the model says.

    Tags are ``think``, ``thinking``, ``reasoning``, ``scratchpad`` and ``SCRATCHPAD_REASONING``, anywhere in
    the text and in any case. After a tag that never closes everything is reasoning. A closing tag with no opening one
    before it ends reasoning that began at the start: some chat templates write the opening tag into the prompt.

    Args:
        text: what the model wrote.

    Returns:
        The reasoning (several blocks joined by a blank line) and the visible text, both stripped.
    """
    thoughts: list[str] = []
    seen: list[str] = []
    if headless := _CLOSING_ONLY.match(text):
        thoughts.append(headless.group()[: headless.group().rindex("</")])
        text = text[headless.end() :]
    while opening := _OPENING.search(text):
        seen.append(text[: opening.start()])
        closing = re.compile(rf"</{opening.group(1)}>", re.IGNORECASE).search(text, opening.end())
        if closing is None:
            thoughts.append(text[opening.end() :])
            text = ""
        else:
            thoughts.append(text[opening.end() : closing.start()])
            text = text[closing.end() :]
    seen.append(text)
    kept = [thought.strip() for thought in thoughts if thought.strip()]
    return "\n\n".join(kept), "".join(seen).strip()


def replayable(message: dict[str, Any]) -> dict[str, Any]:
    """A copy of an assistant message that every provider accepts back.

    Tool arguments that are not a JSON object become ``{}``: the Anthropic path refuses the whole request otherwise.
    Answer such a call with a tool message that says so. Everything else is kept as it is, call ids above all.
    """
    calls = message.get("tool_calls")
    if not calls:
        return dict(message)
    return {**message, "tool_calls": [_with_sound_arguments(call) for call in calls]}


def _with_sound_arguments(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, dict):
        return call
    try:
        sound = isinstance(json.loads(function.get("arguments") or ""), dict)
    except (TypeError, ValueError, RecursionError):
        sound = False
    return call if sound else {**call, "function": {**function, "arguments": "{}"}}


def own_message(dumped: dict[str, Any]) -> dict[str, Any]:
    """The provider's message out of litellm's dump of it.

    litellm adds empty fields that strict servers refuse to see again (``function_call: null``,
    ``provider_specific_fields: {"refusal": null}``) and moves ``refusal`` out of its place; both are undone.
    """
    message = {name: value for name, value in dumped.items() if value is not None or name == "content"}
    specific: dict[str, Any] = message.pop("provider_specific_fields", None) or {}
    if (refusal := specific.pop("refusal", None)) is not None:
        message.setdefault("refusal", refusal)
    if specific := {name: value for name, value in specific.items() if value is not None}:
        message["provider_specific_fields"] = specific
    return message


def visible_text(message: dict[str, Any]) -> str:
    """The content as one string; content in parts is joined, an absent one is ""."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def native_reasoning(message: dict[str, Any]) -> str:
    """What the provider sent as reasoning: ``reasoning_content``, else the text of its thinking blocks."""
    content = message.get("reasoning_content")
    if isinstance(content, str) and content:
        return content
    blocks = message.get("thinking_blocks") or []
    return "\n\n".join(block["thinking"] for block in blocks if isinstance(block, dict) and block.get("thinking"))
