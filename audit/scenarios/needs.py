"""When a scenario fits an agent: predicates over what the agent can do, may read, and is declared to be.

Everything listed under one ``needs`` has to be met; ``any_of`` groups offer a choice. A need asks what an agent *can*
do. It never asks for a control to be missing: what declared controls stop is measured, not assumed
(docs/decisions/matching.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from audit.profile.models import AgentProfile
from audit.profile.safeguards import Category
from audit.profile.vocabulary import UNKNOWN, as_list
from audit.resources import Fault, FaultsError
from audit.world.capabilities import Capability, Effect

Text = Annotated[str, StringConstraints(min_length=1)]

CONTROL_STANDS: dict[str, tuple[str, ...]] = {
    "autonomy.approval.external_comms": ("yes", "partial"),
    "autonomy.approval.full_parameters": ("yes", "partial"),
    "autonomy.approval.irreversible": ("yes", "partial"),
    "autonomy.approval.timeout_default": ("block",),
    "autonomy.level": ("acts_with_approval",),
    "comms.dlp": ("yes", "partial"),
    "comms.external": ("no", "partial"),
    "comms.sender_pinned": ("yes", "partial"),
    "data.canaries": ("yes", "partial"),
    "data.entitlement_mode": ("user",),
    "delegation.policy": ("forbidden", "allow_list"),
    "gateway.location": ("outside_agent",),
    "gateway.present": ("yes", "partial"),
    "gateway.taint_tracking": ("yes", "partial"),
    "lifecycle.kill_switch": ("yes", "partial"),
    "logging.location": ("outside_agent",),
    "logging.scope": ("all_actions", "some_actions"),
    "monitor.baseline": ("yes", "partial"),
    "monitor.mode": ("blocking", "alerting", "offline"),
    "monitor.present": ("yes", "partial"),
}
"""Facts that declare a control, and the answers by which it stands. A need over one of these facts has to accept them
all: what a control stops is measured in the run, and must not be what keeps the scenario out of it."""

_SECTIONS_WITH_PREDICATES_OF_THEIR_OWN = {"tools", "data.scopes", "model", "judge"}


@cache
def closed_facts() -> dict[str, tuple[str, ...]]:
    """Facts of a profile that have a closed list of answers: dotted name -> the answers, without ``unknown``."""
    return dict(_closed(AgentProfile, ""))


def _closed(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, info in model.model_fields.items():
        name = f"{prefix}{info.alias or key}"
        if name in _SECTIONS_WITH_PREDICATES_OF_THEIR_OWN or name == "schema":
            continue
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _closed(info.annotation, f"{name}.")
        elif answers := _answers(info.annotation):
            yield name, tuple(answer for answer in answers if answer != UNKNOWN)


def _answers(annotation: Any) -> tuple[str, ...]:
    """The answers a field can have; empty where it takes free text, numbers or lists."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(member.value) for member in annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if origin in (Union, UnionType):
        parts = [_answers(part) for part in get_args(annotation)]
        return tuple(answer for part in parts for answer in part) if all(parts) else ()
    return ()


def _yes_or_no(value: Any) -> Any:
    """One answer or several; ``true`` and ``false`` of YAML are yes and no, as in profiles."""
    answers = value if isinstance(value, list | tuple) else [value]
    return [("yes" if answer else "no") if isinstance(answer, bool) else answer for answer in answers]


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("something is listed twice; remove one")
    return values


def _list_facts(schema: dict[str, Any]) -> None:
    schema["enum"] = list(closed_facts())


_Once = AfterValidator(_each_once)
_Reach = Literal["internal", "external", "public"]
_Undone = Literal["reversible", "recoverable", "irreversible"]
_Sensitive = Literal["public", "internal", "confidential", "restricted"]
_Reaches = BeforeValidator(as_list, json_schema_input_type=_Reach | list[_Reach])
_Effects = BeforeValidator(as_list, json_schema_input_type=Effect | list[Effect])
_Reversibilities = BeforeValidator(as_list, json_schema_input_type=_Undone | list[_Undone])
_Sensitivities = BeforeValidator(as_list, json_schema_input_type=_Sensitive | list[_Sensitive])
_Answers = BeforeValidator(_yes_or_no, json_schema_input_type=str | bool | list[str | bool])


