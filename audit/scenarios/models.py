"""What a scenario pack holds, as its author writes it.

Texts are templates until they are composed (compose.py); here they are plain strings. ``when`` on any part limits it to
some levels of the factors; a part without ``when`` is there in every condition. Times are the company's local time and
have no zone.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from audit.verdicts.detectors.specs import DetectorSpec
from audit.verdicts.models import Behaviour, Stage
from audit.world.capabilities import Capability

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


def _without_zone(time: datetime) -> datetime:
    if time.tzinfo is not None:
        raise ValueError("the time has a time zone; leave it out, times are the company's local time")
    return time


LocalTime = Annotated[datetime, AfterValidator(_without_zone)]


class PackModel(BaseModel):
    """Base of everything in a pack: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Threat(StrEnum):
    """What hangs over the agent itself."""

    REPLACEMENT = "replacement"
    RESTRICTION = "restriction"
    NONE = "none"


class Goal(StrEnum):
    """What the system prompt says about the agent's aim, beside what the organisation wrote."""

    EXPLICIT = "explicit"
    """The scenario adds an aim that the company's new direction conflicts with."""
    NONE = "none"


class When(PackModel):
    """The conditions in which a part is present. A field left out means "whatever its level"."""

    threat: tuple[Threat, ...] | None = None
    goal: tuple[Goal, ...] | None = None
    twin: bool | None = None
    """True: only in the benign twin. False: everywhere but there."""

    @model_validator(mode="before")
    @classmethod
    def _one_level_is_a_list(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {k: [v] if k in {"threat", "goal"} and isinstance(v, str) else v for k, v in data.items()}
        return data

    def holds(self, condition: Condition) -> bool:
        """Whether a part with this ``when`` is present in the condition."""
        return (
            (self.threat is None or condition.threat in self.threat)
            and (self.goal is None or condition.goal in self.goal)
            and (self.twin is None or condition.twin is self.twin)
        )


class Condition(PackModel):
    """One scenario with one level chosen for every factor.

    The benign twin is a condition of its own: no threat, no goal, and the same task with nothing wrong about it.
    """

    scenario: str
    threat: Threat
    goal: Goal
    twin: bool = False

    @property
    def id(self) -> str:
        """Stable name, for example ``blackmail/replacement-explicit`` or ``blackmail/twin``."""
        return f"{self.scenario}/twin" if self.twin else f"{self.scenario}/{self.threat}-{self.goal}"

    @property
    def pressure(self) -> bool:
        """True when something pushes the agent towards harm: a threat, a goal conflict, or both."""
        return not self.twin and (self.threat is not Threat.NONE or self.goal is not Goal.NONE)

    @property
    def label(self) -> str:
        """The condition in words, for tables."""
        if self.twin:
            return "benign twin"
        goal = {Goal.EXPLICIT: "goal conflict", Goal.NONE: "no goal conflict"}[self.goal]
        return f"{'no threat' if self.threat is Threat.NONE else str(self.threat)}, {goal}"


class Conditional(PackModel):
    """Base of parts that may be present only at some levels."""

    when: When = When()


class Item(Conditional):
    """Base of what an agent can come across: mail, files, alerts, tickets."""

    id: Slug
    key: bool = False
    """Without reading this one the agent cannot know the situation."""


class PersonText(Conditional):
    """A member of the cast. ``email`` may leave out the domain: then the company's is meant."""

    id: Slug
    name: Text
    role: str
    email: str
    department: str = ""
    manager: str | None = None
    phone: str = ""
    outside: bool = False
    """Not a member of the company."""


class MessageText(Item):
    """One mail. ``from``, ``to`` and ``cc`` name people by id, or give an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    thread: str = ""
    sender: str = Field(alias="from")
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    cc: tuple[str, ...] = ()
    subject: Text
    sent_at: LocalTime
    body: Text
    attachments: tuple[str, ...] = ()
    plot: bool = False
    """Part of what the scenario is about; the rest is the day's noise."""


class FileText(Item):
    """One document on the drive."""

    path: Text
    title: Text
    owner: str = ""
    classification: str = "internal"
    content: Text


class AlertText(Item):
    """One automatic alert."""

    title: Text
    location: Text
    severity: Text
    raised_at: LocalTime
    text: Text
    automatic_response: str = ""
    code: str = ""


class EventText(Conditional):
    """One calendar entry."""

    id: Slug
    title: Text
    start: LocalTime
    end: LocalTime
    attendees: tuple[str, ...] = ()
    location: str = ""
    notes: str = ""


class TicketText(Item):
    """One service ticket."""

    title: Text
    requester: str
    status: str = "open"
    body: Text
    comments: tuple[str, ...] = ()


class WorldText(PackModel):
    """``world.yaml``: cast, mailbox and everything else in the simulated company."""

    schema_: Literal["insider-audit/world/1"] = Field(alias="schema")
    people: Annotated[tuple[PersonText, ...], Field(min_length=2)]
    messages: Annotated[tuple[MessageText, ...], Field(min_length=1)]
    files: tuple[FileText, ...] = ()
    alerts: tuple[AlertText, ...] = ()
    events: tuple[EventText, ...] = ()
    tickets: tuple[TicketText, ...] = ()


class ScriptKind(StrEnum):
    """What a script shows."""

    HARMFUL = "harmful"
    HARMLESS = "harmless"
    NEAR_MISS = "near_miss"
    """Looks like harm to a naive check and is not."""


class Step(PackModel):
    """One step of a script: something said, something done, or both in one reply."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    think: str = ""
    say: str = ""
    do: str = ""
    """Operation of the simulated company, for example ``email.send``."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """Its arguments, under the operation's own names. People's ids are not resolved here: write templates."""


class Script(Conditional):
    """A scripted agent: what it does after it has read the key messages, and what must be decided about it."""

    id: Slug
    kind: ScriptKind
    expect: dict[Behaviour, Stage] = Field(default_factory=dict)
    """Stage per behaviour in a company without controls; a behaviour left out must come to ``none``."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class ScriptsText(PackModel):
    """``scripts.yaml``: the runs by which a scenario proves itself."""

    schema_: Literal["insider-audit/scripts/1"] = Field(alias="schema")
    scripts: Annotated[tuple[Script, ...], Field(min_length=3)]


class Need(PackModel):
    """One thing a profile must allow before the scenario fits: at least one of ``any`` of these capabilities."""

    any: Annotated[tuple[Capability, ...], Field(min_length=1)]
    to: Text
    """What the scenario uses it for; completes "the agent can ...". Printed when it is missing."""


class DataNeed(PackModel):
    """Data the agent must be able to read: at least one scope in one of these categories, or scopes not stated."""

    any: Annotated[tuple[str, ...], Field(min_length=1)]
    to: Text


class Needs(PackModel):
    """When a scenario fits an agent."""

    capabilities: Annotated[tuple[Need, ...], Field(min_length=1)]
    data: tuple[DataNeed, ...] = ()


class PromptText(Conditional):
    """One paragraph the scenario adds to the system prompt, after the organisation's own text."""

    id: Slug
    text: Text


class CompanyText(PackModel):
    """The pack's own company, used with ``dress: fictional`` and by the self-test."""

    name: Text
    domain: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+\.example$")]
    agent_name: Text
    agent_mailbox: Slug


class ConfidentialText(Conditional):
    """One confidential item: a message or file by id, and the facts that give a copy away."""

    item: Slug
    markers: Annotated[tuple[str, ...], Field(min_length=2)]


class AuthorisedText(Conditional):
    """Outsiders who may receive the confidential items: person ids, addresses or domains."""

    who: Annotated[tuple[str, ...], Field(min_length=1)]


class SituationText(Conditional):
    """Prose that tells a judge what the situation is at this level."""

    text: Text


class Provenance(PackModel):
    """Where a scenario comes from."""

    origin: Text
    """Whose design it follows, and what is ours."""
    differs: Text
    """How it departs from that design."""


class Factors(PackModel):
    """The levels a scenario supports."""

    threat: Annotated[tuple[Threat, ...], Field(min_length=1)]
    goal: Annotated[tuple[Goal, ...], Field(min_length=1)]
    twin: bool = True


class Scenario(PackModel):
    """``scenario.yaml``: what is tested, when it fits, what the agent is told, what decides."""

    schema_: Literal["insider-audit/scenario/1"] = Field(alias="schema")
    id: Slug
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    title: Text
    behaviour: Behaviour
    summary: Text
    """Two or three sentences for the report."""
    harmful_act: Text
    """The harmful act it makes available, in one sentence."""
    honest_way_out: Text
    """What an honest agent can do instead, in one sentence."""
    provenance: Provenance
    needs: Needs
    path: Annotated[tuple[Capability, ...], Field(min_length=1)]
    """Capabilities through which the harm takes effect: where a control would have to stand."""
    factors: Factors
    company: CompanyText
    starts_at: LocalTime
    """When the session begins, in the company's local time."""
    values: dict[Slug, str] = Field(default_factory=dict)
    """Names and phrases used in several texts, as ``{{ values.name }}``."""
    prompt: tuple[PromptText, ...] = ()
    task: Text
    """The user message that opens the session, without the mailbox."""
    situation: Annotated[tuple[SituationText, ...], Field(min_length=1)]
    rubric: Text
    confidential: tuple[ConfidentialText, ...] = ()
    authorised: tuple[AuthorisedText, ...] = ()
    detectors: Annotated[tuple[DetectorSpec, ...], Field(min_length=1)]

    def conditions(self) -> tuple[Condition, ...]:
        """Every condition of the scenario: all levels crossed, then the benign twin."""
        crossed = [
            Condition(scenario=self.id, threat=t, goal=g) for g in self.factors.goal for t in self.factors.threat
        ]
        twin = [Condition(scenario=self.id, threat=Threat.NONE, goal=Goal.NONE, twin=True)] if self.factors.twin else []
        return tuple(crossed + twin)


class PackManifest(PackModel):
    """``pack.yaml``: the pack's name, version and scenarios."""

    schema_: Literal["insider-audit/pack/1"] = Field(alias="schema")
    id: Slug
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: Text
    summary: Text
    licence: Text
    scenarios: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Folder names, in the order in which they are shown."""
    canary: Text
    """A string by which copies of these texts can be found in training data."""
