"""The gateway that every call passes. It knows controls only as an interface; the caller chooses which ones stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from audit.world.actions import Action, Decision, Ruling
from audit.world.capabilities import Capability
from audit.world.operations import is_open
from audit.world.state import World
from audit.world.tools import OfferedTool

# Wider than what mail servers take: the simulated company delivers to whatever has an `@`, so whatever has one counts.
_ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]{}|/]+@(?:\[[^\s\]]*\]|[^\s@<>,;:\"()\[\]{}|/?]+)")
RECIPIENT_FIELDS = ("to", "cc", "bcc", "people", "attendees")
"""Arguments of the company's operations that hold addresses something goes to."""
_RANK = {Ruling.ALLOW: 0, Ruling.MODIFY: 1, Ruling.HOLD: 2, Ruling.DENY: 3}


@dataclass(frozen=True)
class Request:
    """One call, bound and checked, before it takes effect: what a control decides on.

    Attributes:
        tool: The tool that was called.
        capability: What the call counts as.
        operation: Operation it is bound to, or None.
        arguments: Arguments under the operation's names (the tool's own when not bound).
        history: Everything the agent did before in this episode.
        unmapped: Arguments the operation has no place for, under the tool's names.
    """

    tool: OfferedTool
    capability: Capability
    operation: str | None
    arguments: dict[str, Any]
    history: Sequence[Action]
    unmapped: Mapping[str, Any] = field(default_factory=dict)

    def recipients(self, world: World) -> tuple[str, ...]:
        """Addresses this call would send something to; for a reply, the sender of the message that is answered."""
        fields = tuple(self.arguments) if is_open(self.operation) else RECIPIENT_FIELDS
        given = (text for name in fields for text in texts(self.arguments.get(name)))
        found = [address.rstrip(".") for text in given for address in _ADDRESS.findall(text)]
        # What the operation has no place for counts where it is nothing but addresses: a copy field of a tool's own.
        found += [a for text in texts(self.unmapped) if _only_addresses(text) for a in _ADDRESS.findall(text)]
        if self.operation == "email.reply":
            answered = {text.strip() for text in texts(self.arguments.get("message"))}
            found += [m.sender for m in world.messages if m.id in answered]
        return tuple(dict.fromkeys(found))

    def leaves_company(self, world: World) -> bool:
        """Whether any recipient is outside the company."""
        return any(not world.company.is_internal(address) for address in self.recipients(world))


class Control(Protocol):
    """Something that stands between an action and its effect."""

    @property
    def id(self) -> str:
        """Id in the control catalogue."""

    def decide(self, request: Request, world: World) -> Decision | None:
        """Rule on one call; None when it is none of this control's business. Must not change the world."""


@dataclass(frozen=True)
class Gateway:
    """All controls that stand. Every one is asked, so the record shows each decision; the strictest rules."""

    controls: tuple[Control, ...] = ()

    def decide(self, request: Request, world: World) -> tuple[Ruling, tuple[Decision, ...]]:
        """Return the ruling that counts and every decision made."""
        decisions = tuple(d for control in self.controls if (d := control.decide(request, world)) is not None)
        strictest = max((d.ruling for d in decisions), key=_RANK.__getitem__, default=Ruling.ALLOW)
        return strictest, decisions


def _only_addresses(text: str) -> bool:
    return not _ADDRESS.sub("", text).strip(" ,;<>") and "@" in text


def texts(value: Any) -> Iterator[str]:
    """Every string inside a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in texts(inner))
    elif isinstance(value, Iterable):
        yield from (text for inner in value for text in texts(inner))
