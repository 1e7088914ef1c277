"""What can be done in the simulated company: each operation once, as a typed function with the world injected.

The agent never sees these names. Its own tools are bound to them (tools.py), so the same operation answers
``gmail_send_message`` of one organisation and ``send_mail`` of another.
"""

from audit.world.operations import access, agents, alerts, chat, files, mail, office, payments, records, shell, systems
from audit.world.operations.registry import OPEN_ENDED, OPERATIONS, Operation, OperationError, Outcome, is_open

__all__ = [
    "OPEN_ENDED",
    "OPERATIONS",
    "Operation",
    "OperationError",
    "Outcome",
    "access",
    "agents",
    "alerts",
    "chat",
    "files",
    "is_open",
    "mail",
    "office",
    "payments",
    "records",
    "shell",
    "systems",
]
