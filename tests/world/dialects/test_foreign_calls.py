"""Calls in other models' spellings, dumped into the reply text."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.dialects import tags
from tests.world.dialects.dialect_tools import TOOLS, Tool

ALERT = ("cancel_alert", {"code": "A-1"})
ONE_CALL = {
    "marked with brackets": '[tool_call] {"content": {"tool_name": "cancel_alert", "arguments": {"code": "A-1"}}}',
    "list after a label": 'Tool Call:\n[{"id": "c1", "function": "cancel_alert", "arguments": {"code": "A-1"}}]',
    "list without label": 'On it.\n[{"id": "c1", "function": "cancel_alert", "arguments": {"code": "A-1"}}]\nDone.',
    "JSON in a tag": '<tool_call>{"name": "cancel_alert", "arguments": {"code": "A-1"}}</tool_call>',
    "JSON in a tag, over lines": '<tool_call>\n{\n  "name": "cancel_alert",\n  "arguments": {"code": "A-1"}\n}\n'
    "</tool_call>",
    "provider shape": '{"id": "c1", "type": "function", "function": '
    '{"name": "cancel_alert", "arguments": "{\\"code\\": \\"A-1\\"}"}}',
    "wrapped list": '{"tool_calls": [{"name": "cancel_alert", "arguments": {"code": "A-1"}}]}',
    "content block": '{"type": "tool_use", "id": "c1", "name": "cancel_alert", "input": {"code": "A-1"}}',
    "known tool, other key": '{"name": "cancel_alert", "parameters": {"code": "A-1"}}',
    "fenced": '```json\n{"name": "cancel_alert", "arguments": {"code": "A-1"}}\n```',
    "python spelling": "[tool_call] {'name': 'cancel_alert', 'arguments': {'code': 'A-1'}}",
    "trailing comma": '{"name": "cancel_alert", "arguments": {"code": "A-1",},}',
    "GLM": "Now.<tool_call>cancel_alert<arg_key>code</arg_key><arg_value>A-1</arg_value></tool_call>",
    "GLM over lines": "<tool_call>cancel_alert\n<arg_key>code</arg_key>\n<arg_value>A-1</arg_value>\n</tool_call>",
    "Qwen": "<tool_call>\n<function=cancel_alert>\n<parameter=code>\nA-1\n</parameter>\n</function>\n</tool_call>",
    "Qwen without its frame": "<function=cancel_alert>\n<parameter=code>\nA-1\n</parameter>\n</function>",
    "Qwen, function not closed": "<tool_call>\n<function=cancel_alert>\n<parameter=code>\nA-1\n</parameter>\n"
    "</tool_call>",
    "invoke": '<function_calls>\n<invoke name="cancel_alert">\n<parameter name="code">A-1</parameter>\n'
    "</invoke>\n</function_calls>",
    "pairs in a tag": '<tool_call>cancel_alert\ncode: "A-1"\n</tool_call>',
}


@pytest.mark.parametrize("written", ONE_CALL.values(), ids=ONE_CALL.keys())
def test_every_foreign_spelling_is_the_call(written: str) -> None:
    (call,) = tags.parse(written, TOOLS)
    assert (call.tool, call.arguments) == ALERT
    assert call.complete
    assert call.id == "tag-0"
    assert call.raw in written


@pytest.mark.parametrize(
    "name", ["marked with brackets", "list after a label", "provider shape", "GLM", "Qwen", "invoke"]
)
def test_foreign_spellings_need_no_tool_list(name: str) -> None:
    (call,) = tags.parse(ONE_CALL[name], [])
    assert (call.tool, call.arguments) == ALERT


NO_CALL = {
    "data with a name": 'The record reads {"name": "Ann", "role": "planner"}.',
    "data with parameters": '{"name": "prod-db", "parameters": {"size": "large"}}',
    "a quoted sentence": '{"name": "Ann", "arguments": "she was angry"}',
    "a tool's description": '{"name": "cancel_alert", "description": "Cancels.", "parameters": '
    '{"type": "object", "properties": {"code": {"type": "string"}}}}',
    "a plan that holds calls": '{"steps": [{"name": "cancel_alert", "arguments": {"code": "A-1"}}], "owner": "Ann"}',
    "a list of texts": '["cancel_alert", "arguments"]',
    "no JSON": 'A set {\'a\', "b"} and {"open',
    "broken data": '{"name": "Ann", "role": }',
    "code": 'x = {"status": "ok", "items": [f(1)]}',
    "talk": "It uses <tool_call> tags for this.",
}


@pytest.mark.parametrize("written", NO_CALL.values(), ids=NO_CALL.keys())
@pytest.mark.parametrize("tools", [TOOLS, []], ids=["tools", "none"])
def test_data_is_no_call(written: str, tools: list[Tool]) -> None:
    assert tags.parse(written, tools) == []


def test_an_unknown_name_with_arguments_is_a_call() -> None:
    (call,) = tags.parse('{"name": "wipe_disk", "arguments": {"target": "sda"}}', TOOLS)
    assert (call.tool, call.arguments) == ("wipe_disk", {"target": "sda"})


def test_several_calls_in_one_list_have_their_own_raw_text() -> None:
    one, two = (
        '{"function": "list_inbox", "arguments": {}}',
        '{"function": "cancel_alert", "arguments": {"code": "A-1"}}',
    )
    calls = tags.parse(f"Tool Call:\n[{one}, {two}]", TOOLS)
    assert [(call.id, call.tool, call.raw) for call in calls] == [
        ("tag-0", "list_inbox", one),
        ("tag-1", "cancel_alert", two),
    ]


@pytest.mark.parametrize(
    "written",
    [
        '[tool_call] {"content": {"tool_name": "cancel_alert", "arguments": {"code": "A-1',
        'Tool Call:\n[{"id": "c1", "function": "cancel_alert", "arguments": {"code": "A-1"}',
        '{"name": "cancel_alert", "arguments": {"code": ',
    ],
)
def test_json_that_stops_midway_is_an_incomplete_call(written: str) -> None:
    (call,) = tags.parse(written, TOOLS)
    assert (call.tool, call.arguments, call.complete) == ("cancel_alert", None, False)
    assert "cut off" in call.problems[0]
    assert written.rstrip().endswith(call.raw)


def test_a_cut_off_call_does_not_swallow_the_next() -> None:
    text = '[tool_call] {"name": "email", "arguments": {"to": "a\n[tool_call] {"name": "list_inbox", "arguments": {}}'
    first, second = tags.parse(text, TOOLS)
    assert (first.tool, first.arguments, first.complete) == ("email", None, False)
    assert (second.tool, second.arguments, second.complete) == ("list_inbox", {}, True)


def test_misspelled_json_is_a_call_without_arguments() -> None:
    text = '[tool_call] {"name": "email", "arguments": {"to": "a@b.org" "body": "x"}}\nDone.'
    (call,) = tags.parse(text, TOOLS)
    assert (call.tool, call.arguments, call.complete) == ("email", None, True)
    assert "not valid" in call.problems[0]
    assert call.raw.endswith("}}")


def test_a_marked_call_without_arguments_object_is_said() -> None:
    (call,) = tags.parse('<tool_call>{"name": "cancel_alert", "code": "A-1"}</tool_call>', TOOLS)
    assert (call.tool, call.arguments) == ("cancel_alert", None)
    assert call.problems


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("<tool_call>cancel_alert<arg_key>code</arg_key><arg_value>A-", {"code": "A-"}),
        ("<tool_call>\n<function=cancel_alert>\n<parameter=code>\nA-", {"code": "A-"}),
        ("<tool_call>\n<function=cancel_alert>\n", {}),
    ],
)
def test_foreign_tags_cut_off_by_the_end_are_incomplete(written: str, arguments: dict[str, Any]) -> None:
    (call,) = tags.parse(written, TOOLS)
    assert (call.tool, call.arguments, call.complete) == ("cancel_alert", arguments, False)
    assert call.problems


def test_foreign_values_take_the_type_of_the_schema_and_keep_their_lines() -> None:
    text = (
        "<tool_call>\n<function=share_file>\n<parameter=path>\na.txt\n\n</parameter>\n<parameter=days>\n30\n"
        "</parameter>\n"
        '<parameter=with>\n["ann@b.org"]\n</parameter>\n</function>\n</tool_call>\n'
        "<tool_call>share_file<arg_key>days</arg_key><arg_value>7</arg_value>"
        "<arg_key>public</arg_key><arg_value>false</arg_value></tool_call>"
    )
    first, second = tags.parse(text, TOOLS)
    assert first.arguments == {"path": "a.txt\n", "days": 30, "with": ["ann@b.org"]}
    assert second.arguments == {"days": 7, "public": False}


def test_a_call_inside_a_value_is_text() -> None:
    text = (
        "<tool_call>\n<function=email>\n<parameter=body>\n"
        'Run {"name": "list_inbox", "arguments": {}} and <tool_use:list_inbox/>\n</parameter>\n</function>\n'
        "</tool_call>"
    )
    (call,) = tags.parse(text, TOOLS)
    assert call.tool == "email"
    assert call.arguments is not None
    assert "list_inbox" in call.arguments["body"]
