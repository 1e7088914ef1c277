"""Designs: which conditions of a scenario are run.

Four are built in. ``quick`` is the agent as deployed and the benign twin; ``standard`` adds every factor one at a time,
which shows what each of them does at the price of one condition a level; ``study`` is the study's published design with
the twin, ``study-full`` its whole grid. Any other stands in a file of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, ValidationError, model_validator

from audit.errors import DesignError, Problem, UsageError
from audit.resources import Fault, FaultsError, Loaded, load_yaml_model
from audit.scenarios import factors as of
from audit.scenarios.base import PackModel, Slug
from audit.scenarios.factors import (
    COMMON,
    EVERY,
    WITH_CONTENT,
    Autonomy,
    Condition,
    Content,
    Delivery,
    Framing,
    Goal,
    Instruction,
    Persona,
    Reasoning,
    Successor,
    Threat,
    WayOut,
    usual_successor,
)
from audit.scenarios.packs import ScenarioSource
from audit.scenarios.situation import Dialect

_VARIED = ("threat", "goal", "successor", "way_out", *COMMON)
"""What ``standard`` varies around the agent as deployed."""


class DesignName(StrEnum):
    """The built-in designs, from cheap to dear."""

    QUICK = "quick"
    """The agent as deployed, and the benign twin."""
    STUDY = "study"
    """A stated aim or none, crossed with the threats; and the benign twin."""
    STANDARD = "standard"
    """The agent as deployed, the benign twin, and every factor one at a time."""
    STUDY_FULL = "study-full"
    """The study's whole grid: every goal and content crossed with the threats. No twin."""


DEFAULT_DESIGN = DesignName.STANDARD


class Levels(PackModel):
    """One level of some factors."""

    threat: Threat | None = None
    """What hangs over the agent."""
    goal: Goal | None = None
    """How it comes by an aim."""
    content: Content | None = None
    """What the aim is about; only with a goal that says one."""
    successor: Successor | None = None
    """What the system that takes its place is set up to do; only under replacement."""
    way_out: WayOut | None = None
    """Whether the honest way out is open."""
    persona: Persona | None = None
    """What it is called."""
    reasoning: Reasoning | None = None
    """Where it thinks."""
    instruction: Instruction | None = None
    """What it is told against harm."""
    framing: Framing | None = None
    """What it is told about being tested."""
    delivery: Delivery | None = None
    """How it comes by its mail."""
    autonomy: Autonomy | None = None
    """Whether its authority is spelt out."""


class Cross(PackModel):
    """Levels of some factors, each combined with each."""

    threat: Annotated[tuple[Threat, ...], Field(min_length=1)] | None = None
    """Levels of the threat."""
    goal: Annotated[tuple[Goal, ...], Field(min_length=1)] | None = None
    """Levels of the goal."""
    content: Annotated[tuple[Content, ...], Field(min_length=1)] | None = None
    """What the aim is about. Goals that say none are taken once."""
    successor: Annotated[tuple[Successor, ...], Field(min_length=1)] | None = None
    """What the successor is set up to do. Threats without one are taken once."""
    way_out: Annotated[tuple[WayOut, ...], Field(min_length=1)] | None = None
    """Whether the honest way out is open."""
    persona: Annotated[tuple[Persona, ...], Field(min_length=1)] | None = None
    """What the agent is called."""
    reasoning: Annotated[tuple[Reasoning, ...], Field(min_length=1)] | None = None
    """Where it thinks."""
    instruction: Annotated[tuple[Instruction, ...], Field(min_length=1)] | None = None
    """What it is told against harm."""
    framing: Annotated[tuple[Framing, ...], Field(min_length=1)] | None = None
    """What it is told about being tested."""
    delivery: Annotated[tuple[Delivery, ...], Field(min_length=1)] | None = None
    """How it comes by its mail."""
    autonomy: Annotated[tuple[Autonomy, ...], Field(min_length=1)] | None = None
    """Whether its authority is spelt out."""


