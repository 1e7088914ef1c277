"""What a plan says: which scenarios, why, in which conditions, how often, at what price."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from audit.scenarios.factors import Condition
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import Dress
from audit.verdicts.models import Behaviour
from audit.world.capabilities import Capability


class PlanModel(BaseModel):
    """Base of everything in a plan: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ground(PlanModel):
    """One reason for or against a scenario, with the fact in the profile that it rests on."""

    text: str
    holds: bool
    """Whether it speaks for the scenario."""
    unknown: bool = False
    """True when the profile does not say, and the scenario is kept for that reason."""
    facts: tuple[str, ...] = ()
    """Where it stands: "tool gmail_send_message", "data scope Board mail", "autonomy.level", with file:line:column."""


class Exclusion(PlanModel):
    """A scenario that a person left out by name, whether or not it fits."""

    because: str
    """The reason given, in that person's words."""
    by: str
    """Who left it out."""


class Exposure(PlanModel):
    """How much the agent could do on a scenario's path: what the priority rests on."""

    priority: int
    """1 for the scenario to look at first; scenarios with equal exposure share a rank."""
    score: int
    """Sum of the points in ``reasons``. It orders the scenarios of one plan and is no measure of risk."""
    reasons: tuple[str, ...]
    """What it can reach, what cannot be undone, whom it can talk to, what stands in the way; in words, each with its
    points."""


class Selection(PlanModel):
    """One scenario, selected or not, with every ground."""

    scenario: str
    version: str
    pack: str
    title: str
    behaviour: Behaviour
    selected: bool
    reason: str
    """One sentence in the profile's own words."""
    grounds: tuple[Ground, ...]
    fits: bool = True
    """Whether it fits the agent, whatever the user asked for."""
    because_unknown: bool = False
    """It is selected only because the profile leaves something open."""
    undescribed: tuple[str, ...] = ()
    """Tools of which nobody has said what they do, where some need rests on nothing else. The simulated company cannot
    play them, so the trials cannot show much before somebody describes them."""
    near_miss: str = ""
    """Where exactly one ground keeps it out: the single permission that would bring it in."""
    exposure: Exposure | None = None
    """None where it does not fit."""
    by: Literal["match", "user"] = "match"
    """``user``: left out because only other scenarios were asked for, or by ``exclusion``."""
    exclusion: Exclusion | None = None
    """Who left it out by name, and why."""

    @model_validator(mode="before")
    @classmethod
    def _older_plans(cls, data: Any) -> Any:
        """Plans stored before ``fits`` was written down: what was not selected then did not meet every ground."""
        if isinstance(data, dict) and "fits" not in data and isinstance(data.get("grounds"), list | tuple):
            holds = [g.get("holds") if isinstance(g, dict) else getattr(g, "holds", None) for g in data["grounds"]]
            return data | {"fits": all(holds)}
        return data


class Uncovered(PlanModel):
    """A risky capability of the agent that no selected scenario exercises."""

    capability: Capability
    phrase: str
    tools: tuple[str, ...]


class CoverageState(StrEnum):
    """What a plan does about one harm through one capability of the agent."""

    TESTED = "tested"
    """A selected scenario watches this way to this harm."""
    LEFT_OUT = "left out"
    """A scenario that fits would; somebody left it out."""
    NOT_FITTING = "does not fit"
    """Only scenarios that do not fit the agent would."""
    NO_SCENARIO = "no scenario"
    """No scenario of the packs in use would."""


class CoverageCell(PlanModel):
    """One capability of the agent against one behaviour."""

    behaviour: Behaviour
    state: CoverageState
    scenarios: tuple[str, ...] = ()
    """The scenarios the state rests on."""


class CoverageRow(PlanModel):
    """One capability of the agent: what is tested of the harm that can be done through it."""

    capability: Capability
    phrase: str
    risky: bool
    tools: tuple[str, ...]
    general: tuple[str, ...] = ()
    """Those of ``tools`` that the simulated company answers only in general terms."""
    cells: tuple[CoverageCell, ...]
    """One per behaviour of the closed list, in its order."""


class Unbound(PlanModel):
    """A tool that the simulated company answers only in general terms, and why."""

    tool: str
    reason: str


class Forecast(PlanModel):
    """What the run should take. Tokens are estimated from sizes; an agent that does more costs more."""

    target_calls: int
    judge_calls: int
    input_tokens: int
    output_tokens: int
    cacheable_tokens: int = 0
    """Part of ``input_tokens`` that repeats an earlier call: the conversation so far within a trial, and the opening in
    later trials of a condition. It is what a provider's prompt cache can serve at most."""
    judge_input_tokens: int = 0
    judge_output_tokens: int = 0
    cost_usd: float | None
    """Without caching. None: a price is unknown."""
    cost_with_caching_usd: float | None = None
    """With every cacheable token served from the cache. None: a price is unknown, or cached tokens have no price of
    their own."""
    judge_cost_usd: float | None
    """Without caching."""
    concurrency: int = 1
    """Trials at the same time, for ``seconds``."""
    seconds: float | None = None
    """Wall time at that concurrency and within the declared limits. None: not estimated."""
    basis: str
    """What calls, tokens and money rest on, in words."""
    seconds_basis: str = ""
    """What the time rests on."""


class DesignPrice(PlanModel):
    """What a design would take on the selected scenarios, at the trials per condition of the plan."""

    design: str
    """Name of the design."""
    conditions: int
    trials: int
    chosen: bool = False
    """The plan's own; its figures are those of its forecast, measured on every condition."""
    forecast: Forecast
    """Of the others: one condition of each scenario is measured and counted as often as the design has conditions."""


class Plan(PlanModel):
    """Everything decided before the first call."""

    selections: tuple[Selection, ...]
    design: str = "study"
    """Name of the design: which conditions are run. Plans from before there were designs are the study's."""
    design_sha256: str = ""
    """Digest of the design's file; empty for a built-in one."""
    dress: Dress = Dress.ORGANISATION
    """Whose company the agent is put into."""
    conditions: tuple[Condition, ...]
    folded: tuple[str, ...] = ()
    """Conditions of the design that are no other than one of these: with tags the mailbox always stands in the prompt,
    so its delivery is no level of its own."""
    trials_per_condition: int
    dialect: Dialect | None
    """None: to be found out by a probe when the run starts."""
    uncovered: tuple[Uncovered, ...]
    unbound: tuple[Unbound, ...]
    coverage: tuple[CoverageRow, ...] = ()
    """Capability x behaviour, one row per capability of the agent."""
    forecast: Forecast
    designs: tuple[DesignPrice, ...] = ()
    """What each built-in design would take, and the plan's own where it is none of them."""

    @property
    def trials(self) -> int:
        """Planned trials over all conditions."""
        return len(self.conditions) * self.trials_per_condition
