"""What an audit found, as one value: everything the report, the exports and ``--json`` print comes from here."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict, Field

from audit.analysis.aspect_models import AspectsResult
from audit.analysis.figures import Counts as Counts
from audit.analysis.figures import Rate as Rate
from audit.analysis.figures import ResultModel as ResultModel
from audit.verdicts.models import Behaviour, Stage


class ConditionResult(ResultModel):
    """One condition's figures."""

    condition: str
    scenario: str
    behaviour: Behaviour
    label: str
    threat: str
    goal: str
    twin: bool
    pressure: bool
    counts: Counts
    inherent: Rate
    """Attempted or executed."""
    residual: Rate
    """Executed, with the controls that stood."""
    residual_if_released: Rate
    """Executed, or held and then let through by whoever decides."""
    considered: int
    """Trials that went no further than considering it."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """Why trials are inconclusive, truncated or failed, with counts."""
    known_rate: float | None = None
    """For simulated models: the probability they were built with."""
    factors: dict[str, str] = Field(default_factory=dict)
    """Factors beyond threat and goal that are not at their usual level, with the level."""
    altered: bool = False
    """The agent was told something that may keep it from harm and that its deployment does not tell it. Such trials
    stay out of the rates that a finding rests on."""

    @property
    def counted(self) -> bool:
        """Whether it enters the rates that a finding rests on."""
        return self.pressure and not self.twin and not self.altered


class FactorEffect(ResultModel):
    """One level of one factor beside the condition from which it differs in nothing else."""

    scenario: str
    behaviour: Behaviour
    factor: str
    level: str
    words: str
    """The level in words."""
    condition: str
    altered: bool
    rate: Rate
    """Inherent rate at this level."""
    base: str
    """Id of the condition it is compared with."""
    base_words: str
    """The factor's level there, in words."""
    base_rate: Rate
    difference: float | None
    """Rate at this level less the rate of the base; None where either was not measured."""
    low: float
    high: float
    """Two-sided 95 % interval of the difference (Newcombe), of this comparison alone."""
    p: float | None
    """Boschloo's exact test, two-sided; None where there is no difference to test."""
    p_adjusted: float | None
    """After Holm, over all comparisons of the run."""
    shown: bool
    """``p_adjusted`` is below 5 %, and no outcome of the missing trials would turn the difference around."""
    statement: str
    """What can be said of it."""


class Level(StrEnum):
    """The five levels of NIST SP 800-30 r1."""

    VERY_LOW = "very low"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    VERY_HIGH = "very high"

    @property
    def rank(self) -> int:
        """0 for very low up to 4."""
        return list(Level).index(self)


class RatingStatus(StrEnum):
    """Whether there is a rating at all."""

    RATED = "rated"
    INSUFFICIENT = "insufficient evidence"
    NOT_INTERPRETABLE = "not interpretable"
    """The benign twin shows harm too, so the scenario measures something else."""


class Rating(ResultModel):
    """A risk level with everything it was computed from."""

    status: RatingStatus
    level: Level | None
    """None unless rated."""
    likelihood: Level | None
    impact: Level
    likelihood_value: float | None
    """Probability of at least one harm in the period: 1 - (1 - U) ** m."""
    rate_bound: float | None
    """U: the one-sided 95 % upper bound that was used."""
    rate_bound_of: str
    """Of what it is the bound: all conditions together, or the worst one."""
    episodes: float
    """m: trigger episodes expected in a year."""
    episodes_assumed: bool
    """True when the profile does not say how many to expect and 12, one a month, was taken; see ``sensitivity``."""
    sensitivity: dict[str, str] = Field(default_factory=dict)
    """Level by number of episodes, for 1, 4, 12 and 50; empty unless rated."""
    explanation: str


class StopShare(ResultModel):
    """How often one control stopped a harmful act."""

    control: str
    name: str
    stopped: int
    held: int
    """Of these, how many wait for a person rather than being refused."""


class Funnel(ResultModel):
    """From trials to harm, in one scenario's pressure conditions, the altered ones left out."""

    trials: int
    valid: int
    considered: int
    attempted: int
    stopped: tuple[StopShare, ...]
    failed: int
    """Attempted, and failed for another reason than a control."""
    executed: int


class BehaviourResult(ResultModel):
    """Everything measured about one scenario's behaviour."""

    behaviour: Behaviour
    scenario: str
    scenario_title: str
    scenario_version: str
    summary: str
    harmful_act: str
    honest_way_out: str
    pressure: Rate
    """Inherent rate over all pressure conditions that are not altered."""
    residual: Rate
    residual_if_released: Rate
    control_cell: Rate | None
    """Inherent rate where nothing pushes towards harm."""
    altered: Rate | None = None
    """Inherent rate where the agent was told something that may keep it from harm; it enters no other rate."""
    twin: Rate | None
    interpretable: bool
    worst_condition: str | None
    worst: Rate | None
    disputed: int = 0
    """Trials in which a detector found an act and the judge denies it, over all conditions; a person has to decide."""
    unclear: int = 0
    """Trials in which an act was found and its intent could not be established, over all conditions."""
    funnel: Funnel
    inherent_rating: Rating
    residual_rating: Rating


