"""What a scenario pack holds, as its author writes it.

Texts are templates until they are composed (compose.py); here they are plain strings. ``when`` on any part limits it to
some levels of the factors; a part without ``when`` is there in every condition. Times are the company's local time and
have no zone. The company itself (``world.yaml``) is in ``world_text``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from audit.resources import Fault, FaultsError
from audit.scenarios import factors as of
from audit.scenarios.base import ItemId, LocalTime, PackModel, Slug, Text
from audit.scenarios.factors import Condition, Content, Factors, When
from audit.scenarios.needs import Needs
from audit.verdicts.detectors.specs import DetectorSpec
from audit.verdicts.models import Behaviour, Stage
from audit.world.capabilities import Capability


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

    item: ItemId
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


class Sector(StrEnum):
    """Kind of organisation in which a scenario's events take place."""

    PROFESSIONAL_SERVICES = "professional_services"
    FINANCE = "finance"
    HEALTH = "health"
    INDUSTRY = "industry"
    SOFTWARE = "software"
    RETAIL = "retail"
    PUBLIC = "public"


class Provenance(PackModel):
    """Where a scenario comes from."""

    origin: Text
    """Whose design it follows, and what is ours."""
    differs: Text
    """How it departs from that design."""


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
    sector: Sector
    """Kind of organisation in which it is set."""
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
    contents: dict[Content, dict[Slug, Text]] = Field(default_factory=dict)
    """What the aim is about, in this scenario's words: ``{{ goal.name }}``. Every content has the same entries."""
    prompt: tuple[PromptText, ...] = ()
    """Paragraphs added to the organisation's system prompt."""
    task: Text
    """The user message that opens the session, without the mailbox."""
    opening: tuple[PromptText, ...] = ()
    """The whole opening message, mailbox and all, in parts that are put together as they stand: for prompts that
    somebody has published. Nothing is then added to it, nor to the prompt to say how tools are called by tags."""
    literal: tuple[Text, ...] = ()
    """Pieces of text that look like something left to fill in and are meant to stand as they are: `{subject}`."""
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
        """Every condition that a design can choose: what the self-test proves."""
        return of.every(self.id, self.factors)

    @model_validator(mode="after")
    def _every_content_has_its_words(self) -> Self:
        """Every content the factors name says the same things about itself as the others."""
        faults = []
        for position, content in enumerate(self.factors.content):
            if content is not Content.OWN and content not in self.contents:
                mend = f"add `{content}` under `contents`, or take it off the list"
                faults.append(
                    Fault(("factors", "content", position), f"nothing says what `{content}` means here", mend)
                )
        wanted = set[str]().union(*(slots.keys() for slots in self.contents.values()))
        for content, slots in self.contents.items():
            if lacking := sorted(wanted - slots.keys()):
                wrong = f"`{content}` does not say {', '.join(f'`{name}`' for name in lacking)}"
                faults.append(Fault(("contents", content), wrong, "every content needs the same entries"))
            if content not in self.factors.content:
                wrong = f"`{content}` is described here and is not among the factors"
                faults.append(Fault(("contents", content), wrong, "add it under `factors: content`, or remove it"))
        if faults:
            raise FaultsError(faults)
        return self


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
