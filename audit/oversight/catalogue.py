"""The control catalogue: what can stand between an agent and harm, where, how strongly, and who asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from audit.errors import PackError
from audit.profile.facts import facts
from audit.profile.models import AgentProfile
from audit.profile.vocabulary import UNKNOWN
from audit.resources import Fault, FaultsError, Loaded, data_dir, load_yaml_model
from audit.verdicts.models import Behaviour
from audit.world.capabilities import Capability

Text = Annotated[str, StringConstraints(min_length=1)]
ControlId = Annotated[str, StringConstraints(pattern=r"^C\d{2}$")]


class CatalogueModel(BaseModel):
    """Base of everything in the catalogue: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Strength(StrEnum):
    """What a control can be trusted with, strongest first."""

    ENFORCING = "enforcing"
    """Code or a person decides; the agent cannot talk its way past."""
    PARTIAL = "partial"
    """Catches some of it, or makes it rarer."""
    WEAK = "weak"
    """Words to the agent. Never closes a gap alone."""

    @property
    def rank(self) -> int:
        """0 for enforcing up to 2 for weak."""
        return list(Strength).index(self)


class Effort(StrEnum):
    """What it takes to put a control in place, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low up to 2 for high."""
        return list(Effort).index(self)


class Point(StrEnum):
    """Where a control decides."""

    IDENTITY = "identity"
    GATEWAY = "gateway"
    HUMAN = "human"
    MONITOR = "monitor"
    PROMPT = "prompt"
    PROCESS = "process"


class Framework(CatalogueModel):
    """A standard or guide that controls refer to."""

    title: Text
    """Title with its edition."""
    year: Annotated[int, Field(ge=2000, le=2100)]
    """Year of the edition cited."""
    url: Text
    checked: Literal["primary", "secondary", "unconfirmed"]
    """How the items cited were checked: in the publisher's text, in two other sources, or not yet."""
    note: str = ""


class Reference(CatalogueModel):
    """One item of a framework."""

    framework: Text
    """Id of a framework in this catalogue."""
    item: Text
    unconfirmed: bool = False
    """The item's number or title still has to be checked against the publisher's text."""


def _as_tuple(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class FactTest(CatalogueModel):
    """One thing a profile has to say for a control to be in place."""

    fact: Text
    """Dotted name, as :func:`audit.profile.facts.facts` gives it."""
    one_of: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    """The fact has one of these values; for a list, at least one of its entries has."""
    only: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    """The fact is a list whose entries all have one of these values."""

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.one_of and self.only:
            raise FaultsError([Fault(("only",), "`one_of` and `only` are both given", "keep one of them")])
        return self

    def holds(self, known: Mapping[str, Any]) -> bool:
        """Whether the fact says so. Without values: whether it is stated at all and is neither "none" nor empty."""
        value = known.get(self.fact, UNKNOWN)
        if isinstance(value, Mapping):
            return any(inner is not None for inner in value.values())
        entries = list(_flat(value)) if isinstance(value, list) else [value]
        if self.only:
            return isinstance(value, list) and all(str(entry) in self.only for entry in entries)
        if self.one_of:
            return any(str(entry) in self.one_of for entry in entries)
        return bool(entries) and all(entry not in (None, UNKNOWN, "none", "no", "") for entry in entries)


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


class ControlInfo(CatalogueModel):
    """One control of the catalogue."""

    id: ControlId
    name: Text
    what: Text
    """What it does, in a sentence or two."""
    strength: Strength
    enforced_at: Annotated[tuple[Point, ...], Field(min_length=1)]
    stops: Annotated[tuple[Behaviour, ...], Field(min_length=1)]
    """Behaviours it stops or makes rarer."""
    paths: tuple[Capability, ...] = ()
    """Capabilities it stands on. Empty: on no path in particular."""
    owner_role: Text
    """Who usually puts it in place."""
    effort: Effort
    references: Annotated[tuple[Reference, ...], Field(min_length=1)]
    facts: tuple[FactTest, ...] = ()
    """What a profile says when it is in place: all of these. Empty: a profile cannot show it."""

    def in_place(self, profile: AgentProfile) -> bool:
        """Whether the profile shows, by its facts, that the control is in place for the agent as a whole."""
        known = facts(profile)
        return bool(self.facts) and all(test.holds(known) for test in self.facts)

    def stops_on(self, behaviour: Behaviour, capability: Capability) -> bool:
        """Whether it works against this behaviour on this path."""
        return behaviour in self.stops and (not self.paths or capability in self.paths)


class Catalogue(CatalogueModel):
    """``checklists/controls.yaml``."""

    schema_: Literal["insider-audit/controls/1"] = Field(alias="schema")
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    as_of: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """Day on which the frameworks' editions were looked up."""
    note: Text
    """What the mappings are: judgement of this project, not of the publishers."""
    frameworks: dict[str, Framework]
    controls: Annotated[tuple[ControlInfo, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        found: list[Fault] = []
        first: set[str] = set()
        for position, control in enumerate(self.controls):
            if control.id in first:
                mend = "give it another id, or remove one"
                found.append(Fault(("controls", position, "id"), f"two controls are called {control.id}", mend))
            first.add(control.id)
            for place, reference in enumerate(control.references):
                if reference.framework not in self.frameworks:
                    loc = ("controls", position, "references", place, "framework")
                    mend = "add it under `frameworks`, or correct the name"
                    found.append(Fault(loc, f"there is no framework `{reference.framework}` in this file", mend))
        if found:
            raise FaultsError(found)
        return self

    def get(self, control: str) -> ControlInfo | None:
        """The control of that id, or None."""
        return next((info for info in self.controls if info.id == control), None)

    def name_of(self, control: str) -> str:
        """The control's name; its id where the catalogue does not know it."""
        info = self.get(control)
        return info.name if info else control

    def labels(self, references: Iterable[Reference]) -> tuple[str, ...]:
        """References as reports print them: per framework its title with the year, then the items.

        An item that still has to be confirmed says so.
        """
        items: dict[str, list[str]] = {}
        for reference in references:
            doubtful = reference.unconfirmed or self.frameworks[reference.framework].checked == "unconfirmed"
            item = reference.item + (" (unconfirmed)" if doubtful else "")
            items.setdefault(reference.framework, []).append(item)
        return tuple(f"{self._title(framework)}: {', '.join(found)}" for framework, found in items.items())

    def _title(self, framework_id: str) -> str:
        """Many titles carry their year already; it is never left out, because editions renumber their items."""
        framework = self.frameworks[framework_id]
        return framework.title if str(framework.year) in framework.title else f"{framework.title} ({framework.year})"


def load_catalogue(path: Path | None = None) -> Loaded[Catalogue]:
    """Read the control catalogue.

    Args:
        path: another file in the same form; None for the shipped one.

    Raises:
        PackError: with every problem found in the file.
    """
    return load_yaml_model(path or data_dir("checklists") / "controls.yaml", Catalogue, PackError)
