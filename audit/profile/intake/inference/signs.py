"""What was found in one tool, before it is weighed."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from audit.profile.intake.inference.grammar import Kind
from audit.profile.tools import Reach
from audit.world.capabilities import Capability, Effect

V = TypeVar("V")


class Sign(NamedTuple):
    """Something that shows a capability or an act.

    Attributes:
        kind: where it was found.
        weight: 3 sure by itself, 2 likely, 1 possible.
        capability: what it shows; None where only the act is told.
        act: name of the act in the rules; empty where only the capability is told.
        evidence: a sentence for people.
        beside: counts only where one of these capabilities has another sign.
        possible: the capability may come with the act and is no effect of it (a draft may be sent later).
        guess: the act alone shows it, since it is done to something that has no capability for it.
        effect: what the act does to this thing, where that is graver than what it does to others.
    """

    kind: Kind
    weight: int
    capability: Capability | None
    act: str
    evidence: str
    beside: tuple[Capability, ...] = ()
    possible: bool = False
    effect: Effect | None = None
    guess: bool = False


class Found(NamedTuple, Generic[V]):
    """A value, where it was found, the sentence that says why, and the capabilities beside which it counts."""

    value: V
    kind: Kind
    evidence: str
    beside: tuple[Capability, ...] = ()


class Signs(NamedTuple):
    """Everything found in one tool.

    Attributes:
        found: all signs, in the order in which they were read.
        name_acts: the acts that the name says.
        vague: the name's verb tells nothing unless the thing it is done to does.
        strange: the word of the name for what the tool acts on, where no rule knows it; else empty.
        reaches: who is reached.
        final: the sentence that says an act cannot be taken back; empty where nothing says so.
        recoverable: the same for what is kept.
    """

    found: tuple[Sign, ...]
    name_acts: frozenset[str]
    vague: bool
    strange: str
    reaches: tuple[Found[Reach], ...]
    final: str
    recoverable: str
