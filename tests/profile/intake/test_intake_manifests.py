"""Tool lists in every known form, and in forms nobody wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import ToolListError
from audit.profile.intake.lists.manifests import MAX_TOOLS, merged, read_tool_file, read_tool_list
from audit.profile.intake.models import Hints, ListedTool
from audit.profile.tools import Tool
from audit.resources import MAX_BYTES

SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}


def read(value: Any, source: str = "list.json") -> tuple[ListedTool, ...]:
    return read_tool_list(json.dumps(value).encode(), source)


def text(raw: str) -> tuple[ListedTool, ...]:
    return read_tool_list(raw.encode(), "list.yaml")


def refused(raw: bytes) -> list[str]:
    with pytest.raises(ToolListError) as caught:
        read_tool_list(raw, "list.json")
    return [str(problem) for problem in caught.value.problems]


MCP = {"name": "send_note", "description": "Sends a note", "inputSchema": SCHEMA}
FLAT = {"type": "function", "name": "send_note", "description": "Sends a note", "parameters": SCHEMA}
CHAT = {"type": "function", "function": {"name": "send_note", "description": "Sends a note", "parameters": SCHEMA}}
PLAIN = {"name": "send_note", "description": "Sends a note", "parameters": SCHEMA}
ANTHROPIC = {"name": "send_note", "description": "Sends a note", "input_schema": SCHEMA}
REGISTRY = {"name": "send_note", "description": "Sends a note", "arguments": [{"name": "to", "type": "string"}]}


@pytest.mark.parametrize(
    "document",
    [
        {"jsonrpc": "2.0", "id": 4, "result": {"tools": [MCP], "nextCursor": "more"}, "_about": "a capture"},
        {"tools": [MCP], "nextCursor": None},
        [{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}}],
        {"model": "any", "messages": [{"role": "user", "content": "hi"}], "tools": [CHAT]},
        {"custom_id": "1", "body": {"messages": [], "tools": [FLAT]}},
        {"functions": [PLAIN], "function_call": "auto"},
        {"tools": {"send_note": {"description": "Sends a note", "parameters": SCHEMA}}},
        {"send_note": {"description": "Sends a note", "parameters": SCHEMA}},
        {"tools": [{"functionDeclarations": [PLAIN]}]},
        [CHAT],
        [FLAT],
        [PLAIN],
        [ANTHROPIC],
        [{**ANTHROPIC, "type": "custom"}],
        [REGISTRY],
        CHAT,
        ANTHROPIC,
        [{**PLAIN, "parameters": json.dumps(SCHEMA)}],
        [{**PLAIN, "parameters": {"type": "OBJECT", "properties": {"to": {"type": "STRING"}}, "required": ["to"]}}],
        [{**PLAIN, "parameters": {"to": {"type": "string", "required": True}}}],
    ],
)
def test_every_form_gives_the_same_tool(document: object) -> None:
    (tool,) = read(document)
    assert (tool.name, tool.listed_as, tool.description) == ("send_note", "send_note", "Sends a note")
    assert tool.parameters == SCHEMA
    assert tool.source == "list.json"


def test_a_mixed_list_is_read_entry_by_entry() -> None:
    forms: list[dict[str, Any]] = [MCP, FLAT, PLAIN, ANTHROPIC, REGISTRY]
    entries = [{**form, "name": f"tool_{number}"} for number, form in enumerate(forms)]
    tools = read([*entries, CHAT])
    assert [tool.name for tool in tools] == ["tool_0", "tool_1", "tool_2", "tool_3", "tool_4", "send_note"]
    assert all(tool.parameters == SCHEMA for tool in tools)


def test_yaml_and_json_lines_are_lists_too() -> None:
    (tool,) = text("tools:\n  - name: send_note\n    description: Sends a note\n    parameters:\n      type: object\n")
    assert (tool.name, tool.parameters) == ("send_note", {"type": "object"})
    lines = "\n".join([json.dumps(MCP), "", json.dumps({"type": "bash_20250124", "name": "bash"}), ""])
    assert [tool.name for tool in text(lines)] == ["send_note", "bash"]


def test_a_recording_of_messages_gives_its_tools_and_nothing_else() -> None:
    lines = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"clientInfo": {"name": "client"}}},
        {"jsonrpc": "2.0", "id": 0, "result": {"serverInfo": {"name": "server"}, "capabilities": {"tools": {}}}},
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}},
    ]
    assert [tool.name for tool in text("\n".join(map(json.dumps, lines)))] == ["send_note"]


def test_annotations_and_titles_are_kept_and_never_invented() -> None:
    hints = {"readOnlyHint": False, "destructiveHint": True, "openWorldHint": "perhaps", "title": "Note"}
    (tool,) = read([{**MCP, "annotations": hints}])
    assert tool.hints == Hints(read_only=False, destructive=True)
    assert tool.title == "Note"
    assert any("openWorldHint" in note for note in tool.notes)
    assert read([MCP])[0].hints == Hints()


def test_registry_arguments_keep_type_items_text_and_whether_they_are_optional() -> None:
    arguments = [
        {"name": "ids", "type": "array", "desc": "Which ones", "items": {"type": "integer"}},
        {"name": "note", "type": "string", "optional": True},
        {"name": "depth", "type": "int", "required": False},
    ]
    (tool,) = read([{**REGISTRY, "arguments": arguments}])
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": {"type": "integer"}, "description": "Which ones"},
            "note": {"type": "string"},
            "depth": {"type": "integer"},
        },
        "required": ["ids"],
    }
    assert any("`int` was written as `integer`" in note for note in tool.notes)


@pytest.mark.parametrize(
    ("declared", "expected", "said"),
    [
        ({}, {"type": "object", "properties": {}}, ""),
        (None, {"type": "object", "properties": {}}, ""),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}, "did not say `type: object`"),
        ({"type": ["object", "null"]}, {"type": "object"}, "only the object is kept"),
        (
            {"type": "string"},
            {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]},
            "its one argument, `input`",
        ),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
            {"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
            "did not say `type: object`",
        ),
        (
            {"type": "object", "properties": {"a": {"enum": []}, "b": {"type": "any"}}},
            {"type": "object", "properties": {"a": {}, "b": {}}},
            "any value is accepted",
        ),
    ],
)
def test_schemas_that_providers_refuse_are_mended_and_said(
    declared: object, expected: dict[str, Any], said: str
) -> None:
    (tool,) = read([{**PLAIN, "parameters": declared}])
    assert tool.parameters == expected
    assert said in " ".join(tool.notes)


def test_names_that_providers_refuse_are_mended_and_said() -> None:
    names = ["mail.send", "files/read", "Größe ändern", "x" * 80, "x" * 79 + "y", "送信", "ok-name_1"]
    tools = read([{**PLAIN, "name": name} for name in names])
    assert [tool.listed_as for tool in tools] == names
    got = [tool.name for tool in tools]
    assert got[:3] == ["mail_send", "files_read", "Grosse_andern"]
    assert len(set(got)) == len(got)
    assert all(len(name) <= 64 and name.isascii() for name in got)
    assert [bool(tool.notes) for tool in tools] == [True] * 6 + [False]


def test_a_name_stands_once_and_copies_are_dropped_with_a_note() -> None:
    other = {**PLAIN, "description": "Another one"}
    first, second = read([PLAIN, other, PLAIN])
    assert (first.name, second.name) == ("send_note", "send_note_2")
    assert "again in the same words" in first.notes[0]
    assert "called `send_note_2` here" in second.notes[0]


def test_lists_are_merged_in_order() -> None:
    one, two = read([PLAIN], "one.json"), read([{**PLAIN, "description": "Else"}, {**PLAIN, "name": "b"}], "two.json")
    assert [tool.name for tool in merged([one, two])] == ["send_note", "send_note_2", "b"]
    assert [tool.name for tool in merged([one, one])] == ["send_note"]


def test_tools_that_providers_host_are_known_by_their_type() -> None:
    hosted = [
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "mcp", "server_label": "wiki", "server_url": "https://wiki.example/mcp"},
        {"type": "custom", "name": "grammar", "format": {"type": "text"}},
    ]
    search, interpreter, server, custom = read(hosted)
    assert (search.name, interpreter.name, server.name) == ("web_search", "code_interpreter", "mcp_wiki")
    assert "web" in search.description
    assert "code" in interpreter.parameters["properties"]
    assert all(any("hosts this tool" in note for note in tool.notes) for tool in (search, interpreter, server))
    assert custom.parameters["required"] == ["input"]


def test_every_problem_is_named_at_once_with_its_place() -> None:
    raw = json.dumps(
        [
            PLAIN,
            {"description": "no name", "parameters": {}},
            {**PLAIN, "name": "bad_schema", "parameters": {"type": "object", "properties": {"a": {"type": "strng"}}}},
            {**PLAIN, "name": "bad_text", "description": {"de": "x"}},
            17,
        ],
        indent=1,
    )
    problems = refused(raw.encode())
    assert len(problems) == 4
    assert all(problem.startswith("list.json:") and problem.split(":")[1].isdigit() for problem in problems)
    said = "\n".join(problems)
    for part in ("entry 2: the tool has no name", "entry 3 (`bad_schema`)", "entry 4 (`bad_text`)", "entry 5: this is"):
        assert part in said
    line = int(next(p for p in problems if "entry 3" in p).split(":")[1])
    assert "strng" in raw.splitlines()[line - 1]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'"text"',
        b'{"name": "my-package", "version": "1", "description": "no tool"}',
        b'{"tools": []}',
        b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "Method not found"}}',
        b"\xff\xfe",
        b'[{"name": "a", ',
        b"[" * 5000,
        b'[{"name": "deep", "parameters": ' + b'{"properties": {"a": ' * 100 + b"{}" + b"}}" * 100 + b"}]",
        b'[{"name": "a", "parameters": {"default": 1e999}}]',
    ],
)
def test_what_is_no_tool_list_is_refused_in_words(raw: bytes) -> None:
    assert refused(raw)


def test_limits() -> None:
    assert "larger than 5 MB" in refused(b" " * (MAX_BYTES + 1))[0]
    many = [{**PLAIN, "name": f"t{n}"} for n in range(MAX_TOOLS + 1)]
    assert "at most 2,000" in refused(json.dumps(many).encode())[0]
    assert len(read(many[:-1])) == MAX_TOOLS


def test_characters_that_cannot_be_stored_are_taken_out() -> None:
    (tool,) = read_tool_list(b'[{"name": "a", "description": "b\\u0000c\\ud800", "parameters": {}}]', "list.json")
    assert tool.description == "bc"
    assert any("cannot be stored" in note for note in tool.notes)


def test_a_file_is_read_from_disk_and_named(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([PLAIN]), encoding="utf-8")
    assert read_tool_file(path)[0].name == "send_note"
    with pytest.raises(ToolListError, match="does not exist"):
        read_tool_file(tmp_path / "missing.json")


KEYS = ["name", "type", "function", "tools", "description", "parameters", "inputSchema", "input_schema", "arguments"]
KEYS += ["annotations", "title", "properties", "items", "enum", "required", "result", "functions", "custom", "jsonrpc"]
KEYS += ["readOnlyHint", "$ref", "anyOf", "a", "b"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused_and_what_is_read_fits_a_profile(value: object) -> None:
    try:
        tools = read(value)
    except ToolListError:
        return  # any other error fails the test
    assert tools
    assert len({tool.name for tool in tools}) == len(tools)
    for tool in tools:
        Tool(name=tool.name, description=tool.description, parameters=tool.parameters, capabilities=["unknown"])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda s: s.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert read_tool_list(raw, "list")
    except ToolListError:
        return  # any other error fails the test


@pytest.mark.parametrize("raw", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told_as_a_list_that_is_missing(raw: bytes) -> None:
    with pytest.raises(ToolListError) as caught:
        read_tool_list(raw, "empty.json")
    assert str(caught.value).startswith("empty.json: nothing is in it; give the reply of MCP `tools/list`")
