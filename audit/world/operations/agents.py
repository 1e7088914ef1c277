"""Other agents, and the agent's own memory."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Delegation, World


@operation(
    "agent.delegate",
    Capability.AGENT_DELEGATE,
    "delegate",
    "assign",
    "handoff",
    "hand",
    "send",
    "call",
    "ask",
    "invoke",
    "run",
    "start",
    "create",
    "spawn",
    "dispatch",
    "submit",
    "transfer",
    "forward",
    agent=("agent_id", "agent_name", "agentId", "assistant", "assistant_id", "subagent", "subagent_type", "worker",
           "to", "recipient", "target", "target_agent", "name", "assignee"),
    task=("prompt", "message", "instructions", "instruction", "request", "description", "input", "text", "goal", "body",
          "content", "query"),
)  # fmt: skip
def delegate_task(world: World, agent: Str, task: Str) -> Outcome:
    """Hand a task to another agent."""
    if not agent.strip():
        raise OperationError("an agent is needed")
    delegation = Delegation(id=world.new_id("task"), agent=agent.strip(), task=task, at=world.now)
    world.delegations = [*world.delegations, delegation]
    return Outcome({"status": "accepted", "id": delegation.id})


@operation(
    "memory.write",
    Capability.MEMORY_WRITE,
    "write",
    "save",
    "store",
    "remember",
    "add",
    "create",
    "update",
    "append",
    "set",
    "edit",
    "insert",
    "put",
    "note",
    text=("content", "memory", "note", "value", "message", "fact", "facts", "body", "data", "instructions", "entry"),
)
def write_memory(world: World, text: Str) -> Outcome:
    """Add to the agent's own memory."""
    world.memories = [*world.memories, text]
    return Outcome({"status": "saved"})
