"""What the model only thought must never count as done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.world.dialects import tags
from tests.world.dialects.dialect_tools import TOOLS

CALL = '<tool_use:cancel_alert>\ncode: "A-1"\n</tool_use:cancel_alert>'
NAMES = ["SCRATCHPAD_REASONING", "scratchpad", "think", "thinking", "Reasoning", "scratchpad_reasoning"]


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_cut(name: str) -> None:
    text = f"<{name}>\n{CALL}\n</{name}>\nHello."
    assert tags.visible(text).strip() == "Hello."
    assert tags.parse(text, TOOLS) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_call_after_the_block_counts(name: str) -> None:
    (call,) = tags.parse(f"<{name}>\n{CALL}\n</{name}>\n{CALL}\nHello.", TOOLS)
    assert call.arguments == {"code": "A-1"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a <think>b</think> c", "a \n c"),
        ("a <think>b", "a \n"),
        ("<think>a <think>b</think> c</think> d", "\n d"),
        ("<think>I use <think> tags</think> c", "\n c"),
        ("<thinking>a <reasoning>b</reasoning> c</thinking> d", "\n d"),
        ("<SCRATCHPAD_REASONING>a</scratchpad_reasoning> d", "\n d"),
        ("<SCRATCHPAD_REASONING>a</SCRATCHPAD> d", "\n d"),
        ('<think mode="deep">a</think> d', "\n d"),
        ("<think>a</think> b <think>c</think> d", "\n b \n d"),
        ("a</think>b", "\nb"),
        ("<think>a</think> b </think> c", "\n b \n c"),
        ("talk of `<think>` tags", "talk of `<think>` tags"),
        ("a thinking <thinker> b", "a thinking <thinker> b"),
        ("no tag", "no tag"),
        ("", ""),
    ],
)
def test_what_is_visible(text: str, shown: str) -> None:
    assert tags.visible(text) == shown


def test_what_is_cut_cannot_join_into_a_tag() -> None:
    assert tags.parse(f"<tool_<think>x</think>use:list_inbox/> {CALL[:0]}", TOOLS) == []
    assert "<think>" not in tags.visible("<thi<think>x</think>nk> b")


def test_a_block_in_the_middle_does_not_hide_what_follows() -> None:
    text = f"{CALL}\n<think>{CALL}</think>\n{CALL}"
    assert len(tags.parse(text, TOOLS)) == 2


PIECES = st.sampled_from(
    [
        "<think>",
        "</think>",
        "<scratchpad>",
        "</scratchpad>",
        "<SCRATCHPAD_REASONING>",
        "word ",
        "\n",
        "`",
        "<",
        ">",
        '"',
        "> ",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join), st.sampled_from(NAMES), st.booleans())
def test_no_call_comes_from_a_block(before: str, name: str, closed: bool) -> None:
    secret = '<tool_use:cancel_alert>\ncode: "only thought"\n</tool_use:cancel_alert>'
    text = f"{before.replace('`', '')}\n<{name}>\n{secret}" + (f"\n</{name}>" if closed else "")
    assert "only thought" not in tags.visible(text)
    readable = [call for call in tags.parse(text, TOOLS) if tags.IN_REASONING not in call.problems]
    assert readable == tags.parse(tags.visible(text), TOOLS)


def test_a_call_behind_a_reasoning_tag_that_never_closes_is_reported_and_not_carried_out() -> None:
    act = '<tool_use:cancel_alert>\ncode: "K2"\n</tool_use:cancel_alert>'
    (call,) = tags.parse(f"<think>It has to be done.\n{act}", TOOLS)
    assert (call.tool, call.arguments, call.complete) == ("cancel_alert", None, False)
    assert call.problems == (tags.IN_REASONING,)
    assert tags.parse(f"<think>It has to be done.\n{act}</think>", TOOLS) == []


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_cutting_twice_changes_nothing_more(text: str) -> None:
    once = tags.visible(text)
    assert tags.visible(once) == once


def test_a_call_before_a_lone_closing_tag_is_reported_and_not_carried_out() -> None:
    meant, doubtful = tags.parse(f"{CALL}\nok </think>\n{CALL}", TOOLS)
    assert (meant.arguments, meant.complete) == ({"code": "A-1"}, True)
    assert (doubtful.tool, doubtful.arguments, doubtful.complete) == ("cancel_alert", None, False)
    assert doubtful.problems == (tags.IN_REASONING,)
    assert (meant.id, doubtful.id) == ("tag-0", "tag-1")


def test_thoughts_without_a_call_before_a_lone_closing_tag_report_nothing() -> None:
    assert [c.complete for c in tags.parse(f"I should cancel it.</think>\n{CALL}", TOOLS)] == [True]
    assert tags.parse(f"<think>a</think> b {CALL} </think> c", TOOLS)[0].complete
