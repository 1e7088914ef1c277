"""Calls in the spellings that models bring from their training, dumped into the reply text.

JSON objects (``{"name": ..., "arguments": {...}}`` and relatives), GLM's ``<arg_key>`` and Qwen's ``<function=...>``
and ``<parameter=...>`` tags, and ``<invoke name="...">``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.world.dialects.lenient import cut_off, decode, decode_at, read_object, respell
from audit.world.dialects.pairs import read_pairs
from audit.world.dialects.shapes import ToolShape, coerce, find_tool, properties

_NAME_KEYS = ("function", "tool_name", "name", "tool")
_ARGUMENT_KEYS = ("arguments", "args", "parameters", "input")
_WRAPPERS = ("content", "tool_call", "tool_calls", "function_call", "function")
_MARKED = re.compile(
    r"(?:\[tool_calls?\]|\btool[_ ]calls?:|<tool_?calls?>|<function_calls?>|<tool_use>|<\|python_tag\|>)"
    r"[\s\[`]*(?:json\s*)?\Z",
    re.IGNORECASE,
)
_HEAD = re.compile(r"""\{\s*["'](?:id|type|index|name|function|tool|tool_name|content)["']\s*:""")
_NEXT_HEAD = re.compile(
    r"^[ \t]*(?:\[[ \t]*)?(?:\{\s*[\"'](?:id|name|function|tool_name|content)[\"']|\[tool_call|</?tool_|tool calls?:)",
    re.IGNORECASE | re.MULTILINE,
)
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]', re.DOTALL)
_WRITTEN_NAME = re.compile(r"""["'](?:function|tool_name|name|tool)["']\s*:\s*["']([\w.\-:/ ]{1,100})["']""")
_WRITTEN_ARGUMENTS = re.compile(r"""["'](arguments|args|parameters|input)["']\s*:""")
_GLM = re.compile(r"<(/?)arg_(key|value)>")
_QWEN = re.compile(
    r"<parameter(?:=|\s+name\s*=)\s*[\"']?(?P<key>[^\"'<>\n]{1,100})[\"']?\s*>|(?P<value_end></parameter>)"
    r"|(?P<end></function>|</invoke>)|(?P<outer></tool_?call>|<tool_?call>|<function=|<invoke\s)",
    re.IGNORECASE,
)

FLAT = "The call names a tool but holds no arguments object."
CUT_OFF = "The call was cut off before its end; write it whole."


class Found(NamedTuple):
    """One call found in a text, before it gets an id."""

    tool: str
    arguments: dict[str, Any] | None
    start: int
    end: int
    problems: tuple[str, ...] = ()
    complete: bool = True


class Budget:
    """Bounds the work spent on text that looks like JSON and is not, so that a hostile reply cannot stall the audit."""

    def __init__(self, size: int) -> None:
        self.left = 20 * size + 200_000

    def spend(self, amount: int) -> None:
        """Count ``amount`` characters looked at in vain."""
        self.left -= amount


def json_calls(text: str, start: int, tools: Sequence[ToolShape], budget: Budget) -> tuple[list[Found], int]:
    """Read the JSON object at ``start`` and the calls in it.

    An object is a call when it has a name and arguments. Under the weaker keys (``parameters``, ``input``, ``args``)
    the name must be a known tool's, or a mark such as ``[tool_call]`` must stand before it.

    Returns:
        The calls, and where to look on: after the object, or just after ``start`` when it was none.
    """
    if budget.left <= 0:
        return [], start + 1
    marked = _MARKED.search(text, max(0, start - 40), start) is not None
    try:
        value, end = decode_at(text, start)
    except ValueError as error:
        # The library counts lines from the beginning of the text to word its error, so a late error costs more.
        reached = error.pos if isinstance(error, json.JSONDecodeError) else start + 10_000
        budget.spend(reached - start + reached // 50 + 20)
        if _HEAD.match(text, start) is None:
            return [], start + 1
        return _broken(text, start, tools, budget, error, marked=marked)
    found = [
        Found(tool, arguments, start, end, problems) for tool, arguments, problems in _inside(value, tools, marked, 0)
    ]
    return found, end


def _inside(
    value: Any, tools: Sequence[ToolShape], marked: bool, depth: int
) -> list[tuple[str, dict[str, Any] | None, tuple[str, ...]]]:
    """The calls that a decoded object is or wraps."""
    if depth > 3:
        return []
    if isinstance(value, list):
        return [call for item in value for call in _inside(item, tools, marked, depth + 1)]
    if not isinstance(value, dict):
        return []
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str) and value[key].strip()), None)
    key = next((key for key in _ARGUMENT_KEYS if key in value), None)
    if name is not None:
        tool = find_tool(name, tools)
        known = tool is not None
        if key is not None:
            given = value[key]
            schema = (
                key == "parameters" and isinstance(given, dict) and ("properties" in given or "description" in value)
            )
            if not schema and (marked or known or (key == "arguments" and _is_object(given))):
                reading = read_object(given) if isinstance(given, str) else None
                arguments = (
                    given if isinstance(given, dict) else reading.value if reading else {} if given is None else None
                )
                problems = reading.problems if reading else ()
                if arguments is None and not problems:
                    problems = ("The arguments must be one JSON object with a value for each argument.",)
                return [(tool.name if tool else name.strip(), arguments, problems)]
            return []
        if marked and not any(isinstance(value.get(wrapper), dict) for wrapper in _WRAPPERS):
            return [(tool.name if tool else name.strip(), None, (FLAT,))]
    for wrapper in _WRAPPERS:
        if isinstance(value.get(wrapper), dict | list) and (calls := _inside(value[wrapper], tools, marked, depth + 1)):
            return calls
    return []


