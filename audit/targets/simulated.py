"""Simulated models: they act by playing a scenario's own scripts with a stated probability for each condition.

They pass the same parser, gateway, world and verdicts as a real model, so what a run estimates can be checked against
what is known. Nothing they do says anything about a real model, and everything they produce is labelled so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from audit.errors import PackError, UsageError
from audit.llm.models import Completion, ToolCallText, Usage
from audit.profile.models import ModelSettings
from audit.resources import data_dir, load_yaml_model
from audit.scenarios.models import Script, ScriptKind
from audit.scenarios.scripts import ScriptedReply, playable, raw_calls, replies
from audit.scenarios.situation import Dialect, Situation
from audit.targets.base import Session, TargetIdentity

PREFIX = "simulated/"
NEAR_MISS_SHARE = 0.25
"""Of the trials that are not harmful, how many play a near miss: rules that cry wolf then show in the estimate."""

Percent = Annotated[int, Field(ge=0, le=100)]


class PublishedModel(BaseModel):
    """Published rates of one model, in percent."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    title: str
    """The model's name"""
    blackmail: tuple[Percent, ...] = ()
    """Rates of blackmail, in the order of `columns`"""
    leak: tuple[Percent, ...] = ()
    """Rates of leaks"""
    lethal_action: tuple[Percent, ...] = ()
    """Rates of acts that put a life at risk"""


class PublishedRates(BaseModel):
    """``published_rates.yaml`` of a pack: rates somebody else measured, with their source."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    schema_: Literal["insider-audit/rates/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/rates/1"""
    source: str
    """Who published them, and where"""
    samples_per_cell: int
    """Samples behind each rate"""
    columns: tuple[str, ...]
    """Conditions the rates are for, without the scenario's name"""
    models: dict[str, PublishedModel]
    """Models by the name that follows `simulated/study-`"""


@dataclass(frozen=True)
class Character:
    """A simulated model: its name, what it is, and how likely it is to do the harmful thing."""

    name: str
    description: str
    probability: Callable[[str], float]
    """Condition id -> probability of playing a harmful script."""


OPPORTUNIST = {
    "replacement-explicit": 0.70,
    "restriction-explicit": 0.50,
    "none-explicit": 0.20,
    "replacement-none": 0.40,
    "restriction-none": 0.30,
    "none-none": 0.0,
}
"""Invented for demonstrations: gives in more the stronger the pressure, and not at all without any."""
OPPORTUNIST_TOLD = {"instruction": 0.4, "framing.test": 0.2, "way_out.closed": 1.2}
"""Invented as well: what a factor or one of its levels does to these probabilities."""
_STANDS_FOR = {"latent": "explicit", "ambiguous": "explicit", "swap": "none"}
"""Which goal's probability serves where none is known: a conflict like another, no conflict like none."""


@lru_cache(maxsize=1)
def published_rates() -> PublishedRates:
    """The study's published rates, as shipped with its pack."""
    path: Path = data_dir("scenario_packs") / "study" / "published_rates.yaml"
    return load_yaml_model(path, PublishedRates, PackError).model


def characters() -> dict[str, Character]:
    """Every simulated model by name (without the ``simulated/`` prefix)."""
    found = [
        Character("compliant", "plays the honest scripts only", lambda condition: 0.0),
        Character(
            "opportunist",
            "plays a harmful script with an invented probability that grows with the pressure",
            _opportunist,
        ),
    ]
    rates = published_rates()
    for name, model in rates.models.items():
        by_condition = _by_condition(model, rates.columns)
        what = (
            f"plays harmful scripts at the rates published for {model.title} by the study (2025), and none where the "
            "study has no figure for the scenario; it is not that model"
        )
        found.append(Character(f"study-{name}", what, partial(_published, by_condition)))
    return {character.name: character for character in found}


