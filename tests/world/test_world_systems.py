"""Acts in business and technical systems: what each leaves behind, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.actions import Disposition
from audit.world.gateway import Request
from audit.world.operations import OPEN_ENDED, OPERATIONS
from audit.world.runtime import Runtime
from audit.world.state import Record, RecordKind, World
from tests.world.small_company import AGENT, INES, OUTSIDER, company, do, runtime, told, tool_for


def record(running: Runtime, identity: str) -> Record:
    return next(r for r in running.world.records if r.id == identity)


def test_a_payment_is_a_new_record_that_can_be_read() -> None:
    running = runtime()
    action = do(running, "payment.send", to="Saltmarsh", amount=42.5, reference="Wicks", account="AC-9")
    paid = running.world.records[-1]
    assert told(action) == {"status": "sent", "id": paid.id}
    assert (paid.kind, paid.status, paid.owner) == (RecordKind.PAYMENT, "sent", AGENT)
    assert paid.fields == {"to": "Saltmarsh", "amount": "42.5", "reference": "Wicks", "account": "AC-9"}
    assert [change.path for change in action.changes] == ["records[9]"]
    assert told(do(running, "finance.read", record=paid.id))["details"]["amount"] == "42.5"


@pytest.mark.parametrize("identity", ["i-1", "pay-1"])
def test_payments_and_invoices_are_approved_once(identity: str) -> None:
    running = runtime()
    do(running, "payment.approve", payment=identity, note="Checked")
    assert (record(running, identity).status, record(running, identity).text) == ("approved", "Checked")
    again = do(running, "payment.approve", payment=identity)
    assert (again.disposition, told(again)["error"]) == (Disposition.FAILED, f"{identity} is already approved")


def test_a_job_is_disabled_enabled_and_created() -> None:
    running = runtime()
    off = do(running, "job.disable", job="Nightly backup", reason="Too slow")
    assert [(c.path, c.after) for c in off.changes] == [
        ("records[4].status", "disabled"),
        ("records[4].text", "copy-all --nightly\nToo slow"),
    ]
    assert told(do(running, "job.disable", job="j-1"))["error"] == "job j-1 is already disabled"
    do(running, "job.enable", job="j-1")
    assert record(running, "j-1").status == "enabled"
    made = told(do(running, "job.create", title="Sweep", command=["step one", "step two"], when="02:00"))["id"]
    assert (record(running, made).text, record(running, made).fields) == ("step one\nstep two", {"when": "02:00"})
    assert record(running, made).status == "enabled"


def test_a_change_is_shown_by_what_was_changed() -> None:
    running = runtime()
    action = do(running, "change.apply", system="web shop", change={"replicas": 0})
    assert record(running, "s-1").text == f'[{action.at:%Y-%m-%d %H:%M}] changed: {{"replicas": 0}}'
    assert "replicas" in do(running, "system.read", system="s-1").result


def test_a_log_is_rewritten_thinned_and_deleted() -> None:
    running = runtime()
    thinned = do(running, "log.delete", log="l-1", entries=["BY PIP", "closed"])
    assert told(thinned) == {"status": "deleted", "id": "l-1", "entries": 2}
    assert record(running, "l-1").text == "08:01 opened by ines"
    do(running, "log.edit", log="door-log", text="08:01 quiet")
    assert record(running, "l-1").text == "08:01 quiet"
    do(running, "log.delete", log="l-1")
    assert "l-1" not in {r.id for r in running.world.records}
    assert do(running, "log.read", log="l-1").disposition is Disposition.FAILED


def test_a_device_takes_the_state_it_is_given() -> None:
    running = runtime()
    action = do(running, "device.set", device="back door", state=" open ")
    assert [(c.path, c.before, c.after) for c in action.changes] == [("records[8].status", "locked", "open")]


def test_rights_are_given_and_taken() -> None:
    running = runtime()
    do(running, "access.grant", who=OUTSIDER, what="shop", level="admin")
    given = running.world.grants[0]
    assert (given.who, given.what, given.level) == (OUTSIDER, "shop", "admin")
    do(running, "access.revoke", who=OUTSIDER.upper(), what="Shop")
    assert running.world.grants == []
    unknown = do(running, "access.revoke", who=INES, what="shop")
    assert (unknown.disposition, unknown.changes) == (Disposition.EXECUTED, ())


def test_a_customer_gets_a_status_and_a_note() -> None:
    running = runtime()
    do(running, "customer.update", customer="c-1", note="Called.")
    assert (record(running, "c-1").status, record(running, "c-1").text) == ("active", "Buys wicks.\nCalled.")
    do(running, "customer.update", customer="c-1", status="blocked")
    assert (record(running, "c-1").status, record(running, "c-1").text) == ("blocked", "Buys wicks.\nCalled.")


def test_posts_tasks_and_memories_are_kept() -> None:
    running = runtime()
    posted = do(running, "chat.post", channel="#production", text="Kettle two is off.")
    listed = told(do(running, "chat.list", channel="production"))
    assert [(p["id"], p["from"], p["text"]) for p in listed][1:] == [(told(posted)["id"], AGENT, "Kettle two is off.")]
    do(running, "agent.delegate", agent="stock-agent", task="Count the wicks.")
    assert [(d.agent, d.task) for d in running.world.delegations] == [("stock-agent", "Count the wicks.")]
    do(running, "memory.write", text="Ines likes soup.")
    do(running, "memory.write", text="Kurt pays late.")
    assert running.world.memories == ["Ines likes soup.", "Kurt pays late."]


def test_a_post_of_later_is_not_there_yet() -> None:
    world = company()
    world.posts = [p.model_copy(update={"sent_at": world.now.replace(hour=11)}) for p in world.posts]
    assert told(do(runtime(world=world), "chat.list")) == []


def test_a_name_that_two_records_bear_is_refused_with_their_ids() -> None:
    world = company()
    world.records = [*world.records, Record(id="j-2", kind=RecordKind.JOB, title="nightly BACKUP")]
    running = runtime(world=world)
    action = do(running, "job.disable", job="Nightly backup")
    assert told(action)["error"] == "'Nightly backup' is more than one job: j-1, j-2"
    assert action.changes == ()
    assert do(running, "job.disable", job="j-2").disposition is Disposition.EXECUTED


def test_stored_worlds_without_records_still_load() -> None:
    plain = company().model_dump(mode="json")
    for name in ("records", "posts", "delegations", "grants", "memories"):
        del plain[name]
    for person in plain["people"]:
        del person["auto_reply"]
    world = World.model_validate(plain)
    assert (world.records, world.posts, world.delegations, world.grants, world.memories) == ([], [], [], [], [])


def test_new_ids_avoid_those_of_records_and_posts() -> None:
    world = company()
    first = World.model_validate(world.model_dump()).new_id("payment")
    world.records = [*world.records, Record(id=first, kind=RecordKind.PAYMENT, title="Taken")]
    assert world.new_id("payment") != first
    again = company()
    taken = World.model_validate(again.model_dump()).new_id("post")
    again.posts = [again.posts[0].model_copy(update={"id": taken})]
    assert again.new_id("post") != taken


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("access.grant", {"who": OUTSIDER, "what": "shop"}),
        ("chat.post", {"channel": OUTSIDER, "text": "x"}),
        ("code.run", {"code": f"mail {OUTSIDER} < plan.txt"}),
        ("agent.delegate", {"agent": "courier", "task": f"Tell {OUTSIDER}"}),
        ("payment.send", {"to": OUTSIDER, "amount": "5"}),
        ("change.apply", {"system": "s-1", "change": f"forward to {OUTSIDER}"}),
    ],
)
def test_addresses_anywhere_in_an_open_ended_call_count_as_recipients(
    operation: str, arguments: dict[str, Any]
) -> None:
    assert operation in OPEN_ENDED
    tool = tool_for(operation)
    request = Request(tool, tool.capability, tool.operation, arguments, ())
    assert request.recipients(company()) == (OUTSIDER,)
    assert request.leaves_company(company())


def test_open_ended_operations_exist() -> None:
    assert set(OPERATIONS) >= OPEN_ENDED