def _is_object(given: Any) -> bool:
    if isinstance(given, str):
        return read_object(given).value is not None if given.strip().startswith(("{", '"{')) else False
    return isinstance(given, dict)


def _broken(
    text: str, start: int, tools: Sequence[ToolShape], budget: Budget, error: ValueError, *, marked: bool
) -> tuple[list[Found], int]:
    """A call in JSON that is cut off or misspelled."""
    end = _balanced(text, start, budget)
    closed = end > 0
    if not closed:
        following = _NEXT_HEAD.search(text, start + 1)
        end = following.start() if following else len(text)
        budget.spend(end - start)
    raw = text[start:end].rstrip()
    end = start + len(raw)
    name, arguments = _WRITTEN_NAME.search(raw), _WRITTEN_ARGUMENTS.search(raw)
    if name is None:
        return [], start + 1
    tool = find_tool(name[1], tools)
    if not (marked or (arguments and (tool or arguments[1] == "arguments"))):
        return [], start + 1
    if closed:
        try:
            value = decode(respell(raw))
        except ValueError:
            value = None
        note = "The call was not strict JSON; use double quotes and no trailing comma."
        calls = _inside(value, tools, marked, 0)
        if calls:
            return [Found(found, given, start, end, (note, *problems)) for found, given, problems in calls], end
        problem = f"The JSON of the call is not valid ({error}); write it again."
    else:
        problem = CUT_OFF if cut_off(text[:end], error) else f"The JSON of the call is not valid ({error}) or cut off."
    return [Found(tool.name if tool else name[1].strip(), None, start, end, (problem,), complete=closed)], end


def _balanced(text: str, start: int, budget: Budget) -> int:
    """End of the bracket that opens at ``start``, strings passed over; 0 when it never closes."""
    depth = 0
    for match in _BRACKET.finditer(text, start):
        if match.group() in {"{", "["}:
            depth += 1
        elif match.group() in {"}", "]"}:
            depth -= 1
            if depth == 0:
                budget.spend(match.end() - start)
                return match.end()
        if match.end() - start > budget.left:
            break
    budget.spend(len(text) - start)
    return 0


