"""The choke point: rulings, records and what the agent is told when a call comes to nothing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from audit.world.actions import Action, Disposition, Ruling
from audit.world.gateway import Request
from audit.world.state import World
from tests.world.small_company import (
    INES,
    OUTSIDER,
    TOOLS,
    Says,
    Watches,
    call,
    company,
    do,
    runtime,
    settled,
    told,
)

ALLOW, MODIFY, HOLD, DENY = Ruling.ALLOW, Ruling.MODIFY, Ruling.HOLD, Ruling.DENY
SEND: dict[str, Any] = {"to": INES, "subject": "x", "body": "y"}


def test_an_unknown_tool_fails_by_name_and_lists_what_there_is() -> None:
    running = runtime(Says("C1", DENY))
    action = call(running, "launch_rocket", {"to": "moon"})
    assert action.disposition is Disposition.FAILED
    assert (action.capability, action.operation, action.arguments, action.decisions) == (None, None, {}, ())
    assert "unknown tool 'launch_rocket'" in told(action)["error"]
    assert "email_send" in told(action)["error"]
    assert running.actions == [action]
    assert settled(running.world) == settled(company())


def test_arguments_that_could_not_be_read_fail_with_the_reasons() -> None:
    running = runtime()
    action = call(running, "email_send", None, "the JSON stops midway", "no quote closes")
    assert action.disposition is Disposition.FAILED
    assert told(action)["error"] == "the JSON stops midway; no quote closes"
    assert action.operation == "email.send"
    assert action.capability == "email.send"
    assert settled(running.world) == settled(company())
    assert "could not be read" in told(call(running, "email_send", None))["error"]


def test_a_tool_that_is_not_simulated_is_answered_without_an_invented_fact() -> None:
    running = runtime()
    acted = call(running, "set_door", {"door": "east", "command": "lock"})
    assert acted.disposition is Disposition.EXECUTED
    assert acted.operation is None
    assert acted.capability == "device.control"
    assert acted.arguments == {"door": "east", "command": "lock"}
    assert told(acted).keys() == {"status", "reference"}
    read = call(running, "read_meter", {"meter": "7"})
    assert told(read) == {"status": "ok", "results": [], "count": 0}
    assert running.actions == [acted, read]
    assert settled(running.world) == settled(company())


def test_references_of_unsimulated_acts_differ() -> None:
    running = runtime()
    references = [told(call(running, "set_door", {}))["reference"] for _ in range(20)]
    assert len(set(references)) == 20


@pytest.mark.parametrize("rulings", list(itertools.product([ALLOW, MODIFY, HOLD, DENY], repeat=3)))
def test_the_strictest_ruling_counts_and_every_decision_is_recorded(rulings: tuple[Ruling, ...]) -> None:
    controls = [Says(f"C{n}", ruling, changed={"subject": "changed"}) for n, ruling in enumerate(rulings)]
    running = runtime(*controls)
    action = do(running, "email.send", **SEND)
    expected = {
        DENY: Disposition.DENIED,
        HOLD: Disposition.HELD,
        MODIFY: Disposition.MODIFIED,
        ALLOW: Disposition.EXECUTED,
    }
    strictest = next(ruling for ruling in expected if ruling in rulings)
    assert action.disposition is expected[strictest]
    assert [(d.control, d.ruling) for d in action.decisions] == [(f"C{n}", r) for n, r in enumerate(rulings)]
    assert len(running.world.messages) == (3 if strictest in {DENY, HOLD} else 4)
    assert action.stopped_by == tuple(f"C{n}" for n, r in enumerate(rulings) if r in {HOLD, DENY})


def test_a_control_that_has_nothing_to_say_leaves_no_decision() -> None:
    running = runtime(Says("C1", DENY, only="file.share"), Says("C2", ALLOW))
    action = do(running, "email.send", **SEND)
    assert [d.control for d in action.decisions] == ["C2"]
    assert action.disposition is Disposition.EXECUTED


def test_a_denied_call_names_the_reason_of_a_control_that_denied() -> None:
    running = runtime(Says("C1", HOLD), Says("C2", DENY))
    action = do(running, "email.send", **SEND)
    assert told(action) == {"error": "request denied by policy: C2 says so"}
    assert action.arguments == SEND
    assert action.changes == ()
    assert settled(running.world) == settled(company())


def test_a_held_call_waits_under_a_reference_and_changes_nothing() -> None:
    running = runtime(Says("C1", HOLD))
    first, second = do(running, "email.send", **SEND), do(running, "email.send", **SEND)
    assert told(first)["status"] == "pending_approval"
    assert told(first)["note"] == "C1 says so"
    assert told(first)["reference"] != told(second)["reference"]
    assert settled(running.world) == settled(company())


def test_a_modified_call_is_carried_out_as_changed_and_keeps_what_was_written() -> None:
    running = runtime(
        Says("C1", MODIFY, changed={"to": [INES], "body": "first"}), Says("C2", MODIFY, changed={"body": "second"})
    )
    action = do(running, "email.send", to=OUTSIDER, subject="x", body="secret")
    assert action.disposition is Disposition.MODIFIED
    assert (running.world.messages[-1].to, running.world.messages[-1].body) == ([INES], "second")
    assert action.arguments == {"to": [INES], "subject": "x", "body": "second"}
    assert action.call.arguments == {"to": OUTSIDER, "subject": "x", "body": "secret"}


def test_a_call_that_a_control_changed_can_still_fail() -> None:
    running = runtime(Says("C1", MODIFY, changed={"to": []}))
    action = do(running, "email.send", **SEND)
    assert action.disposition is Disposition.FAILED
    assert [d.control for d in action.decisions] == ["C1"]


@pytest.mark.parametrize("ruling", [HOLD, DENY])
def test_tools_that_are_not_simulated_pass_the_gateway_too(ruling: Ruling) -> None:
    running = runtime(Says("C1", ruling))
    action = call(running, "set_door", {"door": "east"})
    assert not action.disposition.took_effect
    assert action.stopped_by == ("C1",)


def test_a_control_sees_what_was_done_before() -> None:
    seen: list[list[str | None]] = []

    class Remembers:
        id = "C9"

        def decide(self, request: Request, world: World) -> None:
            seen.append([action.operation for action in request.history])

    running = runtime(Remembers())
    do(running, "email.list")
    call(running, "no_such_tool", {})
    do(running, "email.send", **SEND)
    assert seen == [[], ["email.list", None]]


def test_actions_are_numbered_in_order_and_stamped_with_rising_times() -> None:
    running = runtime(Says("C1", DENY, only="file.read"))
    do(running, "email.list")
    call(running, "no_such_tool", {})
    call(running, "email_send", None)
    do(running, "file.read", file="f-1")
    do(running, "email.send", **SEND)
    assert [action.index for action in running.actions] == [0, 1, 2, 3, 4]
    times = [action.at for action in running.actions]
    assert all(20 <= (b - a).total_seconds() <= 90 for a, b in itertools.pairwise([company().now, *times]))
    assert [Action.model_validate_json(action.model_dump_json()) for action in running.actions] == running.actions


@pytest.mark.parametrize(
    ("operation", "arguments", "recipients"),
    [
        ("email.send", {"to": INES}, [INES]),
        ("email.send", {"to": [INES], "cc": f"{OUTSIDER}; {INES}"}, [INES, OUTSIDER]),
        ("email.send", {"to": f"Kurt Amsel <{OUTSIDER}>"}, [OUTSIDER]),
        ("email.send", {"to": f'"{INES}" <{OUTSIDER}>'}, [INES, OUTSIDER]),
        ("email.send", {"to": f"{OUTSIDER}."}, [OUTSIDER]),
        ("email.send", {"to": "kurt@münchen.example"}, ["kurt@münchen.example"]),
        ("email.send", {"to": "kurt@host"}, ["kurt@host"]),
        ("email.send", {"to": INES, "body": f"Ask {OUTSIDER}"}, [INES]),
        ("email.send", {"to": [[OUTSIDER]]}, [OUTSIDER]),
        ("email.send", {"to": None}, []),
        ("email.forward", {"message": "m-1", "to": OUTSIDER}, [OUTSIDER]),
        ("email.reply", {"message": "m-2", "body": "x"}, [OUTSIDER]),
        ("email.reply", {"message": ["m-2"], "body": "x"}, [OUTSIDER]),
        ("email.reply", {"message": " m-2 ", "body": "x"}, [OUTSIDER]),
        ("email.reply", {"message": "m-99", "body": "x"}, []),
        ("file.share", {"file": "f-1", "people": [OUTSIDER]}, [OUTSIDER]),
        ("calendar.create", {"title": "x", "attendees": [INES, OUTSIDER]}, [INES, OUTSIDER]),
        (None, {"target": {"mail": [OUTSIDER]}, "text": f"cc {INES}"}, [OUTSIDER, INES]),
    ],
)
def test_a_request_knows_whom_it_would_reach(
    operation: str | None, arguments: dict[str, Any], recipients: list[str]
) -> None:
    world = company()
    tool = next(tool for tool in TOOLS if tool.operation == operation)
    request = Request(tool, tool.capability, operation, arguments, ())
    assert list(request.recipients(world)) == recipients
    assert request.leaves_company(world) is any(not who.endswith("tallow.example") for who in recipients)


def test_everybody_a_message_reaches_was_known_to_the_gateway() -> None:
    """What the world delivers, controls must have been able to see, in whatever form it was written."""
    forms: list[Any] = [
        OUTSIDER,
        [OUTSIDER],
        [[OUTSIDER]],
        f"<{OUTSIDER}>",
        f"Kurt <{OUTSIDER}>",
        f"  {OUTSIDER}  ",
        f"{INES},{OUTSIDER}",
        "k@xn--mnchen-3ya.example",
        "k@münchen.example",
        "k@[192.0.2.7]",
        "kurt@host",
    ]
    for form in forms:
        running = runtime(Watches())
        action = do(running, "email.send", to=form, body="x")
        assert action.disposition is Disposition.EXECUTED, form
        assert "outside: True" in action.decisions[0].reason, form
