"""Mail: list, search, read, send, reply, forward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from audit.world.capabilities import Capability
from audit.world.operations.registry import TO_NAMES, OperationError, Outcome, Str, Strs, operation
from audit.world.state import Message, World

_AUTOMATIC = "Automatic reply:"
_UNTIL_ANSWERED = timedelta(minutes=1)
_MESSAGE_NAMES = ("message_id", "email_id", "mail_id", "id", "messageId", "msg_id", "uid", "thread_id")
_CC_NAMES = ("cc_recipients", "cc_emails")
_BCC_NAMES = ("bcc_recipients", "bcc_emails")
_BODY_NAMES = ("text", "content", "message_body", "html_body", "htmlBody", "message", "text_body", "note")
_ATTACHMENT_NAMES = ("files", "file_ids", "attachment_ids", "attachment")


def _headline(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "from": message.sender,
        "to": message.to,
        "subject": message.subject,
        "date": message.sent_at.isoformat(timespec="minutes"),
    }


def _full(world: World, message: Message) -> dict[str, Any]:
    names = {file.id: file.title for file in world.files}
    return {
        **_headline(message),
        "cc": message.cc,
        "body": message.body,
        "attachments": [{"id": a, "name": names.get(a, a)} for a in message.attachments],
    }


def _inbox(world: World) -> list[Message]:
    there = (m for m in world.messages if m.folder == "inbox" and m.sent_at <= world.now)
    return sorted(there, key=lambda m: (m.sent_at, m.id))


def _newest(messages: list[Message], limit: int | None) -> list[Message]:
    """What a mail system shows of a long list. A limit below one is none."""
    return messages[-limit:] if limit is not None and limit > 0 else messages


def _message(world: World, message: str) -> Message:
    found = next((m for m in world.messages if m.id == message.strip() and m.sent_at <= world.now), None)
    if found is None:
        raise OperationError(f"no message with id {message!r}")
    return found


def _attached(world: World, attachments: Sequence[str]) -> list[str]:
    """Files to attach, by id, path or title; what there is none of is refused."""
    known = {file.id for file in world.files} | {file.path for file in world.files} | {f.title for f in world.files}
    missing = [a for a in attachments if a not in known]
    if missing:
        raise OperationError(f"no such file to attach: {', '.join(missing)}")
    return list(attachments)


def _deliver(world: World, to: Sequence[str], subject: str, body: str, **more: Any) -> Message:
    addressed = [address for address in [*to, *more.get("cc", ()), *more.get("bcc", ())] if "@" in address]
    if not addressed:
        raise OperationError("no valid recipient address")
    message = Message(
        id=world.new_id("msg"),
        sender=world.company.agent_email,
        to=list(to),
        subject=subject,
        body=body,
        sent_at=world.now,
        folder="sent",
        **more,
    )
    world.messages = [*world.messages, message]
    _answer_automatically(world, message, addressed)
    return message


def _answer_automatically(world: World, message: Message, addressed: Sequence[str]) -> None:
    """Answer for everybody addressed who has an automatic reply, one minute later and once per person."""
    for person in world.people:
        if not person.auto_reply or not _is_addressed(person.email, addressed):
            continue
        if any(m.sender == person.email and m.subject.startswith(_AUTOMATIC) for m in world.messages):
            continue
        answer = Message(
            id=world.new_id("msg"),
            thread=message.thread or message.id,
            sender=person.email,
            to=[world.company.agent_email],
            subject=f"{_AUTOMATIC} {message.subject}",
            sent_at=world.now + _UNTIL_ANSWERED,
            body=person.auto_reply,
        )
        world.messages = [*world.messages, answer]


def _is_addressed(email: str, addressed: Sequence[str]) -> bool:
    """Whether an address is among the recipients, written plainly or as ``Name <address>``."""
    plain = (address.rsplit("<", 1)[-1].strip(" <>").casefold() for address in addressed)
    return email.strip().casefold() in plain


@operation(
    "email.list", Capability.EMAIL_READ, "list", "inbox", "fetch", folder=("label", "mailbox"), limit=("max_results",)
)
def list_mail(world: World, folder: Str = "inbox", limit: int | None = None) -> Outcome:
    """Headlines of the mailbox, oldest first; with a limit, of the newest messages."""
    chosen = _inbox(world) if folder.casefold() != "sent" else [m for m in world.messages if m.folder == "sent"]
    return Outcome([_headline(m) for m in _newest(chosen, limit)])


@operation("email.inbox", Capability.EMAIL_READ)
def whole_inbox(world: World) -> Outcome:
    """Every message in full: for organisations whose only mail-reading tool is one call."""
    chosen = _inbox(world)
    return Outcome([_full(world, m) for m in chosen], tuple(m.id for m in chosen))


@operation(
    "email.search",
    Capability.EMAIL_READ,
    "search",
    "find",
    "query",
    query=("q", "search", "search_query", "keyword", "keywords", "text", "filter"),
    limit=("max_results", "maxResults", "count"),
)
def search_mail(world: World, query: Str = "", limit: int | None = None) -> Outcome:
    """Headlines of messages that contain every word of the query; operators such as ``is:unread`` match all."""
    words = [w.casefold().strip('"') for w in query.split() if ":" not in w and w.upper() not in {"AND", "OR", "*"}]
    found = []
    for message in _inbox(world):
        text = f"{message.sender} {' '.join(message.to)} {message.subject} {message.body}".casefold()
        if all(word in text for word in words):
            found.append(message)
    return Outcome([_headline(m) for m in _newest(found, limit)])


@operation("email.read", Capability.EMAIL_READ, "read", "get", "open", "view", message=_MESSAGE_NAMES)
def read_mail(world: World, message: Str) -> Outcome:
    """One message in full."""
    found = _message(world, message)
    return Outcome(_full(world, found), (found.id,))


@operation(
    "email.send",
    Capability.EMAIL_SEND,
    "send",
    "compose",
    "write",
    "new",
    "post",
    "broadcast",
    "transmit",
    to=TO_NAMES,
    subject=("title", "subject_line"),
    body=_BODY_NAMES,
    cc=_CC_NAMES,
    bcc=_BCC_NAMES,
    attachments=_ATTACHMENT_NAMES,
)
def send_mail(
    world: World,
    to: Strs,
    subject: Str = "",
    body: Str = "",
    cc: Strs = (),
    bcc: Strs = (),
    attachments: Strs = (),
) -> Outcome:
    """Send a mail from the agent's address."""
    attached = _attached(world, attachments)
    message = _deliver(world, to, subject, body, cc=list(cc), bcc=list(bcc), attachments=attached)
    return Outcome({"status": "sent", "id": message.id})


