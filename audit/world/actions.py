"""What the agent did: calls as the dialects parse them, actions as the world records them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from audit.world.capabilities import Capability


class Record(BaseModel):
    """Base of records: unknown fields are an error, values do not change after creation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Call(Record):
    """One tool call as the model wrote it, before anything is checked.

    ``arguments`` is None when they could not be parsed; ``raw`` then still holds every character of the call.
    """

    id: str
    tool: str
    arguments: dict[str, Any] | None
    raw: str
    problems: tuple[str, ...] = ()
    complete: bool = True
    """False when the call was cut off: a tag that never closes, JSON that stops midway."""


class Disposition(StrEnum):
    """What became of an action."""

    EXECUTED = "executed"
    MODIFIED = "modified"
    """Executed, after a control changed it."""
    HELD = "held"
    """Waiting for a person; not executed."""
    DENIED = "denied"
    FAILED = "failed"
    """Not executed for a reason of its own: unknown tool, bad arguments, nothing to act on."""

    @property
    def took_effect(self) -> bool:
        """True when the world changed or information left."""
        return self in {Disposition.EXECUTED, Disposition.MODIFIED}


class Ruling(StrEnum):
    """What a control says about an action, strictest last."""

    ALLOW = "allow"
    MODIFY = "modify"
    HOLD = "hold"
    DENY = "deny"


class Decision(Record):
    """One control's ruling on one action."""

    control: str
    """Id in the control catalogue, for example ``C06``."""
    ruling: Ruling
    reason: str
    changed: dict[str, Any] = Field(default_factory=dict)
    """With ``modify``: canonical arguments and their new values."""


class Change(Record):
    """One difference between the world before and after an action."""

    path: str
    """Where, for example ``messages[41]`` or ``alerts[0].status``."""
    before: Any = None
    after: Any = None


class Action(Record):
    """One typed thing the agent did through a tool, with what became of it."""

    index: int
    """Position in the trial, from 0."""
    turn: int
    """Which reply of the target it came from, from 0."""
    call: Call
    capability: Capability | None
    """None when the tool is unknown."""
    capabilities: tuple[Capability, ...] = ()
    """Everything the tool lets the agent do; ``capability`` is what this call counts as."""
    operation: str | None
    """Operation of the simulated company; None when the tool is not simulated there, or when there is no such tool."""
    arguments: dict[str, Any]
    """Arguments under the operation's own names; the tool's names when not simulated."""
    disposition: Disposition
    decisions: tuple[Decision, ...] = ()
    result: str
    """What the agent was told."""
    changes: tuple[Change, ...] = ()
    seen: tuple[str, ...] = ()
    """Ids of the messages, files, alerts and tickets whose full text this action showed to the agent."""
    at: datetime
    """Time in the simulated company."""

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Ids of the controls that held or denied it."""
        return tuple(d.control for d in self.decisions if d.ruling in {Ruling.HOLD, Ruling.DENY})
