"""The word lists of ``patterns.yaml`` as compiled patterns."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints

from audit.errors import PackError
from audit.resources import load_yaml_model
from audit.world.capabilities import Capability

_PARTS = re.compile(
    r"(?P<look>\(\?<[=!](?:\[[^\]]*\]|[^)\[])*\))|(?P<set>\[(?:\\.|[^\]])*\])|(?P<escaped>\\.)|(?P<other>[ '])"
)


def _loosened(expression: str) -> str:
    """Let a space stand for any white space, and a straight apostrophe for both kinds."""

    def loose(part: re.Match[str]) -> str:
        text = part[0]
        if part.lastgroup == "look":  # of fixed width, as Python wants it
            return text.replace(" ", r"\s")
        if part.lastgroup == "set":
            return text.replace(" ", r"\s").replace("'", "'\u2019")
        return {" ": r"\s+", "'": "['\u2019]"}.get(text, text)

    return _PARTS.sub(loose, expression)


class Phrases:
    """Expressions of one group, found in any order.

    Args:
        expressions: As ``patterns.yaml`` writes them.

    Raises:
        ValueError: One of them is no regular expression.
    """

    def __init__(self, expressions: Sequence[str] = ()) -> None:
        self.expressions = tuple(expressions)
        for expression in self.expressions:
            try:
                re.compile(_loosened(expression))
            except re.error as error:
                raise ValueError(f"`{expression}` is no regular expression ({error}); mend it") from None

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """All of them as one pattern over whole words, without regard to case."""
        either = "|".join(_loosened(expression) for expression in self.expressions) or r"(?!)"
        return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The first place where one of them stands."""
        return self.pattern.search(text, start)

    def every(self, text: str) -> Iterator[re.Match[str]]:
        """All places where one of them stands."""
        return self.pattern.finditer(text)


def _phrases(value: Any) -> Phrases:
    if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
        raise ValueError("a list of expressions is expected here; write one `- text` a line")
    return Phrases(value)


Group = Annotated[Phrases, PlainValidator(_phrases)]


class PatternModel(BaseModel):
    """Base of the file's models: unknown keys are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Act(PatternModel):
    """Something a prompt forbids or asks for, and the capabilities that would do it."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    phrase: Annotated[str, StringConstraints(min_length=1)]
    """Completes "the agent is told to ..."."""
    forbidden: Group = Phrases()
    asked: Group = Phrases()
    capabilities: Annotated[tuple[Capability, ...], Field(min_length=1)]
    """A tool with one of these can do it."""
    also: tuple[Capability, ...] = ()
    """A tool with one of these might do it too; then nobody is told that no tool does."""
    outward: Annotated[bool, BeforeValidator(lambda value: value == "yes" or value is True)] = False
    """It needs a recipient outside: tools that reach nobody there cannot do it."""
    controls: tuple[str, ...] = ()
    """Catalogue ids of what enforces a prohibition of it, best first."""
    partial: tuple[str, ...] = ()
    """Catalogue ids of what makes it rarer without deciding."""


class Patterns(PatternModel):
    """``patterns.yaml``."""

    schema_: Literal["insider-audit/prompt-patterns/1"] = Field(alias="schema")
    version: str
    negations: Group
    absolute_goal: Group
    leading_goal: Group
    bounds: Group
    human_claim: Group
    prohibition: Group
    condition: Group
    handover: Group
    escalation: Group
    approval: Group
    watching: Group
    recording: Group
    own_address: Group
    credential: Group
    acts: Annotated[tuple[Act, ...], Field(min_length=1)]

    def act(self, name: str) -> Act:
        """The act of that id."""
        return next(act for act in self.acts if act.id == name)


@functools.cache
def patterns() -> Patterns:
    """The shipped word lists, read once.

    Raises:
        PackError: The file is damaged.
    """
    return load_yaml_model(Path(__file__).with_name("patterns.yaml"), Patterns, PackError).model
