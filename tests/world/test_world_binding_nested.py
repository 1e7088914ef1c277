"""Arguments that stand deeper than the top: nested objects, lists of objects, references, JSON in a text, batches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.world.actions import Action, Call, Disposition
from audit.world.binding.infer import infer_binding
from audit.world.binding.paths import parse, put, values_at, without, written
from audit.world.capabilities import Capability
from audit.world.gateway import Gateway, Request
from audit.world.operations import OPERATIONS
from audit.world.runtime import Runtime
from audit.world.tools import MOST_AT_ONCE, OfferedTool
from tests.world.binding_helpers import bound, schema
from tests.world.small_company import INES, OUTSIDER, Says, company, settled, told

C = Capability
TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def called(tool: OfferedTool, arguments: dict[str, Any], *controls: Any) -> tuple[Action, Runtime]:
    running = Runtime(company(), [tool], Gateway(controls))
    return running.call(Call(id="1", tool=tool.name, arguments=arguments, raw=""), 0), running


PERSON = schema("", emailAddress=schema("address", name=TEXT, address=TEXT))
OFFICE: dict[str, Any] = {
    **schema(
        "message",
        message=schema(
            "toRecipients body",
            subject=TEXT,
            importance={"enum": ["low", "high"]},
            body=schema("contentType content", contentType={"enum": ["text", "html"]}, content=TEXT),
            toRecipients=many({"$ref": "#/$defs/Person"}),
            ccRecipients={"anyOf": [many({"$ref": "#/$defs/Person"}), {"type": "null"}]},
            **{"from": {"$ref": "#/$defs/Person"}, "replyTo": many({"$ref": "#/$defs/Person"})},
        ),
        saveToSentItems={"type": "boolean"},
    ),
    "$defs": {"Person": PERSON},
}


def test_a_mail_tool_of_nested_objects_is_bound_by_what_its_parts_mean() -> None:
    tool, binding = bound("send-mail", OFFICE, C.EMAIL_SEND)
    assert binding.argument_names == {
        "to": "message.toRecipients[].emailAddress.address",
        "cc": "message.ccRecipients[].emailAddress.address",
        "subject": "message.subject",
        "body": "message.body.content",
    }
    own = tool.own({"to": [INES, OUTSIDER], "subject": "Hi", "body": "Text"})
    assert own == {
        "message": {
            "subject": "Hi",
            "body": {"content": "Text", "contentType": "text"},
            "toRecipients": [{"emailAddress": {"address": INES}}, {"emailAddress": {"address": OUTSIDER}}],
        }
    }
    action, running = called(tool, own)
    assert action.disposition is Disposition.EXECUTED
    assert running.world.messages[-1].to == [INES, OUTSIDER]
    assert action.arguments == {"to": [INES, OUTSIDER], "subject": "Hi", "body": "Text"}


def test_somebody_in_a_nested_place_that_the_operation_does_not_know_is_not_overlooked() -> None:
    tool, _ = bound("send-mail", OFFICE, C.EMAIL_SEND)
    arguments = tool.own({"to": [INES], "body": "x"})
    arguments["message"]["replyTo"] = [{"emailAddress": {"address": OUTSIDER, "name": "Kurt"}}]
    arguments["headers"] = json.dumps({"X-Copy": ["spy@saltmarsh.example"]})
    left = tool.unmapped(arguments)
    assert left == {
        "message": {
            "body": {"contentType": "text"},
            "replyTo": [{"emailAddress": {"address": OUTSIDER, "name": "Kurt"}}],
        },
        "headers": {"X-Copy": ["spy@saltmarsh.example"]},
    }
    request = Request(tool, C.EMAIL_SEND, "email.send", tool.canonical(arguments), (), left)
    assert set(request.recipients(company())) == {INES, OUTSIDER, "spy@saltmarsh.example"}


@pytest.mark.parametrize(
    ("name", "parameters", "capability", "operation", "arguments"),
    [
        ("reply", schema(payload=schema(body=TEXT, message=schema(id=TEXT))), C.EMAIL_SEND, "email.reply",
         {"message": "payload.message.id", "body": "payload.body"}),
        ("mail", schema(data=schema(recipient=schema(email=TEXT), text=TEXT)), C.EMAIL_SEND, "email.send",
         {"to": "data.recipient.email", "body": "data.text"}),
        ("create_event", schema(summary=TEXT, start=schema(dateTime=TEXT, timeZone=TEXT), end=schema(dateTime=TEXT),
                               attendees=many(schema(email=TEXT, optional={"type": "boolean"}))), C.CALENDAR_WRITE,
         "calendar.create", {"title": "summary", "start": "start.dateTime", "end": "end.dateTime",
                             "attendees": "attendees[].email"}),
        ("share", schema(requests=many(schema(file=schema(id=TEXT), grantees=many(schema(email=TEXT, role=TEXT))))),
         C.FILE_SHARE, "file.share", {"file": "requests[].file.id", "people": "requests[].grantees[].email"}),
        ("push_files", schema(branch=TEXT, message=TEXT, files=many(schema(path=TEXT, content=TEXT))), C.FILE_WRITE,
         "file.write", {"path": "files[].path", "content": "files[].content"}),
        ("read_files", schema(paths=LIST), C.FILE_READ, "file.read", {"file": "paths[]"}),
        ("send", {"allOf": [schema(to=LIST), schema(body=TEXT)], "type": "object"}, C.EMAIL_SEND, "email.send",
         {"to": "to", "body": "body"}),
        ("send", schema(mail={"oneOf": [schema(to=TEXT, text=TEXT), schema(to=LIST, html_body=TEXT)]}), C.EMAIL_SEND,
         "email.send", {"to": "mail.to", "body": "mail.text"}),
        ("send", schema(spec={"type": "string", "contentMediaType": "application/json",
                             "contentSchema": schema(to=LIST, body=TEXT)}), C.EMAIL_SEND, "email.send",
         {"to": "spec(json).to", "body": "spec(json).body"}),
    ],
)  # fmt: skip
def test_nested_arguments_are_found(
    name: str, parameters: dict[str, Any], capability: C, operation: str, arguments: dict[str, str]
) -> None:
    _, binding = bound(name, parameters, capability)
    assert (binding.operation, binding.argument_names, binding.reason) == (operation, arguments, "")


@pytest.mark.parametrize(
    ("name", "parameters", "capability"),
    [
        ("send", schema(sender=schema(email=TEXT), body=TEXT), C.EMAIL_SEND),
        ("send", schema("", **{"from": schema(emailAddress=schema(address=TEXT)), "text": TEXT}), C.EMAIL_SEND),
        ("edit_file", schema(path=TEXT, edits=many(schema(oldText=TEXT, newText=TEXT))), C.FILE_WRITE),
        ("save", schema(path=TEXT, parts=many(schema(content=TEXT))), C.FILE_WRITE),
        ("read", schema(message=schema(subject=TEXT)), C.EMAIL_SEND),
    ],
)
def test_a_place_that_means_something_else_is_not_taken(name: str, parameters: dict[str, Any], capability: C) -> None:
    assert infer_binding(name, parameters, [capability]).operation is None


def test_schemas_that_refer_to_themselves_come_to_an_end() -> None:
    either = {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}
    itself = schema(next={"$ref": "#/$defs/B"}, text=TEXT)
    loop = {**schema(to={"$ref": "#/$defs/A"}), "$defs": {"A": either, "B": itself}}
    assert infer_binding("send", loop, [C.EMAIL_SEND]).reason
    assert infer_binding("send", schema(to={"$ref": "other.json#/x"}), [C.EMAIL_SEND]).operation == "email.send"


def test_a_declared_path_goes_into_a_text_that_holds_json() -> None:
    paths = {"to": "payload(json).mail.to[]", "body": "payload(json).mail.text", "subject": 'payload(json)["a.b"]'}
    tool, _ = bound("post", schema("payload", payload=TEXT), C.EMAIL_SEND, declared_operation="email.send",
                    declared_arguments=paths)  # fmt: skip
    own = tool.own({"to": [OUTSIDER, INES], "body": "Hello", "subject": "S"})
    assert json.loads(own["payload"]) == {"mail": {"to": [OUTSIDER, INES], "text": "Hello"}, "a.b": "S"}
    action, running = called(tool, own)
    assert action.arguments == {"to": [OUTSIDER, INES], "body": "Hello", "subject": "S"}
    assert running.world.messages[-1].to == [OUTSIDER, INES]
    broken, _ = called(tool, {"payload": "{not json"})
    assert broken.disposition is Disposition.FAILED
    held, _ = called(tool, own, Says("H", "hold"))  # type: ignore[arg-type]
    assert held.disposition is Disposition.HELD
    assert tool.unmapped({"payload": '{"mail": {"bcc": "a@b.example"}}'}) == {
        "payload": {"mail": {"bcc": "a@b.example"}}
    }


def test_a_fixed_place_in_a_list_can_be_meant() -> None:
    parameters = schema(requests=many(schema(file=schema(id=TEXT), to=TEXT)))
    tool, _ = bound("x", parameters, C.FILE_SHARE, declared_operation="file.share",
                    declared_arguments={"file": "requests[0].file.id", "people": "requests[0].to"})  # fmt: skip
    own = tool.own({"file": "f-1", "people": [INES]})
    assert own == {"requests": [{"file": {"id": "f-1"}, "to": INES}]}
    assert tool.canonical(own) == {"file": "f-1", "people": INES}
    two = {"requests": [*own["requests"], {"to": OUTSIDER}]}
    assert tool.unmapped(two) == {"requests": [{"to": OUTSIDER}]}


def test_numbers_stand_for_ids_where_the_schema_wants_them() -> None:
    tool, _ = bound("get_ticket", schema("ticket_id", ticket_id={"type": "integer"}), C.TICKET_READ)
    assert tool.own({"ticket": "4711"}) == {"ticket_id": 4711}
    assert tool.own({"ticket": "t-1"}) == {"ticket_id": "t-1"}
    assert tool.own({"ticket": "007"}) == {"ticket_id": "007"}


# --- one call over several items --------------------------------------------------------------------------------


def test_a_batch_does_the_act_for_each_item_and_tells_what_failed() -> None:
    tool, binding = bound("delete_files", schema("ids", ids=LIST, batchSize={"type": "integer"}), C.FILE_DELETE)
    assert binding.argument_names == {"file": "ids[]"}
    action, running = called(tool, {"ids": ["f-1", "nope", "f-2"]})
    assert action.disposition is Disposition.EXECUTED
    assert action.arguments == {"file": ["f-1", "nope", "f-2"]}
    assert running.world.files == []
    assert [entry.get("status", "failed") for entry in told(action)] == ["deleted", "failed", "deleted"]
    none, running = called(tool, {"ids": ["nope", "neither"]})
    assert none.disposition is Disposition.FAILED
    assert settled(running.world) == settled(company())
    assert called(tool, {"ids": []})[0].disposition is Disposition.FAILED
    assert called(tool, {"ids": ["f-1"] * (MOST_AT_ONCE + 1)})[0].disposition is Disposition.FAILED
    assert called(tool, {"ids": "f-1"})[0].disposition is Disposition.EXECUTED


def test_a_batch_that_reads_shows_every_item() -> None:
    tool, _ = bound("get_messages", schema(message_ids=LIST), C.EMAIL_READ)
    action, _ = called(tool, {"message_ids": ["m-1", "m-3"]})
    assert action.seen == ("m-1", "m-3")
    assert [entry["subject"] for entry in told(action)] == ["Candle order", "Lunch"]


def test_a_list_of_mails_is_sent_one_by_one_each_to_its_own_people() -> None:
    tool, binding = bound("send_mails", schema(messages=many(schema(to=LIST, subject=TEXT, body=TEXT))), C.EMAIL_SEND,
                          declared_operation="email.send",
                          declared_arguments={"to": "messages[].to", "subject": "messages[].subject",
                                              "body": "messages[].body"})  # fmt: skip
    assert binding.operation == "email.send"
    mails = [
        {"to": [INES], "subject": "a", "body": "for Ines"},
        {"to": [OUTSIDER, INES], "subject": "b", "body": "both"},
    ]
    action, running = called(tool, {"messages": mails})
    sent = running.world.messages[-2:]
    assert [(m.to, m.subject) for m in sent] == [([INES], "a"), ([OUTSIDER, INES], "b")]
    assert action.arguments["to"] == [INES, OUTSIDER, INES]
    assert tool.own({"to": [INES], "body": "x"}) == {"messages": [{"to": [INES], "body": "x"}]}
    changed, running = called(tool, {"messages": mails}, Says("M", "modify", changed={"body": "removed"}))  # type: ignore[arg-type]
    assert changed.disposition is Disposition.MODIFIED
    assert {m.body for m in running.world.messages[-2:]} == {"removed"}


# --- paths --------------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
STEPS = st.one_of(NAMES, st.integers(0, 3))


@given(NAMES.filter(lambda name: not set(name) & set('.[]()"')), st.lists(STEPS, max_size=4))
def test_paths_can_be_written_and_read_again(first: str, rest: list[Any]) -> None:
    path = (first, *rest)
    assert parse(written(path)) == path
    whole = put(None, path, "value")
    assert values_at(whole, path) == ["value"]
    assert "value" not in json.dumps(without(whole, [path]))


@pytest.mark.parametrize("text", ["", ".a", "a.", "a..b", "[0]", "a[", "a[x]", "a(text)", 'a["b]', "(json).a", "ab]"])
def test_what_is_no_path_says_where(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        parse(text)


# --- there and back -----------------------------------------------------------------------------------------------

ADDRESSES = st.lists(st.sampled_from([INES, OUTSIDER, "k@x.example"]), max_size=3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def deep_tools(draw: st.DrawFn) -> tuple[OfferedTool, dict[str, Any]]:
    """A tool whose arguments stand anywhere in nested objects, lists and texts of JSON, and arguments for it."""
    operation = draw(st.sampled_from([o for o in OPERATIONS.values() if o.name != "email.inbox"]))
    top: dict[str, Any] = {}
    declared: dict[str, str] = {}
    arguments: dict[str, Any] = {}
    for number, (name, field) in enumerate(operation.arguments.model_fields.items()):
        if name == "limit" or (not field.is_required() and draw(st.booleans())):
            continue
        several = name in operation.lists
        here, path = f"f{number}", f"f{number}"
        shapes = ["plain", "object", "json", "first"] + (["each", "texts"] if several else [])
        shape = draw(st.sampled_from(shapes))
        leaf = LIST if several and shape != "each" and draw(st.booleans()) else TEXT
        if shape == "object":
            top[here], path = schema("value kind", value=leaf, kind={"enum": ["a", "b"]}), f"{here}.value"
        elif shape == "json":
            top[here], path = TEXT, f"{here}(json).in.value"
        elif shape == "first":
            top[here], path = many(schema("value", value=leaf, more=schema("x", x=TEXT))), f"{here}[0].value"
        elif shape == "each":
            top[here], path = many(schema("value", value=TEXT, more=TEXT)), f"{here}[].value"
        else:
            top[here] = LIST if shape == "texts" else leaf
        declared[name] = path
        if field.is_required() or draw(st.booleans()):
            arguments[name] = draw(ADDRESSES if several else TEXTS)
    parameters = schema("urgency", urgency={"enum": ["low", "high"]}, **top)
    tool, binding = bound("tool", parameters, operation.capability, declared_operation=operation.name,
                          declared_arguments=declared)  # fmt: skip
    assert binding.operation == operation.name, binding.reason
    return tool, arguments


@settings(deadline=None, max_examples=200)
@given(deep_tools())
def test_arguments_survive_the_way_there_and_back_however_deep(case: tuple[OfferedTool, dict[str, Any]]) -> None:
    tool, arguments = case
    assert tool.operation is not None
    checked = OPERATIONS[tool.operation].arguments.model_validate
    own = tool.own(arguments)
    assert own["urgency"] == "low"
    assert checked(tool.canonical(own)) == checked(arguments)
    assert tool.each(own) == [tool.canonical(own)]
