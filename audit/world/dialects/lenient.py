"""JSON as models write it: strict first, then one forgiving step that says what it forgave.

The forgiving step changes spelling, never values: strings in single quotes, commas before a closing bracket, and
Python's ``True``, ``False`` and ``None``. Anything else stays unread.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple, NoReturn

MAX_DEPTH = 50
"""Deeper nesting is refused: no tool needs it, and it would exhaust the stack of whoever stores or prints it."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# The last alternative eats escapes outside strings, so that a string that never closes is tried once, not per quote.
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*+"'
    r"|'(?:[^'\\]|\\.)*+'"
    r"|,(?=\s{0,200}[}\]])"
    r"|\b(?:True|False|None)\b"
    r"|\\.",
    re.DOTALL,
)
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}


class Reading(NamedTuple):
    """What became of one arguments text. ``value`` is None when it could not be read."""

    value: dict[str, Any] | None
    problems: tuple[str, ...] = ()
    complete: bool = True


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is not JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(strict=False, parse_constant=_refuse)


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """Read the JSON value that begins at ``start``.

    Control characters inside strings are accepted. Halves of surrogate pairs, which cannot be stored, become U+FFFD.

    Returns:
        The value and the offset after it.

    Raises:
        ValueError: not JSON (``json.JSONDecodeError`` tells where), a number too long, or nesting deeper than
            ``MAX_DEPTH``.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        value, end = None, -1
    if end < 0:
        message = "nested too deeply"
        raise ValueError(message)
    return _clean(value, 0), end


def decode(text: str) -> Any:
    """Read a text that is one JSON value and nothing else. Raises ValueError as :func:`decode_at` does."""
    stripped = text.strip()
    value, end = decode_at(stripped, 0)
    if end != len(stripped):
        message = "Extra data"
        raise json.JSONDecodeError(message, stripped, end)
    return value


def _clean(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        message = "nested too deeply"
        raise ValueError(message)
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_clean(key, depth + 1): _clean(item, depth + 1) for key, item in value.items()}
    return value


def respell(text: str) -> str:
    """Spell Python-like JSON as JSON. Text that is JSON already keeps its meaning."""

    def token(match: re.Match[str]) -> str:
        written = match.group()
        if written in _CONSTANTS:
            return _CONSTANTS[written]
        if written == ",":
            return ""
        if written.startswith("'"):
            inner = written[1:-1].replace("\\'", "'")
            return '"' + re.sub(r'\\.|"', lambda m: '\\"' if m.group() == '"' else m.group(), inner, flags=re.S) + '"'
        return written

    return _TOKEN.sub(token, text)


def cut_off(text: str, error: ValueError) -> bool:
    """Whether the JSON stops midway: the fault lies at the very end, or in a string that never closes."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")


def read_object(text: str) -> Reading:
    """Read the arguments of a call.

    An empty text and ``null`` mean no arguments. A JSON string that itself contains a JSON object is unwrapped.

    Args:
        text: the arguments as the model sent them.

    Returns:
        The object, or None with the reason in words the model can act on.
    """
    stripped = text.strip()
    if not stripped:
        return Reading({})
    notes: tuple[str, ...] = ()
    try:
        value = decode(stripped)
    except ValueError as error:
        try:
            value = decode(respell(stripped))
        except ValueError:
            return _unreadable(stripped, error)
        notes = ("The arguments were not strict JSON; use double quotes and no trailing comma.",)
    if isinstance(value, str):
        inner = value.strip()
        try:
            value = decode(inner) if inner else {}
        except ValueError as error:
            return _unreadable(inner, error)
    if value is None:
        return Reading({}, (*notes, "The arguments were null; send {} when there are none."))
    if not isinstance(value, dict):
        kind = {list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")
        return Reading(None, (f"The arguments are {kind}; send one JSON object with a value for each argument.",))
    return Reading(value, notes)


def _unreadable(text: str, error: ValueError) -> Reading:
    if cut_off(text, error):
        return Reading(None, ("The arguments stop midway; send the whole JSON object.",), complete=False)
    where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Reading(None, (f"The arguments are not valid JSON ({reason}{where}); send one JSON object.",))
