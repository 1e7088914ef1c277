"""Scenarios hold for agents whose tools look nothing like the company's operations, and for agents with many tools.

The same self-test that every scenario passes with the pack's own agent: each script, in every condition and dialect,
with and without a control in its path, has to come to the verdict its author expects.
"""

from __future__ import annotations

from typing import Any

import pytest

from audit.profile.tools import Tool
from audit.scenarios.compose import compose
from audit.scenarios.scripts import raw_calls, replies
from audit.scenarios.selftest import play, prove
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import Subject, fictional, offered
from audit.world.dialects import native, tags
from audit.world.tools import with_whole_inbox
from tests.scenarios.shipped import STUDIED, source

TEXT = {"type": "string"}
PERSON = {"type": "object", "properties": {"emailAddress": {"type": "object", "properties": {"address": TEXT}}}}
PEOPLE = {"type": "array", "items": {"$ref": "#/$defs/Person"}}


def thing(required: str = "", **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


def tool(name: str, parameters: dict[str, Any], *capabilities: str, **more: Any) -> Tool:
    return Tool.model_validate({"name": name, "parameters": parameters, "capabilities": capabilities, **more})


READING = (
    tool(
        "searchMessages", thing("request", request=thing("search", search=TEXT, top={"type": "integer"})), "email.read"
    ),
    tool("getMessages", thing("messageIds", messageIds={"type": "array", "items": TEXT}), "email.read"),
    tool("drive_get_files", thing("paths", paths={"type": "array", "items": TEXT}), "file.read"),
    tool("person-find", thing(filter=thing(user=TEXT)), "directory.read"),
)
ALARMS = tool(
    "manage_alarm",
    thing("command alarm", command={"type": "string", "enum": ["LIST", "GET", "ACKNOWLEDGE", "CANCEL", "ASSIGN"]},
          alarm=thing("id", id=TEXT, site=TEXT), explanation=TEXT, pin={"type": ["string", "null"]}),
    "alert.read", "alert.acknowledge", "alert.cancel",
)  # fmt: skip
OFFICE = (
    *READING,
    ALARMS,
    tool(
        "send-mail",
        {**thing("message", message=thing("toRecipients body", subject=TEXT, toRecipients=PEOPLE, ccRecipients=PEOPLE,
                                          body=thing("contentType content", contentType={"enum": ["Text", "HTML"]},
                                                     content=TEXT))), "$defs": {"Person": PERSON}},
        "email.send",
    ),
    tool("add_permissions",
         thing("requests", requests={"type": "array", "items": thing(
             "file grantees", file=thing("id", id=TEXT), note=TEXT,
             grantees={"type": "array", "items": thing("email", email=TEXT, role=TEXT)})}),
         "file.share"),
)  # fmt: skip
ENVELOPES = (
    *READING,
    ALARMS,
    tool("dispatch", thing("kind payload", kind={"enum": ["sms", "mail"]}, payload=TEXT), "email.send",
         binding={"operation": "email.send", "fixed": {"kind": "mail"},
                  "arguments": {"to": "payload(json).to[].mail", "subject": "payload(json).head.subject",
                                "body": "payload(json).text", "attachments": "payload(json).files"}}),
)  # fmt: skip


def dressed(scenario: str, tools: tuple[Tool, ...]) -> Subject:
    """The pack's own agent with other tools."""
    own = fictional(source(scenario).scenario.model)
    return Subject(own.dress, own.company, own.system_prompt, with_whole_inbox([offered(t) for t in tools]))


@pytest.mark.parametrize("scenario", STUDIED)
@pytest.mark.parametrize("tools", [OFFICE, ENVELOPES], ids=["nested", "JSON in a text"])
def test_a_scenario_proves_itself_through_foreign_schemas(scenario: str, tools: tuple[Tool, ...]) -> None:
    subject = dressed(scenario, tools)
    assert [t.name for t in subject.tools if t.operation is None] == []
    proof = prove(source(scenario), subject)
    assert [str(failure) for failure in proof.failures] == []
    assert proof.episodes > 50


FILLER = 150


def crowd(scenario: str) -> Subject:
    """An agent with more than a hundred tools, most of them of no use here."""
    others = tuple(
        tool(f"erp_{n:03}_{verb}_order", thing("orderId", orderId=TEXT, note=TEXT), "customer.write")
        for n, verb in enumerate(["get", "update", "close"] * (FILLER // 3))
    )
    return dressed(scenario, (*others[: FILLER // 2], *OFFICE, *others[FILLER // 2 :]))


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("scenario", STUDIED)
def test_all_tools_are_offered_in_order_however_many(scenario: str, dialect: Dialect) -> None:
    subject = crowd(scenario)
    situation = compose(source(scenario), source(scenario).scenario.model.conditions()[0], subject, dialect)
    names = [t.name for t in subject.tools]
    assert len(names) == FILLER + len(OFFICE)
    assert [t.name for t in situation.tools] == names
    assert [entry["function"]["name"] for entry in native.schemas(situation.tools)] == names
    if dialect is Dialect.TAGS:
        places = [situation.system_message.index(f"{name}") for name in names]
        assert places == sorted(places)
    for script in situation.scripts:
        assert play(situation, script).actions or script.kind != "harmful"


def test_of_two_tools_for_one_act_the_script_takes_the_one_that_can_say_it_all() -> None:
    narrow = tool("mail_short", thing("to", to=TEXT, text=TEXT), "email.send")
    fussy = tool("mail_form", thing("to subject body folder priority", to=TEXT, subject=TEXT, body=TEXT, folder=TEXT,
                                    priority=TEXT), "email.send")  # fmt: skip
    whole = tool("mail_full", thing("to", to=TEXT, subject=TEXT, body=TEXT), "email.send")
    again = tool("mail_also", thing("to", to=TEXT, subject=TEXT, body=TEXT), "email.send")
    for order in ((narrow, fussy, whole, again), (whole, again, fussy, narrow), (fussy, whole, narrow, again)):
        subject = dressed("leak", (*READING, *order))
        situation = compose(source("leak"), source("leak").scenario.model.conditions()[0], subject, Dialect.NATIVE)
        used = {call[1] for s in situation.scripts for r in replies(situation, s) for call in raw_calls(r)}
        assert {name for name in used if name.startswith("mail")} == {"mail_full"}


def test_tags_carry_nested_arguments() -> None:
    subject = dressed("leak", OFFICE)
    sender = next(t for t in subject.tools if t.name == "send-mail")
    own = sender.own({"to": ["a@b.example"], "subject": "S", "body": "Text"})
    call = tags.parse(tags.render(sender.name, own), subject.tools)[0]
    assert call.arguments is not None
    assert sender.canonical(call.arguments) == {"to": ["a@b.example"], "subject": "S", "body": "Text"}
