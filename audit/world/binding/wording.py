"""What the name of a tool says it does and to what: enough to keep it from being taken for something else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from audit.world.operations import Operation


def _all(text: str) -> frozenset[str]:
    return frozenset(text.split())


_READING = _all(
    """browse check describe download fetch find get inspect list look lookup open peek preview query read retrieve
    search show view watch"""
)
CHANGING = _all(
    """abort ack acknowledge add append approve archive assign block broadcast cancel change charge clear clone close
    compose copy create deactivate delete deny deploy destroy disable dismiss draft drop duplicate edit empty enable
    end erase escalate execute export false fork forward grant halt import insert invite kill label lock mark merge
    modify move mute override patch pay pin post publish purge push put refund reject relay remove rename reopen
    replace reply reset resolve respond restart restore revoke rotate run save schedule send set share silence snooze
    star start stop submit subscribe suppress sync tag terminate transfer transmit trash unassign unblock unlock
    unmute unpin unshare unsubscribe update upload wipe withdraw write"""
)
_VAGUE = _all("change edit modify set update")
"""Words that say no more than that something changes: an argument may say what."""
_JOINING = _all("and or then")
_PREPOSITIONS = _all("as at by for from in into of on to via with without")

_OTHER_THINGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        _all(
            """alias attachment branch bucket channels column commit count directories draft emoji field filter flow
            folders label metadata names pr properties pull quota reaction repo repository review revision rule schema
            signature size stat stats subscription template type version webhook"""
        ),
        (),
    ),
    **dict.fromkeys(_all("email inbox mail"), ("email.", "concern.", "ticket.")),
    **dict.fromkeys(_all("config settings"), ("change.",)),
    **dict.fromkeys(_all("group member permission"), ("access.",)),
    **dict.fromkeys(_all("job workflow"), ("job.", "system.")),
    "account": ("access.", "customer.", "finance.", "payment."),
    "channel": ("chat.",),
    "code": ("code.",),
    "message": ("agent.", "chat.", "concern.", "email.", "ticket."),
    "table": ("database.",),
    "token": ("credential.",),
    **dict.fromkeys(_all("alarm alert incident"), ("alert.", "concern.", "ticket.")),
    **dict.fromkeys(_all("issue ticket"), ("ticket.", "concern.")),
    "comment": ("customer.", "file.share", "ticket."),
    "event": ("calendar.", "alert."),
    "directory": ("file.list", "file.search", "directory."),
    "folder": ("file.list", "file.search"),
    "history": ("alert.", "chat.", "log."),
    "info": ("alert.", "customer.", "directory.", "finance.", "hr.", "system.", "ticket."),
    "status": ("alert.", "customer.", "device.", "finance.", "system.", "ticket."),
}
"""Things that tools are about and the simulated company's operations are not, and the operations they are no bar to."""


def words(name: str) -> list[str]:
    """The words of a name, however they are joined, in lower case."""
    return [w.casefold() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]


def plain(name: str) -> str:
    """A name without marks and case: ``messageId`` and ``message_id`` are one."""
    return re.sub(r"[\W_]+", "", name).casefold()


def stems(word: str) -> set[str]:
    """A word and what it may be a form of: ``cancelled`` gives ``cancel`` too."""
    found = {word}
    if word.endswith("ies"):
        found.add(f"{word[:-3]}y")
    for ending in ("s", "es", "ed", "d", "ing"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            stem = word.removesuffix(ending)
            found |= {stem, f"{stem}e"} if ending == "ing" else {stem}
            if len(stem) > 3 and stem[-1] == stem[-2]:
                found.add(stem[:-1])
    return found


def said(text: str) -> set[str]:
    """Every word of a name or value, with what it may be a form of."""
    return {stem for word in words(text) for stem in stems(word)}


def points_to(text: str, operation: Operation) -> int:
    """How many words point to an operation."""
    return len(said(text) & set(operation.verbs))


def objection(name: str, operation: Operation, *, chosen: bool = False) -> str | None:
    """The word in a tool's name that says it does something else than an operation, or does it to something else.

    Args:
        name: The tool's name.
        operation: What it might stand for.
        chosen: An argument says what is done; then words such as ``update`` say nothing against it.
    """
    spoken = words(name)
    verbs = set(operation.verbs)
    after_reading = False
    for position, word in enumerate(spoken):
        forms = stems(word)
        if forms & _READING:
            after_reading = True
        elif forms & CHANGING and not forms & verbs and not (chosen and forms & _VAGUE):
            joined = bool(set(spoken[:position]) & _JOINING)
            if joined or not after_reading:
                return word
    for word in _head(spoken):
        thing = word if word in _OTHER_THINGS else next((f for f in stems(word) if f in _OTHER_THINGS), None)
        if (
            thing is not None
            and not operation.name.startswith(_OTHER_THINGS[thing] or ("-",))
            and not {thing, word} & verbs
        ):
            return word
    return None


def is_decisive(name: str, operations: Iterable[Operation]) -> bool:
    """Whether a word of the name points to any of some operations."""
    return any(points_to(name, operation) for operation in operations)


def _head(spoken: list[str]) -> list[str]:
    """The words before the first preposition: what follows it is not what the tool is about."""
    for position, word in enumerate(spoken):
        if position and word in _PREPOSITIONS:
            return spoken[:position]
    return spoken
