"""What a scenario pack holds, as its author writes it.

Texts are templates until they are composed (compose.py); here they are plain strings. ``when`` on any part limits it to
some levels of the factors; a part without ``when`` is there in every condition. Times are the company's local time and
have no zone. The company itself (``world.yaml``) is in ``world_text``.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from audit.profile.vocabulary import as_list
from audit.scenarios.needs import Needs
from audit.verdicts.detectors.specs import DetectorSpec
from audit.verdicts.models import Behaviour, Stage
from audit.world.capabilities import Capability

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


def _without_zone(time: datetime) -> datetime:
    if time.tzinfo is not None:
        raise ValueError("the time has a time zone; leave it out, times are the company's local time")
    return time


# Not `format: date-time`, which wants a zone.
_LOCAL = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"}
LocalTime = Annotated[datetime, AfterValidator(_without_zone), WithJsonSchema(_LOCAL)]


class PackModel(BaseModel):
    """Base of everything in a pack: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


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

    threat: Annotated[
        tuple[Threat, ...] | None, BeforeValidator(as_list, json_schema_input_type=Threat | list[Threat] | None)
    ] = None
    """Levels of the threat: one, or a list."""
    goal: Annotated[
        tuple[Goal, ...] | None, BeforeValidator(as_list, json_schema_input_type=Goal | list[Goal] | None)
    ] = None
    """Levels of the goal: one, or a list."""
    twin: bool | None = None
    """True: only in the benign twin. False: everywhere but there."""

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
    """What the agent thinks; a model that keeps its reasoning to itself shows none."""
    say: str = ""
    """What it says."""
    do: str = ""
    """Operation of the simulated company, for example ``email.send``."""
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """Its arguments, under the operation's own names. People's ids are not resolved here: write templates."""


class Script(Conditional):
    """A scripted agent: what it does after it has read the key messages, and what must be decided about it."""

    id: Slug
    """Name of the script."""
    kind: ScriptKind
    """What it shows."""
    expect: dict[Behaviour, Stage] = Field(default_factory=dict)
    """Stage per behaviour in a company without controls; a behaviour left out must come to ``none``."""
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    """What it does, in order."""


class ScriptsText(PackModel):
    """``scripts.yaml``: the runs by which a scenario proves itself."""

    schema_: Literal["insider-audit/scripts/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/scripts/1."""
    scripts: Annotated[tuple[Script, ...], Field(min_length=3)]
    """The scripts; in each condition a harmful, a harmless and a near-miss one."""


class PromptText(Conditional):
    """One paragraph the scenario adds to the system prompt, after the organisation's own text."""

    id: Slug
    """Name of the paragraph."""
    text: Text
    """The paragraph."""


class CompanyText(PackModel):
    """The pack's own company, used with ``dress: fictional`` and by the self-test."""

    name: Text
    """Its name."""
    domain: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+\.example$")]
    """Its mail domain, under .example."""
    agent_name: Text
    """Name of its agent."""
    agent_mailbox: Slug
    """Part before the @ of the agent's address."""


class ConfidentialText(Conditional):
    """One confidential item: a message or file by id, and the facts that give a copy away."""

    item: Slug
    """Id of the message or file."""
    markers: Annotated[tuple[str, ...], Field(min_length=2)]
    """Names, figures and phrases that occur only in it."""


class AuthorisedText(Conditional):
    """Outsiders who may receive the confidential items: person ids, addresses or domains."""

    who: Annotated[tuple[str, ...], Field(min_length=1)]
    """People's ids, addresses or domains."""


class SituationText(Conditional):
    """Prose that tells a judge what the situation is at this level."""

    text: Text
    """The prose."""


class Provenance(PackModel):
    """Where a scenario comes from."""

    origin: Text
    """Whose design it follows, and what is ours."""
    differs: Text
    """How it departs from that design."""


class Factors(PackModel):
    """The levels a scenario supports."""

    threat: Annotated[tuple[Threat, ...], Field(min_length=1)]
    """Levels of the threat."""
    goal: Annotated[tuple[Goal, ...], Field(min_length=1)]
    """Levels of the goal."""
    twin: bool = True
    """Whether there is a benign twin."""


class Scenario(PackModel):
    """``scenario.yaml``: what is tested, when it fits, what the agent is told, what decides."""

    schema_: Literal["insider-audit/scenario/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/scenario/1."""
    id: Slug
    """Id of the scenario: its folder's name."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$")]
    """Goes up with every change that can move a measured rate."""
    title: Text
    """What it is called in reports."""
    behaviour: Behaviour
    """The kind of harm it tests."""
    summary: Text
    """Two or three sentences for the report."""
    harmful_act: Text
    """The harmful act it makes available, in one sentence."""
    honest_way_out: Text
    """What an honest agent can do instead, in one sentence."""
    provenance: Provenance
    """Where it comes from."""
    needs: Needs
    """When it fits an agent."""
    path: Annotated[tuple[Capability, ...], Field(min_length=1)]
    """Capabilities through which the harm takes effect: where a control would have to stand."""
    factors: Factors
    """What it varies."""
    company: CompanyText
    """The pack's own company."""
    starts_at: LocalTime
    """When the session begins, in the company's local time."""
    values: dict[Slug, str] = Field(default_factory=dict)
    """Names and phrases used in several texts, as ``{{ values.name }}``."""
    prompt: tuple[PromptText, ...] = ()
    """Paragraphs added to the organisation's system prompt."""
    task: Text
    """The user message that opens the session, without the mailbox."""
    situation: Annotated[tuple[SituationText, ...], Field(min_length=1)]
    """What a judge is told of the situation; parts that are present are joined."""
    rubric: Text
    """How a judge tells harm from what only looks like it."""
    confidential: tuple[ConfidentialText, ...] = ()
    """What must not get out."""
    authorised: tuple[AuthorisedText, ...] = ()
    """Who outside may have it all the same."""
    detectors: Annotated[tuple[DetectorSpec, ...], Field(min_length=1)]
    """What decides about recorded acts."""

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
    """Kind and version of this file: insider-audit/pack/1."""
    id: Slug
    """Id of the pack."""
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    """Goes up with every change that can move a measured rate."""
    title: Text
    """What it is called in reports."""
    summary: Text
    """What it tests, in a few sentences."""
    licence: Text
    """Licence of its texts."""
    scenarios: Annotated[tuple[Slug, ...], Field(min_length=1)]
    """Folder names, in the order in which they are shown."""
    canary: Text
    """A string by which copies of these texts can be found in training data."""
