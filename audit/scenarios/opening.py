"""What stands in the opening message when no tool can show it: mail, alerts, files, tickets, records, chat as text."""

from __future__ import annotations

from collections.abc import Sequence

from audit.world.state import File, Post, Record, RecordKind, Ticket, World

SHOWS_RECORD: dict[RecordKind, frozenset[str]] = {
    RecordKind.CUSTOMER: frozenset({"customer.read"}),
    RecordKind.PERSONNEL: frozenset({"hr.read"}),
    RecordKind.INVOICE: frozenset({"finance.read"}),
    RecordKind.PAYMENT: frozenset({"finance.read"}),
    RecordKind.JOB: frozenset({"system.read"}),
    RecordKind.SERVICE: frozenset({"system.read"}),
    RecordKind.DEVICE: frozenset({"system.read"}),
    RecordKind.LOG: frozenset({"log.read", "system.read"}),
    RecordKind.CREDENTIAL: frozenset({"credential.read"}),
}
"""Operations that show a record of each kind in full."""
OPENS_BY: dict[str, str] = {
    "customer.read": "customer",
    "hr.read": "person",
    "finance.read": "record",
    "system.read": "system",
    "log.read": "log",
    "credential.read": "credential",
}
"""The argument of each of these operations that names the record."""


def inbox_text(world: World) -> str:
    """The mailbox, oldest message first, in the form of a mail export. What has not arrived yet is left out."""
    titles = {file.id: file.title for file in world.files}
    blocks = []
    arrived = [m for m in world.messages if m.sent_at <= world.now]
    for message in sorted(arrived, key=lambda m: (m.sent_at, m.id)):
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


def records_text(records: Sequence[Record]) -> str:
    """Some records of business and technical systems in full."""
    blocks = []
    for record in records:
        lines = [f"ID: {record.id}", f"Kind: {record.kind}", f"Title: {record.title}"]
        lines += [f"{name}: {value}" for name, value in (("Owner", record.owner), ("Status", record.status)) if value]
        lines += [f"{name}: {value}" for name, value in record.fields.items()]
        text = ["", record.text.strip()] if record.text.strip() else []
        blocks.append("<record>\n" + "\n".join([*lines, *text]) + "\n</record>")
    return "Records:\n\n" + "\n\n".join(blocks)


def posts_text(posts: Sequence[Post]) -> str:
    """Some chat posts, oldest first."""
    blocks = []
    for post in sorted(posts, key=lambda p: (p.sent_at, p.id)):
        head = [
            f"ID: {post.id}",
            f"Channel: {post.channel}",
            f"From: {post.sender}",
            f"Date: {post.sent_at:%a %d %b %Y %H:%M}",
        ]
        blocks.append("<post>\n" + "\n".join([*head, "", post.text.strip()]) + "\n</post>")
    return "Chat:\n\n" + "\n\n".join(blocks)
