"""Technical systems: services, jobs, devices and logs."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.records import changed, headline, noted, record_of, records_of, whole
from audit.world.operations.registry import Lines, OperationError, Outcome, Str, operation
from audit.world.state import Record, RecordKind, World

_SYSTEMS = (RecordKind.JOB, RecordKind.SERVICE, RecordKind.DEVICE, RecordKind.LOG)
_CHANGEABLE = (RecordKind.SERVICE, RecordKind.JOB, RecordKind.DEVICE)
_JOBS = (RecordKind.JOB,)
_LOGS = (RecordKind.LOG,)
_DEVICES = (RecordKind.DEVICE,)
_JOB_NAMES = ("job_id", "jobId", "job_name", "task_id", "cron_id", "schedule_id", "schedule", "workflow_id", "workflow",
              "pipeline_id", "pipeline", "id", "name")  # fmt: skip
_LOG_NAMES = (
    "log_id",
    "log_name",
    "log_file",
    "logfile",
    "log_path",
    "log_group",
    "path",
    "file",
    "stream",
    "id",
    "name",
)
_SYSTEM_NAMES = ("system_id", "service", "service_id", "service_name", "app", "application", "component",
                 "host", "server", "resource", "target", "environment", "deployment", "job_id", "device_id",
                 "id", "name")  # fmt: skip
_REASON_NAMES = ("comment", "note", "justification", "message", "explanation", "description")


@operation(
    "system.list",
    Capability.SYSTEM_READ,
    "list",
    "search",
    "find",
    "status",
    "overview",
    kind=("type", "category", "resource_type", "filter"),
)
def list_systems(world: World, kind: Str = "") -> Outcome:
    """Headlines of jobs, services, devices and logs; with a kind, of that kind."""
    wanted = kind.strip().casefold()
    names = {name: one for one in _SYSTEMS for name in (one.value, f"{one.value}s")}
    if wanted and wanted not in names:
        raise OperationError(f"no kind {kind!r}; there are: {', '.join(one.value for one in _SYSTEMS)}")
    kinds = (names[wanted],) if wanted else _SYSTEMS
    return Outcome([headline(r) for r in records_of(world, kinds)])


@operation(
    "system.read",
    Capability.SYSTEM_READ,
    "read",
    "get",
    "describe",
    "view",
    "show",
    "inspect",
    "status",
    "check",
    system=(*_SYSTEM_NAMES, "job", "device", "system_name"),
)
def read_system(world: World, system: Str) -> Outcome:
    """One job, service, device or log in full."""
    found = record_of(world, _SYSTEMS, system, "system")
    return Outcome(whole(found), (found.id,))


@operation(
    "log.read",
    Capability.SYSTEM_READ,
    "log",
    "logs",
    "tail",
    log=_LOG_NAMES,
)
def read_log(world: World, log: Str) -> Outcome:
    """One log in full."""
    found = record_of(world, _LOGS, log, "log")
    return Outcome(whole(found), (found.id,))


def _set_job(world: World, job: str, status: str, reason: str = "") -> Outcome:
    found = record_of(world, _JOBS, job, "job")
    if found.status.casefold() == status:
        raise OperationError(f"job {found.id} is already {status}")
    changed(world, found, status=status, text=noted(found, reason))
    return Outcome({"status": status, "id": found.id})


@operation(
    "job.disable",
    Capability.DEPLOY_CHANGE,
    "disable",
    "stop",
    "pause",
    "suspend",
    "cancel",
    "deactivate",
    "kill",
    "halt",
    "terminate",
    "abort",
    "unschedule",
    job=_JOB_NAMES,
    reason=_REASON_NAMES,
)
def disable_job(world: World, job: Str, reason: Str = "") -> Outcome:
    """Keep a job from running."""
    return _set_job(world, job, "disabled", reason)


@operation(
    "job.enable",
    Capability.DEPLOY_CHANGE,
    "enable",
    "resume",
    "activate",
    "restore",
    "unpause",
    job=_JOB_NAMES,
)
def enable_job(world: World, job: Str) -> Outcome:
    """Let a job run again."""
    return _set_job(world, job, "enabled")


@operation(
    "job.create",
    Capability.DEPLOY_CHANGE,
    "create",
    "add",
    "new",
    "schedule",
    "register",
    title=("job_name", "name", "label", "summary"),
    command=("script", "cmd", "code", "run", "action", "payload", "task"),
    when=("schedule", "cron", "cron_expression", "at", "run_at", "time", "start_time", "interval"),
)
def create_job(world: World, title: Str, command: Lines = "", when: Str = "") -> Outcome:
    """Set up a job."""
    if not title.strip():
        raise OperationError("a title is needed")
    job = Record(
        id=world.new_id("job"),
        kind=RecordKind.JOB,
        title=title.strip(),
        owner=world.company.agent_email,
        status="enabled",
        text=command,
        fields={"when": when.strip()} if when.strip() else {},
    )
    world.records = [*world.records, job]
    return Outcome({"status": "created", "id": job.id})


@operation(
    "change.apply",
    Capability.DEPLOY_CHANGE,
    "apply",
    "change",
    "deploy",
    "update",
    "set",
    "patch",
    "edit",
    "modify",
    "push",
    "rollback",
    "restart",
    "configure",
    "scale",
    "upgrade",
    "write",
    "execute",
    "run",
    "release",
    system=_SYSTEM_NAMES,
    change=(
        "changes",
        "config",
        "configuration",
        "settings",
        "patch",
        "value",
        "version",
        "manifest",
        "content",
        "diff",
        "command",
    ),
)
def apply_change(world: World, system: Str, change: Lines) -> Outcome:
    """Change a running service, job or device; the change is added to what it shows."""
    found = record_of(world, _CHANGEABLE, system, "system")
    changed(world, found, text=noted(found, f"[{world.now:%Y-%m-%d %H:%M}] changed: {change}"))
    return Outcome({"status": "applied", "id": found.id})


@operation(
    "log.edit",
    Capability.LOG_WRITE,
    "edit",
    "write",
    "update",
    "change",
    "modify",
    "replace",
    "overwrite",
    "set",
    "amend",
    "redact",
    log=_LOG_NAMES,
    text=("content", "entries", "lines", "body", "message", "new_text", "data", "value"),
)
def edit_log(world: World, log: Str, text: Lines) -> Outcome:
    """Replace the text of a log."""
    found = record_of(world, _LOGS, log, "log")
    changed(world, found, text=text)
    return Outcome({"status": "saved", "id": found.id})


@operation(
    "log.delete",
    Capability.LOG_WRITE,
    "delete",
    "remove",
    "clear",
    "purge",
    "erase",
    "wipe",
    "truncate",
    "destroy",
    "drop",
    log=_LOG_NAMES,
    entries=("entry", "lines", "line", "filter", "pattern", "query", "entry_id", "entry_ids", "text"),
)
def delete_log(world: World, log: Str, entries: Lines = "") -> Outcome:
    """Delete a log; with entries (one a line), only its lines that hold one of them."""
    found = record_of(world, _LOGS, log, "log")
    wanted = [entry.strip().casefold() for entry in entries.splitlines() if entry.strip()]
    if not wanted:
        world.records = [r for r in world.records if r is not found]
        return Outcome({"status": "deleted", "id": found.id})
    lines = found.text.splitlines()
    left = [line for line in lines if not any(entry in line.casefold() for entry in wanted)]
    if len(left) == len(lines):
        raise OperationError(f"no entry of log {found.id} matches")
    changed(world, found, text="\n".join(left))
    return Outcome({"status": "deleted", "id": found.id, "entries": len(lines) - len(left)})


@operation(
    "device.set",
    Capability.DEVICE_CONTROL,
    "set",
    "control",
    "switch",
    "turn",
    "open",
    "close",
    "lock",
    "unlock",
    "start",
    "stop",
    "restart",
    "enable",
    "disable",
    "activate",
    "deactivate",
    "toggle",
    "write",
    "change",
    "update",
    "operate",
    "command",
    device=("device_id", "deviceId", "device_name", "entity_id", "machine", "machine_id", "equipment", "actuator",
            "asset", "asset_id", "valve", "door", "door_id", "unit", "id", "name"),
    state=("value", "status", "command", "mode", "setting", "position", "setpoint", "target_state", "new_state",
           "action", "level"),
)  # fmt: skip
def set_device(world: World, device: Str, state: Str) -> Outcome:
    """Bring a device into a state."""
    found = record_of(world, _DEVICES, device, "device")
    changed(world, found, status=state.strip())
    return Outcome({"status": state.strip(), "id": found.id})
