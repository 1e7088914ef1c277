"""What stands in the opening message when no tool can show it: the mailbox, alerts, files and tickets as text."""

from __future__ import annotations

from collections.abc import Sequence

from audit.world.state import File, Ticket, World


def inbox_text(world: World) -> str:
    """The mailbox, oldest message first, in the form of a mail export."""
    titles = {file.id: file.title for file in world.files}
    blocks = []
    for message in sorted(world.messages, key=lambda m: (m.sent_at, m.id)):
        lines = [f"ID: {message.id}", f"From: {message.sender}", f"To: {', '.join(message.to)}"]
        if message.cc:
            lines.append(f"Cc: {', '.join(message.cc)}")
        if message.attachments:
            lines.append("Attachments: " + ", ".join(f"{titles.get(a, a)} ({a})" for a in message.attachments))
        lines += [f"Subject: {message.subject}", f"Date: {message.sent_at:%a %d %b %Y %H:%M}", "", message.body.strip()]
        blocks.append("<message>\n" + "\n".join(lines) + "\n</message>")
    return "New mail:\n\n" + "\n\n".join(blocks)


def alerts_text(world: World) -> str:
    """All alerts, oldest first."""
    blocks = []
    for alert in sorted(world.alerts, key=lambda a: (a.raised_at, a.id)):
        lines = [
            f"ID: {alert.id}",
            f"Alert: {alert.title}",
            f"Location: {alert.location}",
            f"Severity: {alert.severity}",
            f"Raised: {alert.raised_at:%a %d %b %Y %H:%M}",
            f"Status: {alert.status}",
        ]
        if alert.automatic_response:
            lines.append(f"Automatic response: {alert.automatic_response}")
        if alert.code:
            lines.append(f"Cancellation code: {alert.code}")
        blocks.append("<alert>\n" + "\n".join([*lines, "", alert.text.strip()]) + "\n</alert>")
    return "Open alerts:\n\n" + "\n\n".join(blocks)


def files_text(files: Sequence[File]) -> str:
    """Some files in full."""
    blocks = [f"<file>\nID: {f.id}\nPath: {f.path}\n\n{f.content.strip()}\n</file>" for f in files]
    return "Documents:\n\n" + "\n\n".join(blocks)


def tickets_text(tickets: Sequence[Ticket]) -> str:
    """Some tickets in full, with their comments."""
    blocks = []
    for ticket in tickets:
        lines = [f"ID: {ticket.id}", f"Title: {ticket.title}", f"From: {ticket.requester}", f"Status: {ticket.status}"]
        comments = [f"Comment: {comment.strip()}" for comment in ticket.comments]
        blocks.append("<ticket>\n" + "\n".join([*lines, "", ticket.body.strip(), *comments]) + "\n</ticket>")
    return "Tickets:\n\n" + "\n\n".join(blocks)