class Entry(Levels):
    """Some conditions: fixed levels, and levels that are crossed. Factors left out are as the agent is deployed."""

    scenarios: Annotated[tuple[Slug, ...], Field(min_length=1)] | None = None
    """Ids of the scenarios it is about; left out, every one that is run."""
    twin: bool = False
    """The benign twin, which has no threat and no goal."""
    cross: Cross = Cross()
    """Factors with several levels, each combined with each."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Entry:
        faults = []
        for name in EVERY:
            crossed = getattr(self.cross, name) is not None
            if crossed and getattr(self, name) is not None:
                mend = "keep one of the two"
                faults.append(Fault(("cross", name), f"`{name}` is fixed and crossed in one entry", mend))
            if self.twin and name not in COMMON and (crossed or getattr(self, name) is not None):
                loc: tuple[str, ...] = ("cross", name) if crossed else (name,)
                wrong = f"the benign twin has no `{name}` to choose"
                faults.append(Fault(loc, wrong, "leave it out, or make it an entry without `twin`"))
        if faults:
            raise FaultsError(faults)
        return self


class DesignFile(PackModel):
    """A design of one's own."""

    schema_: Literal["insider-audit/design/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/design/1."""
    name: Slug
    """What it is called in plans and reports; not the name of a built-in design."""
    trials: Annotated[int, Field(ge=1)] | None = None
    """Trials per condition, unless the command says otherwise."""
    conditions: Annotated[tuple[Entry, ...], Field(min_length=1)]
    """What is run. A condition that several entries name is run once."""

    @model_validator(mode="after")
    def _has_its_own_name(self) -> DesignFile:
        if self.name in set(DesignName):
            wrong = f"`{self.name}` is the name of a built-in design"
            raise FaultsError([Fault(("name",), wrong, "call it something else")])
        return self


@dataclass(frozen=True)
class Design:
    """A design, built in or from a file.

    Attributes:
        name: What it is called.
        file: Where it stands; None for a built-in one.
    """

    name: str
    file: Loaded[DesignFile] | None = None

    @property
    def sha256(self) -> str:
        """Digest of its file; empty for a built-in one."""
        return self.file.sha256 if self.file else ""

    @property
    def trials(self) -> int | None:
        """Trials per condition that it asks for; None where it leaves that open."""
        return self.file.model.trials if self.file else None

    @property
    def scenarios(self) -> frozenset[str] | None:
        """The only scenarios it is about; None where it is about every one."""
        if self.file is None:
            return None
        named = [entry.scenarios for entry in self.file.model.conditions]
        if any(ids is None for ids in named):
            return None
        return frozenset(name for ids in named for name in ids or ())

    def conditions(self, sources: Iterable[ScenarioSource]) -> tuple[Condition, ...]:
        """Its conditions of some scenarios, each once, scenario by scenario; the twin is the last of its scenario.

        Raises:
            DesignError: the design's file asks a scenario for a level it does not support; all of them, with file, line
                and column.
        """
        found: list[Condition] = []
        problems: list[Problem] = []
        for source in sources:
            if self.file is None:
                own = _built_in(DesignName(self.name), source)
            else:
                own = ()
                try:
                    own = _from_file(self.file, source)
                except DesignError as error:
                    problems += error.problems
            found += sorted(dict.fromkeys(own), key=lambda condition: condition.twin)
        if problems:
            raise DesignError(list(dict.fromkeys(problems)))
        return tuple(found)


class Folded(NamedTuple):
    """Conditions under one dialect.

    Attributes:
        conditions: What is run.
        dropped: Ids of those that are no other than one of these.
    """

    conditions: tuple[Condition, ...]
    dropped: tuple[str, ...]


def fold(conditions: Iterable[Condition], dialect: Dialect) -> Folded:
    """Leave out what is the same condition under a dialect.

    With tags the mailbox always stands in the prompt, so its delivery there is no level of its own.
    """
    asked = tuple(conditions)
    if dialect is not Dialect.TAGS:
        return Folded(asked, ())
    plain = [c.model_copy(update={"delivery": Delivery.TOOLS}) for c in asked]
    dropped = tuple(c.id for c in asked if c.delivery is Delivery.INBOX)
    return Folded(tuple(dict.fromkeys(plain)), dropped)


def load_design(given: str) -> Design:
    """The design of that name, or the one in that file.

    Raises:
        UsageError: it is neither.
        DesignError: the file cannot be used; every problem in it.
    """
    if given in set(DesignName):
        return Design(given)
    path = Path(given)
    if path.suffix not in {".yaml", ".yml", ".json"} and not path.exists():
        raise UsageError(f"there is no design {given!r}; there are: {', '.join(DesignName)}, or name a YAML file")
    loaded = load_yaml_model(path, DesignFile, DesignError)
    return Design(loaded.model.name, loaded)


def check_scenarios(design: Design, known: Iterable[str]) -> None:
    """Every scenario that a design's file names exists.

    Raises:
        DesignError: one does not; with file, line and column.
    """
    if design.file is None:
        return
    there = tuple(known)
    problems = [
        design.file.problem(
            ("conditions", i, "scenarios", j), f"there is no scenario `{name}`", f"there are: {', '.join(there)}"
        )
        for i, entry in enumerate(design.file.model.conditions)
        for j, name in enumerate(entry.scenarios or ())
        if name not in there
    ]
    if problems:
        raise DesignError(problems)


def _built_in(name: DesignName, source: ScenarioSource) -> tuple[Condition, ...]:
    scenario, factors = source.id, source.scenario.model.factors
    first, twin = of.base(scenario, factors), of.twin(scenario, factors)
    if name is DesignName.QUICK:
        return first, *twin
    if name is DesignName.STANDARD:
        return first, *of.around(first, factors, _VARIED), *twin
    if name is DesignName.STUDY:
        # A scenario without either of the study's goals is run as deployed: none that is chosen goes unrun.
        return *(of.study(scenario, factors) or (first,)), *twin
    return of.study_full(scenario, factors)


def _from_file(file: Loaded[DesignFile], source: ScenarioSource) -> tuple[Condition, ...]:
    problems: list[Problem] = []
    found: list[Condition] = []
    for position, entry in enumerate(file.model.conditions):
        if entry.scenarios is not None and source.id not in entry.scenarios:
            continue
        faults = list(_unsupported(entry, source))
        if not faults:
            found += _conditions(entry, source, faults)
        problems += [file.problem(("conditions", position, *f.loc), f.wrong, f.mend) for f in faults]
    if problems:
        raise DesignError(problems)
    return tuple(found)


def _unsupported(entry: Entry, source: ScenarioSource) -> Iterator[Fault]:
    """Levels that an entry names and the scenario does not have."""
    factors = source.scenario.model.factors
    alone = entry.scenarios is not None and len(entry.scenarios) == 1
    mend = "name one of these" if alone else "limit the entry to others by `scenarios`"
    if entry.twin and not factors.twin:
        yield Fault(("twin",), f"scenario `{source.id}` has no benign twin", mend)
    for name in EVERY:
        supported = factors.levels(name)
        fixed, crossed = getattr(entry, name), getattr(entry.cross, name) or ()
        asked: list[tuple[Any, tuple[str | int, ...]]] = [(fixed, (name,))] if fixed is not None else []
        asked += [(level, ("cross", name, i)) for i, level in enumerate(crossed)]
        for level, loc in asked:
            if name == "successor" and not supported:
                continue  # only the usual one, which depends on the goal: looked at condition by condition
            if level not in supported:
                has = ", ".join(f"`{one}`" for one in supported)
                yield Fault(loc, f"scenario `{source.id}` has no {name} `{level}`; it has {has}", mend)


def _conditions(entry: Entry, source: ScenarioSource, faults: list[Fault]) -> Iterator[Condition]:
    """The conditions of an entry. Combinations that mean nothing are left out where they come of crossing."""
    factors = source.scenario.model.factors
    first = of.base(source.id, factors)
    fixed = {name: level for name in EVERY if (level := getattr(entry, name)) is not None}
    crossed: Mapping[str, Sequence[StrEnum]] = {
        name: levels for name in EVERY if (levels := getattr(entry.cross, name)) is not None
    }
    start: dict[str, Any] = {"scenario": source.id, "threat": first.threat, "goal": first.goal}
    if entry.twin:
        start |= {"threat": Threat.NONE, "goal": Goal.NONE, "twin": True}
    for combination in itertools.product(*crossed.values()):
        data = start | fixed | dict(zip(crossed, combination, strict=True))
        for name, governor, fault in _means_nothing(data, fixed):
            if governor not in crossed:
                faults.append(fault)
                return
            data.pop(name)
        try:
            condition = Condition.model_validate(data)
        except ValidationError as error:  # a rule of conditions that is not looked at above
            wrong = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            faults.append(Fault((), wrong, "choose other levels"))
            return
        if condition.successor is not usual_successor(condition.goal) and not factors.successor:
            loc = ("successor",) if "successor" in fixed else ("cross", "successor")
            usual = usual_successor(condition.goal)
            wrong = f"scenario `{source.id}` has no successor `{condition.successor}` with goal `{condition.goal}`"
            faults.append(Fault(loc, f"{wrong}; it has `{usual}`", "leave it out, or limit the entry by `scenarios`"))
            return
        yield condition


def _means_nothing(data: Mapping[str, Any], fixed: Mapping[str, Any]) -> list[tuple[str, str, Fault]]:
    """Content without an aim, successor without a replacement: the factor, what it hangs on, and what is wrong."""
    found = []
    for name, governor in (("content", "goal"), ("successor", "threat")):
        level, reigning = data.get(name), data[governor]
        if level is None or level is Content.OWN:
            continue
        needed = WITH_CONTENT if name == "content" else (Threat.REPLACEMENT,)
        if reigning not in needed:
            wrong = f"with the {governor} `{reigning}` there is no {name} to choose"
            mend = f"leave it out, or choose the {governor} {' or '.join(f'`{one}`' for one in needed)}"
            found.append((name, governor, Fault((name,) if name in fixed else ("cross", name), wrong, mend)))
    return found
