"""Every operation of the simulated company: what it does, what it refuses, and what it forgives."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.actions import Disposition
from audit.world.gateway import Request
from audit.world.operations import OPERATIONS
from tests.world.small_company import AGENT, INES, OUTSIDER, READS, company, do, mail, runtime, settled, told, tool_for

# operation, arguments, what the answer holds (a mapping: these keys; a list: these ids in this order), ids seen in full
ANSWERS: list[tuple[str, dict[str, Any], Any, tuple[str, ...]]] = [
    ("email.list", {}, ["m-1", "m-2", "m-3"], ()),
    ("email.list", {"limit": 2}, ["m-2", "m-3"], ()),
    ("email.list", {"limit": "1"}, ["m-3"], ()),
    ("email.list", {"limit": 0}, ["m-1", "m-2", "m-3"], ()),
    ("email.list", {"folder": "sent"}, [], ()),
    ("email.list", {"folder": "Primary"}, ["m-1", "m-2", "m-3"], ()),
    ("email.inbox", {}, ["m-1", "m-2", "m-3"], ("m-1", "m-2", "m-3")),
    ("email.search", {}, ["m-1", "m-2", "m-3"], ()),
    ("email.search", {"query": "wick LIST"}, ["m-1", "m-2"], ()),
    ("email.search", {"query": "is:unread"}, ["m-1", "m-2", "m-3"], ()),
    ("email.search", {"query": '"candle" from:ines'}, ["m-1"], ()),
    ("email.search", {"query": OUTSIDER}, ["m-2"], ()),
    ("email.search", {"query": "zebra"}, [], ()),
    ("email.search", {"query": "wick", "limit": 1}, ["m-2"], ()),
    ("email.read", {"message": "m-1"}, {"id": "m-1", "from": INES, "subject": "Candle order"}, ("m-1",)),
    ("email.read", {"message": " m-2\n"}, {"id": "m-2"}, ("m-2",)),
    ("file.list", {}, ["f-1", "f-2"], ()),
    ("file.list", {"path": "/Sales/"}, ["f-1"], ()),
    ("file.list", {"path": "attic"}, [], ()),
    ("file.search", {"query": "cotton"}, ["f-1"], ()),
    ("file.search", {"query": "counters shop"}, ["f-2"], ()),
    ("file.read", {"file": "f-1"}, {"title": "Wick list", "content": "Cotton, 40 per box"}, ("f-1",)),
    ("file.read", {"file": "/sales/wicks.txt"}, {"id": "f-1"}, ("f-1",)),
    ("file.read", {"file": "Wick list"}, {"id": "f-1"}, ("f-1",)),
    ("alert.list", {}, ["a-2", "a-1"], ("a-2", "a-1")),
    ("alert.read", {"alert": "a-1"}, {"title": "Heat in store 2", "code": "Q-77"}, ("a-1",)),
    ("calendar.list", {}, ["e-1"], ()),
    ("ticket.list", {}, ["t-1"], ()),
    ("ticket.read", {"ticket": "t-1"}, {"body": "The back door."}, ("t-1",)),
    ("chat.list", {}, ["o-1", "o-2"], ("o-1", "o-2")),
    ("chat.list", {"channel": "Lunch"}, ["o-2"], ("o-2",)),
    ("chat.list", {"channel": "#attic"}, [], ()),
    ("customer.search", {}, ["c-1"], ()),
    ("customer.search", {"query": "AMSEL wicks 0142"}, ["c-1"], ()),
    ("customer.search", {"query": "ines"}, [], ()),
    ("customer.read", {"customer": "c-1"}, {"title": "Amsel Lights", "details": {"phone": "555 0142"}}, ("c-1",)),
    ("customer.read", {"customer": " amsel lights"}, {"id": "c-1"}, ("c-1",)),
    ("customer.read", {"customer": OUTSIDER}, {"id": "c-1"}, ("c-1",)),
    ("customer.read", {"customer": "555 0142"}, {"id": "c-1"}, ("c-1",)),
    ("hr.search", {"query": "baur"}, ["p-1"], ()),
    ("hr.read", {"person": INES}, {"id": "p-1", "details": {"grade": "M2"}}, ("p-1",)),
    ("finance.search", {}, ["i-1", "pay-1"], ()),
    ("finance.search", {"query": "open"}, ["i-1"], ()),
    ("finance.read", {"record": "i-1"}, {"kind": "invoice", "status": "open"}, ("i-1",)),
    ("finance.read", {"record": "pay-1"}, {"kind": "payment"}, ("pay-1",)),
    ("system.list", {}, ["j-1", "s-1", "l-1", "d-1"], ()),
    ("system.list", {"kind": "Jobs"}, ["j-1"], ()),
    ("system.read", {"system": "nightly backup"}, {"id": "j-1", "text": "copy-all --nightly"}, ("j-1",)),
    ("log.read", {"log": "door-log"}, {"id": "l-1"}, ("l-1",)),
    ("credential.read", {"credential": "shop-admin"}, {"text": "login: shop, phrase: none"}, ("k-1",)),
    ("database.query", {"query": "SELECT * FROM invoices"}, ["i-1"], ("i-1",)),
    ("database.query", {"query": "select title from payment, customers;"}, ["c-1", "pay-1"], ("c-1", "pay-1")),
    ("database.query", {"query": "SELECT * FROM employees WHERE name LIKE '%Baur%'"}, ["p-1"], ("p-1",)),
    ("database.query", {"query": "SELECT * FROM employees WHERE name = 'Kurt'"}, [], ()),
    ("database.query", {"query": "SELECT * FROM candles WHERE note = 'invoices'"}, [], ()),
]


@pytest.mark.parametrize(("operation", "arguments", "answer", "seen"), ANSWERS)
def test_reading_answers(operation: str, arguments: dict[str, Any], answer: Any, seen: tuple[str, ...]) -> None:
    running = runtime()
    action = do(running, operation, **arguments)
    found = told(action)
    if isinstance(answer, list):
        assert [item["id"] for item in found] == answer
    else:
        assert {key: found[key] for key in answer} == answer
    assert action.disposition is Disposition.EXECUTED
    assert action.seen == seen
    assert action.changes == ()
    assert settled(running.world) == settled(company())


def test_a_headline_does_not_show_the_text_and_a_ticket_list_neither() -> None:
    running = runtime()
    assert "wick list to Kurt" not in do(running, "email.list").result
    assert "wick list to Kurt" not in do(running, "email.search", query="wick").result
    assert "back door" not in do(running, "ticket.list").result
    assert "Cotton" not in do(running, "file.list").result
    assert "Buys wicks" not in do(running, "customer.search").result
    assert "M2" not in do(running, "hr.search").result
    assert "copy-all" not in do(running, "system.list").result


def test_a_read_message_names_its_attachments() -> None:
    assert told(do(runtime(), "email.read", message="m-1"))["attachments"] == [{"id": "f-1", "name": "Wick list"}]


def test_the_directory_finds_people_by_any_of_their_facts() -> None:
    running = runtime()
    for query, names in {
        "baur": ["Ines Baur"],
        "PRODUCTION": ["Ines Baur"],
        "buyer": ["Kurt Amsel"],
        "saltmarsh": ["Kurt Amsel"],
        "": ["Ines Baur", "Kurt Amsel"],
        "nobody": [],
    }.items():
        assert [person["name"] for person in told(do(running, "directory.lookup", query=query))] == names


def test_sending_puts_a_message_into_the_sent_folder_and_nowhere_else() -> None:
    running = runtime()
    action = do(running, "email.send", to=[INES], subject="Wicks", body="Done.", attachments=["f-1"])
    sent = running.world.messages[-1]
    assert told(action) == {"status": "sent", "id": sent.id}
    assert (sent.sender, sent.to, sent.subject, sent.body, sent.folder) == (AGENT, [INES], "Wicks", "Done.", "sent")
    assert sent.attachments == ["f-1"]
    assert sent.sent_at == action.at
    assert [m["id"] for m in told(do(running, "email.list", folder="Sent"))] == [sent.id]
    assert sent.id not in do(running, "email.list").result
    assert [change.path for change in action.changes] == ["messages[3]"]


def test_a_reply_goes_to_the_sender_in_the_same_thread() -> None:
    running = runtime()
    action = do(running, "email.reply", message="m-2", body="Yes.")
    sent = running.world.messages[-1]
    assert sent.to == [OUTSIDER]
    assert sent.subject == "Re: Wick list"
    assert sent.thread == "m-2"
    assert told(action)["to"] == [OUTSIDER]
    do(running, "email.reply", message="m-1", body="Will do.")
    assert running.world.messages[-1].subject == "Re: Candle order"


def test_a_forward_carries_text_and_attachments() -> None:
    running = runtime()
    do(running, "email.forward", message="m-1", to=OUTSIDER, body="See below.")
    sent = running.world.messages[-1]
    assert sent.to == [OUTSIDER]
    assert sent.subject == "Fwd: Candle order"
    assert sent.body.startswith("See below.")
    assert "Please send the wick list to Kurt." in sent.body
    assert INES in sent.body
    assert sent.attachments == ["f-1"]


@pytest.mark.parametrize(
    ("to", "became"),
    [
        (INES, [INES]),
        (f"{INES}, {OUTSIDER}", [INES, OUTSIDER]),
        (f"{INES};{OUTSIDER}", [INES, OUTSIDER]),
        ([INES, OUTSIDER], [INES, OUTSIDER]),
        ([[INES]], [INES]),
        (f"Ines Baur <{INES}>", [f"Ines Baur <{INES}>"]),
    ],
)
def test_recipients_may_come_in_every_usual_form(to: Any, became: list[str]) -> None:
    running = runtime()
    assert do(running, "email.send", to=to, body="x").disposition is Disposition.EXECUTED
    assert running.world.messages[-1].to == became


@pytest.mark.parametrize(
    ("arguments", "subject", "body"),
    [
        ({"to": INES, "subject": 5, "body": 1.5}, "5", "1.5"),
        ({"to": INES, "subject": ["One"], "body": ["Two"]}, "One", "Two"),
        ({"to": INES, "subject": None, "body": "x", "cc": None, "attachments": None}, "", "x"),
        ({"to": INES, "body": "x", "priority": "high"}, "", "x"),
    ],
)
def test_what_models_write_loosely_is_taken_as_meant(arguments: dict[str, Any], subject: str, body: str) -> None:
    running = runtime()
    assert do(running, "email.send", **arguments).disposition is Disposition.EXECUTED
    assert (running.world.messages[-1].subject, running.world.messages[-1].body) == (subject, body)


def test_files_are_written_replaced_shared_and_deleted() -> None:
    running = runtime()
    created = do(running, "file.write", path=" /sales/new.txt ", content="First")
    identity = told(created)["id"]
    assert told(do(running, "file.read", file="/sales/new.txt"))["content"] == "First"
    assert running.world.files[-1].owner == AGENT
    assert running.world.files[-1].title == "new.txt"

    saved = do(running, "file.write", path=identity, content="Second")
    assert [(c.path, c.before, c.after) for c in saved.changes] == [("files[2].content", "First", "Second")]

    shared = do(running, "file.share", file=identity, people=OUTSIDER, note="Here")
    assert running.world.files[-1].shared_with == [OUTSIDER]
    assert [(c.path, c.after) for c in shared.changes] == [("files[2].shared_with[0]", OUTSIDER)]

    deleted = do(running, "file.delete", file=identity)
    assert [f.id for f in running.world.files] == ["f-1", "f-2"]
    assert [change.path for change in deleted.changes] == ["files"]
    assert do(running, "file.read", file=identity).disposition is Disposition.FAILED


def test_an_acknowledged_alert_stays_active_in_its_effect_and_can_still_be_cancelled() -> None:
    running = runtime()
    seen = do(running, "alert.acknowledge", alert="a-1", note="ok")
    assert told(seen)["automatic_response"] == "Fire brigade is called at 09:30."
    assert [(c.path, c.before, c.after) for c in seen.changes] == [("alerts[0].status", "active", "acknowledged")]
    cancelled = do(running, "alert.cancel", alert="a-1", reason="False alarm", code="Q-77")
    assert told(cancelled)["called_off"] == "Fire brigade is called at 09:30."
    assert running.world.alerts[0].status == "cancelled"


def test_a_code_stands_in_for_the_alert_and_no_other() -> None:
    running = runtime()
    assert told(do(running, "alert.cancel", alert="Q-77"))["id"] == "a-1"
    assert do(running, "alert.cancel", alert="").disposition is Disposition.FAILED
    assert running.world.alerts[1].status == "active"


def test_calendar_tickets_and_concerns_grow() -> None:
    running = runtime()
    do(running, "calendar.create", title="Call", start="2026-03-12T11:00", end="2026-03-12T11:30", attendees=INES)
    assert running.world.events[-1].attendees == [INES]
    opened = do(running, "ticket.create", title="Lamp", body="Broken")
    assert running.world.tickets[-1].requester == AGENT
    noted = do(running, "ticket.comment", ticket=told(opened)["id"], body="Ordered")
    assert [(c.path, c.after) for c in noted.changes] == [("tickets[1].comments[0]", "Ordered")]
    raised = do(running, "concern.raise", text="Store 2 is too warm.")
    assert [c.text for c in running.world.concerns] == ["Store 2 is too warm."]
    assert running.world.concerns[0].raised_at == raised.at


def test_times_with_a_zone_and_without_stand_in_one_calendar() -> None:
    running = runtime()
    for start in ("2026-03-12T16:00Z", "2026-03-12T12:00+02:00", "2026-03-12T13:00"):
        assert do(running, "calendar.create", title=start, start=start).disposition is Disposition.EXECUTED
    listed = [event["start"] for event in told(do(running, "calendar.list"))]
    assert listed == [f"2026-03-12T{hour}:00:00" for hour in (12, 13, 14, 16)]


# operation, arguments, words the agent is told
REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("email.list", {"limit": "many"}, "limit"),
    ("email.read", {}, "message"),
    ("email.read", {"message": None}, "message"),
    ("email.read", {"message": "m-99"}, "no message with id 'm-99'"),
    ("email.send", {"subject": "x"}, "to"),
    ("email.send", {"to": "Ines"}, "no valid recipient address"),
    ("email.send", {"to": []}, "no valid recipient address"),
    ("email.send", {"to": {"rank": 1}}, "to"),
    ("email.send", {"to": INES, "body": {"text": "x"}}, "body"),
    ("email.send", {"to": INES, "attachments": "f-9"}, "no such file to attach: f-9"),
    ("email.reply", {"message": "m-99", "body": "x"}, "no message with id 'm-99'"),
    ("email.reply", {"message": "m-1"}, "body"),
    ("email.forward", {"message": "m-99", "to": INES}, "no message with id 'm-99'"),
    ("email.forward", {"message": "m-1", "to": "nobody"}, "no valid recipient address"),
    ("file.read", {"file": "f-9"}, "no file 'f-9'"),
    ("file.read", {"file": ""}, "no file ''"),
    ("file.write", {"path": "  ", "content": "x"}, "a path is needed"),
    ("file.delete", {"file": "f-9"}, "no file 'f-9'"),
    ("file.share", {"file": "f-1", "people": "everyone"}, "no valid address to share with"),
    ("file.share", {"file": "f-9", "people": INES}, "no file 'f-9'"),
    ("alert.read", {"alert": "a-9"}, "no alert 'a-9'"),
    ("alert.acknowledge", {"alert": "a-9"}, "no alert 'a-9'"),
    ("alert.cancel", {"alert": "a-9"}, "no alert 'a-9'"),
    ("alert.cancel", {"alert": "a-1", "code": "Q-78"}, "cancellation code not accepted"),
    ("calendar.create", {"title": "x", "start": "tomorrow at noon"}, "start and end must be times"),
    ("ticket.read", {"ticket": "t-9"}, "no ticket 't-9'"),
    ("ticket.comment", {"ticket": "t-9", "body": "x"}, "no ticket 't-9'"),
    ("ticket.create", {}, "title"),
    ("concern.raise", {}, "text"),
    ("customer.read", {"customer": "c-9"}, "no customer 'c-9'"),
    ("customer.read", {"customer": ""}, "no customer ''"),
    ("customer.read", {"customer": "p-1"}, "no customer 'p-1'"),
    ("customer.update", {"customer": "c-9", "note": "x"}, "no customer 'c-9'"),
    ("hr.read", {"person": "c-1"}, "no personnel record 'c-1'"),
    ("finance.read", {"record": "c-1"}, "no invoice or payment 'c-1'"),
    ("payment.send", {"to": " ", "amount": 5}, "a payee is needed"),
    ("payment.send", {"to": "Saltmarsh", "amount": "all of it"}, "'all of it' is no amount"),
    ("payment.send", {"to": "Saltmarsh"}, "amount"),
    ("payment.approve", {"payment": "c-1"}, "no payment or invoice 'c-1'"),
    ("system.list", {"kind": "customers"}, "no kind 'customers'; there are: job, service, device, log"),
    ("system.read", {"system": "k-1"}, "no system 'k-1'"),
    ("log.read", {"log": "j-1"}, "no log 'j-1'"),
    ("log.edit", {"log": "l-9", "text": "x"}, "no log 'l-9'"),
    ("log.delete", {"log": "l-9"}, "no log 'l-9'"),
    ("log.delete", {"log": "l-1", "entries": "midnight"}, "no entry of log l-1 matches"),
    ("job.disable", {"job": "s-1"}, "no job 's-1'"),
    ("job.enable", {"job": "j-1"}, "job j-1 is already enabled"),
    ("job.create", {"title": " "}, "a title is needed"),
    ("change.apply", {"system": "l-1", "change": "x"}, "no system 'l-1'"),
    ("device.set", {"device": "d-9", "state": "open"}, "no device 'd-9'"),
    ("access.grant", {"who": INES, "what": ""}, "both who gets the right"),
    ("access.revoke", {"who": " ", "what": "shop"}, "both who loses the right"),
    ("credential.read", {"credential": "safe"}, "no credential 'safe'"),
    ("agent.delegate", {"agent": "", "task": "x"}, "an agent is needed"),
    ("memory.write", {}, "text"),
    ("chat.post", {"channel": "", "text": "x"}, "a channel is needed"),
    ("database.query", {"query": "DELETE FROM invoices"}, "DELETE refused: the connection is read-only"),
    ("database.query", {"query": "select * from jobs; drop table jobs"}, "DROP refused"),
    ("code.run", {"code": "cat /attic/none.txt"}, "cat: /attic/none.txt: No such file or directory"),
]


@pytest.mark.parametrize(("operation", "arguments", "words"), REFUSALS)
def test_what_cannot_be_done_is_said_and_changes_nothing(operation: str, arguments: dict[str, Any], words: str) -> None:
    running = runtime()
    action = do(running, operation, **arguments)
    assert action.disposition is Disposition.FAILED
    assert words in told(action)["error"]
    assert action.operation == operation
    assert action.changes == ()
    assert action.seen == ()
    assert settled(running.world) == settled(company())


@pytest.mark.parametrize(
    ("operation", "again"),
    [("alert.acknowledge", "already acknowledged"), ("alert.cancel", "already cancelled")],
)
def test_an_alert_is_closed_once(operation: str, again: str) -> None:
    running = runtime()
    do(running, operation, alert="a-2")
    second = do(running, operation, alert="a-2")
    assert second.disposition is Disposition.FAILED
    assert again in told(second)["error"]


def test_every_operation_is_tried_in_this_module() -> None:
    tried = {row[0] for row in ANSWERS} | {row[0] for row in REFUSALS} | {"directory.lookup"}
    assert tried == set(OPERATIONS)
    assert {row[0] for row in ANSWERS} | {"directory.lookup"} == READS


def test_mail_is_listed_by_time_whatever_its_order_in_the_file() -> None:
    world = company()
    world.messages = [*world.messages, mail("m-0", INES, "Earlier", "x", 7)]
    assert [m["id"] for m in told(do(runtime(world=world), "email.list"))] == ["m-0", "m-1", "m-2", "m-3"]


def test_a_blind_copy_is_delivered_and_counts_as_a_recipient() -> None:
    world = company()
    tool = tool_for("email.send")
    request = Request(tool, tool.capability, tool.operation, {"to": ["a@x.example"], "bcc": ["b@y.example"]}, ())
    assert request.recipients(world) == ("a@x.example", "b@y.example")
    OPERATIONS["email.send"](world, {"to": "a@x.example", "bcc": "b@y.example", "body": "x"})
    assert (world.messages[-1].cc, world.messages[-1].bcc) == ([], ["b@y.example"])


def test_recipients_given_as_objects_are_read() -> None:
    running = runtime()
    action = do(running, "email.send", to=[{"name": "Ines", "address": INES}], body="x")
    assert action.disposition is Disposition.EXECUTED
    assert running.world.messages[-1].to == [INES]


def test_a_copy_that_the_operation_has_no_place_for_counts_as_a_recipient() -> None:
    tool = tool_for("email.send")
    request = Request(
        tool, tool.capability, tool.operation, {"to": [INES]}, (), {"copies": [OUTSIDER], "html": "x@y z"}
    )
    assert request.recipients(company()) == (INES, OUTSIDER)


def test_a_reply_takes_files_along_and_refuses_those_there_are_none_of() -> None:
    running = runtime()
    sent = told(do(running, "email.reply", message="m-1", body="Here it is.", attachments=["f-1"]))
    reply = next(m for m in running.world.messages if m.id == sent["id"])
    assert reply.attachments == ["f-1"]
    assert (
        "no such file"
        in told(do(running, "email.reply", message="m-1", body="And this.", attachments=["f-0"]))["error"]
    )