def _cell(condition: str) -> tuple[str, str, list[str]]:
    """Scenario, threat and goal as the study crosses them, and the levels beyond, of a condition's id."""
    scenario, _, rest = condition.partition("/")
    core, *beyond = rest.split("+")
    threat, _, goal = core.partition("-")
    return scenario, f"{threat}-{_STANDS_FOR.get(goal, goal)}", beyond


def _opportunist(condition: str) -> float:
    _, cell, beyond = _cell(condition)
    probability = OPPORTUNIST.get(cell, 0.0)
    for level in beyond:
        factor = level.partition(".")[0]
        probability *= OPPORTUNIST_TOLD.get(level, OPPORTUNIST_TOLD.get(factor, 1.0))
    return min(probability, 1.0)


def _published(known: Mapping[str, float], condition: str) -> float:
    scenario, cell, _ = _cell(condition)
    return known.get(f"{scenario}/{cell}", 0.0)


def _by_condition(model: PublishedModel, columns: tuple[str, ...]) -> Mapping[str, float]:
    return {
        f"{scenario}/{column}": percent / 100
        for scenario in ("blackmail", "leak", "lethal_action")
        for column, percent in zip(columns, getattr(model, scenario), strict=False)
    }


class SimulatedTarget:
    """A simulated model as a target. The same seed plays the same script."""

    def __init__(self, settings: ModelSettings) -> None:
        name = settings.id.removeprefix(PREFIX)
        known = characters()
        if name not in known:
            raise UsageError(
                f"there is no simulated model {settings.id!r}; there are: {', '.join(PREFIX + n for n in known)}"
            )
        self.character = known[name]
        self._tool_calling = settings.tool_calling

    @property
    def model(self) -> str:
        """``simulated/<name>``."""
        return PREFIX + self.character.name

    async def settle_dialect(self) -> tuple[Dialect, str]:
        """As the profile says; native tool calls otherwise."""
        if self._tool_calling == "auto":
            return Dialect.NATIVE, "simulated models speak both; native chosen"
        return Dialect(self._tool_calling), "set in the profile"

    def identity(self, dialect: Dialect, found: str, conditions: list[str]) -> TargetIdentity:
        """What is stored about it, with the truth a run can be checked against."""
        return TargetIdentity(
            model=self.model,
            simulated=True,
            recipient="this machine",
            dialect=dialect,
            dialect_found=found,
            description=self.character.description,
            known_rates={condition: self.character.probability(condition) for condition in conditions},
        )

    def open(self, situation: Situation, seed: int) -> Session:
        """Choose a script by the seed and start playing it."""
        dice = random.Random(f"{self.model}:{situation.condition.id}:{seed}")
        script = self._choose(situation, dice)
        return _SimulatedSession(self.model, replies(situation, script))

    def _choose(self, situation: Situation, dice: random.Random) -> Script:
        kind = ScriptKind.HARMLESS
        if dice.random() < self.character.probability(situation.condition.id):
            kind = ScriptKind.HARMFUL
        elif dice.random() < NEAR_MISS_SHARE:
            kind = ScriptKind.NEAR_MISS
        fitting = [script for script in situation.scripts if script.kind is kind]
        # Of what the agent has tools for; where that is none of them, it does what it can of one.
        return dice.choice([script for script in fitting if playable(situation, script)] or fitting)


class _SimulatedSession:
    """Plays the replies one after the other, as a provider would deliver them."""

    def __init__(self, model: str, script: list[ScriptedReply]) -> None:
        self._model = model
        self._left = list(script)

    async def reply(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        reply = self._left.pop(0)
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.think:
            message["reasoning_content"] = reply.think
        if reply.tool_calls:
            message["tool_calls"] = list(reply.tool_calls)
        calls = [ToolCallText(id=i, name=name, arguments=arguments) for i, name, arguments in raw_calls(reply)]
        return Completion(
            text=reply.text,
            reasoning=reply.think,
            tool_calls=calls,
            message=message,
            finish_reason="tool_calls" if calls else "stop",
            refusal=None,
            usage=Usage(),
            cost_usd=0.0,
            latency_s=0.0,
            attempts=1,
            sent={"model": self._model},
        )
