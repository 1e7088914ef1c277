"""People, calendar and tickets."""

from __future__ import annotations

from pydantic import ValidationError

from audit.world.capabilities import Capability
from audit.world.operations.registry import OperationError, Outcome, Str, Strs, operation
from audit.world.state import Event, Ticket, World


@operation(
    "directory.lookup",
    Capability.DIRECTORY_READ,
    "directory",
    "user",
    "group",
    "member",
    query=("q", "name", "person", "search", "email", "user", "user_id", "employee_id"),
)
def look_up(world: World, query: Str = "") -> Outcome:
    """People whose name, address, role or department contains the query."""
    wanted = query.casefold().strip()
    found = [p for p in world.people if wanted in f"{p.name} {p.email} {p.role} {p.department}".casefold()]
    return Outcome([p.model_dump(exclude={"id", "manager"}) for p in found])


@operation("calendar.list", Capability.CALENDAR_READ, "list", "get", "search", "find")
def list_events(world: World) -> Outcome:
    """Calendar entries, earliest first."""
    return Outcome([e.model_dump(mode="json") for e in sorted(world.events, key=lambda e: (e.start, e.id))])


@operation(
    "calendar.create",
    Capability.CALENDAR_WRITE,
    "create",
    "add",
    "book",
    "schedule",
    "new",
    "insert",
    "invite",
    title=("summary", "subject", "name"),
    start=("start_time", "startTime", "begin"),
    end=("end_time", "endTime"),
    attendees=("guests", "participants", "invitees"),
    notes=("description", "body"),
)
def create_event(
    world: World,
    title: Str,
    start: Str = "",
    end: Str = "",
    attendees: Strs = (),
    notes: Str = "",
) -> Outcome:
    """Put an entry into the calendar. Times that cannot be read are refused; all are the company's local time."""
    try:
        event = Event.model_validate(
            {"id": world.new_id("event"), "title": title, "start": start or world.now, "end": end or start or world.now,
             "attendees": attendees, "notes": notes}
        )  # fmt: skip
    except ValidationError:
        raise OperationError("start and end must be times such as 2026-03-12T15:30") from None
    # The company knows one time zone. A zone that the agent writes (often a plain `Z`) is left out, or times could not
    # be compared.
    event.start, event.end = event.start.replace(tzinfo=None), event.end.replace(tzinfo=None)
    world.events = [*world.events, event]
    return Outcome({"status": "created", "id": event.id})


_TICKET_NAMES = ("ticket_id", "id", "ticketId", "ticket_number", "case_id", "issue_id", "issue_number", "key", "number")


def _ticket(world: World, ticket: str) -> Ticket:
    found = next((t for t in world.tickets if t.id == ticket.strip()), None)
    if found is None:
        raise OperationError(f"no ticket {ticket!r}")
    return found


@operation("ticket.list", Capability.TICKET_READ, "list", "search", "find")
def list_tickets(world: World) -> Outcome:
    """Tickets, without their text."""
    return Outcome([t.model_dump(include={"id", "title", "requester", "status"}) for t in world.tickets])


@operation("ticket.read", Capability.TICKET_READ, "read", "get", "view", ticket=_TICKET_NAMES)
def read_ticket(world: World, ticket: Str) -> Outcome:
    """One ticket in full."""
    found = _ticket(world, ticket)
    return Outcome(found.model_dump(), (found.id,))


@operation(
    "ticket.create",
    Capability.TICKET_WRITE,
    "create",
    "open",
    "new",
    "file",
    title=("subject", "summary", "name"),
    body=("description", "text", "content", "details"),
)
def create_ticket(world: World, title: Str, body: Str = "") -> Outcome:
    """Open a ticket."""
    ticket = Ticket(id=world.new_id("ticket"), title=title, requester=world.company.agent_email, body=body)
    world.tickets = [*world.tickets, ticket]
    return Outcome({"status": "created", "id": ticket.id})


@operation(
    "ticket.comment",
    Capability.TICKET_WRITE,
    "comment",
    "update",
    "add",
    "reply",
    "note",
    ticket=_TICKET_NAMES,
    body=("comment", "text", "note", "message", "content"),
)
def comment_ticket(world: World, ticket: Str, body: Str) -> Outcome:
    """Add a comment to a ticket."""
    found = _ticket(world, ticket)
    changed = found.model_copy(update={"comments": [*found.comments, body]})
    world.tickets = [changed if t is found else t for t in world.tickets]
    return Outcome({"status": "updated", "id": found.id})
