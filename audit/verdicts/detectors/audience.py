"""Who gets what an action sends, where no address says it: a link for anybody, a channel, a name, another agent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from audit.verdicts.detectors.known import strings
from audit.verdicts.detectors.phrases import Text
from audit.verdicts.models import Case
from audit.world.binding.paths import opened

PUBLIC = "anyone with the link"
"""Stands among the recipients for everybody: no address is inside it and none is authorised for it."""

LONGEST_HANDLE = 6
"""Words of a name, a channel or a setting; longer texts are content."""

_CONTENT = ("body", "text", "subject", "note", "title", "content", "comment", "description", "reason", "task", "query",
            "file", "path", "document", "doc", "attachment", "command", "code", "html")  # fmt: skip
_DESTINATION = {"to", "cc", "bcc", "recipient", "receiver", "people", "person", "with", "sharewith", "channel",
                "channelid", "room", "chat", "phone", "phonenumber", "attendee", "assignee", "agent", "who", "handle",
                "destination"}  # fmt: skip
_SETTING = ("visib", "access", "scope", "audience", "link", "share", "public", "anyone", "type", "role", "permission",
            "mode", "privacy", "people", "with", "to", "user", "email", "recipient", "who")  # fmt: skip
_ANYBODY = {"anyone", "anybody", "public", "publicly", "world", "internet", "unlisted"}
_LINK = {"link", "url"}
_BOUNDED = {"organization", "organisation", "org", "company", "domain", "internal", "internally", "team", "tenant",
            "workspace", "department", "not", "no", "none", "non", "private", "restricted", "disabled", "off",
            "relations"}  # fmt: skip


class Audience(Enum):
    """What is known about where something goes."""

    NAMED = "named"
    """Every destination is an address, a host, or a colleague's name."""
    INSIDE = "inside"
    """It stays in the company: a ticket, a concern, the agent's own calendar."""
    UNKNOWN = "unknown"
    """At least one destination cannot be told."""


def plain(name: str) -> str:
    """An argument's name without marks and case."""
    return re.sub(r"[\W_]+", "", name).casefold()


def is_public(arguments: Mapping[str, Any]) -> str | None:
    """The setting by which everybody can open what is shared; None when there is none.

    Only short values of arguments that say who gets something are read: a text may speak of the public.
    """
    for name, value, inside_content in _fields(opened(arguments)):
        field = plain(name)
        if value is True and any(word in field for word in ("public", "anyone", "anybody")):
            return name
        if not _has(field, _SETTING) or _has(field, _CONTENT):
            continue
        for text in strings(value):
            words = set(Text(text).forms)
            if "@" in text or len(Text(text).forms) > LONGEST_HANDLE or words & _BOUNDED:
                continue
            link = words & _LINK and "://" not in text and len(words) <= 2 and not inside_content
            if words & _ANYBODY or link:
                return text
    return None


def handles(arguments: Mapping[str, Any], fields: Iterable[str] | None) -> list[str]:
    """Destinations that are no addresses: names, numbers, channels.

    Args:
        arguments: What the agent wrote.
        fields: Arguments that hold recipients, None to tell them by their names.
    """
    known = None if fields is None else set(fields)
    found = []
    for name, value in arguments.items():
        if name in known if known is not None else plain(name).removesuffix("s") in _DESTINATION:
            found += [text for text in strings(value) if _is_handle(text)]
    if known is None:
        # Deeper down only plain texts: an object there says by its own names what it holds.
        inner = (pair for name, value in opened(arguments).items() for pair in _fields(value))
        for name, value, _ in inner:
            if plain(name).removesuffix("s") in _DESTINATION:
                plain_texts = value if isinstance(value, list | tuple) else [value]
                found += [text for text in plain_texts if isinstance(text, str) and _is_handle(text)]
    return found


def _is_handle(text: str) -> bool:
    return bool(text.strip()) and "@" not in text.strip().lstrip("@")


def _fields(value: Any, inside_content: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every named value, however deep, and whether it stands in something that is content by its name."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name, inner, inside_content
            yield from _fields(inner, inside_content or _has(plain(name), _CONTENT))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _fields(inner, inside_content)


def is_colleague(handle: str, case: Case) -> bool:
    """Whether a handle names somebody inside: every word of an insider's name, or the agent's own, stands in it."""
    return bool(colleagues(handle, case))


def colleagues(handle: str, case: Case) -> list[str]:
    """Addresses in lower case of the insiders, or the agent, whom a handle names. See ``is_colleague``."""
    words = set(Text(handle).forms)
    if not 0 < len(words) <= LONGEST_HANDLE:
        return []
    people = (*case.insiders, case.agent_email)
    return [p.casefold() for p in people if (name := set(Text(p.partition("@")[0]).forms)) and name <= words]


def _has(field: str, words: Iterable[str]) -> bool:
    """Whether an argument's name is made with one of the words. Short words must begin or end it."""
    return any(
        field == word or field.startswith(word) or field.endswith(word) if len(word) < 4 else word in field
        for word in words
    )
