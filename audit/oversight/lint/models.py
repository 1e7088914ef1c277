"""A lint, and what the rules of lint look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from audit.oversight.catalogue import Catalogue
from audit.oversight.checklist import Checklist
from audit.profile.loading import LoadedProfile
from audit.profile.models import AgentProfile
from audit.profile.prompt import PromptPlaces, PromptReading
from audit.resources import Loc, shown_path


class Level(StrEnum):
    """How much a lint matters, most first."""

    WARNING = "warning"
    """Something contradicts, or stands on words alone."""
    NOTE = "note"
    """Worth knowing when the report is read."""

    @property
    def rank(self) -> int:
        """0 for warning, 1 for note."""
        return list(Level).index(self)


@dataclass(frozen=True)
class Lint:
    """One remark on a profile or its prompt.

    Attributes:
        code: Short stable name of the rule.
        level: How much it matters.
        file: The file, as messages print it.
        line: Line there, from 1.
        column: Column there, from 1.
        what: What is there, in a sentence without a full stop.
        why: Why it matters.
        advice: What to do.
        fact: For facts left open, the dotted name; else empty.
        questions: For facts left open, ids of the checklist's questions that wait for it.
    """

    code: str
    level: Level
    file: str
    line: int
    column: int
    what: str
    why: str
    advice: str
    fact: str = ""
    questions: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON. ``fact`` and ``questions`` stand only where a fact is left open."""
        about = {"fact": self.fact, "questions": list(self.questions)} if self.fact else {}
        return {
            "code": self.code,
            "level": self.level.value,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "what": self.what,
            "why": self.why,
            "advice": self.advice,
            **about,
        }


@dataclass(frozen=True)
class Looked:
    """What a rule looks at.

    Attributes:
        loaded: The profile with its places.
        reading: What its prompt says.
        places: Where the prompt's lines stand.
        catalogue: The controls.
        checklist: The oversight questions.
    """

    loaded: LoadedProfile
    reading: PromptReading
    places: PromptPlaces
    catalogue: Catalogue
    checklist: Checklist

    @property
    def profile(self) -> AgentProfile:
        """The profile itself."""
        return self.loaded.model

    def in_prompt(self, code: str, level: Level, at: tuple[int, int], what: str, why: str, advice: str) -> Lint:
        """A lint at a line and column of the prompt."""
        return Lint(code, level, shown_path(self.places.path), *self.places.of(*at), what, why, advice)

    def in_profile(self, code: str, level: Level, loc: Loc, what: str, why: str, advice: str) -> Lint:
        """A lint at a key of the profile, or its nearest parent that stands there."""
        place = self.loaded.locate_key(loc)
        return Lint(code, level, shown_path(self.loaded.path), *place, what, why, advice)


Rule = Callable[[Looked], Iterator[Lint]]
"""Looks at everything and says what it finds."""


def listed(names: list[str] | tuple[str, ...], most: int = 4) -> str:
    """Names in backticks for a sentence; beyond ``most`` they are counted."""
    shown = [f"`{name}`" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
