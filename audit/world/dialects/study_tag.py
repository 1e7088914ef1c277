"""One tag of the study's protocol, ``<tool_use:NAME> ... </tool_use:NAME>``, in the states real replies leave it in."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from audit.world.dialects.foreign import CUT_OFF, Found
from audit.world.dialects.lenient import decode, read_object, respell
from audit.world.dialects.pairs import read_pairs
from audit.world.dialects.reply import Fences, Spans
from audit.world.dialects.shapes import ToolShape, coerce, find_tool, plain, properties, required
from audit.world.dialects.spelling import CLOSERS, unescape

OPEN = r"<[ \t]*tool(?:[ _-]?(?:use|call))?[ \t]*:[ \t]*|<[ \t]*tool[ _-]?use(?=[ \t\r\n>])"
"""Regular expression of what opens a tag, up to the name; to be compiled without regard to case."""

_OPEN = re.compile(OPEN, re.IGNORECASE)
_CLOSE = re.compile(
    r"<[ \t]*[/\\][ \t]*tool(?:[ _-]?(?:use|call))?\b(?P<rest>[^<>\n]{0,100})(?:>|(?=[\n<]|\Z))", re.IGNORECASE
)
_WORD = re.compile(r"[^\s<>=/{}\"'(),]{1,100}")
_MORE_NAME = re.compile(r"[ \t]+([\w.\-]{1,60})(?=[ \t]*(?:[ \t][\w.\-]{1,60}[ \t]*=|/?>|[ \t][\w.\-]{1,60}[ \t]*/?>))")
_ATTRIBUTE = re.compile(r"[\s,(]{0,200}([^\W\d][\w.\-]{0,80})\s{0,20}=\s{0,20}")
_ATTRIBUTE_ENDS = re.compile(r"[\s,)]{0,200}(?:/?>|[^\W\d][\w.\-]{0,80}\s{0,20}=)")
_HEADER_END = re.compile(r"[\s,)]{0,200}(/?)>")
_NAME_LINE = re.compile(r"\s{0,200}([^\W\d][\w.\-]{0,80})[ \t]*(?=\n)")
_FENCE_INSIDE = re.compile(r"\s*(?:```|~~~)[^\n]*(?:\n|\Z)")
_NAMED_INSIDE = ("tool_name", "tool", "name")
_ARGUMENTS_INSIDE = ("arguments", "parameters", "input", "args")

NO_BRACKET = "The opening tag lacks its closing bracket."
NO_KEYS = 'The tag holds no `name: "value"` line for an argument.'
BARE_CONTENT = 'The text of the tag was taken as its only argument, {}; write `{}: "value"`.'
OTHER_CLOSE = "The closing tag names another tool than the opening one."
NOT_CLOSED = "The tag is not closed."
NO_NAME = "The tag names no tool."


class TagReader:
    """Reads the tags of one reply.

    Args:
        text: the reply without reasoning.
        tools: the agent's tools; may be empty.
        quoted: lines that quote somebody else; tags there neither open nor close anything.
    """

    def __init__(self, text: str, tools: Sequence[ToolShape], quoted: Spans) -> None:
        self._text = text
        self._tools = tools
        self._opens = [match.start() for match in _OPEN.finditer(text) if not quoted.cover(match.start())]
        self._closes = [match for match in _CLOSE.finditer(text) if not quoted.cover(match.start())]
        self._close_starts = [match.start() for match in self._closes]

    def next_open(self, position: int) -> int:
        """Start of the first tag at or after ``position``; the length of the text when there is none."""
        place = bisect_left(self._opens, position)
        return self._opens[place] if place < len(self._opens) else len(self._text)

    def read(self, match: re.Match[str], fences: Fences, *, fenced: bool) -> Found | None:
        """Read the tag that ``match`` (of ``OPEN``) opens.

        Returns:
            The call, or None when the reply only speaks of the tag without using it.
        """
        text = self._text
        limit = self.next_open(match.end())
        problems: list[str] = []
        name, attributes, inside, self_closing = self._header(match.end(), limit, problems)
        if not name and (line := _NAME_LINE.match(text, inside, limit)) is not None:
            name, inside = line[1], line.end()
        tool = find_tool(name, self._tools) if name else None
        place = bisect_left(self._close_starts, inside)
        close = self._closes[place] if place < len(self._closes) and self._close_starts[place] < limit else None
        if close is None and fenced:
            limit = min(limit, max(inside, fences.end(match.end(), limit)))
        complete = True
        if self_closing:
            body_end = end = inside
        elif close is not None:
            body_end, end = close.start(), close.end()
            closing = close["rest"].strip(" \t:/\"'")
            if name and closing and find_tool(closing, self._tools) is not tool:
                problems.append(OTHER_CLOSE)
        else:
            body_end = end = limit
            short = re.compile(rf"<[ \t]*/[ \t]*{re.escape(name)}[ \t]*>", re.IGNORECASE).search(text, inside, limit)
            if name and short:
                body_end, end = short.start(), short.end()
                problems.append(OTHER_CLOSE)
            else:
                complete = False
        body = text[inside:body_end]
        arguments, spelling_problems = self._arguments(body, tool)
        schemas = properties(tool)
        arguments = {key: coerce(value, schemas.get(key, {})) for key, value in attributes.items()} | arguments
        if not complete:
            if not arguments and self._only_mentioned(match.start(), inside, limit, tool):
                return None
            end = end if arguments else inside
            problems.append(CUT_OFF if end >= len(text.rstrip()) else NOT_CLOSED)
        if not name:
            name, arguments = _named_inside(arguments, self._tools)
            tool = find_tool(name, self._tools)
            problems += [] if name else [NO_NAME]
        whole: dict[str, Any] | None = arguments
        if complete and not arguments and body.strip():
            whole, spelling_problems = _bare_content(body, tool)
        name = tool.name if tool else name
        return Found(name, whole, match.start(), end, (*problems, *spelling_problems), complete)

    def _header(self, position: int, limit: int, problems: list[str]) -> tuple[str, dict[str, str], int, bool]:
        """Read tool name and attributes. Returns them, where the header ends, and whether it closes itself."""
        text = self._text
        name = ""
        quote = text[position : position + 1]
        quoted = quote in {'"', "'"} and quote != ""
        if quoted:
            position += 1
        if text[position : position + 1] not in {"", " ", "\t", "\r", "\n", ">"} and (
            word := _WORD.match(text, position, limit)
        ):
            name, position = word.group(), word.end()
            for _ in range(4):
                more = _MORE_NAME.match(text, position, limit)
                if more is None:
                    break
                name, position = f"{name}_{more[1]}", more.end()
        if quoted and text[position : position + 1] == quote:
            position += 1
        attributes: dict[str, str] = {}
        while (found := _ATTRIBUTE.match(text, position, limit)) is not None:
            written, position = self._attribute(found, limit, problems)
            attributes.setdefault(found[1], written)
        if not name:
            for key in _NAMED_INSIDE:
                if key in attributes:
                    name = attributes.pop(key)
                    break
        end = _HEADER_END.match(text, position, limit)
        if end is not None:
            return name, attributes, end.end(), bool(end[1])
        problems.append(NO_BRACKET)
        return name, attributes, position, False

    def _attribute(self, found: re.Match[str], limit: int, problems: list[str]) -> tuple[str, int]:
        text, start = self._text, found.end()
        opening = text[start : start + 1]
        if opening in CLOSERS and opening:
            closers = re.compile(rf"\\.|[{CLOSERS[opening]}]", re.DOTALL)
            last = -1
            for mark in closers.finditer(text, start + 1, limit):
                if mark.group()[0] == "\\":
                    continue
                last = mark.start()
                if _ATTRIBUTE_ENDS.match(text, mark.end(), limit):
                    return unescape(text[start + 1 : last]), mark.end()
            problems.append(f"The value of {found[1]} has no closing quote.")
            if last >= 0:
                return unescape(text[start + 1 : last]), last + 1
            start += 1
        bare = re.compile(r"[^\s>]*").match(text, start, limit)
        end = bare.end() if bare else start
        if text[end - 1 : end] == "/" and text[end : end + 1] == ">":
            end -= 1
        return text[start:end], end

    @staticmethod
    def _arguments(body: str, tool: ToolShape | None) -> tuple[dict[str, Any], list[str]]:
        """The arguments in the inside of a tag: a JSON object, or pairs."""
        fence = _FENCE_INSIDE.match(body) if body.lstrip().startswith(("```", "~~~")) else None
        if fence:
            body = body[fence.end() :].rstrip().removesuffix("```").removesuffix("~~~")
        schemas = properties(tool)
        stripped = body.strip()
        if stripped.startswith("{"):
            for written in (stripped, respell(stripped)):
                try:
                    value = decode(written)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    spelled = {plain(name): name for name in schemas}
                    return {spelled.get(plain(str(key)), str(key)): given for key, given in value.items()}, []
        pairs = read_pairs(body, schemas)
        return {key: coerce(value, schemas.get(key, {})) for key, value in pairs.values.items()}, pairs.problems

    def _only_mentioned(self, start: int, inside: int, limit: int, tool: ToolShape | None) -> bool:
        """Whether an unclosed tag without arguments is talk: in backticks, or with prose going on behind it."""
        text = self._text
        if start and text[start - 1] == "`":
            return True
        line_end = text.find("\n", inside, limit)
        if text[inside : line_end if line_end >= 0 else limit].strip():
            return True
        # The tag of a tool that needs arguments, followed by other text: a heading, or a closing tag without slash.
        return bool(limit < len(text) and (tool is None or required(tool)))


def _named_inside(arguments: dict[str, Any], tools: Sequence[ToolShape]) -> tuple[str, dict[str, Any]]:
    """Tool name and arguments of a tag that names its tool inside, as ``name`` with or without ``arguments``."""
    key = next((key for key in _NAMED_INSIDE if isinstance(arguments.get(key), str)), None)
    if key is None:
        return "", arguments
    name = arguments[key].strip()
    rest = {other: value for other, value in arguments.items() if other != key}
    wrapper = next((other for other in _ARGUMENTS_INSIDE if other in rest), None)
    if wrapper is not None and len(rest) == 1:
        wrapped = rest[wrapper]
        reading = read_object(wrapped).value if isinstance(wrapped, str) else wrapped
        if isinstance(reading, dict):
            return name, reading
    schemas = properties(find_tool(name, tools))
    typed = {k: coerce(v, schemas.get(k, {})) if isinstance(v, str) else v for k, v in rest.items()}
    return name, typed


def _bare_content(body: str, tool: ToolShape | None) -> tuple[dict[str, Any] | None, list[str]]:
    """Text without any key: the one argument of a tool that has only one, else nothing that can be used."""
    schemas = properties(tool)
    only = sorted(required(tool) & set(schemas)) if tool is not None else []
    only = only if len(only) == 1 else list(schemas)
    if len(only) != 1:
        return None, [NO_KEYS]
    value = unescape(body.strip().strip("\"'“”"))
    return {only[0]: coerce(value, schemas[only[0]])}, [BARE_CONTENT.format(only[0], only[0])]
