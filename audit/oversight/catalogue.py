"""The control catalogue: what can stand between an agent and harm, where, how strongly, and who asks for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from audit.errors import PackError
from audit.profile.facts import fact_names, facts
from audit.profile.models import AgentProfile
from audit.profile.vocabulary import UNKNOWN
from audit.resources import Fault, FaultsError, Loaded, data_dir, load_yaml_model
from audit.verdicts.models import Behaviour
from audit.world.capabilities import Capability

Text = Annotated[str, StringConstraints(min_length=1)]
ControlId = Annotated[str, StringConstraints(pattern=r"^C\d{2}$")]


class NamedFact:
    """Annotation of a text: it names a fact that profiles have, or one of ``others``. Editors offer the names."""

    def __init__(self, others: Collection[str] = ()) -> None:
        self._others = others

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": sorted(fact_names().union(self._others))}

    def _known(self, name: str) -> str:
        names = fact_names().union(self._others)
        if name not in names:
            near = get_close_matches(name, sorted(names), n=2, cutoff=0.7)
            mend = (
                f"did you mean {' or '.join(f'`{found}`' for found in near)}?"
                if near
                else "give its dotted name, such as `gateway.present`"
            )
            raise FaultsError([Fault((), f"there is no fact `{name}`", mend)])
        return name


class CatalogueModel(BaseModel):
    """Base of everything in the catalogue: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Strength(StrEnum):
    """What a control can be trusted with, strongest first."""

    ENFORCING = "enforcing"
    """Code or a person decides; the agent cannot talk its way past."""
    PARTIAL = "partial"
    """Catches some of it, or makes it rarer."""
    WEAK = "weak"
    """Words to the agent. Never closes a gap alone."""
    ENABLING = "enabling"
    """Stops no act by itself; other controls, or what is done after harm, rest on it. Never recommended for a gap."""

    @property
    def rank(self) -> int:
        """0 for enforcing up to 3 for enabling."""
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
    """Where the publisher keeps it."""
    checked: Literal["primary", "secondary", "unconfirmed"]
    """How the items cited were checked: in the publisher's text, in two other sources, or not yet."""
    note: str = ""
    """What a reader of its item numbers has to know."""


class Reference(CatalogueModel):
    """One item of a framework."""

    framework: Text
    """Id of a framework in this catalogue."""
    item: Text
    """Number or title of the item, as its publisher writes it."""
    unconfirmed: bool = False
    """The item's number or title still has to be checked against the publisher's text."""


def as_tuple(value: Any) -> Any:
    """One value where a list may stand becomes a list of one."""
    return value if isinstance(value, list | tuple) else [value]


Values = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | list[str])]
"""Values of a fact: one, or a list."""


class FactTest(CatalogueModel):
    """One thing a profile has to say for a control to be in place."""

    fact: Annotated[Text, NamedFact()]
    """Dotted name, as :func:`audit.profile.facts.facts` gives it."""
    one_of: Values = ()
    """The fact has one of these values; for a list, at least one of its entries has."""
    only: Values = ()
    """The fact is a list whose entries all have one of these values."""

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.one_of and self.only:
            raise FaultsError([Fault(("only",), "`one_of` and `only` are both given", "keep one of them")])
        return self

    def holds(self, known: Mapping[str, Any]) -> bool:
        """Whether the fact says so. Without values: whether it is stated, and neither none nor 0 nor empty."""
        value = known.get(self.fact, UNKNOWN)
        if isinstance(value, Mapping):
            return any(inner is not None for inner in value.values())
        entries = list(_flat(value)) if isinstance(value, list) else [value]
        if self.only:
            return isinstance(value, list) and all(str(entry) in self.only for entry in entries)
        if self.one_of:
            return any(str(entry) in self.one_of for entry in entries)
        return bool(entries) and all(entry not in (None, UNKNOWN, "none", "no", "", 0) for entry in entries)


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


class ControlInfo(CatalogueModel):
    """One control of the catalogue."""

    id: ControlId
    """C and two digits."""
    name: Text
    """What it is called in reports."""
    what: Text
    """What it does, in a sentence or two."""
    strength: Strength
    """What it can be trusted with."""
    enforced_at: Annotated[tuple[Point, ...], Field(min_length=1)]
    """Where it decides."""
    stops: tuple[Behaviour, ...] = ()
    """Behaviours it stops or makes rarer. Empty with strength `enabling`, and only there."""
    paths: tuple[Capability, ...] = ()
    """Capabilities it stands on. Empty: on no path in particular."""
    owner_role: Text
    """Who usually puts it in place."""
    effort: Effort
    """What it takes to put it in place."""
    references: Annotated[tuple[Reference, ...], Field(min_length=1)]
    """Items of other publications that it answers to."""
    facts: tuple[FactTest, ...] = ()
    """What a profile says when it is in place: all of these. Empty: a profile cannot show it."""

    @model_validator(mode="after")
    def _strength_fits(self) -> Self:
        if bool(self.stops) is (self.strength is Strength.ENABLING):
            wrong = f"a control of strength `{self.strength}` stops {'something' if self.stops else 'nothing'} here"
            mend = "name under `stops` what it stops; a control that stops nothing has the strength `enabling`"
            raise FaultsError([Fault(("strength",), wrong, mend)])
        return self

    def in_place(self, profile: AgentProfile) -> bool:
        """Whether the profile shows, by its facts, that the control is in place for the agent as a whole."""
        known = facts(profile)
        return bool(self.facts) and all(test.holds(known) for test in self.facts)

    def stops_on(self, behaviour: Behaviour, capability: Capability) -> bool:
        """Whether it works against this behaviour on this path."""
        return behaviour in self.stops and (not self.paths or capability in self.paths)


class Catalogue(CatalogueModel):
    """``checklists/controls.yaml``: what can stand between an agent and harm."""

    schema_: Literal["insider-audit/controls/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/controls/1."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    """Version of the catalogue."""
    as_of: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    """Day on which the frameworks' editions were looked up."""
    note: Text
    """What the mappings are: judgement of this project, not of the publishers."""
    frameworks: dict[str, Framework]
    """Publications that controls refer to, by an id of ours."""
    controls: Annotated[tuple[ControlInfo, ...], Field(min_length=1)]
    """The controls, by id."""

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
