from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from audit.errors import StoreError
from audit.store.encoding import MARK, MAX_DEPTH, UtcDateTime, dump_json, escape_text, load_json, unescape_text

# Every code point, surrogates and NUL included, with the escape mark and its digits made common.
TEXT = st.text(
    st.one_of(st.characters(exclude_categories=[]), st.sampled_from(f"{MARK}\x00\ud800\udfff\\u0123456789abcdef"))
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(TEXT)
def test_text_survives_and_is_storable(text: str) -> None:
    escaped = escape_text(text)
    assert "\x00" not in escaped
    escaped.encode()
    assert unescape_text(escaped) == text


@given(JSON)
def test_json_survives_and_is_storable(value: Any) -> None:
    text = dump_json(value)
    text.encode()
    decoded = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert "\x00" not in _all_text(decoded)
    assert load_json(text) == value
    assert load_json(text.encode()) == value


def _all_text(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(key + _all_text(item) for key, item in value.items())
    return "".join(map(_all_text, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def test_not_a_number_survives() -> None:
    back = load_json(dump_json({"a": [math.nan], "b": f"{MARK}NaN"}))
    assert math.isnan(back["a"][0])
    assert back["b"] == f"{MARK}NaN"


def test_order_of_keys_is_kept() -> None:
    assert list(load_json(dump_json({"z": 1, "a": 2, f"{MARK}m": 3}))) == ["z", "a", f"{MARK}m"]


def test_plain_text_is_stored_as_it_is() -> None:
    assert dump_json({"å": "🙂"}) == '{"å":"🙂"}'


def test_nesting_is_limited() -> None:
    def nested(depth: int) -> Any:
        value: Any = "core"
        for _ in range(depth):
            value = {"a": [value]} if depth % 2 else [value]
        return value

    assert load_json(dump_json(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(StoreError, match="deep"):
            dump_json(nested(depth))


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(StoreError, match="bytes"):
        dump_json({"a": b"\xff"})
    with pytest.raises(StoreError, match="bytes"):
        dump_json({"a": [b"\xff", "\ud800"]})


def test_times_come_back_in_utc_and_naive_ones_are_refused() -> None:
    column, dialect = UtcDateTime(), sqlite.dialect()
    moment = datetime(2026, 1, 1, 0, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    stored = column.process_bind_param(moment, dialect)
    assert stored is not None
    back = column.process_result_value(stored.replace(tzinfo=None), dialect)
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC
    with pytest.raises(StoreError, match="time zone"):
        column.process_bind_param(moment.replace(tzinfo=None), dialect)
