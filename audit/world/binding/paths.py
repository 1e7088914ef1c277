"""Places inside a tool's arguments, and how values are read from them and written to them.

The syntax, as profiles use it: names joined by dots, ``[]`` for each entry of a list, ``[0]`` for one entry, ``(json)``
after a text that holds JSON, and ``["a.name"]`` for a name with marks of its own::

    message.toRecipients[].emailAddress.address
    requests[0].file.id
    payload(json).to
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any


class Mark(Enum):
    """A step of a path that is neither a name nor a number."""

    EACH = "[]"
    JSON = "(json)"


EACH, JSON = Mark.EACH, Mark.JSON
Step = str | int | Mark
Path = tuple[Step, ...]

_STEP = re.compile(
    r"""(?P<dot>\.)?(?P<name>[^.\[\]()"]+)
    | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]
    | \[(?P<index>\d{0,4})\]
    | (?P<json>\(json\))""",
    re.VERBOSE,
)
_GONE = object()
_DEEPEST = 40
"""Levels of objects and lists that are read out of a text."""


class PathError(ValueError):
    """A path that cannot be read. The text says where it goes wrong."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Path:
    """Read a path.

    Raises:
        PathError: If it does not follow the syntax.
    """
    steps: list[Step] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        named = found is not None and found["name"] is not None
        if found is None or (named and (found["dot"] is None) == bool(steps)) or (not steps and found["json"]):
            raise PathError(f"`{text}` cannot be read from `{text[position:]}` on")
        if named:
            steps.append(found["name"])
        elif found["quoted"] is not None:
            steps.append(json.loads(found["quoted"]))
        elif found["json"]:
            steps.append(JSON)
        else:
            steps.append(int(found["index"]) if found["index"] else EACH)
        position = found.end()
    if not steps or not isinstance(steps[0], str):
        raise PathError(f"`{text}` does not begin with the name of an argument")
    return tuple(steps)


def steps_of(text: str, names: Iterable[str]) -> Path:
    """As ``parse``; the name of a top argument stands for itself, whatever marks are in it."""
    return (text,) if text in names else parse(text)


def written(path: Path) -> str:
    """The text of a path."""
    pieces: list[str] = []
    for step in path:
        if isinstance(step, Mark):
            pieces.append(step.value)
        elif isinstance(step, int):
            pieces.append(f"[{step}]")
        elif re.fullmatch(r'[^.\[\]()"]+', step):
            pieces.append(f".{step}" if pieces else step)
        else:
            pieces.append(f"[{json.dumps(step, ensure_ascii=False)}]" if pieces else step)
    return "".join(pieces)


def values_at(value: Any, path: Path) -> list[Any]:
    """Everything that stands at a path, in order; empty when nothing does.

    A single value where a list should stand counts as a list of one: models leave the brackets out.
    """
    return list(_found(value, path))


def put(old: Any, path: Path, value: Any, spread: int | None = None) -> Any:
    """Write a value at a path; returns the changed whole, ``old`` stays as it is.

    Args:
        old: What stands there; None for nothing.
        path: Where to.
        value: What to write.
        spread: Position in ``path`` of the ``[]`` over whose entries a list is spread; at every other one the first
            entry is written.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    deeper = None if spread is None else spread - 1
    if isinstance(step, str):
        base = dict(old) if isinstance(old, Mapping) else {}
        base[step] = put(base.get(step), rest, value, deeper)
        return base
    if step is JSON:
        return json.dumps(put(_decoded(old), rest, value, deeper), ensure_ascii=False)
    entries = list(old) if isinstance(old, list | tuple) else []
    parts = list(value) if spread == 0 and isinstance(value, list | tuple) else [value]
    start = step if isinstance(step, int) else 0
    entries += [None] * (start + len(parts) - len(entries))
    for offset, part in enumerate(parts):
        entries[start + offset] = put(entries[start + offset], rest, part, deeper if spread != 0 else None)
    return entries


def without(value: Any, paths: Sequence[Path]) -> Any:
    """What is left of a value when everything at some paths is taken away. Objects and lists left empty by it go too.

    Returns:
        What is left; ``{}`` when nothing is.
    """
    left = _left(value, paths)
    return {} if left is _GONE else left


def opened(value: Any) -> Any:
    """A value in which texts that hold JSON objects or lists are read as such, however deep."""
    if isinstance(value, Mapping):
        return {name: opened(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [opened(inner) for inner in value]
    if isinstance(value, str) and value.strip()[:1] in {"{", "["}:
        return value if (inner := _decoded(value)) is None else opened(inner)
    return value


def _found(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        if isinstance(value, Mapping) and step in value:
            yield from _found(value[step], rest)
    elif step is JSON:
        yield from _found(value if isinstance(value, Mapping | list) else _decoded(value), rest)
    elif step is EACH:
        for entry in _entries(value):
            yield from _found(entry, rest)
    elif isinstance(step, int) and isinstance(value, list | tuple) and step < len(value):
        yield from _found(value[step], rest)


def _left(value: Any, paths: Sequence[Path]) -> Any:
    if any(not path for path in paths):
        return _GONE
    if not paths:
        return value
    if isinstance(value, Mapping):
        kept = {n: left for n, v in value.items() if (left := _left(v, _after(paths, n))) is not _GONE}
        return kept if kept or not value else _GONE
    if isinstance(value, list | tuple):
        entries = [_left(v, [*_after(paths, EACH), *_after(paths, i)]) for i, v in enumerate(value)]
        remaining = [entry for entry in entries if entry is not _GONE]
        return remaining if remaining or not value else _GONE
    if inner := _after(paths, JSON):
        decoded = _decoded(value)
        return value if decoded is None else _left(decoded, inner)
    return _left(value, each) if (each := _after(paths, EACH)) and value is not None else value


def _after(paths: Sequence[Path], step: Step) -> list[Path]:
    return [path[1:] for path in paths if path and path[0] == step and type(path[0]) is type(step)]


def _entries(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else [value]


def _decoded(value: Any) -> Any:
    """The object or list that a text holds as JSON; None where it holds none."""
    if not isinstance(value, str):
        return value if isinstance(value, Mapping | list) else None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict | list) and not _too_deep(found) else None


def _too_deep(value: Any) -> bool:
    """Whether a value is nested deeper than any tool's arguments: such a text stays a text."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [inner for inner in level if isinstance(inner, dict | list)]
        if not level:
            return False
    return True
