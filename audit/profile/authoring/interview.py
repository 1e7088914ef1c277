"""What is known so far, what is asked next, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from audit.profile.authoring.answers import AnswerError, Kind, fact_type, read_answer
from audit.profile.authoring.questions import QUESTIONS, SECTIONS, Question
from audit.profile.authoring.steps import GROUPS, Choice, Form, Step, scope_steps, tool_steps
from audit.profile.facts import moot
from audit.profile.intake.models import InferredTool
from audit.profile.prompt import read_prompt
from audit.profile.tools import Reach
from audit.profile.vocabulary import UNKNOWN
from audit.world.capabilities import Capability

_YES_NO = (Choice("yes", "yes"), Choice("partial", "partial: in some cases, or in part"), Choice("no", "no"))
_ROLE = (
    r"\b[Yy]ou are (?:[A-Z][a-z]+, )?(?:an?|the) ([a-z][a-z -]{2,40}?)"
    r"(?= (?:for|of|at|in|who|that)\b|[,.;\n])"
)


class Move(Enum):
    """What a person may say instead of answering."""

    BACK = auto()
    """To the question before."""
    REST_UNKNOWN = auto()
    """Leave the rest of this section unknown."""
    LATER = auto()
    """Not known now, though the profile cannot do without it: to be asked again at the end."""


@dataclass
class Session:
    """Everything known about a profile that is being written.

    Attributes:
        given: answers that came with the command or a file; they are not asked for.
        answers: answers from people, in the order in which they were given.
        tools: the imported tools.
        prompt: text of the system prompt, as far as it was read.
        before: answers that were taken back, as suggestions.
        later: keys of required answers that were put off.
    """

    given: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    tools: tuple[InferredTool, ...] = ()
    prompt: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)

    @property
    def known(self) -> dict[str, Any]:
        """All answers by key; what was given with the command wins."""
        return {**self.answers, **self.given}

    def said_of(self, tool: str) -> dict[str, Any]:
        """What people said about a tool, by field of the profile; what was said of it alone goes first."""
        known = self.known
        said: dict[str, Any] = {}
        for key, value in known.items():
            start, _, name = key.partition("[].")
            if start != "tools" or not name or name.endswith(".which"):
                continue
            if value == "some":
                ticked, rest, _, _ = GROUPS[name]
                value = ticked if tool in (known.get(f"{key}.which") or ()) else rest
            said[name] = value
        start = f"tools.{tool}."
        for key, value in known.items():
            if key.startswith(start):
                _put(said, key.removeprefix(start).split("."), value)
        return said

    def capabilities(self) -> dict[str, list[str]]:
        """Capabilities of each tool, as said or else as inferred."""
        return {
            tool.name: list(self.said_of(tool.name).get("capabilities") or [str(c.value) for c in tool.capabilities])
            for tool in self.tools
        }

    def steps(self) -> Iterator[Step]:
        """Every question that makes sense now, answered or not, in order. What was given is not asked."""
        known = self.known
        for step in self._steps(known):
            left = known.get(f"{step.section}.*") and step.key not in known and not step.required
            if step.key not in self.given and not left:
                yield step

    def _steps(self, known: Mapping[str, Any]) -> Iterator[Step]:
        yield Step(
            "prompt", "Which file holds its system prompt?", "Its path. The text is sent word for word.", required=True
        )
        explain = "Paths with commas between them (MCP tools/list, OpenAI, Anthropic ...), or `none`, to type names."
        yield Step("tools", "Which files hold the list of its tools?", explain, required=True)
        if known.get("tools") == [] or "tools.names" in known:
            explain = "Names with commas between them, as the model sees them."
            yield Step("tools.names", "Which tools can it call?", explain, required=True)
        for question in QUESTIONS:
            if question.fact == "data.entitlement_mode":
                yield from tool_steps(self.tools, known)
                if not any(key.startswith("data.scopes.") for key in self.given):
                    yield from scope_steps(self.capabilities(), known)
            if not moot(question.fact, known) and question.only_if(known):
                yield self._step(question)

    def _step(self, question: Question) -> Step:
        kind = fact_type(question.fact)
        form = Form.TEXT
        choices: tuple[Choice, ...] = ()
        if kind.kind is Kind.YES_NO:
            form, choices = Form.ONE_OF, (*_YES_NO, Choice(UNKNOWN, UNKNOWN))
        elif question.labels:
            form = Form.ONE_OF
            rows = [Choice({} if word == "limited" else word, label) for word, label in question.labels.items()]
            choices = (*rows, Choice(UNKNOWN, UNKNOWN))
        return Step(
            question.fact,
            question.ask,
            question.explain,
            form,
            choices,
            required=kind.required,
            separator=question.separator,
        )

    def next_step(self) -> Step | None:
        """The first question that has no answer yet, those that were put off last; None when all have."""
        steps = [step for step in self.steps() if step.key not in self.answers]
        step = next((step for step in steps if step.key not in self.later), next(iter(steps), None))
        if step is None or step.default is not None:
            return step
        return step._replace(default=suggestion(step.key, self))

    def progress(self) -> tuple[int, int]:
        """How many of the questions that make sense now are answered, and how many there are."""
        steps = list(self.steps())
        return sum(step.key in self.answers for step in steps), len(steps)

    def answer(self, step: Step, value: Any) -> None:
        """Keep an answer."""
        self.before.pop(step.key, None)
        self.answers[step.key] = value

    def move(self, step: Step, move: Move) -> None:
        """Go back, put a required answer off, or leave the rest of the section of ``step`` unknown."""
        if move is Move.REST_UNKNOWN:
            self.answers[f"{step.section}.*"] = UNKNOWN
        elif move is Move.LATER:
            self.later.append(step.key)
        elif self.answers:
            key, value = self.answers.popitem()
            self.before[key] = value

    def missing(self) -> list[str]:
        """Keys of required answers that nobody has given."""
        known = self.known
        found = [step.key for step in self._steps(known) if step.required and step.key not in known]
        return [key for key in found if key != "tools.names"] + (
            ["tools"] if "tools" in known and not self.tools else []
        )


def interview(session: Session, ask: Callable[[Step, Session], Any], keep: Callable[[], None]) -> None:
    """Ask until every question that makes sense has an answer.

    Args:
        session: what is known; answers are put into it.
        ask: asks one question and gives the value to keep, or a :class:`Move`.
        keep: called after each answer.
    """
    while (step := session.next_step()) is not None:
        said = ask(step, session)
        if isinstance(said, Move):
            session.move(step, said)
        else:
            session.answer(step, said)
        keep()


def read_typed(step: Step, typed: str) -> Any:
    """What was typed at a question, as the value to keep.

    Raises:
        AnswerError: it cannot be used; the message says why.
    """
    if step.key == "data.scopes.more":
        return [] if typed.strip().lower() in {"", "none", UNKNOWN} else _entries(typed)
    if step.key in {"tools", "tools.names"}:
        entries = [] if typed.strip().lower() == "none" else _entries(typed)
        if not entries and typed.strip().lower() != "none":
            raise AnswerError("a profile cannot do without tools")
        return entries
    if step.key == "prompt":
        if not typed.strip():
            raise AnswerError("a profile cannot do without a system prompt")
        return typed.strip()
    if step.key.startswith("data.scopes.") and step.key.endswith(".name") and typed.strip().lower() in {"", UNKNOWN}:
        return step.default
    return read_answer(step.key, typed, step.separator)


def shown(step: Step, value: Any) -> str:
    """A value as it is typed at the question, for one that is filled in."""
    if value is None:
        return "none" if step.key == "data.scopes.more" else ""
    if isinstance(value, list | tuple):
        return f"{step.separator} ".join(str(entry) for entry in value) or "none"
    return str(value)


def heading(step: Step) -> str:
    """The heading of the section that a question belongs to."""
    return SECTIONS.get(step.section, step.section)


def suggestion(fact: str, session: Session) -> Any:
    """What tools, prompt and earlier answers suggest for a fact; None where they say nothing. It is never an answer.

    It may say that harm is possible, never that it is not: no tool list shows that messages stay inside.
    """
    can = {Capability(c) for capabilities in session.capabilities().values() for c in capabilities}
    reaches = {tool.reach.value for tool in session.tools}
    match fact:
        case "comms.external" if session.tools:
            return "yes" if reaches & {Reach.EXTERNAL, Reach.PUBLIC} else None
        case "memory.agent_writable" if Capability.MEMORY_WRITE in can:
            return "yes"
        case "memory.persistent" if Capability.MEMORY_WRITE in can:
            return "yes"
        case "credentials.in_context" if Capability.CREDENTIAL_READ in can:
            return "yes"
        case "agent.name":
            return _in_prompt(r"\b(?:[Yy]ou are|[Yy]our name is) ([A-Z][a-z]+)\b(?=[,.]| the | an? )", session)
        case "agent.role":
            return _in_prompt(_ROLE, session)
        case "agent.email":
            own = _own_addresses(session)
            return own[0] if len(own) == 1 else None
        case "organisation.domains":
            domains = list(dict.fromkeys(address.rpartition("@")[2] for address in _own_addresses(session)))
            return domains[0] if len(domains) == 1 else None
    return None


def _own_addresses(session: Session) -> list[str]:
    """Addresses that the prompt calls the agent's own; one it is told to write to may be anybody's."""
    return [address for address, _ in read_prompt(session.prompt, ()).addresses]


def _in_prompt(pattern: str, session: Session) -> str | None:
    """The first match in the prompt."""
    found = re.search(pattern, session.prompt)
    return found[1] if found else None


def _entries(typed: str) -> list[str]:
    return [entry.strip() for entry in typed.split(",") if entry.strip()]


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Put a value into nested mappings, in place of whatever else stands on the way."""
    for part in path[:-1]:
        if not isinstance(values.get(part), dict):
            values[part] = {}
        values = values[part]
    values[path[-1]] = value