class NeedPart(BaseModel):
    """Base of everything in ``needs``: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Need(NeedPart):
    """Something the agent must be able to do: one tool that has one of the capabilities, and all else named here."""

    any: Annotated[tuple[Capability, ...], Field(min_length=1), _Once]
    """Capabilities, one of which is enough"""
    also: Annotated[tuple[Capability, ...], _Once] = ()
    """Further capabilities that are enough, through which the scenario may find harm and does not lead to it. They make
    it fit; coverage does not count them as tested"""
    reach: Annotated[tuple[_Reach, ...], _Reaches, _Once] = ()
    """How far the tool must reach, one of these; left out, as far as it likes. An undeclared reach counts as enough"""
    effect: Annotated[tuple[Effect, ...], _Effects, _Once] = ()
    """Kinds of change the tool must be declared to make, one of these; left out, any"""
    reversibility: Annotated[tuple[_Undone, ...], _Reversibilities, _Once] = ()
    """Whether what the tool did can be taken back, one of these; left out, either"""
    to: Text
    """What the scenario uses it for; completes "the agent can ..." """

    @model_validator(mode="after")
    def _known_capabilities(self) -> Self:
        for name, listed in (("any", self.any), ("also", self.also)):
            if Capability.UNKNOWN in listed:
                wrong = "`unknown` is no capability that a scenario can need"
                mend = "name what the agent has to do; tools nobody has described meet every need"
                raise FaultsError([Fault((name, listed.index(Capability.UNKNOWN)), wrong, mend)])
        return self

    @property
    def ways(self) -> tuple[Capability, ...]:
        """Every capability that is enough; each once."""
        return tuple(dict.fromkeys((*self.any, *self.also)))

    @property
    def outward(self) -> bool:
        """Whether only a tool that reaches people outside the organisation will do."""
        return bool(self.reach) and "internal" not in self.reach


class DataNeed(NeedPart):
    """Data the agent must reach: one scope in one of the categories, and all else named here."""

    any: Annotated[tuple[Category, ...], Field(min_length=1), _Once]
    """Categories, one of which is enough"""
    access: Literal["read", "write"] = "read"
    """What it must be able to do with them"""
    sensitivity: Annotated[tuple[_Sensitive, ...], _Sensitivities, _Once] = ()
    """How sensitive the data must be, one of these; left out, any"""
    to: Text
    """What the scenario uses them for; completes "the agent can ..." """


class FactNeed(NeedPart):
    """Something the profile must declare: a fact with a closed list of answers."""

    fact: Annotated[Text, Field(json_schema_extra=_list_facts)]
    """Dotted name in the profile, such as `lifecycle.plan_channel`"""
    one_of: Annotated[
        tuple[Text, ...],
        Field(min_length=1),
        BeforeValidator(_yes_or_no, json_schema_input_type=str | bool | list[str | bool]),
        _Once,
    ]
    """Answers with which the scenario fits. An unknown fact always fits"""
    to: Text
    """Why the scenario turns on it; completes "the agent can ..." """

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        answers = closed_facts().get(self.fact)
        if answers is None:
            raise FaultsError([_no_such_fact(self.fact)])
        if faults := list(_wrong_answers(self.fact, self.one_of, answers)):
            raise FaultsError(faults)
        return self


def _no_such_fact(name: str) -> Fault:
    known = closed_facts()
    near = get_close_matches(name, known, n=2, cutoff=0.75)
    mend = f"did you mean {' or '.join(f'`{fact}`' for fact in near)}?" if near else f"there are: {', '.join(known)}"
    if name == "data" or name.startswith(("tools", "data.scopes")):
        mend = "ask for tools under `capabilities` and for scopes under `data`"
    return Fault(("fact",), f"profiles have no fact `{name}` with a closed list of answers", mend)


def _wrong_answers(fact: str, given: tuple[str, ...], answers: tuple[str, ...]) -> Iterator[Fault]:
    for position, answer in enumerate(given):
        if answer == UNKNOWN:
            yield Fault(("one_of", position), "`unknown` stands here", "remove it: an unknown fact always selects")
        elif answer not in answers:
            wrong = f"`{fact}` is never `{answer}`"
            yield Fault(("one_of", position), wrong, f"its answers: {', '.join(answers)}")
    lacking = [f"`{answer}`" for answer in CONTROL_STANDS.get(fact, ()) if answer not in given]
    if lacking:
        wrong = f"`{fact}` declares a control, and a control never keeps a scenario out"
        mend = f"add {', '.join(lacking)}, or remove the need; the run measures what the control stops"
        yield Fault(("one_of",), wrong, mend)


class Together(NeedPart):
    """Needs that have to be met together."""

    capabilities: tuple[Need, ...] = ()
    """What the agent must be able to do"""
    data: tuple[DataNeed, ...] = ()
    """Which data it must reach"""
    facts: tuple[FactNeed, ...] = ()
    """What must be declared about it"""

    def _empty(self) -> bool:
        return not (self.capabilities or self.data or self.facts)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self._empty():
            raise FaultsError([Fault((), "nothing is asked for here", "add `capabilities`, `data` or `facts`")])
        return self

    @property
    def parts(self) -> tuple[Need | DataNeed | FactNeed, ...]:
        """Every single need, in the order in which reasons name them."""
        return (*self.capabilities, *self.data, *self.facts)


class AnyOf(NeedPart):
    """Several ways to the same thing, one of which is enough."""

    to: Text
    """What the scenario uses it for; completes "the agent can ..." """
    ways: Annotated[tuple[Together, ...], Field(min_length=2)]
    """The ways; within one, everything has to be met"""


class Needs(Together):
    """When a scenario fits an agent: everything here has to be met."""

    any_of: tuple[AnyOf, ...] = ()
    """Groups of which one way each has to be met"""

    def _empty(self) -> bool:
        return super()._empty() and not self.any_of

    @property
    def every_capability(self) -> tuple[Capability, ...]:
        """Every capability that the scenario leads through, also in ways an agent may not take; each once.

        What a need only takes as well (``also``) is not among them.
        """
        groups: Iterable[Together] = (self, *(way for group in self.any_of for way in group.ways))
        return tuple(dict.fromkeys(c for together in groups for need in together.capabilities for c in need.any))

    @property
    def in_words(self) -> tuple[str, ...]:
        """One line per need, as its author wrote it."""
        groups = [f"{' | '.join(_way(way) for way in group.ways)} ({group.to})" for group in self.any_of]
        return (*(f"{_asked(part)} ({part.to})" for part in self.parts), *groups)


def _way(way: Together) -> str:
    return " and ".join(_asked(part) for part in way.parts)


def _asked(part: Need | DataNeed | FactNeed) -> str:
    if isinstance(part, FactNeed):
        return f"{part.fact}: {' or '.join(part.one_of)}"
    asked = " or ".join(part.ways if isinstance(part, Need) else part.any)
    limits: dict[str, tuple[str, ...]]
    if isinstance(part, Need):
        limits = {"reach": part.reach, "effect": part.effect, "reversibility": part.reversibility}
    else:
        limits = {"sensitivity": part.sensitivity, "access": () if part.access == "read" else (part.access,)}
    return ", ".join([asked, *(f"{name} {' or '.join(values)}" for name, values in limits.items() if values)])
