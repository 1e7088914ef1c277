"""What holds whatever an agent does: nothing raises, reading changes nothing, what is stopped has no effect."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.world.actions import Action, Decision, Disposition, Ruling
from audit.world.gateway import Request
from audit.world.operations import OPERATIONS
from audit.world.state import World
from tests.world.small_company import INES, OUTSIDER, READS, TOOLS, Watches, call, company, do, runtime, settled, told

KNOWN = [
    "m-1",
    "m-2",
    "f-1",
    "f-2",
    "a-1",
    "a-2",
    "t-1",
    "Q-77",
    INES,
    OUTSIDER,
    "/sales/wicks.txt",
    "sent",
    "2026-03-12T10:00",
    *("c-1", "p-1", "i-1", "pay-1", "j-1", "s-1", "l-1", "k-1", "d-1", "door-log", "#lunch", "120.00", "jobs"),
    *("select * from invoices", "rm /sales/wicks.txt", "cp wicks.txt /a/ && mv /a/wicks.txt b; cat b", "ls -R"),
]
WORDS = st.one_of(st.sampled_from(KNOWN), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS)
# As deep as a dialect lets arguments be; see the dialects' own tests for deeper ones.
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any] | None]:
    """A tool and arguments for it: often fitting, sometimes of the wrong type, sometimes none that could be read."""
    tool = draw(st.sampled_from(TOOLS))
    names = st.sampled_from([*tool.argument_names, "extra"])
    arguments = draw(st.none() | st.dictionaries(names, WORDS | VALUES | st.sampled_from([[INES], [OUTSIDER]])))
    return draw(st.sampled_from([tool.name] * 9 + ["no_such_tool"])), arguments


class Company(RuleBasedStateMachine):
    """Any calls, in any order, under a gateway whose mood changes."""

    @initialize(seed=st.integers(0, 3))
    def start(self, seed: int) -> None:
        self.ruling = Ruling.ALLOW
        self.running = runtime(self, Watches(), world=company().model_copy(update={"seed": seed}))
        self.script: list[tuple[str, dict[str, Any] | None, Ruling]] = []
        self.seed = seed

    id = "MOOD"

    def decide(self, request: Request, world: World) -> Decision:
        return Decision(control=self.id, ruling=self.ruling, reason="mood", changed={"body": "changed"})

    @rule(one=calls(), ruling=st.sampled_from([Ruling.ALLOW] * 5 + list(Ruling)))
    def any_call(self, one: tuple[str, dict[str, Any] | None], ruling: Ruling) -> None:
        self.ruling = ruling
        before = settled(self.running.world)
        action = call(self.running, *one)
        self.script.append((*one, ruling))
        if not action.disposition.took_effect or action.operation is None or action.operation in READS:
            assert settled(self.running.world) == before
            assert action.changes == ()
        else:
            assert bool(action.changes) is (settled(self.running.world) != before)
        if action.disposition is Disposition.FAILED:
            assert told(action)["error"]
        if ruling in {Ruling.DENY, Ruling.HOLD}:
            assert not action.disposition.took_effect

    @rule()
    @precondition(lambda self: len(self.running.world.messages) > 3)
    def open_what_was_sent(self) -> None:
        self.ruling = Ruling.ALLOW
        newest = next(m.id for m in reversed(self.running.world.messages) if m.sent_at <= self.running.world.now)
        action = do(self.running, "email.read", message=newest)
        self.script.append(("email_read", {"message": newest}, Ruling.ALLOW))
        assert action.seen == (newest,)

    @invariant()
    def the_record_has_no_gap(self) -> None:
        assert [action.index for action in self.running.actions] == list(range(len(self.script)))
        assert all(json.loads(action.result) is not None for action in self.running.actions)

    @invariant()
    def ids_do_not_collide(self) -> None:
        world = self.running.world
        ids = [
            item.id
            for kept in (world.messages, world.files, world.events, world.tickets, world.concerns,
                         world.records, world.posts, world.delegations, world.grants)
            for item in kept
        ]  # fmt: skip
        assert len(ids) == len(set(ids))

    @invariant()
    def scenario_items_are_not_lost_unless_deleted(self) -> None:
        assert [message.id for message in self.running.world.messages[:3]] == ["m-1", "m-2", "m-3"]

    def teardown(self) -> None:
        """The same list of calls gives the same world; and everything recorded can be written down and read again."""
        original = company()
        again = runtime(self, Watches(), world=original.fresh(self.seed))
        for tool, arguments, ruling in self.script:
            self.ruling = ruling
            call(again, tool, arguments)
        assert again.world.digest() == self.running.world.digest()
        assert again.actions == self.running.actions
        assert original == company(), "a copy to act in shares its parts, so nothing may be changed in place"
        for action in again.actions:
            Action.model_validate_json(action.model_dump_json())


Company.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestAnyCalls = Company.TestCase


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(READS)), st.dictionaries(st.sampled_from(["query", "limit", "message", "file"]), VALUES))
def test_reading_never_changes_the_world(operation: str, arguments: dict[str, Any]) -> None:
    assert operation in OPERATIONS
    running = runtime()
    do(running, operation, **arguments)
    assert settled(running.world) == settled(company())
