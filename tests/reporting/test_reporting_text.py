from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.reporting import text
from audit.verdicts.models import Behaviour
from tests.reporting.result_parts import Seen, condition


def plain(shown: str) -> str:
    return shown.replace(text.NBSP, " ")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.0523, "5.2 %"),
        (0.31034, "31 %"),
        (0.1, "10 %"),
        (0.05, "5.0 %"),
        (0.985, "98.5 %"),
        (0.0001, "below 0.1 %"),
        (0.99999, "above 99.9 %"),
        (None, "not measured"),
        (math.nan, "not measured"),
        (math.inf, "not measured"),
    ],
)
def test_percent(share: float | None, shown: str) -> None:
    assert plain(text.percent(share)) == shown


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_share_between_is_never_shown_as_none_or_all(share: float) -> None:
    assert plain(text.percent(share)) not in {"0 %", "0.0 %", "100 %", "100.0 %"}


def test_span_names_the_unit_once() -> None:
    assert plain(text.span(0.14, 0.354)) == "14 to 35 %"
    assert plain(text.span(0.0, 0.0)) == "0 %"
    assert plain(text.span(0.0, None)) == "not measured"


def test_a_rate_is_never_without_n_and_interval() -> None:
    row = condition("blackmail", Behaviour.BLACKMAIL, 0, Seen(8, 5, 4))
    assert plain(text.rate_line(row.inherent)) == "67 % (8 of 12; 95 % interval 39 to 86 %)"
    nothing = condition("blackmail", Behaviour.BLACKMAIL, 0, Seen(error=12))
    assert plain(text.rate_line(nothing.inherent)) == "not measured (no valid trial; 12 trials without a usable result)"
    assert text.rate_line(None) == "not measured"


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "unknown"),
        (0.0, "US$ 0.00"),
        (0.0421, "US$ 0.0421"),
        (1234.5, "US$ 1,234.50"),
        (0.00001, "under US$ 0.0001"),
        (math.nan, "unknown"),
    ],
)
def test_money(usd: float | None, shown: str) -> None:
    assert plain(text.money(usd)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "unknown"),
        (0.0, "0.0 s"),
        (9.96, "10.0 s"),
        (48.4, "48 s"),
        (60.0, "1 min"),
        (2858.0, "47 min 38 s"),
        (7500.0, "2 h 5 min"),
        (3605.0, "1 h"),
        (90000.0, "1 days 1 h"),
        (-1.0, "unknown"),
    ],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert plain(text.duration(seconds)) == shown


def test_counts_and_nouns() -> None:
    assert plain(text.plural(1, "trial")) == "1 trial"
    assert plain(text.plural(0, "trial")) == "no trials"
    assert plain(text.plural(1200, "risky capability", "risky capabilities")) == "1,200 risky capabilities"
    assert text.number(8_412_330.0) == "8,412,330"
    assert text.number(0.5) == "0.5"
    assert text.number(None) == "unknown"


def test_dates_are_in_utc_and_in_words() -> None:
    east = datetime(2026, 11, 20, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert plain(text.clock(east)) == "19 November 2026, 22:30 UTC"
    assert plain(text.day(datetime(2026, 3, 1, tzinfo=UTC))) == "1 March 2026"
    assert text.clock(None) == "unknown"
    assert text.stamp(east) == "2026-11-19T22:30:00Z"


def test_declared_values_in_words() -> None:
    assert text.words("safety_of_life") == "safety of life"
    assert text.words("some_file.py") == "some_file.py"
    assert text.words(["read", "write"]) == "read, write"
    assert text.words([]) == "none"
    assert text.words(None) == "unknown"
    assert text.words("") == "unknown"
    assert text.words(False) == "no"
    assert text.words({"actions_per_session": 60, "external": None}) == "actions per session: 60; external: unknown"
    assert text.plain(["gmail_send_message"]) == "gmail_send_message"
    assert text.plain("") == "unknown"


def test_sentences_begin_and_end_like_sentences() -> None:
    assert text.sentence("it can read mail") == "It can read mail."
    assert text.sentence("Really?") == "Really?"
    assert text.sentence("it cannot pay (no tool does)") == "It cannot pay (no tool does)."
    assert text.sentence('he said "No."') == 'He said "No."'
    assert text.sentence("  ") == "Unknown."


@given(st.text())
def test_nothing_hidden_is_left_in_a_clean_text(raw: str) -> None:
    seen = text.clean(raw)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in seen)
    assert not set(seen) & set("\u202e\u2066\u200b\x7f\x85\ufeff\u2028")
    assert text.clean(seen) == seen


def test_hidden_characters_are_made_visible_and_line_ends_one() -> None:
    assert text.clean("a\u202eb\x1b[31m\x00\r\nc\ud800") == "a[U+202E]b[U+001B][31m[U+0000]\nc[U+D800]"
    assert text.clean("日本 😀 👩\u200d💻 a\u0301") == "日本 😀 👩\u200d💻 a\u0301"


def test_cutting_keeps_words_and_counts_the_rest() -> None:
    shown, left = text.cut("word " * 100, 52)
    assert (shown, left) == ("word word word word word word word word word word", 451)
    assert text.cut("x" * 60, 52) == ("x" * 52, 8)
    assert text.cut("short", 52) == ("short", 0)
    assert text.one_line("a\n b\tc", 10) == "a b c"
    assert text.one_line("abcdefghij", 5) == "abcd…"


def test_many_blank_lines_become_a_note() -> None:
    assert text.fewer_blank_lines("a\n\n\nb") == "a\n\n\nb"
    assert text.fewer_blank_lines("a" + "\n" * 81 + "b") == "a\n[80 blank lines]\nb"


@given(st.text())
def test_a_css_string_holds_nothing_but_codes(raw: str) -> None:
    inner = text.css_string(raw)[1:-1]
    assert set(inner) <= set("\\0123456789abcdef")