@operation(
    "email.reply",
    Capability.EMAIL_SEND,
    "reply",
    "respond",
    "answer",
    message=_MESSAGE_NAMES,
    body=_BODY_NAMES,
    cc=_CC_NAMES,
    bcc=_BCC_NAMES,
    attachments=_ATTACHMENT_NAMES,
)
def reply_mail(world: World, message: Str, body: Str, cc: Strs = (), bcc: Strs = (), attachments: Strs = ()) -> Outcome:
    """Answer the sender of a message."""
    original = _message(world, message)
    subject = original.subject if original.subject.lower().startswith("re:") else f"Re: {original.subject}"
    attached = _attached(world, attachments)
    thread = original.thread or original.id
    copies = {"cc": list(cc), "bcc": list(bcc)}
    sent = _deliver(world, [original.sender], subject, body, **copies, attachments=attached, thread=thread)
    return Outcome({"status": "sent", "id": sent.id, "to": sent.to})


@operation(
    "email.forward",
    Capability.EMAIL_SEND,
    "forward",
    "fwd",
    "relay",
    message=_MESSAGE_NAMES,
    to=TO_NAMES,
    body=(*_BODY_NAMES, "comment"),
    cc=_CC_NAMES,
    bcc=_BCC_NAMES,
)
def forward_mail(world: World, message: Str, to: Strs, body: Str = "", cc: Strs = (), bcc: Strs = ()) -> Outcome:
    """Pass a message on, with its text and attachments."""
    original = _message(world, message)
    header = f"From: {original.sender}\nDate: {original.sent_at:%d %b %Y %H:%M}\nSubject: {original.subject}"
    quoted = f"{body}\n\n---------- Forwarded message ----------\n{header}\n\n{original.body}"
    attached = list(original.attachments)
    sent = _deliver(world, to, f"Fwd: {original.subject}", quoted, cc=list(cc), bcc=list(bcc), attachments=attached)
    return Outcome({"status": "sent", "id": sent.id})
