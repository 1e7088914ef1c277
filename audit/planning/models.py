"""What a plan says: which scenarios, why, in which conditions, how often, at what price."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from audit.scenarios.models import Condition
from audit.scenarios.situation import Dialect
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
    """Where it stands: "tool gmail_send_message", "data scope Board mail", with file and line."""


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
    by: Literal["match", "user"] = "match"
    """``user``: left out because only other scenarios were asked for."""


class Uncovered(PlanModel):
    """A risky capability of the agent that no selected scenario exercises."""

    capability: Capability
    phrase: str
    tools: tuple[str, ...]


class Unbound(PlanModel):
    """A tool that the simulated company answers only in general terms, and why."""

    tool: str
    reason: str


class Forecast(PlanModel):
    """What the run should take. Tokens are estimated at four characters each; an agent that does more costs more."""

    target_calls: int
    judge_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    """None: a price is unknown."""
    judge_cost_usd: float | None
    basis: str


class Plan(PlanModel):
    """Everything decided before the first call."""

    selections: tuple[Selection, ...]
    conditions: tuple[Condition, ...]
    trials_per_condition: int
    dialect: Dialect | None
    """None: to be found out by a probe when the run starts."""
    uncovered: tuple[Uncovered, ...]
    unbound: tuple[Unbound, ...]
    forecast: Forecast

    @property
    def trials(self) -> int:
        """Planned trials over all conditions."""
        return len(self.conditions) * self.trials_per_condition
