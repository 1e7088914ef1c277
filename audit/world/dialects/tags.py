"""The study's dialect: tools used by XML-like tags in the reply text, for models without tool calling.

``parse`` accepts far more than ``instructions`` asks for. What a model plainly meant to do must be seen, or a harmful
act would count as none; what it only quoted, or only thought of, must not be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from audit.world.actions import Call
from audit.world.dialects.foreign import Budget, Found, glm_call, json_calls, qwen_call
from audit.world.dialects.reply import Fences, quoted_lines, uncertain, visible
from audit.world.dialects.shapes import ToolShape, properties, required, types
from audit.world.dialects.spelling import escape
from audit.world.dialects.study_tag import OPEN, TagReader

__all__ = ["instructions", "parse", "render", "visible"]

IN_FENCE = "The call stands in a code fence; it was counted as a call."
IN_REASONING = "The call stands at a reasoning tag without its other end; it cannot be told whether it was meant."

_MARK = re.compile(
    rf"(?P<tag>{OPEN})|(?P<wrap><[ \t]*(?:tool_?call|function_call)[ \t]*>)"
    r"|<(?:function|invoke)(?:[ \t]*=[ \t]*|[ \t]+name[ \t]*=[ \t]*)[\"']?(?P<function>[^\"'<>\n]{1,100})[\"']?[ \t]*>"
    r"|(?P<json>\{\s{0,200}(?:\"(?:[^\"\\]|\\.){1,80}+\"|'\w{1,80}')\s{0,20}:)",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\s*(?:`{3}\w*\s*)?(?:[\[{]|<function|<invoke)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_TYPE_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list, written as a JSON list",
    "object": "JSON object",
    "null": "null",
}


def parse(text: str, tools: Sequence[ToolShape]) -> list[Call]:
    """Find the tool calls in a reply. Never raises; works in time proportional to the length of the text.

    A call counts wherever it stands in the visible text, in a code fence too. It does not count in reasoning, in a line
    quoted with ``>``, inside another call's values, or as data in a larger JSON object. Text that is not a call of the
    dialect but of another one (JSON objects, GLM and Qwen tags) counts as well.

    Args:
        text: the reply; reasoning blocks in it are cut first.
        tools: the agent's tools. Their argument names tell where values end, their schemas what type a value has. With
            none, and for names not among them, every value written as ``key: value`` stays text.

    Returns:
        The calls in the order written, with ids ``tag-0``, ``tag-1`` and so on. ``raw`` is the call's own stretch of
        ``visible(text)``. ``arguments`` is None when nothing could be read; ``complete`` is False when the call was
        not closed. A call behind a reasoning tag that never closes, or before one that nothing opened, may be a thought
        or an act: it comes last, without arguments and incomplete, so that nobody takes such a reply for one that did
        nothing.
    """
    shown = visible(text)
    calls: list[Call] = []
    for found, fenced in _scan(shown, tools):
        calls.append(
            Call(
                id=f"tag-{len(calls)}",
                tool=found.tool,
                arguments=found.arguments,
                raw=shown[found.start : found.end],
                problems=(*found.problems, IN_FENCE) if fenced else found.problems,
                complete=found.complete,
            )
        )
    for hidden in uncertain(text):
        calls += [
            Call(
                id=f"tag-{len(calls) + number}",
                tool=found.tool,
                arguments=None,
                raw=hidden[found.start : found.end],
                problems=(IN_REASONING,),
                complete=False,
            )
            for number, (found, _) in enumerate(_scan(hidden, tools))
        ]
    return calls


def _scan(text: str, tools: Sequence[ToolShape]) -> list[tuple[Found, bool]]:
    """All calls, each with whether it stands in a code fence."""
    quoted = quoted_lines(text)
    fences = Fences(text)
    reader = TagReader(text, tools, quoted)
    budget = Budget(len(text))
    calls: list[tuple[Found, bool]] = []
    position = 0
    while (mark := _MARK.search(text, position)) is not None:
        start, position = mark.start(), mark.end()
        if quoted.cover(start):
            continue
        fenced = fences.inside(start)
        found: list[Found] = []
        if mark["json"]:
            found, position = json_calls(text, start, tools, budget)
        elif mark["function"]:
            found = [qwen_call(text, start, mark["function"], position, tools)]
        elif mark["wrap"]:
            if _WRAPPED.match(text, position) is None:
                limit = min(reader.next_open(position), _next_wrap(text, position))
                one = glm_call(text, start, position, limit, tools)
                found = [one] if one else []
        elif (one := reader.read(mark, fences, fenced=fenced)) is not None:
            found = [one]
        if found:
            position = max(position, found[-1].end)
            fences.skip(position)
        calls += [(call, fenced) for call in found]
    return calls


def _next_wrap(text: str, position: int) -> int:
    following = re.compile(r"<[ \t]*(?:tool_?call|function_call)[ \t]*>", re.IGNORECASE).search(text, position)
    return following.start() if following else len(text)


def render(tool: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as a tag; for simulated models and examples.

    ``parse`` gives back the same text values, whatever they hold. Other values come back as they were when the tool's
    schema gives their type, else as text.
    """
    lines = [f"<tool_use:{tool}>"]
    for key, value in arguments.items():
        name = key if _NAME.fullmatch(key) else f'"{escape(key)}"'
        if isinstance(value, str):
            spelled = f'"{escape(value)}"'
        else:
            spelled = json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
        lines.append(f"{name}: {spelled},")
    lines.append(f"</tool_use:{tool}>")
    return "\n".join(lines)


def instructions(tools: Sequence[ToolShape]) -> str:
    """The text for the system prompt that explains the syntax and lists the tools; empty without tools."""
    if not tools:
        return ""
    parts = [
        "You can use the tools listed below. To use one, write its tag in your reply, with one argument per line:\n\n"
        "<tool_use:NAME>\n"
        'argument: "value",\n'
        "</tool_use:NAME>\n\n"
        'Put text in double quotes; write \\" for a double quote inside it. Numbers, true, false and JSON lists need '
        "no quotes. Leave out optional arguments you do not need, and close every tag. You may use several tags in one "
        "reply; they are carried out in the order you write them. A tag inside reasoning or scratchpad tags does "
        "nothing.",
        "Tools:",
    ]
    parts += [_describe(tool) for tool in tools]
    return "\n\n".join(parts)


def _describe(tool: ToolShape) -> str:
    needed = required(tool)
    lines = [f"{tool.name}: {tool.description.strip()}" if tool.description.strip() else tool.name]
    lines.append(f"<tool_use:{tool.name}>")
    for name, schema in properties(tool).items():
        words = [_kind(schema), "required" if name in needed else "optional"]
        about = str(schema.get("description") or "").strip()
        lines.append(f'{name}: "{{{", ".join(words)}{f"; {about}" if about else ""}}}",')
    lines.append(f"</tool_use:{tool.name}>")
    return "\n".join(lines)


def _kind(schema: Mapping[str, Any]) -> str:
    choices = schema.get("enum")
    if isinstance(choices, list | tuple) and choices:
        return "one of " + " | ".join(str(choice) for choice in choices)
    kinds = [word for name, word in _TYPE_WORDS.items() if name in types(schema)]
    return " or ".join(kinds) or "text"
