"""The one choke point: every call of the target passes here, in whatever dialect it was written.

parse (dialects) -> bind -> gateway -> execute -> record. Nothing else changes the world, and nothing the target does
goes unrecorded: an unknown tool, broken arguments and a denied call are actions too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from audit.world.actions import Action, Call, Change, Decision, Disposition, Ruling
from audit.world.capabilities import Capability, Effect
from audit.world.gateway import Gateway, Request
from audit.world.operations import OPERATIONS, OperationError, Outcome
from audit.world.state import World
from audit.world.tools import MOST_AT_ONCE, OfferedTool

_CLOCKWORK = {"now", "counters"}


class Runtime:
    """One simulated company in motion. Holds the world and the record of what was done in it."""

    def __init__(self, world: World, tools: Sequence[OfferedTool], gateway: Gateway) -> None:
        self.world = world
        self.gateway = gateway
        self.actions: list[Action] = []
        self._tools = {tool.name: tool for tool in tools}

    def call(self, call: Call, turn: int) -> Action:
        """Carry out one call and record it.

        Args:
            call: The call as parsed by a dialect.
            turn: Which reply of the target it came from, from 0.

        Returns:
            The action; its ``result`` is what the target is told. Never raises on anything the target wrote.
        """
        self.world.tick()
        tool = self._tools.get(call.tool)
        if tool is None:
            known = ", ".join(self._tools)
            return self._record(
                call,
                turn,
                None,
                None,
                {},
                Disposition.FAILED,
                _error(f"unknown tool {call.tool!r}; available: {known}"),
            )
        if call.arguments is None:
            problem = "; ".join(call.problems) or "arguments could not be read"
            return self._record(call, turn, tool.capability, tool.operation, {}, Disposition.FAILED, _error(problem))
        arguments = tool.canonical(call.arguments)
        capability, operation = tool.capability_of(call.arguments), tool.operation_of(call.arguments)
        request = Request(tool, capability, operation, arguments, tuple(self.actions), tool.unmapped(call.arguments))
        ruling, decisions = self.gateway.decide(request, self.world)
        if ruling is Ruling.DENY:
            reason = next(d.reason for d in decisions if d.ruling is Ruling.DENY)
            told = _error(f"request denied by policy: {reason}")
            return self._record(call, turn, capability, operation, arguments, Disposition.DENIED, told, decisions)
        if ruling is Ruling.HOLD:
            reason = next(d.reason for d in decisions if d.ruling is Ruling.HOLD)
            told = json.dumps(
                {"status": "pending_approval", "reference": self.world.new_id("approval"), "note": reason}
            )
            return self._record(call, turn, capability, operation, arguments, Disposition.HELD, told, decisions)
        if ruling is Ruling.MODIFY:
            changed = {k: v for d in decisions for k, v in d.changed.items()}
            return self._execute(call, turn, tool, {**arguments, **changed}, Disposition.MODIFIED, decisions, changed)
        return self._execute(call, turn, tool, arguments, Disposition.EXECUTED, decisions)

    def _execute(
        self,
        call: Call,
        turn: int,
        tool: OfferedTool,
        arguments: dict[str, Any],
        done: Disposition,
        decisions: tuple[Decision, ...],
        changed: dict[str, Any] | None = None,
    ) -> Action:
        given = call.arguments or {}
        capability, operation = tool.capability_of(given), tool.operation_of(given)
        before = dict(self.world)
        try:
            if operation is None:
                outcome = self._unsimulated(tool)
            else:
                outcome = self._carried_out(operation, [{**one, **(changed or {})} for one in tool.each(given)])
        except OperationError as error:
            told = _error(str(error))
            return self._record(call, turn, capability, operation, arguments, Disposition.FAILED, told, decisions)
        told = json.dumps(outcome.result, ensure_ascii=False)
        changes = self._changed_since(before)
        return self._record(call, turn, capability, operation, arguments, done, told, decisions, changes, outcome.seen)

    def _carried_out(self, operation: str, several: list[dict[str, Any]]) -> Outcome:
        """Do an operation; for a call over several items once for each. What fails is told beside what succeeds.

        Raises:
            OperationError: When nothing could be done.
        """
        if len(several) == 1:
            return OPERATIONS[operation](self.world, several[0])
        if len(several) > MOST_AT_ONCE:
            raise OperationError(f"too many items in one call: at most {MOST_AT_ONCE}")
        results: list[Any] = []
        seen: list[str] = []
        errors: list[str] = []
        for arguments in several:
            try:
                outcome = OPERATIONS[operation](self.world, arguments)
            except OperationError as error:
                errors.append(str(error))
                results.append({"error": str(error)})
            else:
                results.append(outcome.result)
                seen += outcome.seen
        if len(errors) == len(several):
            raise OperationError("; ".join(dict.fromkeys(errors)))
        return Outcome(results, tuple(dict.fromkeys(seen)))

    def _unsimulated(self, tool: OfferedTool) -> Outcome:
        """What a tool answers that the scenario does not simulate: success without content, never an invented fact."""
        if tool.effect is Effect.READ:
            return Outcome({"status": "ok", "results": [], "count": 0})
        return Outcome({"status": "ok", "reference": self.world.new_id("ref")})

    def _changed_since(self, before: dict[str, Any]) -> tuple[Change, ...]:
        """What an operation changed. It replaces what it changes, so parts that are the same object are the same."""
        changed = {name for name, part in self.world if part is not before[name]} - _CLOCKWORK
        if not changed:
            return ()
        earlier = self.world.model_copy(update=before).model_dump(mode="json", include=changed)
        return _differences(earlier, self.world.model_dump(mode="json", include=changed))

    def _record(
        self,
        call: Call,
        turn: int,
        capability: Capability | None,
        operation: str | None,
        arguments: dict[str, Any],
        disposition: Disposition,
        result: str,
        decisions: tuple[Decision, ...] = (),
        changes: tuple[Change, ...] = (),
        seen: tuple[str, ...] = (),
    ) -> Action:
        action = Action(
            index=len(self.actions),
            turn=turn,
            call=call,
            capability=capability,
            capabilities=tool.capabilities if (tool := self._tools.get(call.tool)) else (),
            operation=operation,
            arguments=arguments,
            disposition=disposition,
            decisions=decisions,
            result=result,
            changes=changes,
            seen=seen,
            at=self.world.now,
        )
        self.actions.append(action)
        return action


def _error(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False)


def _differences(before: Any, after: Any, path: str = "") -> tuple[Change, ...]:
    """Paths at which two plain values differ. Lists go by position; a list that got shorter is reported whole."""
    if before == after:
        return ()
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(k for k in after if k not in before)]
        inner = (_differences(before.get(k), after.get(k), f"{path}.{k}" if path else k) for k in keys)
        return tuple(change for changes in inner for change in changes)
    if isinstance(before, list) and isinstance(after, list) and len(after) >= len(before):
        padded = [*before, *([None] * (len(after) - len(before)))]
        pairs = enumerate(zip(padded, after, strict=True))
        return tuple(change for i, (b, a) in pairs for change in _differences(b, a, f"{path}[{i}]"))
    return (Change(path=path, before=before, after=after),)
