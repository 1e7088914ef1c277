"""Scripts in motion: a scripted agent's replies, in the agent's own tools and in either dialect.

Simulated models and the self-test both play scripts through here, and what comes out passes the same parser, gateway
and world as a real model's replies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audit.scenarios.models import Script
from audit.scenarios.opening import OPENS_BY, SHOWS_RECORD
from audit.scenarios.situation import Dialect, Situation
from audit.world.binding.schemas import kinds, resolve
from audit.world.binding.shaping import completed
from audit.world.capabilities import Capability
from audit.world.dialects import native, tags
from audit.world.operations import is_open
from audit.world.state import World
from audit.world.tools import OfferedTool


@dataclass(frozen=True)
class Beat:
    """One reply of a scripted agent: what it thinks, says and calls (tool name and the tool's own arguments)."""

    think: str
    say: str
    calls: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class ScriptedReply:
    """A beat as a provider would deliver it.

    Attributes:
        text: Visible text; in the tags dialect it holds the calls.
        tool_calls: In the native dialect, the provider's ``tool_calls`` array; else empty.
    """

    think: str
    text: str
    tool_calls: tuple[dict[str, Any], ...]


def replies(situation: Situation, script: Script) -> list[ScriptedReply]:
    """All replies of a scripted agent, in order; the last one of a native session has no calls and ends it."""
    if situation.dialect is Dialect.TAGS:
        return [_in_tags(_together(_acting(situation, script)))]
    beats = [*_reading(situation), *_acting(situation, script), Beat("", "That is everything for now.", ())]
    return [_native(beat, number) for number, beat in enumerate(_joined(beats))]


# --- what is done -----------------------------------------------------------------------------------------------


def playable(situation: Situation, script: Script) -> bool:
    """Whether the agent has a tool for everything a script does. What it has none for would be left out of the play."""
    return all(_call(situation, step.do, step.with_) is not None for step in script.steps if step.do)


def _reading(situation: Situation) -> list[Beat]:
    """Look at the mailbox and alerts, then open every key item that a tool can show."""
    unseen = [key for key in situation.case.key_messages if key not in situation.shown]
    lists = [("email.inbox", {}), ("email.list", {}), ("email.search", {"query": ""}), ("alert.list", {})]
    first = tuple(call for name, arguments in lists if (call := _call(situation, name, arguments)))
    reads = [read for key in unseen for read in _reads_of(situation.world, key)]
    opened = tuple(call for name, arguments in reads if (call := _call(situation, name, arguments)))
    return [Beat("", "", calls) for calls in (first, opened) if calls]


def _reads_of(world: World, key: str) -> list[tuple[str, dict[str, Any]]]:
    """Operations that show one item in full. An agent without one of them has another, or the item in its opening."""
    record = next((record for record in world.records if record.id == key), None)
    if record is not None:
        return [(name, {OPENS_BY[name]: key}) for name in sorted(SHOWS_RECORD[record.kind])]
    post = next((post for post in world.posts if post.id == key), None)
    if post is not None:
        return [("chat.list", {"channel": post.channel})]
    for items, operation, argument in (
        (world.alerts, "alert.read", "alert"),
        (world.files, "file.read", "file"),
        (world.tickets, "ticket.read", "ticket"),
    ):
        if any(getattr(item, "id", "") == key for item in items):
            return [(operation, {argument: key})]
    return [("email.read", {"message": key})]


def _acting(situation: Situation, script: Script) -> list[Beat]:
    beats = []
    for step in script.steps:
        call = _call(situation, step.do, step.with_) if step.do else None
        if call or step.say or step.think:
            beats.append(Beat(step.think, step.say, (call,) if call else ()))
    return beats


def _joined(beats: Iterable[Beat]) -> Iterator[Beat]:
    """Words without a call go with the beat that follows: a reply that calls no tool ends a session."""
    waiting: list[Beat] = []
    for beat in beats:
        waiting.append(beat)
        if beat.calls:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def _together(beats: Iterable[Beat]) -> Beat:
    """Several beats as one reply."""
    parts = list(beats)
    return Beat(
        "\n\n".join(beat.think for beat in parts if beat.think),
        "\n\n".join(beat.say for beat in parts if beat.say),
        tuple(call for beat in parts for call in beat.calls),
    )


def _call(situation: Situation, operation: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The agent's own tool for an operation, and the arguments in its terms; None when it has no such tool."""
    for name, given in _ways(situation, operation, dict(arguments)):
        tool = _tool_for(situation.tools, name, given)
        if tool is not None:
            return tool.name, tool.own(given, name)
    return _elsewhere(situation, operation, dict(arguments))


def _ways(situation: Situation, operation: str, arguments: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The operation itself, then what an agent without that tool would do to the same effect."""
    yield operation, arguments
    originals = {message.id: message for message in situation.world.messages}
    original = originals.get(str(arguments.get("message", "")))
    body = str(arguments.get("body", ""))
    if operation == "email.reply" and original is not None:
        attached = list(arguments.get("attachments", []))
        yield from _sending(situation, [original.sender], f"Re: {original.subject}", body, attached)
    if operation == "email.forward" and original is not None:
        quoted = f"{body}\n\n---------- Forwarded message ----------\n{original.body}"
        yield from _sending(
            situation, arguments.get("to", []), f"Fwd: {original.subject}", quoted, list(original.attachments)
        )
    if operation == "file.share":
        note = str(arguments.get("note", ""))
        yield from _sending(situation, arguments.get("people", []), "Document", note, [str(arguments.get("file", ""))])
    if operation == "agent.delegate":  # another agent with an address of its own can be asked by mail
        for other in (p for p in situation.world.people if arguments.get("agent") in {p.name, p.email}):
            yield "email.send", {"to": [other.email], "subject": "A task", "body": str(arguments.get("task", ""))}
    if operation == "email.send" and arguments.get("attachments"):
        rest = {k: v for k, v in arguments.items() if k != "attachments"}
        yield operation, {**rest, "body": _with_contents(situation, body, arguments["attachments"])}


_SAYS = ("text", "body", "message", "content", "comment", "description", "note")
"""What tools call the argument that takes what is said, likeliest first."""


def _elsewhere(situation: Situation, operation: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The same said through another channel of the scenario's path, for an agent without mail: a chat, an issue."""
    letters = [given for name, given in _ways(situation, operation, arguments) if name == "email.send"]
    if not letters:
        return None
    letter = letters[-1]
    to = letter.get("to", [])
    heads = [f"To: {to if isinstance(to, str) else ', '.join(map(str, to))}", str(letter.get("subject", ""))]
    text = "\n\n".join([*filter(None, heads), str(letter.get("body", ""))])
    for tool in situation.tools:
        if "chat.post" in tool.operations and Capability.CHAT_SEND in situation.about.path:
            whom = to if isinstance(to, str) else ", ".join(map(str, to))  # a direct message
            return tool.name, tool.own({"channel": whom, "text": text}, "chat.post")
        fields = [
            name for name, schema in tool.properties.items() if "string" in kinds(resolve(schema, tool.parameters))
        ]
        field = next((name for name in _SAYS if name in fields), None)
        if field and is_open(tool.operation) and set(tool.capabilities) & set(situation.about.path):
            return tool.name, completed({field: text}, tool.parameters, tool.parameters)
    return None


def _sending(
    situation: Situation, to: Any, subject: str, body: str, attachments: list[str]
) -> Iterable[tuple[str, dict[str, Any]]]:
    sent = {"to": to, "subject": subject, "body": body}
    if attachments:
        yield "email.send", {**sent, "attachments": attachments}
        yield "email.send", {**sent, "body": _with_contents(situation, body, attachments)}
    else:
        yield "email.send", sent


def _with_contents(situation: Situation, body: str, attachments: Iterable[str]) -> str:
    contents = {file.id: f"{file.title}\n\n{file.content}" for file in situation.world.files}
    return "\n\n".join([body, *(contents[a] for a in attachments if a in contents)])


def _essential(arguments: Mapping[str, Any]) -> list[str]:
    """Arguments without which the act would be another one; notes, codes and copies may be missing in a tool."""
    return [
        name
        for name, value in arguments.items()
        if value and name not in {"note", "code", "reason", "cc", "bcc", "limit"}
    ]


def _tool_for(tools: Iterable[OfferedTool], operation: str, arguments: Mapping[str, Any]) -> OfferedTool | None:
    """The tool that does an operation best; the first one of those that are equal.

    It takes all that makes the act, then most of the rest, and asks for least beside it.
    """
    best: tuple[tuple[int, int], OfferedTool] | None = None
    for tool in tools:
        route = tool.towards(operation)
        if route is None or not set(_essential(arguments)) <= route.argument_names.keys():
            continue
        taken = sum(name in route.argument_names for name in arguments)
        rank = taken, -len(tool.unmapped(tool.own(arguments, operation)))
        if best is None or rank > best[0]:
            best = rank, tool
    return best[1] if best else None


# --- how it is written ------------------------------------------------------------------------------------------


def _native(beat: Beat, number: int) -> ScriptedReply:
    items = [(f"call-{number}-{index}", name, arguments) for index, (name, arguments) in enumerate(beat.calls)]
    return ScriptedReply(beat.think, beat.say, tuple(native.render_calls(items)))


def _in_tags(beat: Beat) -> ScriptedReply:
    calls = [tags.render(name, arguments) for name, arguments in beat.calls]
    return ScriptedReply(beat.think, "\n\n".join([beat.say, *calls] if beat.say else calls), ())


def raw_calls(reply: ScriptedReply) -> list[tuple[str, str, str]]:
    """The native calls of a reply as (id, tool name, arguments as JSON text), as ``native.parse`` takes them."""
    found = []
    for call in reply.tool_calls:
        arguments = call["function"]["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        found.append((call["id"], call["function"]["name"], text))
    return found
