"""The oversight checklist: what to ask about the people and code around an agent, and what an answer is drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from audit.errors import PackError
from audit.oversight.catalogue import Catalogue, CatalogueModel, ControlId, NamedFact, Text, Values, load_catalogue
from audit.profile.facts import moot
from audit.profile.vocabulary import UNKNOWN
from audit.resources import Fault, FaultsError, Loaded, data_dir, load_yaml_model

OTHER_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "controls[]": "ids of the controls that stand on the agent's tools",
        "prompt.lint.absolute_goal": "aims without a bound in the system prompt",
        "prompt.lint.handover": "whether the prompt says who may change its aims, and that work is handed over",
        "prompt.lint.persona_name": "a human name or persona in the prompt",
        "prompt.lint.prohibitions": "what the prompt forbids",
        "prompt.secret_scan": "credentials in the prompt",
        "run.awareness_arm": "whether a run measured if the agent took the situation for a test",
        "run.config_hash": "digest of the model, prompt and tools that a run tested",
        "run.monitor_metrics": "how much the monitor caught in a run, and its false alarms",
        "run.n_by_behaviour": "usable trials of a run, by behaviour",
        "run.post_stop_actions": "calls that took effect after the agent was stopped",
    }
)
"""Facts that stand in no profile: what the system prompt holds, what a run measured, which controls stand."""


class Given(StrEnum):
    """An answer to a question of the checklist."""

    YES = "yes"
    PARTIAL = "partial"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How bad it is when the answer is no, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical."""
        return list(Severity).index(self)


class Answered(StrEnum):
    """How far files settle a question."""

    FULL = "full"
    """The declared facts settle it."""
    PARTIAL = "partial"
    """They settle a part of it; a person adds the rest."""
    FROM_RUN = "from_run"
    """Only what a run measured settles it."""
    PROMPT = "prompt"
    """Reading the system prompt settles it, as far as rules can read."""
    NONE = "none"
    """Only a person with the evidence in hand can answer."""


FactName = Annotated[Text, NamedFact(OTHER_FACTS)]
"""A fact as :func:`audit.profile.facts.facts` names it, or one of :data:`OTHER_FACTS`."""


class Where(CatalogueModel):
    """When a fact matters: another fact has one of some values, or is not known.

    Two facts of one list (``tools[].policy`` where ``tools[].effect_class``) are compared entry by entry.
    """

    fact: FactName
    """The other fact."""
    one_of: Annotated[Values, Field(min_length=1)]
    """Values of it with which the fact matters."""

    def matters(self, value: Any) -> bool:
        """Whether the other fact, or one entry of it, has such a value or may have."""
        values = value if isinstance(value, list | tuple) else [value]
        return any(UNKNOWN in (entry, str(entry)) or str(entry) in self.one_of for entry in values)


class AskedFact(CatalogueModel):
    """One fact that an answer is drawn from."""

    fact: FactName
    """Its dotted name."""
    where: Where | None = None
    """When it matters; left out, always."""


def _whole(value: Any) -> Any:
    return {"fact": value} if isinstance(value, str) else value


class Question(CatalogueModel):
    """One question of the checklist."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}-\d{2}$")]
    """Three capitals and two digits, such as PRM-01."""
    group: Text
    """Id of the group it stands in."""
    question: Text
    """The question, to be answered with yes where all is well."""
    why: Text
    """Why it matters, in a sentence."""
    answers: Annotated[tuple[Given, ...], Field(min_length=2)] = tuple(Given)
    """Answers that can be given; left out, all four."""
    controls: Annotated[tuple[ControlId, ...], Field(min_length=1)]
    """Controls of the catalogue that it asks about."""
    severity_if_absent: Severity
    """How bad a plain no is."""
    facts: tuple[
        Annotated[AskedFact, BeforeValidator(_whole, json_schema_input_type=FactName | AskedFact)],
        ...,
    ] = ()
    """What an answer is drawn from: names of facts, or facts with the condition under which they matter."""
    answered: Answered
    """How far files settle it."""


class Group(CatalogueModel):
    """Questions that belong together."""

    title: Text
    """Heading above them."""


class OpenFact(NamedTuple):
    """A fact that nobody has stated.

    Attributes:
        fact: its dotted name; ``data.scopes[]`` where the profile lists no scopes at all.
        entries: for facts of a list, the positions of the entries that lack it (``tools[1]`` is 1). Empty: the fact
            as a whole.
    """

    fact: str
    entries: tuple[int, ...] = ()


class Blocked(NamedTuple):
    """A question that cannot be answered yet.

    Attributes:
        question: the question.
        open: the facts it waits for, in the question's order.
    """

    question: Question
    open: tuple[OpenFact, ...]


class Checklist(CatalogueModel):
    """``checklists/oversight.yaml``: questions about the oversight of one agent, in groups."""

    schema_: Literal["insider-audit/checklist/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/checklist/1."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    """Version of the questions. Answers given to another version may have been answers to other questions."""
    note: Text
    """What the questions are: judgement of this project."""
    groups: Annotated[dict[str, Group], Field(min_length=1)]
    """Groups by id, in the order in which they are shown."""
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]
    """The questions, in the order in which they are asked."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        # The loader runs the same checks on the file's own values, so that they show beside field errors too.
        if faults := list(_across(self.model_dump(mode="json", by_alias=True))):
            raise FaultsError(faults)
        return self

    def get(self, question: str) -> Question | None:
        """The question of that id, or None."""
        return next((found for found in self.questions if found.id == question), None)

    def blocked(self, known: Mapping[str, Any]) -> tuple[Blocked, ...]:
        """Questions that cannot be answered because facts are unknown.

        Args:
            known: values by dotted name: :func:`audit.profile.facts.facts`, and those of :data:`OTHER_FACTS` that have
                been looked up.

        Returns:
            In the checklist's order. A fact is open when its value is ``unknown``, or when it is a fact of profiles and
            not among ``known``. Facts that other answers have made pointless (where the monitor stands, when there is
            none) and facts whose ``where`` does not hold block nothing. Neither do facts of a prompt or run that are
            not among ``known``: nobody has looked yet.
        """
        found = []
        for question in self.questions:
            waiting = dict.fromkeys(fact for asked in question.facts if (fact := _open(asked, known)) is not None)
            if waiting:
                found.append(Blocked(question, tuple(waiting)))
        return tuple(found)


