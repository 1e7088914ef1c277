"""What must hold for every text: written calls come back, nothing raises, nothing takes forever."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit.world.dialects import tags
from tests.world.dialects.dialect_tools import TOOLS, Tool, schema

NASTY = st.sampled_from(
    [
        '"', "'", "\\", "\n", "\r\n", ",", ", ", "“", "”", "`", "```", "# ", "//", "<!--", "-->", "|", ">", "> ",
        "[", "]", "{", "}", "{}", ":", "=", "/>", "</", "\\n", '\\"', "\\u0041", "C:\\ab", "C:\nab", "\x00",
        "\u2028", "\x85", 'to: "', "subject: ", 'body="', '",\nsubject: "x"', '"\nto: "b"', "\nbody: x\n",
        "<to>", "</to>", '"key": "', "<tool_use:email>", "</tool_use:email>", "</tool_use:forward>",
        "<tool_call>", "</tool_call>", "<function=email>", "<parameter=to>", "</parameter>", "</function>",
        "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<think>", "</think>",
        "<SCRATCHPAD_REASONING>", "[tool_call] ", "Tool Call:\n", '{"name": "email", "arguments": {"to": "a"}}',
        '{"name": "email", "arguments": {', '[{"id": "1", "function": "email"',
    ]
)  # fmt: skip
TEXT = st.text() | st.lists(NASTY | st.text(max_size=4), max_size=10).map("".join)
NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=12)
KEYS = NAMES | st.text(string.printable + "é", min_size=1, max_size=10)
MAIL = TOOLS[0]


@given(to=TEXT, subject=TEXT, body=TEXT)
@example(to="C:\nab", subject="C:\\ab", body="C:\\")
@example(to='"', subject='",\nbody: "', body='",\n</tool_use:email>')
@example(to="", subject="\n", body="> quoted\n> lines")
def test_any_text_comes_back_from_a_known_tool(to: str, subject: str, body: str) -> None:
    arguments = {"to": to, "subject": subject, "body": body}
    (call,) = tags.parse(tags.render("email", arguments), TOOLS)
    assert (call.tool, call.arguments, call.problems, call.complete) == ("email", arguments, (), True)


@given(st.dictionaries(KEYS, TEXT, max_size=5), st.booleans())
def test_any_text_comes_back_from_an_unknown_tool(arguments: dict[str, str], listed: bool) -> None:
    written = tags.render("do_it", arguments)
    (call,) = tags.parse(f"Before.\n\n{written}\n\nAfter.", TOOLS if listed else [])
    assert (call.tool, call.arguments, call.problems, call.complete) == ("do_it", arguments, (), True)
    assert call.raw == written


@given(st.lists(st.dictionaries(st.sampled_from(["to", "subject", "body"]), TEXT), max_size=4))
def test_several_calls_come_back_in_order(calls: list[dict[str, str]]) -> None:
    text = "\n".join(tags.render("email", arguments) for arguments in calls)
    found = tags.parse(text, TOOLS)
    assert [(call.id, call.arguments) for call in found] == [
        (f"tag-{i}", arguments) for i, arguments in enumerate(calls)
    ]


FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "whole": st.integers(-(10**12), 10**12),
            "number": FINITE,
            "flag": st.booleans(),
            "items": st.lists(ANY, max_size=3),
            "table": st.dictionaries(st.text(max_size=5), ANY, max_size=3),
            "text": TEXT,
            "maybe": st.none() | st.integers(0, 9),
        },
    )
)
def test_typed_values_come_back_by_their_schema(arguments: dict[str, Any]) -> None:
    tool = Tool(
        "typed",
        schema(
            whole={"type": "integer"},
            number={"type": "number"},
            flag={"type": "boolean"},
            items={"type": "array"},
            table={"type": "object"},
            text={"type": "string"},
            maybe={"type": ["integer", "null"]},
        ),
    )
    (call,) = tags.parse(tags.render("typed", arguments), [tool])
    assert call.arguments == arguments
    assert call.problems == ()


@given(TEXT, st.booleans())
@example("<tool_use:", True)
@example("<tool_use:email", True)
@example("<tool_use:email\x00>", False)
@example('<tool_use:email to="', True)
@example("<tool_call><tool_call>", True)
def test_nothing_raises_and_every_call_stands_in_the_visible_text(text: str, listed: bool) -> None:
    shown = tags.visible(text)
    position = 0
    for index, call in enumerate(tags.parse(text, TOOLS if listed else [])):
        assert call.id == f"tag-{index}"
        assert call.raw
        if tags.IN_REASONING in call.problems:
            assert call.raw in text
            continue
        position = shown.find(call.raw, position)
        assert position >= 0


@given(st.lists(TEXT, max_size=6), st.booleans())
def test_nothing_raises_inside_a_tag(pieces: list[str], closed: bool) -> None:
    text = "<tool_use:email>\n" + "\n".join(pieces) + ("\n</tool_use:email>" if closed else "")
    for call in tags.parse(text, TOOLS):
        assert call.raw in (text if tags.IN_REASONING in call.problems else tags.visible(text))


HOSTILE = [
    "<tool_use:email>", "<tool_use:email", "</tool_use:email>", "<tool_use:email>to: ",
    '<tool_use:email to="', "<", "< ", "\n", " ", '"', '\\"', '" ', '"\n', '",\n', '" #\n', '"#"', '",#',
    "\n#", 'a: "x" z\n', 'a: "', 'to: "\n', "\nto: ", ", to: ", "a1: x\n", "<!--", "<!-- -", "<a>",
    "<a></b>", "<to>", '"a": ', "**a:** ", "- a", "[", "{", '{"', '{"a":', '[{"a":', '{"id": ',
    '{"name": "email", "arguments": ', '{"name": "x', "[tool_call] {", "{'", "{'name': '",
    "Tool Call:\n{\"id\"", "<tool_call>", "<tool_call>x<arg_key>", "<arg_key>", "<arg_value>",
    "<function=x>", "<function=x><parameter=y>", "<parameter=y>", "<think>", "</think>",
    "<think></reasoning>", "<think", "```\n", "```\n<tool_use:x>\n", "> ", "> <tool_use:email>\n", "x ",
    "x=", "a b c d ", "\\", "\\u", "C:\\ab", "“", "“a” ", "'s ", "=", ", ", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a tag"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_two_hundred_kilobytes_of_anything_are_finished(piece: str, inside: bool) -> None:
    text = piece * (200_000 // len(piece))
    if inside:
        text = f'<tool_use:other>\na: x\nb: "{text}\n</tool_use:other>'
    for call in tags.parse(text, TOOLS):
        assert call.raw
        assert call.tool or call.problems
