"""Tools that a prompt names, told from arguments, values and ordinary words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from audit.profile.prompt.sentences import Sentence, Text
from audit.profile.tools import Tool

_NAME = r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)*"
# Words that only a program would write: an underscore inside, or a capital after two small letters.
_IDENTIFIER = r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|[a-z]{2,}(?:[A-Z][a-z0-9]+)+"
_MARKS = r"[`*\"'“]{0,4}"
_TAGGED = re.compile(
    rf"<tool_use:(?P<a>{_NAME})|<invoke name=[\"'](?P<b>{_NAME})"
    rf"|<tool_call>\s*(?:<name>\s*)?(?P<c>{_NAME})(?=\s*[<(\n])"
    rf"|<tool_call>\s*\{{\s*\"name\"\s*:\s*\"(?P<d>{_NAME})\"|<function=(?P<e>{_NAME})>"
)
_SPOKEN = re.compile(
    rf"\b(?:use|uses|using|call|calls|calling|invoke|invoking|run|through|via|(?<!call\s)(?<!called\s)with|tool|tools|function|functions|action"
    rf"|verwende|nutze|rufe|mit|avec|con|mediante|utilise|utilisez|appelle|usa|use|llama)\s+(?:the\s+|a\s+|die\s+|das\s+|la\s+|el\s+)?(?:tool\s+|function\s+)?"
    rf"{_MARKS}(?P<a>{_IDENTIFIER})\b(?!\s*=)|(?<![\w=])(?P<b>{_IDENTIFIER}){_MARKS}\s+(?:tool|function|command|endpoint)\b"
    rf"|(?<![\w.=])(?P<c>{_IDENTIFIER})\("
)
_LISTED = re.compile(
    rf"^(?:\*\*|`)+(?P<a>{_NAME})(?:\*\*|`)+\s*(?:[-—\u2013:(]|$)|^(?P<b>{_IDENTIFIER})\s*[-—\u2013:(]"
)
_LIST_OF_TOOLS = re.compile(r"\b(?:tools?|functions?|werkzeuge?|outils?|herramientas?)\b", re.IGNORECASE)
_LIST_OF_OTHERS = re.compile(r"\b(?:parameters?|arguments?|fields?|values?|one of|examples?)\b", re.IGNORECASE)


# Stand-ins in a description of how calls are written.
_STAND_INS = frozenset({"tool_name", "function_name", "toolName", "functionName", "parameter_name", "tool"})


class Named(NamedTuple):
    """A tool name as the prompt writes it.

    Attributes:
        name: As written.
        tool: The profile's tool of that name; None when there is none.
        sentence: Where it stands.
        offset: Offset of the name in the text.
    """

    name: str
    tool: str | None
    sentence: Sentence
    offset: int


def named_tools(text: Text, tools: Sequence[Tool]) -> tuple[Named, ...]:
    """Every tool the prompt names, each name once, in the order of the text.

    Args:
        text: The prompt.
        tools: The profile's tools. Their names count wherever they stand; names of others only where the prompt
            writes them as a call, lists them among tools or speaks of using them. Names of the tools' arguments and
            of allowed values are no tools.
    """
    declared = {tool.name: tool.name for tool in tools}
    others = {word for tool in tools for word in _vocabulary(tool.parameters)}
    found: dict[str, Named] = {}
    for sentence in text.sentences:
        for name, offset in sorted(_candidates(text, sentence, declared), key=lambda each: each[1]):
            if name in found or (name not in declared and (name in others or name in _STAND_INS or name.isupper())):
                continue
            found[name] = Named(name, declared.get(name), sentence, sentence.start + offset)
    return tuple(sorted(found.values(), key=lambda named: named.offset))


def _candidates(text: Text, sentence: Sentence, declared: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name in declared:
        if name not in sentence.text:
            continue
        # A plain word such as "email" or "search" is a tool's name only where it is marked or spoken of as one.
        marked = "_" in name or "-" in name or any(c.isupper() for c in name[1:])
        around = (r"(?<![\w-])", r"(?![\w-])") if marked else (r"[`:\"'<*]", r"[`\"'>*(]")
        for match in re.finditer(f"{around[0]}({re.escape(name)}){around[1]}", sentence.text):
            yield name, match.start(1)
    for pattern in (_TAGGED, _SPOKEN):
        for match in pattern.finditer(sentence.text):
            group = match.lastgroup or "a"
            yield match[group], match.start(group)
    of_tools = _LIST_OF_TOOLS.search(sentence.heading) and not _LIST_OF_OTHERS.search(sentence.heading)
    # An entry further in belongs to a tool: an argument, say.
    if of_tools and not text.indented(sentence.start):
        listed = _LISTED.match(sentence.text)
        name = (listed["a"] or listed["b"]) if listed else ""
        if listed and (name.islower() or re.fullmatch(_IDENTIFIER, name)):
            yield name, listed.start("a" if listed["a"] else "b")


def _vocabulary(schema: Any) -> Iterator[str]:
    """Names of arguments and allowed values, at any depth of a JSON Schema."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from map(str, properties)
        allowed = schema.get("enum")
        if isinstance(allowed, list):
            yield from (value for value in allowed if isinstance(value, str))
        for inner in schema.values():
            yield from _vocabulary(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _vocabulary(inner)
