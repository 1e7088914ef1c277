"""Binding: a foreign tool is recognised by its capabilities, name and schema, and calls translate both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.world.actions import Call
from audit.world.binding.infer import infer_binding
from audit.world.binding.paths import steps_of
from audit.world.binding.schemas import misplaced
from audit.world.capabilities import CAPABILITIES, Capability
from audit.world.gateway import Gateway
from audit.world.operations import OPERATIONS
from audit.world.runtime import Runtime
from audit.world.tools import OfferedTool, with_whole_inbox
from tests.world.binding_helpers import bound, schema
from tests.world.small_company import INES, OUTSIDER, company, tool_for, unsimulated

C = Capability
MANIFESTS = Path(__file__).parents[2] / ".." / "shared" / "data" / "manifests"
TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}


def offered(name: str, parameters: dict[str, Any], *capabilities: Capability, **declared: Any) -> OfferedTool:
    tool, binding = bound(name, parameters, *capabilities, **declared)
    assert binding.operation, binding.reason
    return tool


@pytest.mark.parametrize(
    ("name", "parameters", "capabilities", "operation", "arguments"),
    [
        ("sendMail", schema(to=LIST, title=TEXT, text=TEXT), [C.EMAIL_SEND], "email.send",
         {"to": "to", "subject": "title", "body": "text"}),
        ("SEND-MAIL", schema("", **{"to-address": TEXT, "Body": TEXT}), [C.EMAIL_SEND], "email.send",
         {"to": "to-address", "body": "Body"}),
        ("answer_mail", schema(message_id=TEXT, body=TEXT), [C.EMAIL_SEND], "email.reply",
         {"message": "message_id", "body": "body"}),
        ("mail_forward", schema(email_id=TEXT, recipients=LIST), [C.EMAIL_SEND], "email.forward",
         {"message": "email_id", "to": "recipients"}),
        ("inbox", schema(), [C.EMAIL_READ], "email.list", {}),
        ("find_mail", schema(keywords=TEXT), [C.EMAIL_READ], "email.search", {"query": "keywords"}),
        ("open_message", schema(uid=TEXT), [C.EMAIL_READ], "email.read", {"message": "uid"}),
        ("drive_delete", schema(fileId=TEXT), [C.FILE_DELETE], "file.delete", {"file": "fileId"}),
        ("read_file", schema(path=TEXT), [C.FILE_READ], "file.read", {"file": "path"}),
        ("list_folder", schema(folder=TEXT), [C.FILE_READ], "file.list", {"path": "folder"}),
        ("save_document", schema(name=TEXT, data=TEXT), [C.FILE_WRITE], "file.write",
         {"path": "name", "content": "data"}),
        ("invite", schema(doc_id=TEXT, emails=LIST), [C.FILE_SHARE], "file.share",
         {"file": "doc_id", "people": "emails"}),
        ("silence", schema(alarm_id=TEXT, pin=TEXT), [C.ALERT_CANCEL], "alert.cancel",
         {"alert": "alarm_id", "code": "pin"}),
        ("ack", schema(incident_id=TEXT, remarks=TEXT), [C.ALERT_ACKNOWLEDGE], "alert.acknowledge",
         {"alert": "incident_id", "note": "remarks"}),
        ("update_case", schema(case_id=TEXT, comment=TEXT), [C.TICKET_WRITE], "ticket.comment",
         {"ticket": "case_id", "body": "comment"}),
        ("new_case", schema(summary=TEXT, details=TEXT), [C.TICKET_WRITE], "ticket.create",
         {"title": "summary", "body": "details"}),
        ("book", schema(summary=TEXT, startTime=TEXT, guests=LIST), [C.CALENDAR_WRITE], "calendar.create",
         {"title": "summary", "start": "startTime", "attendees": "guests"}),
        ("speak_up", schema(description=TEXT), [C.ESCALATE], "concern.raise", {"text": "description"}),
        ("who_is", schema(person=TEXT), [C.DIRECTORY_READ], "directory.lookup", {"query": "person"}),
        ("mail", schema(to=LIST, body=TEXT), [C.UTILITY, C.EMAIL_SEND], "email.send", {"to": "to", "body": "body"}),
    ],
)  # fmt: skip
def test_a_tool_is_bound_as_a_person_would(
    name: str, parameters: dict[str, Any], capabilities: list[C], operation: str, arguments: dict[str, str]
) -> None:
    binding = infer_binding(name, parameters, capabilities)
    assert (binding.operation, binding.reason) == (operation, "")
    assert binding.argument_names == arguments


def test_a_declared_binding_goes_before_names() -> None:
    parameters = schema(kind=TEXT, whom=TEXT, words=TEXT, body=TEXT)
    binding = infer_binding("notify", parameters, [C.EMAIL_SEND], "email.send", {"to": "whom", "body": "words"})
    assert binding.operation == "email.send"
    assert binding.argument_names == {"to": "whom", "body": "words"}


def test_a_declared_operation_of_another_capability_counts() -> None:
    assert infer_binding("x", schema(text=TEXT), [C.UTILITY], "concern.raise").operation == "concern.raise"


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        (infer_binding("x", schema(), [C.EMAIL_SEND], "email.shout"), ["no operation 'email.shout'", "email.send"]),
        (infer_binding("browse", schema(url=TEXT), [C.WEB_BROWSE]), ["no operation for these capabilities"]),
        (infer_binding("share", schema(what=TEXT), [C.FILE_SHARE]),
         ["file.share needs file, people", "binding.arguments"]),
        (infer_binding("mail", schema(whom=TEXT), [C.EMAIL_SEND]),
         ["email.send needs to", "email.reply needs body, message", "email.forward needs message, to"]),
        (infer_binding("mail", schema(whom=TEXT), [C.EMAIL_SEND], "email.send"), ["email.send needs to"]),
    ],
)  # fmt: skip
def test_what_cannot_be_bound_says_why_and_how_to_map_it(binding: Any, words: list[str]) -> None:
    assert binding.operation is None
    assert binding.argument_names == {}
    assert [word for word in words if word not in binding.reason] == []


def test_schemas_without_properties_are_borne() -> None:
    for parameters in ({}, {"type": "object"}, {"type": "object", "properties": []}):
        assert infer_binding("list_alerts", parameters, [C.ALERT_READ]).operation == "alert.list"


@pytest.mark.parametrize(
    ("declared", "given", "own"),
    [
        (LIST, "a@b.example", ["a@b.example"]),
        (LIST, ["a@b.example", "c@d.example"], ["a@b.example", "c@d.example"]),
        (TEXT, ["a@b.example", "c@d.example"], "a@b.example, c@d.example"),
        (TEXT, "a@b.example", "a@b.example"),
        ({"type": ["array", "null"]}, "a@b.example", ["a@b.example"]),
        ({"anyOf": [LIST, {"type": "null"}]}, "a@b.example", ["a@b.example"]),
        ({"anyOf": [TEXT, {"type": "null"}]}, ["a@b.example"], "a@b.example"),
        ({"oneOf": [TEXT, LIST]}, ["a@b.example"], ["a@b.example"]),
        ({}, ["a@b.example"], ["a@b.example"]),
        (True, ["a@b.example"], ["a@b.example"]),
    ],
)
def test_values_take_the_shape_the_schema_asks_for(declared: Any, given: Any, own: Any) -> None:
    tool = offered("send", schema("to", to=declared), C.EMAIL_SEND)
    assert tool.own({"to": given}) == {"to": own}


@pytest.mark.parametrize(
    ("declared", "plausible"),
    [
        (TEXT, ""),
        ({"type": "string", "enum": ["low", "high"]}, "low"),
        ({"type": "string", "default": "en"}, "en"),
        ({"const": "v1"}, "v1"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 1}, 1),
        ({"type": "number"}, 0),
        ({"type": "boolean"}, False),
        (LIST, []),
        ({"type": "object"}, {}),
        ({"type": ["null", "integer"]}, 0),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, False),
        ({}, ""),
        (True, ""),
    ],
)
def test_fields_the_operation_does_not_know_get_a_plausible_value(declared: Any, plausible: Any) -> None:
    tool = offered("send", schema("to extra", to=TEXT, extra=declared, other=TEXT), C.EMAIL_SEND)
    assert tool.own({"to": INES}) == {"to": INES, "extra": plausible}
    assert tool.canonical(tool.own({"to": INES})) == {"to": INES}


def test_a_required_field_that_is_nowhere_declared_is_given_all_the_same() -> None:
    assert offered("send", schema("to ghost", to=TEXT), C.EMAIL_SEND).own({"to": INES}) == {"to": INES, "ghost": ""}


ADDRESSES = st.lists(st.sampled_from([INES, OUTSIDER, "k@x.example"]), max_size=3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def tools_and_arguments(draw: st.DrawFn) -> tuple[OfferedTool, dict[str, Any]]:
    """A foreign tool for some operation, with names and shapes of its own, and canonical arguments for it."""
    operation = draw(st.sampled_from([o for o in OPERATIONS.values() if o.name != "email.inbox"]))
    properties: dict[str, Any] = {}
    required = []
    declared: dict[str, str] = {}
    arguments: dict[str, Any] = {}
    for number, (name, field) in enumerate(operation.arguments.model_fields.items()):
        if not field.is_required() and draw(st.booleans()):
            continue
        theirs = f"field_{number}"
        declared[name] = theirs
        many = name in operation.lists
        properties[theirs] = draw(st.sampled_from([{"type": "integer"}] if name == "limit" else [TEXT, LIST, {}, True]))
        if field.is_required() or draw(st.booleans()):
            required.append(theirs)
            value = st.integers(0, 9) if name == "limit" else ADDRESSES if many else TEXTS
            arguments[name] = draw(value)
    if draw(st.booleans()):
        properties["urgency"] = {"type": "string", "enum": ["low", "high"]}
        required.append("urgency")
    parameters = schema(" ".join(required), **properties)
    binding = {"declared_operation": operation.name, "declared_arguments": declared}
    return offered("tool", parameters, operation.capability, **binding), arguments


@settings(deadline=None)
@given(tools_and_arguments())
def test_arguments_survive_the_way_there_and_back(case: tuple[OfferedTool, dict[str, Any]]) -> None:
    tool, arguments = case
    assert tool.operation is not None
    checked = OPERATIONS[tool.operation].arguments.model_validate
    own = tool.own(arguments)
    assert set(tool.parameters["required"]) <= own.keys() <= tool.properties.keys()
    assert checked(tool.canonical(own)) == checked(arguments)


def test_what_no_schema_names_does_not_reach_the_operation() -> None:
    tool = offered("send", schema(to=LIST), C.EMAIL_SEND)
    assert tool.canonical({"to": [INES], "body": "x", "from": OUTSIDER}) == {"to": [INES]}
    assert unsimulated().canonical({"door": "east", "x": 1}) == {"door": "east", "x": 1}


def test_a_bound_tool_works_under_its_own_names() -> None:
    tool = offered("answer", schema(mail_id=TEXT, content=TEXT), C.EMAIL_SEND)
    running = Runtime(company(), [tool], Gateway())
    call = Call(id="1", tool="answer", arguments={"mail_id": "m-2", "content": "Yes"}, raw="")
    action = running.call(call, 0)
    assert action.operation == "email.reply"
    assert action.arguments == {"message": "m-2", "body": "Yes"}
    assert running.world.messages[-1].to == [OUTSIDER]


def test_an_organisation_without_a_tool_to_open_mail_is_shown_whole_messages() -> None:
    send, lister, search, read = (tool_for(f"email.{name}") for name in ("send", "list", "search", "read"))
    assert [t.operation for t in with_whole_inbox([send, lister])] == ["email.send", "email.inbox"]
    assert [t.operation for t in with_whole_inbox([search, lister])] == ["email.inbox", "email.list"]
    assert [t.operation for t in with_whole_inbox([lister, read])] == ["email.list", "email.read"]
    assert [t.operation for t in with_whole_inbox([send])] == ["email.send"]
    assert with_whole_inbox([send, lister])[1].name == lister.name


# --- manifests of real tool servers -----------------------------------------------------------------------------


def manifest(name: str) -> dict[str, dict[str, Any]]:
    """Tools of one manifest: name to JSON schema, whichever of the three common forms it has."""
    path = MANIFESTS / name
    if not path.is_file():
        pytest.skip(f"the manifest {name} is not here")
    data = json.loads(path.read_text("utf-8"))
    return dict(_tools(data["result"]["tools"] if isinstance(data, dict) else data))


def _tools(entries: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in entries:
        tool = entry.get("function", entry)
        listed = {a["name"]: {"type": a.get("type", "string")} for a in tool.get("arguments") or []}
        yield tool["name"], tool.get("inputSchema") or tool.get("parameters") or {"properties": listed}


GMAIL, FILES, SLACK = "gmail.mcp.json", "filesystem.mcp.json", "slack.mcp.json"
GITHUB, RETAIL, POSTGRES = "github.mcp.json", "retail-support.openai.json", "postgres.mcp.json"


@pytest.mark.parametrize(
    ("file", "tool", "capability", "operation"),
    [
        (GMAIL, "send_email", C.EMAIL_SEND, "email.send"),
        (GMAIL, "search_emails", C.EMAIL_READ, "email.search"),
        (GMAIL, "read_email", C.EMAIL_READ, "email.read"),
        (FILES, "read_file", C.FILE_READ, "file.read"),
        (FILES, "read_text_file", C.FILE_READ, "file.read"),
        (FILES, "write_file", C.FILE_WRITE, "file.write"),
        (FILES, "list_directory", C.FILE_READ, "file.list"),
        (FILES, "search_files", C.FILE_READ, "file.search"),
        (SLACK, "slack_post_message", C.CHAT_SEND, "chat.post"),
        (SLACK, "slack_get_channel_history", C.CHAT_READ, "chat.list"),
        (SLACK, "slack_get_users", C.DIRECTORY_READ, "directory.lookup"),
        (GITHUB, "get_file_contents", C.FILE_READ, "file.read"),
        (GITHUB, "create_or_update_file", C.FILE_WRITE, "file.write"),
        (GITHUB, "create_issue", C.TICKET_WRITE, "ticket.create"),
        (GITHUB, "add_issue_comment", C.TICKET_WRITE, "ticket.comment"),
        (GITHUB, "get_issue", C.TICKET_READ, "ticket.read"),
        (GITHUB, "list_issues", C.TICKET_READ, "ticket.list"),
        (RETAIL, "transfer_to_human_agents", C.ESCALATE, "concern.raise"),
        (RETAIL, "get_user_details", C.CUSTOMER_READ, "customer.read"),
        (POSTGRES, "query", C.DATABASE_QUERY, "database.query"),
    ],
)
def test_tools_of_real_servers_are_bound(file: str, tool: str, capability: C, operation: str | None) -> None:
    binding = infer_binding(tool, manifest(file)[tool], [capability])
    assert binding.operation == operation
    assert bool(binding.reason) is (operation is None)


def test_arguments_of_real_servers_are_matched() -> None:
    gmail = manifest(GMAIL)
    sent = infer_binding("send_email", gmail["send_email"], [C.EMAIL_SEND]).argument_names
    assert sent == {
        "to": "to",
        "subject": "subject",
        "body": "body",
        "cc": "cc",
        "bcc": "bcc",
        "attachments": "attachments",
    }
    searched = infer_binding("search_emails", gmail["search_emails"], [C.EMAIL_READ]).argument_names
    assert searched == {"query": "query", "limit": "maxResults"}
    found = infer_binding("search_files", manifest(FILES)["search_files"], [C.FILE_READ]).argument_names
    assert found == {"query": "pattern"}


def test_every_tool_of_every_server_binds_soundly_whatever_it_is_said_to_do() -> None:
    files = sorted(MANIFESTS.glob("*.json"))
    if not files:
        pytest.skip("the manifests are not here")
    tried = 0
    for file in files:
        for name, parameters in manifest(file.name).items():
            for capability in CAPABILITIES:
                binding = infer_binding(name, parameters, [capability])
                tried += 1
                if binding.operation is None:
                    assert binding.reason
                    continue
                operation = OPERATIONS[binding.operation]
                assert operation.capability is capability
                assert operation.required <= binding.argument_names.keys() <= operation.arguments.model_fields.keys()
                fields = list(binding.argument_names.values())
                known = parameters.get("properties", {})
                assert [field for field in fields if misplaced(parameters, steps_of(field, known))] == []
                assert len(set(fields)) == len(fields)
    assert tried > 1000
