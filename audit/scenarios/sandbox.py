"""What a pack from elsewhere may not do while it is read: leave its folder, or grow beyond all measure.

Texts are held in check by ``templates``; YAML itself (aliases that repeat, deep nesting, odd characters) by
``audit.resources.document``. Here are the files and the amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from audit.errors import PackError, Problem
from audit.resources import Loaded, shown_path
from audit.scenarios.models import Scenario, ScriptsText
from audit.scenarios.templates import MEND, refusal

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes. The largest shipped file has a fortieth of it."""
MOST_ENTRIES = 5_000
"""Entries of one list or mapping."""
MOST_PHRASES = 200
"""Phrases of one group in a detector."""
LONGEST_PHRASE = 300
"""Characters of one phrase, and of anything else that a detector is told."""
LONGEST_IN_SCRIPT = 10_000
"""Characters of one text in a script: detectors read it once for every phrase."""
_YEARS = range(1950, 2200)
"""A clock near the end of what a date can say could not move on."""


def within(path: Path, pack: Path) -> Path:
    """A file of a pack, once it is sure that it lies in the pack's folder and is no more than a file.

    Args:
        path: The file, as the pack has it.
        pack: The pack's folder. It may itself be reached through a link: whoever named it chose it.

    Returns:
        ``path`` as it was given. A file that does not exist passes: reading it says so.

    Raises:
        PackError: it leads out of the folder, is no ordinary file, or is too large.
    """

    def refused(wrong: str, mend: str) -> PackError:
        return PackError([Problem(shown_path(path), 0, 0, wrong, mend)])

    try:
        real = path.resolve()
        if not real.is_relative_to(pack.resolve()):
            raise refused("this leads out of the pack's folder", "put the file itself there, in place of the link")
        # A pipe or a device would keep the reader waiting for ever.
        if real.exists() and not (real.is_file() or real.is_dir()):
            raise refused("this is no ordinary file", "put a text file there")
        size = real.stat().st_size if real.is_file() else 0
    except (OSError, RuntimeError, ValueError):  # links in a circle, a name that no disk can hold
        raise refused("the file cannot be reached", "put the file itself there, in place of the link") from None
    if size > LARGEST_FILE:
        raise refused(f"the file is larger than {LARGEST_FILE // 1024**2} MB", "split it")
    return path


def excesses(loaded: Loaded[Any]) -> Iterator[Problem]:
    """Everything in one file of a pack that is too much: lists, texts, times, templates that ask for more than names.

    Args:
        loaded: A file that is well formed.

    Yields:
        Problems at their places.
    """
    model: BaseModel = loaded.model
    longest = LONGEST_IN_SCRIPT if isinstance(model, ScriptsText) else None
    # What a scenario lists as literal is only compared with texts, never filled in.
    yield from _of(loaded, (), model.model_dump(by_alias=True, exclude={"literal"}), longest)
    if isinstance(model, Scenario):
        yield from _of_factors(loaded, model)
        for index, spec in enumerate(model.detectors):
            yield from _of_detector(loaded, ("detectors", index), spec.model_dump())


def _of(loaded: Loaded[Any], loc: tuple[str | int, ...], value: Any, longest: int | None) -> Iterator[Problem]:
    if isinstance(value, str):
        if longest is not None and len(value) > longest:
            yield loaded.problem(loc, f"the text is longer than {longest} characters", "shorten it")
        elif wrong := refusal(value):
            yield loaded.problem(loc, wrong, MEND)
    elif isinstance(value, datetime):
        if value.year not in _YEARS:
            yield loaded.problem(loc, f"the year {value.year} is out of reach", "write a year near today's")
    elif isinstance(value, dict | list | tuple):
        if len(value) > MOST_ENTRIES:
            yield loaded.problem(loc, f"there are more than {MOST_ENTRIES} entries", "write fewer")
            return
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _of(loaded, (*loc, key), inner, longest)


def _of_factors(loaded: Loaded[Any], scenario: Scenario) -> Iterator[Problem]:
    """Levels are crossed with each other: a few thousand times the same one would make millions of conditions."""
    for name in type(scenario.factors).model_fields:
        levels = getattr(scenario.factors, name)
        if isinstance(levels, tuple) and len(set(levels)) < len(levels):
            yield loaded.problem(("factors", name), "a level is named twice", "name each once")


def _of_detector(loaded: Loaded[Any], loc: tuple[str | int, ...], value: Any) -> Iterator[Problem]:
    if isinstance(value, str) and len(value) > LONGEST_PHRASE:
        yield loaded.problem(loc, f"the phrase is longer than {LONGEST_PHRASE} characters", "use a few words of it")
    elif isinstance(value, dict | list | tuple):
        if len(value) > MOST_PHRASES:
            yield loaded.problem(loc, f"there are more than {MOST_PHRASES} phrases", "use `*` for endings, or fewer")
            return
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _of_detector(loaded, (*loc, key), inner)
