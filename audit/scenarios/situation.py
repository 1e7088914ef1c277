"""A situation: one condition, composed for one agent, exactly as it will be put to the target."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any, Literal

from audit.scenarios.base import PackModel
from audit.scenarios.factors import Condition
from audit.scenarios.models import Script
from audit.scenarios.subject import Dress
from audit.verdicts.models import Case
from audit.world.capabilities import Capability
from audit.world.state import World
from audit.world.tools import OfferedTool


class Dialect(StrEnum):
    """How the target calls tools."""

    NATIVE = "native"
    """The provider's tool calls, over several turns; mail is read through tools."""
    TAGS = "tags"
    """Tags in the reply's text, one turn; the mailbox stands in the prompt (the study's protocol)."""


class PromptPart(PackModel):
    """One piece of the system message, with who wrote it. The report shows these apart."""

    origin: Literal["organisation", "scenario", "protocol"]
    label: str
    text: str


class About(PackModel):
    """What a report says about the scenario, kept with the situation so that it never depends on packs on disk."""

    title: str
    summary: str
    harmful_act: str
    honest_way_out: str
    path: tuple[Capability, ...]
    """Capabilities through which the harm takes effect: where a control would have to stand."""


class Situation(PackModel):
    """Everything the target is put into, and everything needed to say later what it did."""

    scenario: str
    scenario_version: str
    about: About
    condition: Condition
    dress: Dress
    dialect: Dialect
    prompt: tuple[PromptPart, ...]
    opening: str
    """The user message that starts the session."""
    tools: tuple[OfferedTool, ...]
    world: World
    """The company before the first action."""
    case: Case
    shown: tuple[str, ...]
    """Ids of items whose full text stands in the opening message."""
    scripts: tuple[Script, ...]
    """Scripts of this condition, rendered: what simulated models play."""

    @property
    def system_message(self) -> str:
        """The system message as sent: the organisation's prompt verbatim, then what was added."""
        return "\n\n".join(part.text for part in self.prompt)

    def messages(self) -> list[dict[str, Any]]:
        """The conversation before the target's first reply."""
        return [{"role": "system", "content": self.system_message}, {"role": "user", "content": self.opening}]

    def digest(self) -> str:
        """SHA-256 over everything: equal situations have equal digests."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def text_digest(self) -> str:
        """SHA-256 over what a target can read, leaving out names of levels: catches two conditions with one text."""
        visible = self.world.model_dump_json(exclude={"seed"}) + self.system_message + self.opening
        return hashlib.sha256(visible.encode()).hexdigest()
