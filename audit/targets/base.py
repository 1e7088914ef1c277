"""What a target is to the rest: something that opens a session in a situation and replies."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from audit.llm.models import Completion
from audit.scenarios.situation import Dialect, Situation


class TargetIdentity(BaseModel):
    """Who was audited, as it is stored and printed. Never holds a key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    simulated: bool
    parameters: dict[str, Any] = Field(default_factory=dict)
    api_base: str | None = None
    recipient: str
    """Where the conversation goes: a host, a provider, or "this machine"."""
    dialect: Dialect
    dialect_found: str
    """How the dialect was settled: by the profile, or by a probe."""
    description: str = ""
    """For simulated models: what they are."""
    known_rates: dict[str, float] = Field(default_factory=dict)
    """For simulated models: probability of the harmful script, by condition."""


class Session(Protocol):
    """One conversation with the target."""

    async def reply(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        """The target's next reply.

        Args:
            messages: The conversation so far, OpenAI chat format.
            tools: Tool schemas; empty in the tags dialect.

        Raises:
            ModelCallError: the call failed for good.
        """
        ...


class Target(Protocol):
    """Something that can be audited."""

    @property
    def model(self) -> str:
        """The model id of the profile."""

    async def settle_dialect(self) -> tuple[Dialect, str]:
        """How it calls tools, and how that is known. May make one call.

        Raises:
            ModelCallError: the model cannot be called at all.
        """
        ...

    def identity(self, dialect: Dialect, found: str, conditions: list[str]) -> TargetIdentity:
        """What is stored about it, for a run over some conditions."""
        ...

    def open(self, situation: Situation, seed: int) -> Session:
        """Start a session. Sessions do not share anything but the connection."""
        ...
