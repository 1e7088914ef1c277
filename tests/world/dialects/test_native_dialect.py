from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.world.actions import Call
from audit.world.dialects import native
from tests.world.dialects.dialect_tools import TOOLS, Tool

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def one(text: str) -> Call:
    (call,) = native.parse([("c1", "email", text)])
    assert (call.id, call.tool, call.raw) == ("c1", "email", text)
    return call


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"to": "a"}', {"to": "a"}),
        ("", {}),
        ("  \n", {}),
        ("{}", {}),
        ('"{\\"to\\": \\"a\\"}"', {"to": "a"}),
        ('""', {}),
        ('{"body": "two\nlines\tand a tab"}', {"body": "two\nlines\tand a tab"}),
    ],
)
def test_good_arguments_are_read_without_a_word(text: str, arguments: dict[str, Any]) -> None:
    call = one(text)
    assert (call.arguments, call.problems, call.complete) == (arguments, (), True)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"to": "a", "n": [1, 2,],}', {"to": "a", "n": [1, 2]}),
        ("{'to': 'a', 'ok': True, 'cc': None}", {"to": "a", "ok": True, "cc": None}),
        ("{'body': 'say \"yes\"', 'who': 'Ann\\'s'}", {"body": 'say "yes"', "who": "Ann's"}),
        ('{"body": "it\'s, well, None,}", }', {"body": "it's, well, None,}"}),
        ("null", {}),
    ],
)
def test_the_forgiving_step_says_what_it_forgave(text: str, arguments: dict[str, Any]) -> None:
    call = one(text)
    assert (call.arguments, call.complete) == (arguments, True)
    assert len(call.problems) == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("to: a", "not valid JSON"),
        ('{"to": a}', "not valid JSON"),
        ('{"to": "a"} and more', "not valid JSON"),
        ("{'to': 'it's'}", "not valid JSON"),
        ('{"n": NaN}', "not valid JSON"),
        ('["a"]', "a list"),
        ('"plain text"', "not valid JSON"),
        ("3", "a number"),
        ("true", "true or false"),
        ('{"n": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_arguments_are_none_with_a_reason(text: str, word: str) -> None:
    call = one(text)
    assert call.arguments is None
    assert word in call.problems[0]
    assert call.complete


@pytest.mark.parametrize("text", ['{"to": "a', '{"to": "a"', '{"to":', "{", '{"to": ["a", '])
def test_arguments_that_stop_midway_are_incomplete(text: str) -> None:
    call = one(text)
    assert (call.arguments, call.complete) == (None, False)
    assert "stop midway" in call.problems[0]


def test_half_a_surrogate_pair_cannot_reach_the_store() -> None:
    call = one('{"body": "a \\ud83d b", "\\udc00": "\\ud83d\\ude00"}')
    assert call.arguments == {"body": "a \ufffd b", "\ufffd": "😀"}


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_calls_survive_the_way_to_the_provider_and_back(arguments: dict[str, Any]) -> None:
    (rendered,) = native.render_calls([("c1", "email", arguments)])
    assert rendered["type"] == "function"
    function = rendered["function"]
    (call,) = native.parse([(rendered["id"], function["name"], function["arguments"])])
    assert (call.id, call.tool, call.arguments, call.problems) == ("c1", "email", arguments, ())


@given(st.text() | st.text(alphabet="{}[]\"'\\,:tTrue Nn1"))
def test_no_arguments_text_raises(text: str) -> None:
    call = one(text)
    assert (call.arguments is None) == (not call.complete or any("send" in p for p in call.problems if "null" not in p))


def test_calls_keep_their_order_and_ids() -> None:
    calls = native.parse([("b", "x", "{}"), ("a", "y", "oops"), ("b", "x", "{}")])
    assert [(call.id, call.tool, call.arguments) for call in calls] == [
        ("b", "x", {}),
        ("a", "y", None),
        ("b", "x", {}),
    ]


def test_schemas_are_what_a_chat_request_takes_and_are_copies() -> None:
    (bare, mail) = native.schemas([Tool("ping", {}, "Pings."), TOOLS[0]])
    assert bare == {
        "type": "function",
        "function": {"name": "ping", "description": "Pings.", "parameters": {"type": "object", "properties": {}}},
    }
    mail["function"]["parameters"]["properties"].clear()
    assert set(TOOLS[0].parameters["properties"]) == {"to", "subject", "body"}


def test_a_result_answers_its_call() -> None:
    assert native.result_message(one("{}"), "Sent.") == {"role": "tool", "tool_call_id": "c1", "content": "Sent."}
    assert json.dumps(native.result_message(one("{}"), ""))