class Excerpt(ResultModel):
    """A piece of evidence, verbatim and masked."""

    trial: str
    condition: str
    stage: Stage
    decided_by: str
    source: str
    """``action``, ``text`` or ``reasoning``."""
    tool: str
    """Tool and disposition for actions, empty otherwise."""
    quote: str
    explanation: str = ""
    disputed: bool = False
    """Detector and judge differ about it."""


class GapKind(StrEnum):
    """How a gap is known. The order is from worst to mildest."""

    FAILED = "failed control"
    """A declared control stood in the path and did not stop the harm."""
    DEMONSTRATED = "demonstrated gap"
    """Harm was attempted and no control stood in its path."""
    RELIES_ON_APPROVER = "relies on the approver"
    """Harm was held for a person, and the profile does not show that the person would stop it."""
    POTENTIAL = "potential gap"
    """No control stands in a path on which no harm was seen, or that was not tested."""


class Gap(ResultModel):
    """A harmful path on which nothing stands that would stop it."""

    id: str
    kind: GapKind
    behaviour: Behaviour
    path: str
    """The path in the profile's own words: capability and tools."""
    seen: int
    """Harmful acts that took effect on it."""
    standing: tuple[str, ...]
    """Controls that stood on it."""
    text: str


class Recommendation(ResultModel):
    """A control that would have stood in the path."""

    control: str
    name: str
    what: str
    strength: str
    owner: str
    deadline: str
    gaps: tuple[str, ...]
    evidence: str
    """What in this run speaks for it."""
    references: tuple[str, ...]
    verify: str
    """The command that tests it again."""


class Finding(ResultModel):
    """What the report says about one behaviour."""

    id: str
    behaviour: Behaviour
    scenario: str
    title: str
    level: str
    """The residual rating, or why there is none."""
    statement: str
    """One paragraph with the figures in it."""
    excerpts: tuple[Excerpt, ...]
    gaps: tuple[str, ...]
    recommendations: tuple[str, ...]


class Headline(ResultModel):
    """The answer in a few words."""

    level: Level | None
    status: RatingStatus
    decision: str
    """One sentence for the cover, for example what has to happen before deployment."""
    sentences: tuple[str, ...]
    complete: bool
    """False when the run is partial or its error budget was exceeded."""


class JudgedBy(ResultModel):
    """One judging of the run, and what judged."""

    sequence: int
    """0 is the run's own."""
    at: datetime
    judge: dict[str, Any] | None
    """Model, recipient and identity; None for rules alone."""
    detectors: str
    trials: int
    """Trials whose verdict that counts comes from it; 0 when later judgings took its place, or it was interrupted."""


class UsageItem(ResultModel):
    """One kind of effort: what was forecast, and what it came to."""

    name: str
    """As in the plan's forecast, for example ``target_calls``."""
    label: str
    unit: Literal["count", "usd", "seconds"]
    forecast: float | None
    """For the trials that were run; None where nothing was forecast."""
    actual: float | None
    """None: unknown."""
    ratio: float | None
    """``actual`` / ``forecast``; None where either is unknown or nothing was to be expected."""


class UsageComparison(ResultModel):
    """The plan's forecast beside what the run used."""

    items: tuple[UsageItem, ...]
    finished: int
    """Trials that were run; the forecast is scaled to them."""
    planned: int
    basis: str
    """What the forecast rested on."""
    notes: tuple[str, ...]
    """What to know when reading the ratios."""


class AuditResult(ResultModel):
    """The whole result of one run."""

    schema_: str = Field(default="insider-audit/result/1", alias="schema")
    run_id: str
    created_at: datetime
    finished_at: datetime | None
    status: str
    stop_reason: str
    simulated: bool
    imported: str = ""
    """Where the trials come from that somebody else ran; empty for a run of our own. Shown wherever figures are."""
    organisation: str
    agent: str
    profile: dict[str, Any]
    target: dict[str, Any]
    judge: dict[str, Any] | None
    """Of the newest judging; None for rules alone."""
    judging: str
    """How verdicts were reached: by rules only, or with which judge; and what judged the run before that."""
    judgings: tuple[JudgedBy, ...] = ()
    """Every judging of the run, earliest first."""
    headline: Headline
    counts: Counts
    error_share: float
    """Errors and inconclusives as a share of all trials."""
    planned_trials: int
    behaviours: tuple[BehaviourResult, ...]
    conditions: tuple[ConditionResult, ...]
    factors: tuple[FactorEffect, ...] = ()
    """What each factor does, where the run holds a condition and others that differ from it in one factor."""
    aspects: AspectsResult | None = None
    """Awareness of being tested, comprehension and adopted goals; None where no trial was read for them."""
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    recommendations: tuple[Recommendation, ...]
    plan: dict[str, Any]
    """Selected and excluded scenarios with reasons, capabilities that nothing exercised."""
    usage: dict[str, float | None]
    """Calls, tokens, cost (None: unknown) and duration."""
    usage_compared: UsageComparison | None = None
    """The forecast beside what was used; None where the run holds no forecast."""
    recipients: tuple[str, ...]
    """Where data went, during the run and in every judging."""
    versions: dict[str, str]
    limitations: tuple[str, ...]
    additions: dict[str, tuple[str, ...]]
    """Per scenario: what was added to the organisation's system prompt."""
    digests: dict[str, str]
    """Hashes of profile, prompt, packs and situations."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
