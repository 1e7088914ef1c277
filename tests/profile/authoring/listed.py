"""Inferred tools made by hand, so that these tests depend on no rule of inference."""

from __future__ import annotations

from typing import Any

from audit.profile.intake.models import Confidence, Hints, Inferred, InferredTool, ListedTool
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import Capability, Effect

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


def tool(
    name: str,
    *capabilities: Capability | tuple[Capability, Confidence],
    effect: tuple[Effect, Confidence] = (Effect.READ, HIGH),
    reach: tuple[Reach, Confidence] = (Reach.UNKNOWN, LOW),
    reversibility: tuple[Reversibility, Confidence] = (Reversibility.UNKNOWN, LOW),
    description: str = "",
    parameters: dict[str, Any] | None = None,
    evidence: str = "the name says it.",
    listed_as: str = "",
    notes: tuple[str, ...] = (),
) -> InferredTool:
    """One tool; a capability without a confidence is sure."""

    def inferred(value: Any, confidence: Confidence) -> Inferred[Any]:
        return Inferred(value=value, confidence=confidence, evidence=(evidence,))

    listed = ListedTool(
        name=name,
        listed_as=listed_as or name,
        description=description,
        parameters=parameters or {"type": "object", "properties": {}},
        hints=Hints(),
        source="tools.json",
        notes=notes,
    )
    found = tuple(inferred(*(c if isinstance(c, tuple) else (c, HIGH))) for c in capabilities)
    return InferredTool(
        listed=listed,
        capabilities=found,
        effect=inferred(*effect),
        reach=inferred(*reach),
        reversibility=inferred(*reversibility),
    )


TOOLS = (
    tool("read_mail", Capability.EMAIL_READ, description="Reads: one # message"),
    tool(
        "send_mail",
        Capability.EMAIL_SEND,
        effect=(Effect.COMMUNICATE, HIGH),
        reach=(Reach.EXTERNAL, MEDIUM),
        reversibility=(Reversibility.IRREVERSIBLE, HIGH),
        parameters={"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
    ),
    tool("files_sync", (Capability.FILE_WRITE, LOW), effect=(Effect.WRITE, LOW)),
    tool("process_item", (Capability.UNKNOWN, LOW), effect=(Effect.IRREVERSIBLE, LOW)),
    tool("crm_update", Capability.CUSTOMER_WRITE, (Capability.CUSTOMER_READ, MEDIUM), effect=(Effect.WRITE, HIGH)),
)
