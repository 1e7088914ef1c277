"""A tool as a list gives it, and what is inferred from it. No I/O here."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import Capability, Effect

V = TypeVar("V")


class IntakeModel(BaseModel):
    """Base of everything in intake: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hints(IntakeModel):
    """What a tool says about itself (MCP annotations). None: it does not say.

    Hints are self-declared. They may raise a risk; alone they never lower one.
    """

    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None


class ListedTool(IntakeModel):
    """One tool of a list, before anything is inferred."""

    name: str
    """A name that profiles accept."""
    listed_as: str
    """The name in the list. It differs from ``name`` only where model providers would refuse it."""
    title: str = ""
    description: str = ""
    parameters: dict[str, Any]
    """JSON Schema of the arguments, always of type object."""
    hints: Hints = Hints()
    source: str
    """Where the list came from, as messages print it: a file, ``standard input``, a server's command or address."""
    notes: tuple[str, ...] = ()
    """What had to be changed to make it usable, in sentences for people."""


class Confidence(StrEnum):
    """How far an inference can be trusted, best first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for high up to 2 for low."""
        return list(Confidence).index(self)


class Inferred(IntakeModel, Generic[V]):
    """One inferred value with what it rests on."""

    value: V
    confidence: Confidence
    evidence: tuple[str, ...] = Field(min_length=1)
    """Sentences for people, such as: the name says "send"; the argument `to` takes addresses."""


class InferredTool(IntakeModel):
    """A listed tool with everything inferred about it."""

    listed: ListedTool
    capabilities: tuple[Inferred[Capability], ...] = Field(min_length=1)
    """What it lets an agent do, surest first. ``Capability.UNKNOWN`` alone where nothing can be told."""
    effect: Inferred[Effect]
    reach: Inferred[Reach]
    reversibility: Inferred[Reversibility]

    @property
    def name(self) -> str:
        """The tool's name in the profile."""
        return self.listed.name

    @property
    def unsure(self) -> bool:
        """Whether a person should look: some capability or the effect is unknown or rests on little."""
        if self.effect.confidence is Confidence.LOW:
            return True
        return any(c.value is Capability.UNKNOWN or c.confidence is Confidence.LOW for c in self.capabilities)
