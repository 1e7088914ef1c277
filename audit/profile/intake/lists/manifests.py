"""Tool lists as they exist in the world become listed tools: bytes in, tools out, every problem at once.

Read by shape, entry by entry, so that mixed lists work: MCP ``tools/list`` (the whole JSON-RPC reply or its result),
request bodies of model providers that hold ``tools`` or ``functions``, entries with ``function``, ``parameters``,
``input_schema`` or ``inputSchema``, registries that list ``arguments``, tools that a provider hosts and names by type.
JSON, JSON Lines and YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from audit.errors import Problem, ToolListError
from audit.profile.intake.lists.entries import SCHEMA_KEYS, Unusable, read_entry
from audit.profile.intake.lists.names import distinct_names
from audit.profile.intake.models import ListedTool
from audit.resources import MAX_BYTES, Loc, read_bytes, shown_path

MAX_TOOLS = 2_000
"""Longer lists are refused: no model is offered so many tools, so the file is something else."""

_MAX_WRAPPING = 6
_LISTS = ("tools", "functions", "functionDeclarations", "function_declarations")
"""Keys under which tools stand."""
_WRAPPERS = ("result", "body", "params", "request", "response", "data")
"""Keys under which a reply or request that holds tools can stand."""
_FORMS = (
    "give the reply of MCP `tools/list`, a provider's `tools` list, or a list of entries with `name`, `description` and"
    " `parameters`"
)


class _Entry(NamedTuple):
    """One entry that should be a tool, where it stands, and the key it stands under where that is its name."""

    loc: Loc
    value: Any
    key: str | None = None


class _Text(NamedTuple):
    """A parsed list: its documents (several in JSON Lines), and the line that each starts on."""

    documents: Sequence[Any]
    lines: Sequence[int]
    by_line: bool


def read_tool_file(path: Path) -> tuple[ListedTool, ...]:
    """Read a file of tools.

    Args:
        path: JSON, JSON Lines or YAML in UTF-8, at most 5 MB.

    Returns:
        The tools, in the order of the file.

    Raises:
        ToolListError: with every problem found.
    """
    return read_tool_list(read_bytes(path, ToolListError), shown_path(path))


def read_tool_list(raw: bytes, source: str) -> tuple[ListedTool, ...]:
    """Read a list of tools.

    Args:
        raw: JSON, JSON Lines or YAML in UTF-8, at most 5 MB and 2,000 tools.
        source: where it came from, as messages and the tools print it.

    Returns:
        The tools, in the order of the list. Names are distinct and such that model providers accept them, schemas are
        such that profiles accept them; what had to be changed stands in each tool's notes.

    Raises:
        ToolListError: with every problem found. A list with one unusable entry is refused, so that nothing is missing
            from an audit unseen.
    """
    if len(raw) > MAX_BYTES:
        raise _refused(source, f"the list is larger than {MAX_BYTES // 1024**2} MB", "split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ToolListError([Problem(source, line, 1, "the list is not UTF-8 text", "save it as UTF-8")]) from None
    if not text.strip():
        raise _refused(source, "nothing is in it", _FORMS)
    parsed = _parse(text, source)
    entries: list[_Entry] = []
    for position, document in enumerate(parsed.documents):
        at: Loc = (position,) if parsed.by_line else ()
        entries += _entries(document, at, 0, alone=not parsed.by_line)
    if not entries:
        raise _refused(source, "no tool is listed here", _FORMS)
    if len(entries) > MAX_TOOLS:
        raise _refused(source, f"{len(entries):,} tools are listed; at most {MAX_TOOLS:,} are read", "split the list")
    tools: list[ListedTool] = []
    wrong: list[tuple[Loc, str, str]] = []
    for number, entry in enumerate(entries, start=1):
        try:
            tools.append(read_entry(entry.value, source, entry.key))
        except Unusable as error:
            name = f" (`{error.name}`)" if error.name else ""
            wrong += [((*entry.loc, *f.loc), f"entry {number}{name}: {f.wrong}", f.mend) for f in error.faults]
    if wrong:
        raise ToolListError(_placed(wrong, text, source, parsed))
    return distinct_names(tools)


def merged(lists: Iterable[Sequence[ListedTool]]) -> tuple[ListedTool, ...]:
    """Put several lists together, in order.

    A tool that several lists give in the same words is kept once; different tools of one name get distinct names. The
    tools' notes say so.

    Raises:
        ToolListError: more than 2,000 tools in all.
    """
    together = [tool for tools in lists for tool in tools]
    if len(together) > MAX_TOOLS:
        wrong = f"the lists hold {len(together):,} tools in all; at most {MAX_TOOLS:,} are read"
        raise _refused(together[-1].source, wrong, "give fewer lists")
    return distinct_names(together)


def _refused(source: str, wrong: str, mend: str) -> ToolListError:
    return ToolListError([Problem(source, 0, 0, wrong, mend)])


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _parse(text: str, source: str) -> _Text:
    try:
        return _Text([json.loads(text, parse_constant=_no_number)], [1], False)
    except RecursionError:
        raise _refused(source, "lists or mappings are nested too deeply", "give the list of tools only") from None
    except ValueError as error:
        not_json = error
    lines = _json_lines(text)
    if lines is not None:
        return lines
    from audit.resources.document import parse

    document = parse(text)
    if not document.flaws:
        return _Text([document.data], [1], False)
    if text.lstrip()[:1] in {"{", "["} and isinstance(not_json, json.JSONDecodeError):
        wrong = f"this is neither JSON nor YAML ({not_json.msg[:1].lower()}{not_json.msg[1:]})"
        raise ToolListError([Problem(source, not_json.lineno, not_json.colno, wrong, "mend it, or export it again")])
    raise ToolListError([Problem(source, *flaw) for flaw in document.flaws])


def _json_lines(text: str) -> _Text | None:
    """The documents of JSON Lines, or None where the text is something else."""
    documents, numbers = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if line.lstrip()[0] not in "{[":
            return None
        try:
            documents.append(json.loads(line, parse_constant=_no_number))
        except (ValueError, RecursionError):
            return None
        numbers.append(number)
    return _Text(documents, numbers, True) if documents else None


def _entries(value: Any, loc: Loc, depth: int, *, alone: bool = False) -> Iterator[_Entry]:
    """Every entry below ``value`` that should be a tool. Frames around lists are opened, whatever they are.

    Args:
        value: the document, or a part of it.
        loc: where it stands.
        depth: how many frames stand around it.
        alone: whether it is a whole file, which may be about something else than tools.
    """
    if isinstance(value, list):
        for position, inner in enumerate(value):
            if _is_frame(inner) and depth < _MAX_WRAPPING:
                yield from _entries(inner, (*loc, position), depth + 1)
            else:
                yield _Entry((*loc, position), inner)
        return
    if not isinstance(value, dict):
        yield _Entry(loc, value)
        return
    if _is_frame(value) and depth < _MAX_WRAPPING:
        yield from _unframed(value, loc, depth)
    elif _is_mapping_of_tools(value):
        for name, inner in value.items():
            yield _Entry((*loc, name), inner, name)
    elif alone and not _looks_like_tool(value):
        return
    else:
        yield _Entry(loc, value)


def _unframed(frame: dict[str, Any], loc: Loc, depth: int) -> Iterator[_Entry]:
    for key in _LISTS:
        inner = frame.get(key)
        if isinstance(inner, dict) and not _looks_like_tool(inner) and not _is_frame(inner):
            for name, tool in inner.items():
                yield _Entry((*loc, key, name), tool, name)
        elif inner is not None:
            yield from _entries(inner, (*loc, key), depth + 1)
    for key in _WRAPPERS:
        if _is_frame(frame.get(key)):
            yield from _entries(frame[key], (*loc, key), depth + 1)


def _is_frame(value: Any) -> bool:
    """Whether this holds tools rather than being one, or is a message of a recording that has nothing to do with them.

    A tool can have arguments called ``tools``; they stand inside its schema, never beside it.
    """
    if not isinstance(value, dict) or any(key in value for key in SCHEMA_KEYS):
        return False
    if any(isinstance(value.get(key), list | dict) for key in _LISTS):
        return True
    return "jsonrpc" in value or any(_is_frame(value.get(key)) for key in _WRAPPERS)


def _looks_like_tool(value: dict[str, Any]) -> bool:
    """Whether a mapping that stands alone is one tool. Name and description do not make one: many files have them."""
    return isinstance(value.get("function"), dict) or any(key in value for key in SCHEMA_KEYS)


def _is_mapping_of_tools(value: dict[str, Any]) -> bool:
    """Whether the keys are names of tools: every value is a mapping that describes one."""
    describing = (*SCHEMA_KEYS, "description")
    return bool(value) and all(isinstance(v, dict) and any(key in v for key in describing) for v in value.values())


def _placed(wrong: Sequence[tuple[Loc, str, str]], text: str, source: str, parsed: _Text) -> list[Problem]:
    """Problems with the line and column of what is wrong. Looked up only now: places are costly on long lists."""
    if parsed.by_line:
        return [Problem(source, parsed.lines[int(loc[0])], 1, said, mend) for loc, said, mend in wrong]
    from audit.resources.document import parse

    document = parse(text)
    if not document.readable:  # JSON that is no YAML (tabs, say)
        return [Problem(source, 0, 0, said, mend) for _, said, mend in wrong]
    return [Problem(source, *document.place.nearest(loc), said, mend) for loc, said, mend in wrong]
