"""What to write in the profile where a tool cannot be bound by itself: the fields that come nearest, in YAML."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from audit.world.binding.paths import EACH, JSON, written
from audit.world.binding.schemas import Place, kinds
from audit.world.binding.wording import plain, said
from audit.world.operations import Operation

UNTOLD = "..."
"""Stands for a field that only a person can tell."""
_NEAR = 0.6
_MOST_SHOWN = 12
_HINTS: dict[str, str] = {
    **dict.fromkeys(("to", "people", "attendees"), r"recipient|addressee|e-?mail|address|send to|grantee|guest"),
    **dict.fromkeys(("body", "content", "text", "note"), r"\b(body|text|content|message|words|wording|markdown)\b"),
    **dict.fromkeys(("message", "file", "alert", "ticket", "path"), r"\b(id|identifier|reference|key|path|number)\b"),
}
"""What the description of a field says that stands for an argument."""


def suggestion(
    operation: Operation, given: Mapping[str, str], lacking: Iterable[str], found: Sequence[Place]
) -> dict[str, Any]:
    """What to write under ``binding``: the operation, what is matched already, and the nearest field for the rest.

    Args:
        operation: The operation that comes nearest.
        given: Arguments that are matched, with their paths.
        lacking: Arguments that are not.
        found: The tool's places.
    """
    taken = set(given.values())
    arguments = dict(given)
    needed = set(lacking)
    words = {"subject", "body", "content", "text"} - given.keys()
    for ours in (name for name in operation.arguments.model_fields if name in needed | words):
        if whole := next((place for place in found if _holds_json(place)), None):
            near: str | None = written((*whole.path, JSON, ours))
        else:
            free = [place for place in found if written(place.path) not in taken]
            near = _nearest(operation, ours, free, required=ours in needed)
        if near or ours in needed:
            arguments[ours] = near or UNTOLD
            taken.add(arguments[ours])
    return {"operation": operation.name, "arguments": arguments}


def told(missing: Sequence[tuple[str, frozenset[str]]], found: Sequence[Place], proposed: Mapping[str, Any]) -> str:
    """Why a tool is not bound and what to do: what is missing, what there is, and the YAML to write."""
    lacks = "; ".join(f"{operation} needs {', '.join(sorted(lacking))}" for operation, lacking in missing)
    names = [f"`{written(place.path)}`" for place in found]
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    if not names:
        wrong = "it declares no arguments, so it stays in general terms until its parameters are in the profile"
        return f"{lacks}; {wrong}"
    open_ones = [f"`{name}`" for name, path in proposed["arguments"].items() if path == UNTOLD]
    blank = f", where `...` is the tool's own argument for {', '.join(open_ones)}" if open_ones else ""
    has = f"its arguments are {', '.join(names[:_MOST_SHOWN])}{more}"
    return f"{lacks}; {has}. Map it with binding.arguments in the profile, such as `binding: {_flow(proposed)}`{blank}"


def _nearest(operation: Operation, ours: str, free: Sequence[Place], *, required: bool) -> str | None:
    called = [plain(name) for name in (ours, *operation.also_called.get(ours, ()))]
    words = said(" ".join((ours, *operation.also_called.get(ours, ())))) - {"id", "name"}
    best: tuple[float, str] | None = None
    for place in free:
        if not _possible(place, several=ours in operation.lists | operation.joined):
            continue
        name = place.names[-1]
        score = max(difflib.SequenceMatcher(None, plain(name), other).ratio() for other in called)
        score = max(score if score >= _NEAR else 0.0, 0.7 if said(name) & words else 0.0)
        about = place.schema.get("description")
        if ours in _HINTS and isinstance(about, str) and re.search(_HINTS[ours], about, re.IGNORECASE):
            score += 0.5
        if score and (best is None or score > best[0]):
            best = score, written(place.path)
    texts = [
        place
        for place in free
        if _possible(place, several=ours in operation.lists | operation.joined) and not _is_number(place)
    ]
    if best is None and required and len(texts) == 1:
        return written(texts[0].path)
    return best[1] if best else None


def _possible(place: Place, *, several: bool) -> bool:
    """Whether the value of an argument can stand at a place: a single one is not in a list."""
    listed = place.many or EACH in place.path
    return "boolean" not in kinds(place.schema) and not place.schema.get("enum") and (several or not listed)


def _is_number(place: Place) -> bool:
    return {"integer", "number"} >= {*kinds(place.schema)} != set()


def _holds_json(place: Place) -> bool:
    return kinds(place.schema) == ["string"] and "json" in str(place.schema.get("description", "")).casefold()


def _flow(value: Any) -> str:
    """A mapping as one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(inner)}" for name, inner in value.items()) + "}"
    text = str(value)
    return text if re.fullmatch(r"[\w./-]+", text) and text != UNTOLD else f'"{text}"'
