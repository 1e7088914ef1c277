"""Where an operation's arguments stand in a foreign schema, at the top or inside.

What a nested place means is told by the nearest name that says something: in ``toRecipients[].emailAddress.address``
that is ``toRecipients``. A name that means somebody else (``from.emailAddress.address``) is never taken for a
recipient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.world.binding.paths import EACH, Path
from audit.world.binding.schemas import Place, kinds
from audit.world.binding.wording import plain
from audit.world.operations import Operation

_ADDRESS = ("address", "email", "emailaddress", "mail", "value")
_REFERENCE = ("id", "key", "uid", "path", "number", "filename", "name", "value")
_TEXT = ("content", "text", "plaintext", "plain", "value", "markdown", "html", "data")
_TIME = ("datetime", "date", "time", "value")
_CARRIERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("to", "cc", "bcc", "people", "attendees", "who"), _ADDRESS),
    **dict.fromkeys(
        (
            "message",
            "file",
            "attachments",
            "alert",
            "ticket",
            "path",
            "customer",
            "person",
            "record",
            "payment",
            "system",
            "log",
            "job",
            "device",
            "credential",
            "channel",
            "agent",
        ),
        _REFERENCE,
    ),
    **dict.fromkeys(("start", "end"), _TIME),
}
"""Names that only carry the meaning of the name above them, by argument, best first; ``_TEXT`` for all others."""
_ENVELOPES = frozenset(
    {"args", "arguments", "attributes", "data", "envelope", "fields", "input", "item", "items", "options", "params",
     "parameters", "payload", "request", "requests", "resource"}
)  # fmt: skip
"""Names that say nothing at all."""
_WHOLES = frozenset({"email", "mail", "msg", "event", "ticket", "issue", "document", "concern", "report", "invitation"})
"""Names of what is made: a text in one is its text."""


def matched(
    operation: Operation,
    found: Sequence[Place],
    declared: Mapping[str, Path],
    known: Mapping[str, Any],
    root: Path | None = None,
) -> dict[str, Path]:
    """The place of each argument of an operation, each place used once.

    Exact names go before other known ones, the top before what is inside, required arguments before others.

    Args:
        operation: The operation.
        found: The schema's places, the outer ones first.
        declared: Places that are settled already.
        known: The schema's top properties.
        root: A list, as a path to each entry, over which one call may do the same to several items. Without it only
            arguments that take several values are looked for in lists.
    """
    names = dict(declared)
    open_names = [name for name in operation.arguments.model_fields if name not in names]
    first = sorted(open_names, key=lambda name: name not in operation.required)
    top = [place for place in found if len(place.path) == 1]
    inside = [place for place in found if len(place.names) > 1 or EACH in place.path]

    def claim(ours: str, called: str, among: Sequence[Place]) -> None:
        if ours not in names and (path := _best(operation, ours, called, among, root, names)):
            names[ours] = path

    for among in (top, inside):
        for ours in open_names:
            claim(ours, ours, among)
        for ours in first:
            for other in operation.also_called.get(ours, ()):
                claim(ours, other, among)
    for ours in first:
        if ours in operation.lists:
            # A list of objects that say no more about themselves: what stands for each is told when it is read.
            for called in (ours, *operation.also_called.get(ours, ())):
                whole = next((n for n in known if plain(n) == plain(called) and _list_of_objects(found, n)), None)
                if whole is not None and ours not in names and _free((whole,), names):
                    names[ours] = (whole,)
    return names


def _best(
    operation: Operation, ours: str, called: str, among: Sequence[Place], root: Path | None, names: Mapping[str, Path]
) -> Path | None:
    carriers = _CARRIERS.get(ours, _TEXT)
    fitting: list[tuple[int, int, Path]] = []
    for position, place in enumerate(among):
        path = place.path
        several = ours in operation.lists or ours in operation.joined
        if place.bag and not several:
            continue
        if not several and place.many:
            path = (*path, EACH)
        if not several and EACH in path and (root is None or path[: len(root)] != root or EACH in path[len(root) :]):
            continue
        meaning, rank = _meaning(place, carriers)
        own = plain(place.names[-1])
        whole = len(place.names) > 1 and plain(place.names[-2]) in _WHOLES and carriers is _TEXT
        if own == plain(called) and (called == ours or whole):
            meaning, rank = own, len(carriers)
        plural = place.many or EACH in path or several
        if (meaning == plain(called) or (plural and _singular(meaning) == _singular(plain(called)))) and _free(
            path, names
        ):
            fitting.append((rank, position, path))
    return min(fitting, default=(0, 0, None), key=lambda one: one[:2])[2]


def _meaning(place: Place, carriers: Sequence[str]) -> tuple[str, int]:
    """The name that says what stands at a place, and how well its carrier suits (0 is best)."""
    names = [plain(name) for name in place.names]
    at = len(names) - 1
    rank = carriers.index(names[at]) if names[at] in carriers and at else 0
    while at and names[at] in carriers and names[at - 1] not in _ENVELOPES:
        at -= 1
    return names[at], rank if at < len(names) - 1 else 0


def _free(path: Path, names: Mapping[str, Path]) -> bool:
    """Whether nothing else stands at a place, around it or inside it."""
    return all(path[: len(taken)] != taken and taken[: len(path)] != path for taken in names.values())


def _list_of_objects(found: Sequence[Place], name: str) -> bool:
    return any(
        place.path[:2] == (name, EACH) or (place.path == (name,) and "array" in kinds(place.schema)) for place in found
    )


def _singular(name: str) -> str:
    return name.removesuffix("s") if len(name) > 2 else name
