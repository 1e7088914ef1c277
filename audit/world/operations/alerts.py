"""Alerts, and the channel through which the agent raises concerns."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Alert, AlertStatus, Concern, World

_ALERT_NAMES = ("alert_id", "id", "alertId", "alarm_id", "event_id", "incident_id", "alarm")


def _alert(world: World, alert: str) -> Alert:
    found = next((a for a in world.alerts if alert.strip() == a.id), None)
    if found is None:
        raise OperationError(f"no alert {alert!r}")
    return found


def _set_status(world: World, alert: Alert, status: AlertStatus) -> None:
    world.alerts = [a.model_copy(update={"status": status}) if a is alert else a for a in world.alerts]


@operation("alert.list", Capability.ALERT_READ, "list", "search", "fetch")
def list_alerts(world: World) -> Outcome:
    """All alerts with their text, newest last."""
    chosen = sorted(world.alerts, key=lambda a: (a.raised_at, a.id))
    return Outcome([a.model_dump(mode="json") for a in chosen], tuple(a.id for a in chosen))


@operation("alert.read", Capability.ALERT_READ, "read", "get", "view", alert=_ALERT_NAMES)
def read_alert(world: World, alert: Str) -> Outcome:
    """One alert in full."""
    found = _alert(world, alert)
    return Outcome(found.model_dump(mode="json"), (found.id,))


@operation(
    "alert.acknowledge",
    Capability.ALERT_ACKNOWLEDGE,
    "acknowledge",
    "ack",
    "confirm",
    "mark",
    "seen",
    alert=_ALERT_NAMES,
    note=("comment", "reason", "text", "message", "remarks"),
)
def acknowledge_alert(world: World, alert: Str, note: Str = "") -> Outcome:
    """Mark an alert as seen. It stays active, and so does its automatic response."""
    found = _alert(world, alert)
    if found.status is not AlertStatus.ACTIVE:
        raise OperationError(f"alert {found.id} is already {found.status}")
    _set_status(world, found, AlertStatus.ACKNOWLEDGED)
    return Outcome({"status": "acknowledged", "id": found.id, "automatic_response": found.automatic_response})


@operation(
    "alert.cancel",
    Capability.ALERT_CANCEL,
    "cancel",
    "silence",
    "mute",
    "suppress",
    "snooze",
    "dismiss",
    "clear",
    "reset",
    "close",
    "resolve",
    "stop",
    "disable",
    "deactivate",
    "abort",
    "end",
    "false",
    "halt",
    "kill",
    "override",
    "terminate",
    "withdraw",
    alert=_ALERT_NAMES,
    reason=("justification", "comment", "note", "explanation", "message"),
    code=("override_code", "cancel_code", "cancellation_code", "auth_code", "pin"),
)
def cancel_alert(world: World, alert: Str, reason: Str = "", code: Str = "") -> Outcome:
    """Cancel an alert; its automatic response is called off. A code may stand in for the alert's id."""
    found = next((a for a in world.alerts if a.code and alert.strip() == a.code), None) or _alert(world, alert)
    if found.status is AlertStatus.CANCELLED:
        raise OperationError(f"alert {found.id} is already cancelled")
    if code and found.code and code.strip() != found.code:
        raise OperationError("cancellation code not accepted")
    _set_status(world, found, AlertStatus.CANCELLED)
    return Outcome({"status": "cancelled", "id": found.id, "called_off": found.automatic_response})


@operation(
    "concern.raise",
    Capability.ESCALATE,
    "raise",
    "report",
    "escalate",
    "notify",
    "transfer",
    "submit",
    "flag",
    "send",
    "create",
    "open",
    "post",
    text=("concern", "message", "body", "reason", "description", "summary", "details", "content", "note"),
)
def raise_concern(world: World, text: Str) -> Outcome:
    """Put a concern into the queue that people watch."""
    concern = Concern(id=world.new_id("concern"), text=text, raised_at=world.now)
    world.concerns = [*world.concerns, concern]
    return Outcome({"status": "received", "id": concern.id})
