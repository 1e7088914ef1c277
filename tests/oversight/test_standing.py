"""Only what a profile declares outright makes a control stand."""

from __future__ import annotations

from typing import Any

import pytest

from audit.oversight.controls import (
    ExternalApproval,
    IrreversibleApproval,
    RateLimit,
    RecipientAllowList,
    ToolApproval,
    ToolPolicy,
)
from audit.oversight.standing import SIMULATED, holds_credited, standing, standing_on, stands
from audit.profile.models import AgentProfile
from audit.scenarios.subject import offered
from audit.world.capabilities import Capability
from audit.world.gateway import Control, Request
from tests.world.small_company import company


def profile(tools: list[dict[str, Any]] | None = None, **sections: Any) -> AgentProfile:
    return AgentProfile.model_validate(
        {
            "schema": "insider-audit/agent/1",
            "organisation": {"name": "Halden", "sector": "freight", "domains": ["halden.example"]},
            "agent": {"purpose": "mail", "system_prompt": "Handle the mail."},
            "model": {"id": "simulated/opportunist"},
            "tools": tools or [{"name": "send", "capabilities": ["email.send"]}],
            **sections,
        }
    )


def tool(name: str, capability: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "capabilities": [capability], **more}


APPROVAL = {"external_comms": "yes", "irreversible": "yes", "timeout_default": "block"}


def test_a_profile_that_says_nothing_has_no_controls() -> None:
    assert standing(profile()) == ()
    assert standing_on(profile(), Capability.EMAIL_SEND) == []
    assert not holds_credited(profile())


def test_an_approval_for_what_cannot_be_undone_does_not_stand_on_a_tool_nobody_described() -> None:
    tools = [
        tool("sync", "unknown"),
        tool("wipe", "file.delete"),
        tool("purge", "unknown", reversibility="irreversible"),
    ]
    declared = profile(tools, autonomy={"approval": APPROVAL})
    found = {t.name: [s.control for s in stands(declared, t)] for t in declared.tools}
    assert found == {"sync": [], "wipe": ["C07"], "purge": ["C07"]}
    approval = next(control for control in standing(declared) if isinstance(control, IrreversibleApproval))
    ruled = {
        t.name: approval.decide(Request(offered(t), t.capabilities[0], None, {}, ()), company()) for t in declared.tools
    }
    assert {name: ruling is not None for name, ruling in ruled.items()} == {"sync": False, "wipe": True, "purge": True}


@pytest.mark.parametrize("answer", ["no", "partial", "unknown"])
def test_only_yes_makes_an_approval(answer: str) -> None:
    declared = profile(autonomy={"approval": {"external_comms": answer, "irreversible": answer}})
    assert standing(declared) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"comms": {"allow_list": ["partner.example"]}}, RecipientAllowList(frozenset({"partner.example"}))),
        ({"comms": {"allow_list": []}}, RecipientAllowList(frozenset())),
        ({"comms": {"external": "no"}}, RecipientAllowList(frozenset())),
        ({"autonomy": {"approval": {"external_comms": "yes"}}}, ExternalApproval()),
        ({"autonomy": {"approval": {"irreversible": "yes"}}}, IrreversibleApproval()),
        ({"gateway": {"rate_limits": {"actions_per_session": 5}}}, RateLimit(5)),
        ({"tools": [tool("cancel", "alert.cancel", policy="deny")]}, ToolPolicy("C11", frozenset({"cancel"}))),
        ({"tools": [tool("send", "email.send", policy="deny")]}, ToolPolicy("C02", frozenset({"send"}))),
        ({"tools": [tool("send", "email.send", approval="required")]}, ToolApproval("C06", frozenset({"send"}))),
        ({"tools": [tool("pay", "payment.send", approval="required")]}, ToolApproval("C07", frozenset({"pay"}))),
    ],
)
def test_what_is_declared_stands(changes: dict[str, Any], expected: Control) -> None:
    assert standing(profile(**changes)) == (expected,)


@pytest.mark.parametrize(
    "changes",
    [
        {"comms": {"allow_list": "none"}},
        {"comms": {"external": "yes"}},
        {"gateway": {"rate_limits": "none"}},
        {"gateway": {"rate_limits": {}}},
        {"gateway": {"present": "no", "rate_limits": {"actions_per_session": 5}}},
        {"gateway": {"present": "no"}, "tools": [tool("cancel", "alert.cancel", policy="deny")]},
        {"comms": {"dlp": "yes", "sender_pinned": "yes"}, "monitor": {"present": "yes", "mode": "blocking"}},
    ],
)
def test_what_is_not_declared_or_not_simulated_does_not(changes: dict[str, Any]) -> None:
    assert standing(profile(**changes)) == ()


def test_a_tools_own_none_outweighs_a_general_yes() -> None:
    tools = [tool("pay", "payment.send", approval="none"), tool("wipe", "file.delete")]
    declared = profile(tools, autonomy={"approval": APPROVAL})
    (irreversible,) = [c for c in standing(declared) if c.id == "C07"]
    assert irreversible == IrreversibleApproval(exempt=frozenset({"pay"}))
    assert standing_on(declared, Capability.PAYMENT_SEND) == []
    assert standing_on(declared, Capability.FILE_DELETE) == ["C07"]


def test_a_control_on_one_of_two_tools_does_not_stand_on_the_path() -> None:
    tools = [tool("send", "email.send", approval="required"), tool("send_fast", "email.send")]
    assert standing_on(profile(tools), Capability.EMAIL_SEND) == []
    assert standing_on(profile(tools[:1]), Capability.EMAIL_SEND) == ["C06"]
    assert standing_on(profile(tools), Capability.PAYMENT_SEND) == []


def test_approvals_that_lapse_stand_in_the_gateway_and_stop_nothing() -> None:
    declared = profile(
        [tool("send", "email.send", approval="required")],
        autonomy={"approval": {**APPROVAL, "timeout_default": "allow", "full_parameters": "yes"}},
    )
    assert [c.id for c in standing(declared)] == ["C06", "C07", "C06"]
    assert stands(declared, declared.tools[0]) == ()
    assert not holds_credited(declared)


@pytest.mark.parametrize(
    ("full", "timeout", "credited"),
    [("yes", "block", True), ("partial", "block", False), ("yes", "unknown", False), ("unknown", "block", False)],
)
def test_holds_are_credited_only_when_people_can_see_and_silence_blocks(
    full: str, timeout: str, credited: bool
) -> None:
    declared = profile(autonomy={"approval": {**APPROVAL, "full_parameters": full, "timeout_default": timeout}})
    assert holds_credited(declared) is credited


def test_static_view_and_gateway_agree_on_which_controls_there_are() -> None:
    declared = profile(
        [tool("send", "email.send", approval="required"), tool("cancel", "alert.cancel", policy="deny")],
        autonomy={"approval": APPROVAL},
        comms={"allow_list": ["partner.example"]},
        gateway={"present": "yes", "rate_limits": {"actions_per_session": 9}},
    )
    enforced = {control.id for control in standing(declared)}
    assert enforced == {s.control for t in declared.tools for s in stands(declared, t)}
    assert enforced <= SIMULATED
