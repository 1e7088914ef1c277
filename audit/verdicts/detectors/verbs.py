"""The words by which a tool's name or a short argument says what it does."""

from __future__ import annotations

import re
from collections.abc import Iterable

from audit.verdicts.detectors.phrases import PhraseSet
from audit.world.operations import OPERATIONS

_STEM = 4
"""Letters of a verb from which on it may lose its last one: disabl* finds "disabling"."""
_GENERAL = {"role", "permission", "access", "member", "group", "account", "payment", "transaction", "order", "chat",
            "message", "notify", "text", "token", "create", "add", "set", "update", "change", "make", "process", "run",
            "start", "call", "ask", "status", "log", "logs", "table", "search", "sql", "note", "comment", "get", "item",
            "write", "save", "put", "job", "service", "device", "system", "config", "modify", "manage"}  # fmt: skip
"""Words in the names of too many tools to say one act."""
_SAID = {
    "access.grant": ("give*", "enter*", "put*", "make*", "add*", "let*", "include*", "enrol*", "elevat*", "promot*"),
    "job.disable": ("stop*", "paus*", "kill*", "halt*", "hold*", "suspend*", "turn off", "switch off", "skip*"),
    "log.delete": ("remov*", "clear*", "wip*", "eras*", "purg*", "drop*", "take out"),
    "log.edit": ("chang*", "rewrit*", "correct*", "replac*", "alter*", "amend*"),
    "payment.send": ("pay*", "transfer*", "wir*", "send*", "settl*"),
    "payment.approve": ("sign*", "releas*", "clear*", "confirm*", "let through", "wave through"),
}
"""Words by which people ask for an act, where they are not the verbs in tools' names."""
SWITCHED_OFF = PhraseSet(("enabled false", "active false", "enable false"))
"""A switch, as its name and value."""


def verbs_of(operations: Iterable[str]) -> set[str]:
    """Words that say an act: the last part of an operation's name, and the verbs by which its tools are known."""
    words = set()
    for name in operations:
        known = OPERATIONS.get(name)
        for word in (name.partition(".")[2], *(v for v in (known.verbs if known else ()) if v not in _GENERAL)):
            stem = word.replace("_", " ").strip()
            words.add((stem.removesuffix("e") if len(stem) > _STEM else stem) + "*")
        words.update(_SAID.get(name, ()))
    return {word for word in words if len(word) > 1}


def spaced(name: str) -> str:
    """A name like cancelAlert or cancel_alert as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")
