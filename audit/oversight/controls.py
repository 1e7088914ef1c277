"""The controls that a profile can declare and the simulated company can enforce.

Each is a policy of the gateway: it looks at one typed call (tool, capability, recipients, what was done before) and
never at what the agent says about it, so no argument moves it. None of them changes the world.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.world.actions import Action, Decision, Disposition, Ruling
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from audit.world.gateway import RECIPIENT_FIELDS, Request, texts
from audit.world.operations import is_open
from audit.world.state import World

_BREAKS = re.compile(r"[\s,;<>()\[\]\"']+")
_GRAVE = frozenset({Effect.IRREVERSIBLE, Effect.SAFETY_OF_LIFE})

UNTOLD = "a recipient that cannot be told"
"""Stands for recipients that a call does not name."""


@dataclass(frozen=True)
class ToolPolicy:
    """Refuses every call of some tools: C11 where lives depend on them, C02 otherwise.

    Attributes:
        id: ``C11`` or ``C02``.
        tools: Names of the tools that are refused.
    """

    id: str
    tools: frozenset[str]

    def decide(self, request: Request, world: World) -> Decision | None:
        """Deny a call of one of the tools."""
        if request.tool.name not in self.tools:
            return None
        return Decision(
            control=self.id, ruling=Ruling.DENY, reason=f"{request.tool.name} is not available to the agent"
        )


@dataclass(frozen=True)
class RecipientAllowList:
    """C05: refuses what would go to anybody outside who is not on the list. Internal recipients are never its business.

    Attributes:
        allowed: Addresses and domains in lower case; a domain stands for itself, without subdomains. Empty: nobody.
    """

    allowed: frozenset[str]
    id: str = "C05"

    def decide(self, request: Request, world: World) -> Decision | None:
        """Deny when an outside recipient is not on the list; say so when all of them are."""
        outside = outsiders(request, world)
        if not outside:
            return None
        unlisted = [a for a in outside if a not in self.allowed and a.rsplit("@", 1)[-1] not in self.allowed]
        if unlisted:
            reason = f"not an approved recipient: {', '.join(unlisted)}"
            return Decision(control=self.id, ruling=Ruling.DENY, reason=reason)
        return Decision(control=self.id, ruling=Ruling.ALLOW, reason="all outside recipients are on the list")


@dataclass(frozen=True)
class ExternalApproval:
    """C06: holds what leaves the company for a person to confirm.

    Attributes:
        lapses: The profile says that an approval nobody decides lets the call through. Then nothing is held.
    """

    lapses: bool = False
    id: str = "C06"

    def decide(self, request: Request, world: World) -> Decision | None:
        """Hold a call with recipients outside the company."""
        if not outsiders(request, world):
            return None
        return _approval(self.id, "messages to the outside wait for a person", self.lapses)


@dataclass(frozen=True)
class IrreversibleApproval:
    """C07: holds what cannot be undone, or what lives depend on, for a second person.

    Attributes:
        lapses: As in :class:`ExternalApproval`.
        exempt: Tools of which the profile says that nobody confirms them. A general "yes" does not outweigh that.
    """

    lapses: bool = False
    exempt: frozenset[str] = frozenset()
    id: str = "C07"

    def decide(self, request: Request, world: World) -> Decision | None:
        """Hold a call of an irreversible or safety-critical tool."""
        tool = request.tool
        if tool.name in self.exempt or not grave(tool.effect, tool.irreversible, tool.capabilities):
            return None
        return _approval(self.id, "actions that cannot be undone wait for a second person", self.lapses)


@dataclass(frozen=True)
class ToolApproval:
    """Holds every call of some tools for a person: C06 for tools that speak, C07 for tools that change things.

    Attributes:
        id: ``C06`` or ``C07``.
        tools: Names of the tools.
        lapses: As in :class:`ExternalApproval`.
    """

    id: str
    tools: frozenset[str]
    lapses: bool = False

    def decide(self, request: Request, world: World) -> Decision | None:
        """Hold a call of one of the tools."""
        if request.tool.name not in self.tools:
            return None
        return _approval(self.id, f"each use of {request.tool.name} waits for a person", self.lapses)


@dataclass(frozen=True)
class RateLimit:
    """C13: refuses calls beyond the session's budgets.

    Attributes:
        actions: Calls allowed in a session, whatever became of them; None: no such limit.
        external_messages: Calls to outside recipients allowed in a session, sent or waiting; None: no such limit.
    """

    actions: int | None = None
    external_messages: int | None = None
    id: str = "C13"

    def decide(self, request: Request, world: World) -> Decision | None:
        """Deny what is over budget. Within budget it has nothing to say about a call."""
        if self.actions is not None and len(request.history) >= self.actions:
            return Decision(control=self.id, ruling=Ruling.DENY, reason=f"limit of {self.actions} actions reached")
        if self.external_messages is None or not outsiders(request, world):
            return None
        gone = sum(_counts(a) and bool(_outside(a.operation, a.arguments, world)) for a in request.history)
        if gone < self.external_messages:
            return None
        reason = f"limit of {self.external_messages} messages to the outside reached"
        return Decision(control=self.id, ruling=Ruling.DENY, reason=reason)


def _speaks(request: Request) -> bool:
    """Whether a call passes something on through a tool whose recipients are not fields that the company knows."""
    return is_open(request.operation) and CAPABILITIES[request.capability].effect is Effect.COMMUNICATE


def outsiders(request: Request, world: World) -> tuple[str, ...]:
    """Addresses outside the company that a call would send something to, in lower case.

    Stricter than :meth:`Request.recipients`: whatever has an ``@`` in a recipient field counts as an address, even one
    no mail server would take, because the simulated company would deliver it. Where a tool passes something on and its
    recipients cannot be told (a public link, a channel), and the profile does not say that it reaches only colleagues,
    ``UNTOLD`` stands for them. Tools that only read send nothing.
    """
    if is_open(request.operation) and request.tool.effect is Effect.READ:
        return ()
    addressed = request.recipients(world)
    if not addressed and _speaks(request) and request.tool.reach != "internal":
        return (UNTOLD,)
    known = [a.lower() for a in addressed if not world.company.is_internal(a)]
    found = _outside(request.operation, request.arguments, world)
    # Both ways of reading find the ordinary addresses; either may find more than the other.
    return tuple(dict.fromkeys([*known, *found]))


def grave(effect: Effect, irreversible: bool | None, capabilities: Iterable[Capability] = ()) -> bool:
    """Whether a tool is known to do what cannot be undone, or what lives depend on.

    That nobody has described a tool makes it no tool for which a person is asked: as an effect ``unknown`` counts as
    the worst, as a reason for a control to stand it does not count.
    """
    if irreversible is True or effect is Effect.SAFETY_OF_LIFE:
        return True
    given = set(capabilities)
    if Capability.UNKNOWN in given and not any(CAPABILITIES[c].effect in _GRAVE for c in given - {Capability.UNKNOWN}):
        return False
    return irreversible is None and effect in _GRAVE


def _outside(operation: str | None, arguments: dict[str, Any], world: World) -> tuple[str, ...]:
    fields = tuple(arguments) if is_open(operation) else RECIPIENT_FIELDS
    parts = [p for name in fields for text in texts(arguments.get(name)) for p in _BREAKS.split(text) if "@" in p]
    if operation == "email.reply":
        answered = {text.strip() for text in texts(arguments.get("message"))}
        parts += [message.sender for message in world.messages if message.id in answered]
    addresses = dict.fromkeys(part.strip(".:").removeprefix("mailto:").lower() for part in parts)
    return tuple(address for address in addresses if not world.company.is_internal(address))


def _counts(action: Action) -> bool:
    """Whether a past call used up budget for messages: it went out, or it waits to go out."""
    if action.capability is None or (
        is_open(action.operation) and CAPABILITIES[action.capability].effect is Effect.READ
    ):
        return False
    return action.disposition.took_effect or action.disposition is Disposition.HELD


def _approval(control: str, why: str, lapses: bool) -> Decision:
    if lapses:
        reason = f"{why}, but an approval that nobody decides in time lets the call through"
        return Decision(control=control, ruling=Ruling.ALLOW, reason=reason)
    return Decision(control=control, ruling=Ruling.HOLD, reason=why)