def _open(asked: AskedFact, known: Mapping[str, Any]) -> OpenFact | None:
    name = asked.fact
    if (name not in known and name in OTHER_FACTS) or moot(name, known):
        return None
    value = known.get(name, UNKNOWN)
    condition = known.get(asked.where.fact, UNKNOWN) if asked.where else None
    section, _, key = name.partition("[].")
    if not (key and isinstance(value, list)):
        if not _unknown(value) or (asked.where and not asked.where.matters(_flat(condition))):
            return None
        return OpenFact(f"{section}[]" if key else name)
    entries = [position for position, entry in enumerate(value) if _unknown(entry)]
    if asked.where:
        same_list = isinstance(condition, list) and asked.where.fact.startswith(f"{section}[].")
        values: list[Any] = condition if same_list and condition else [_flat(condition)] * len(value)
        entries = [position for position in entries if asked.where.matters(values[position])]
    return OpenFact(name, tuple(entries)) if entries else None


def _unknown(value: Any) -> bool:
    """A list that holds ``unknown`` among other things is not known either: what else belongs in it is open."""
    return UNKNOWN in value if isinstance(value, list | tuple) else value == UNKNOWN


def _flat(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [inner for entry in value for inner in (entry if isinstance(entry, list | tuple) else [entry])]


def _across(data: Any, controls: Catalogue | None = None) -> Iterator[Fault]:
    """What is wrong between the parts of a checklist, well formed or not."""
    if not isinstance(data, Mapping) or not isinstance(data.get("questions"), Sequence):
        return
    groups = data.get("groups")
    first: set[str] = set()
    for position, question in enumerate(data["questions"]):
        if not isinstance(question, Mapping):
            continue
        loc = ("questions", position)
        name, group = question.get("id"), question.get("group")
        if isinstance(name, str):
            if name in first:
                yield Fault((*loc, "id"), f"two questions are called {name}", "give it another id, or remove one")
            first.add(name)
        if isinstance(group, str) and isinstance(groups, Mapping) and group not in groups:
            mend = f"use one of {', '.join(map(str, groups))}, or add it under `groups`"
            yield Fault((*loc, "group"), f"there is no group `{group}` in this file", mend)
        named = question.get("controls")
        for place, control in enumerate(named if isinstance(named, list) else ()):
            well_formed = isinstance(control, str) and re.fullmatch(r"C\d{2}", control)
            if controls is not None and well_formed and controls.get(control) is None:
                mend = "use the id of a control in checklists/controls.yaml"
                yield Fault((*loc, "controls", place), f"there is no control {control} in the catalogue", mend)


def load_checklist(path: Path | None = None, controls: Catalogue | None = None) -> Loaded[Checklist]:
    """Read an oversight checklist.

    Args:
        path: another file in the same form; None for the shipped one.
        controls: the catalogue its questions refer to; None for the shipped one.

    Raises:
        PackError: with every problem found in the file.
    """
    catalogue = controls or load_catalogue().model
    file = path or data_dir("checklists") / "oversight.yaml"
    return load_yaml_model(file, Checklist, PackError, checks=[lambda data: _across(data, catalogue)])
