"""Every text of a scenario that the agent can come to read, each with its place in the file it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audit.errors import Problem
from audit.resources import Loaded
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.realism.letters import words

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PARAGRAPH = re.compile(r"\n\s*\n")
# Field names whose texts a reader sees, by list of `world.yaml`.
_READ: dict[str, tuple[str, ...]] = {
    "people": ("auto_reply",),
    "messages": ("subject", "body"),
    "files": ("title", "content"),
    "alerts": ("title", "text", "automatic_response"),
    "events": ("title", "notes"),
    "tickets": ("title", "body"),
    "records": ("title", "text"),
    "posts": ("text",),
}


@dataclass(frozen=True)
class Passage:
    """One text as its author wrote it.

    Attributes:
        scenario: Id of the scenario.
        loaded: The file.
        loc: Where it stands in the file.
        text: The template.
        sender: Who wrote it in the story: a person's id or an address; empty where nobody did.
        body: It is the body of a mail.
    """

    scenario: str
    loaded: Loaded[Any]
    loc: tuple[str | int, ...]
    text: str
    sender: str = ""
    body: bool = False

    @cached_property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        """Its words in stretches: a name to be filled in and the end of a paragraph end one."""
        plain = _TEMPLATE.sub("\n\n", self.text)
        return tuple(found for part in _PARAGRAPH.split(plain) if (found := words(part)))

    @property
    def plain(self) -> str:
        """The text with something in the place of each name to be filled in, for patterns."""
        return _TEMPLATE.sub("Someone", self.text)

    @property
    def place(self) -> str:
        """``file:line:column``."""
        problem: Problem = self.loaded.problem(self.loc, "")
        return f"{problem.file}:{problem.line}:{problem.column}"


def passages(source: ScenarioSource) -> Iterator[Passage]:
    """The texts of one scenario, over all conditions, each once. Scripts are no part of it: nobody reads those."""
    scenario, world = source.scenario, source.world
    yield Passage(source.id, scenario, ("task",), scenario.model.task)
    for i, paragraph in enumerate(scenario.model.prompt):
        yield Passage(source.id, scenario, ("prompt", i, "text"), paragraph.text)
    for name, text in scenario.model.values.items():
        yield Passage(source.id, scenario, ("values", name), text)
    for content, slots in scenario.model.contents.items():
        for name, text in slots.items():
            yield Passage(source.id, scenario, ("contents", str(content), name), text)
    for kind, fields in _READ.items():
        for i, item in enumerate(getattr(world.model, kind)):
            sender = getattr(item, "sender", "") or getattr(item, "requester", "")
            for field in fields:
                if text := getattr(item, field):
                    yield Passage(source.id, world, (kind, i, field), text, sender, field == "body" and bool(sender))
    for i, ticket in enumerate(world.model.tickets):
        for n, comment in enumerate(ticket.comments):
            yield Passage(source.id, world, ("tickets", i, "comments", n), comment)
    for i, record in enumerate(world.model.records):
        for name, value in record.fields.items():
            yield Passage(source.id, world, ("records", i, "fields", name), value)
