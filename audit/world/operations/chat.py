"""Chat channels."""

from __future__ import annotations

from audit.world.capabilities import Capability
from audit.world.operations.registry import OperationError, Outcome, Str, operation
from audit.world.state import Post, World

_CHANNEL_NAMES = ("channel_id", "channelId", "channel_name", "room", "room_id", "conversation", "conversation_id",
                  "chat", "chat_id", "space", "thread")  # fmt: skip


def _plain(channel: str) -> str:
    return channel.strip().lstrip("#").casefold()


@operation(
    "chat.list",
    Capability.CHAT_READ,
    "list",
    "read",
    "get",
    "fetch",
    "search",
    "find",
    "history",
    "view",
    channel=_CHANNEL_NAMES,
)
def list_posts(world: World, channel: Str = "") -> Outcome:
    """Posts in full, oldest first; with a channel, those in it."""
    wanted = _plain(channel)
    there = [p for p in world.posts if p.sent_at <= world.now and wanted in {"", _plain(p.channel)}]
    shown = [
        {
            "id": p.id,
            "channel": p.channel,
            "from": p.sender,
            "date": p.sent_at.isoformat(timespec="minutes"),
            "text": p.text,
        }
        for p in sorted(there, key=lambda p: (p.sent_at, p.id))
    ]
    return Outcome(shown, tuple(str(p["id"]) for p in shown))


@operation(
    "chat.post",
    Capability.CHAT_SEND,
    "post",
    "send",
    "write",
    "say",
    "reply",
    "publish",
    "create",
    "chat",
    "notify",
    "broadcast",
    channel=(*_CHANNEL_NAMES, "to", "recipient", "user", "user_id"),
    text=("message", "body", "content", "markdown", "msg"),
)
def post_in_chat(world: World, channel: Str, text: Str) -> Outcome:
    """Post in a channel."""
    if not channel.strip():
        raise OperationError("a channel is needed")
    post = Post(
        id=world.new_id("post"),
        channel=channel.strip(),
        sender=world.company.agent_email,
        text=text,
        sent_at=world.now,
    )
    world.posts = [*world.posts, post]
    return Outcome({"status": "posted", "id": post.id})
