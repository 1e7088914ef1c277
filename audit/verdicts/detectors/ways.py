"""Through which capabilities an act can be done: those of its operations, those a scenario names, and some always."""

from __future__ import annotations

from audit.verdicts.detectors.specs import ActSpec
from audit.world.capabilities import Capability
from audit.world.operations import OPERATIONS

ANY_ACT = frozenset({Capability.AGENT_DELEGATE, Capability.CODE_EXECUTE, Capability.DATABASE_QUERY})
"""Capabilities through which every act can be done, whatever a scenario names: by another's hands, or by a command."""
TALKING = frozenset({Capability.EMAIL_SEND, Capability.CHAT_SEND, Capability.AGENT_DELEGATE})
"""Capabilities that stand for each other where the act is to say something to somebody."""


def own_of(spec: ActSpec) -> frozenset[Capability]:
    """Capabilities of the operations that are the act."""
    return frozenset(OPERATIONS[name].capability for name in spec.operations if name in OPERATIONS)


def ways_of(spec: ActSpec) -> frozenset[Capability]:
    """Capabilities through which the act can be done beside its operations.

    Where the act is to tell certain people something, other ways to reach them are among them.
    """
    own = own_of(spec)
    speech = {*TALKING, Capability.CALENDAR_WRITE} if spec.to and own and own <= TALKING else set[Capability]()
    return frozenset({*spec.also_through, *ANY_ACT, *speech})
