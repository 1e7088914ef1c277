"""Values to columns and back, without losing a character.

What a model writes is stored as it came, and it may hold what a database refuses: PostgreSQL takes no NUL character,
no UTF-8 encoder takes half a surrogate pair, JSON has no NaN. Such characters are written as ``␛`` with four
hexadecimal digits (``␛`` itself too, so reading is unambiguous), such numbers as a string that begins with ``␛``.
Every database gets the same text, so rows can be copied from one to another.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from audit.errors import StoreError

MARK = "␛"
_UNSTORABLE = re.compile(f"[\x00\ud800-\udfff{MARK}]")
_ESCAPED = re.compile(f"{MARK}([0-9a-f]{{4}})")
_NUMBERS = {f"{MARK}NaN": math.nan, f"{MARK}Infinity": math.inf, f"{MARK}-Infinity": -math.inf}

MAX_DEPTH = 200
"""Deepest nesting of lists and objects that is stored. A deeper row could be written, and then perhaps not be read:
the JSON parser's limit depends on the stack of whoever reads."""


def escape_text(text: str) -> str:
    """Replace the characters that a database may refuse. ``unescape_text`` gives them back."""
    return _UNSTORABLE.sub(lambda found: f"{MARK}{ord(found[0]):04x}", text)


def unescape_text(text: str) -> str:
    """Undo ``escape_text``."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if MARK in text else text


def dump_json(value: Any) -> str:
    """Write a value as JSON text that every database takes and ``load_json`` reads back equal, keys in their order.

    Models are written as objects of their fields, dates in ISO 8601, tuples as lists.

    Raises:
        StoreError: the value nests deeper than ``MAX_DEPTH`` or holds something that is not a JSON value.
    """
    if _too_deep(value):
        raise StoreError(f"a value nests lists and objects more than {MAX_DEPTH} deep and is not stored")
    try:
        text = _dumps(value)
        text.encode()
        if MARK not in text and "\\u0000" not in text:
            return text
    except ValueError:  # half a surrogate pair, or NaN: the slow way below deals with both
        pass
    return _dumps(_escaped(value))


def load_json(text: str | bytes) -> Any:
    """Read what ``dump_json`` wrote."""
    if isinstance(text, bytes):
        text = text.decode()
    value = json.loads(text)
    return _unescaped(value) if MARK in text else value


def _dumps(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)
    except TypeError as error:
        raise StoreError(f"a value cannot be stored: {error}") from error


def _plain(value: Any) -> Any:
    # Not model_dump(mode="json"): that turns NaN into null and garbles keys with half a surrogate pair.
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, BaseModel):
                below.extend(vars(item).values())
            elif isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list | tuple):
                below.extend(item)
        if not below:
            return False
        level = below
    return True


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{MARK}{json.dumps(value)}"
    if isinstance(value, dict):
        return {_escaped(key) if isinstance(key, str) else key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    if isinstance(value, BaseModel | datetime):
        return _escaped(_plain(value))
    return value


def _unescaped(value: Any) -> Any:
    if isinstance(value, str):
        return _NUMBERS[value] if value in _NUMBERS else unescape_text(value)
    if isinstance(value, dict):
        return {unescape_text(key): _unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    return value


class FreeText(TypeDecorator[str]):
    """Text of any origin and length."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Text to column."""
        return None if value is None else escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Column to text."""
        return None if value is None else unescape_text(value)


class WholeNumber(TypeDecorator[int]):
    """An integer of any size, as decimal text: seeds come from hashes and may exceed 64 bits."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Integer to column."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """Column to integer."""
        return None if value is None else int(value)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored in UTC and returned with its time zone, on SQLite too (which keeps none)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Moment to column."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise StoreError(f"the time {value.isoformat()} has no time zone and is not stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Column to moment."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