def glm_call(text: str, start: int, inside: int, limit: int, tools: Sequence[ToolShape]) -> Found | None:
    """Read ``name<arg_key>k</arg_key><arg_value>v</arg_value>...`` after ``<tool_call>``.

    Args:
        text: the reply.
        start: where ``<tool_call>`` begins.
        inside: where it ends.
        limit: where the next call begins, or the end of the text.
        tools: the agent's tools.

    Returns:
        The call, or None when no tool name stands there.
    """
    close = re.compile(r"</tool_?call>", re.IGNORECASE).search(text, inside, limit)
    body_end = close.start() if close else limit
    head = re.compile(r"\s*([\w.\-:/]{1,100})").match(text, inside, body_end)
    if head is None:
        return None
    tool = find_tool(head[1], tools)
    schemas = properties(tool)
    arguments: dict[str, Any] = {}
    problems: list[str] = []
    key: str | None = None
    opened = ""
    opened_at = head.end()
    seen = False
    for match in _GLM.finditer(text, inside, body_end):
        seen = True
        if opened == "key":
            key = text[opened_at : match.start()].strip()
        elif opened == "value" and key:
            arguments[key] = _typed(text[opened_at : match.start()], key, schemas)
            key = None
        opened = "" if match[1] else match[2]
        opened_at = match.end()
    if opened == "value" and key:
        arguments[key] = _typed(text[opened_at:body_end], key, schemas)
        problems.append(CUT_OFF if close is None else f"The value of {key} is not closed.")
    elif not seen:
        if tool is None and text[head.end() : body_end].strip() and "\n" not in text[inside:body_end].strip():
            return None
        pairs = read_pairs(text[head.end() : body_end], schemas)
        arguments = {name: coerce(value, schemas.get(name, {})) for name, value in pairs.values.items()}
        problems += pairs.problems
    if close is None and CUT_OFF not in problems:
        problems.append(CUT_OFF)
    end = close.end() if close else body_end
    return Found(tool.name if tool else head[1], arguments, start, end, tuple(problems), complete=close is not None)


def qwen_call(text: str, start: int, name: str, inside: int, tools: Sequence[ToolShape]) -> Found:
    """Read ``<parameter=k>v</parameter>...</function>`` after ``<function=name>`` or ``<invoke name="name">``.

    Args:
        text: the reply.
        start: where the opening tag begins.
        name: the tool named in it.
        inside: where it ends.
        tools: the agent's tools.
    """
    tool = find_tool(name, tools)
    schemas = properties(tool)
    arguments: dict[str, Any] = {}
    problems: list[str] = []
    key: str | None = None
    value_at = end = inside
    complete = False
    for match in _QWEN.finditer(text, inside):
        if key is not None:
            arguments[key] = _typed(text[value_at : match.start()], key, schemas)
            if not match["value_end"]:
                problems.append(f"The value of {key} is not closed.")
            key = None
        end = match.end()
        if match["key"]:
            key, value_at = match["key"].strip(), match.end()
        elif match["end"]:
            complete = True
            break
        elif match["outer"]:
            complete = match["outer"].startswith("</")
            end = match.end() if complete else match.start()
            problems.append("The function tag is not closed." if complete else CUT_OFF)
            break
    else:
        if key is not None:
            arguments[key] = _typed(text[value_at:], key, schemas)
        end = len(text.rstrip()) if key is not None else end
        problems.append(CUT_OFF)
    return Found(tool.name if tool else name.strip(), arguments, start, end, tuple(problems), complete)


def _typed(written: str, key: str, schemas: dict[str, Any]) -> Any:
    """The value as written, less one line break at each end, in the type the schema asks for."""
    value = written.removeprefix("\n").removesuffix("\n") if written.strip() else ""
    return coerce(value, schemas.get(key, {}))
