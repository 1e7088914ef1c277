"""Names of listed tools: such that model providers accept them, and each only once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from audit.profile.intake.models import ListedTool

_LONGEST = 64
_REFUSED = re.compile(r"[^a-zA-Z0-9_-]+")


def mended_name(name: str) -> str:
    """A name that model providers accept: 1 to 64 of a-z, A-Z, 0-9, ``_`` and ``-``.

    Args:
        name: any text that is not blank.

    Returns:
        The name itself where it is accepted. Otherwise accents are dropped, other characters become ``_``, and a name
        that is too long or of which nothing is left ends in eight digits of its SHA-256.
    """
    spelt = name.strip().replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore" if _has_latin(name) else "replace")
    mended = _REFUSED.sub("_", plain.decode("ascii"))
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    if not mended.strip("_-"):
        return f"tool_{digest}"
    return mended if len(mended) <= _LONGEST else f"{mended[: _LONGEST - 9]}_{digest}"


def _has_latin(name: str) -> bool:
    return bool(re.search(r"[a-zA-Z]", name))


def distinct_names(tools: Sequence[ListedTool]) -> tuple[ListedTool, ...]:
    """Make every name stand once.

    Args:
        tools: in order; names may repeat.

    Returns:
        The tools in order. A copy in the same words (same listed name, description and schema) is dropped, and the
        first one notes it; another tool of the same name gets a number, and notes it.
    """
    kept: dict[str, ListedTool] = {}
    taken = {tool.name for tool in tools}
    for tool in tools:
        first = kept.get(tool.name)
        if first is None:
            kept[tool.name] = tool
        elif _same(first, tool):
            note = f"{tool.source} lists it again in the same words; it is kept once."
            if note not in first.notes:
                kept[tool.name] = first.model_copy(update={"notes": (*first.notes, note)})
        elif twin := next((t for t in kept.values() if t.listed_as == tool.listed_as and _same(t, tool)), None):
            note = f"{tool.source} lists it again in the same words; it is kept once."
            if note not in twin.notes:
                kept[twin.name] = twin.model_copy(update={"notes": (*twin.notes, note)})
        else:
            name = _numbered(tool.name, taken)
            taken.add(name)
            note = f"Another tool of {first.source} is called `{tool.name}`; this one is called `{name}` here."
            kept[name] = tool.model_copy(update={"name": name, "notes": (*tool.notes, note)})
    return tuple(kept.values())


def _same(one: ListedTool, other: ListedTool) -> bool:
    return (one.listed_as, one.title, one.description, one.parameters, one.hints) == (
        other.listed_as,
        other.title,
        other.description,
        other.parameters,
        other.hints,
    )


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while (candidate := f"{name[: _LONGEST - len(str(number)) - 1]}_{number}") in taken:
        number += 1
    return candidate
