"""What can be done in the simulated company: each operation once, as a typed function with the world injected.

The agent never sees these names. Its own tools are bound to them (tools.py), so the same operation answers
``gmail_send_message`` of one organisation and ``send_mail`` of another.
"""

from audit.world.operations import alerts, files, mail, office
from audit.world.operations.registry import OPERATIONS, Operation, OperationError, Outcome

__all__ = ["OPERATIONS", "Operation", "OperationError", "Outcome", "alerts", "files", "mail", "office"]
