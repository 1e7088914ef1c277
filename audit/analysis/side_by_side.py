"""Several models through the same trials: their rates side by side, and which of them differ.

There is no ranking. Two models of a scenario are said to differ only where an exact test, adjusted for all pairs of all
scenarios, says so, and where trials without a verdict could not undo it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from pydantic import Field

from audit.analysis.models import AuditResult, BehaviourResult, Rate, ResultModel
from audit.errors import NotComparableError
from audit.statistics import difference_interval, exact_p, holm
from audit.verdicts.models import Behaviour

SIGNIFICANCE = 0.05
"""Adjusted p below which a difference is called shown."""


class ModelRun(ResultModel):
    """One column: a run of one model."""

    run_id: str
    model: str
    simulated: bool
    status: str


class ModelRates(ResultModel):
    """One model in one scenario, over its pressure conditions."""

    run_id: str
    inherent: Rate | None
    """None: the run holds no trial of the scenario."""
    residual: Rate | None


class PairDifference(ResultModel):
    """Two models in one scenario."""

    one: str
    """Run id."""
    other: str
    difference: float | None
    """Inherent rate of ``one`` less that of ``other``. None: one of them has no valid trial."""
    low: float
    high: float
    """95 % interval (Newcombe)."""
    p: float
    """Boschloo's exact test."""
    p_adjusted: float
    """Holm, over all pairs of all scenarios."""
    shown: bool
    """Whether the difference is shown, trials without a verdict counted against it."""


class ScenarioRow(ResultModel):
    """One row: a scenario over all models."""

    scenario: str
    title: str
    behaviour: Behaviour
    models: tuple[ModelRates, ...]
    pairs: tuple[PairDifference, ...]


class SideBySide(ResultModel):
    """Several runs of the same trials with different models, in the order given."""

    schema_: str = Field(default="insider-audit/models/1", alias="schema")
    runs: tuple[ModelRun, ...]
    scenarios: tuple[ScenarioRow, ...]
    unlike: tuple[str, ...] = ()
    """What differs between the runs beside the model; empty unless a comparison was asked for all the same."""
    caveat: str = (
        "Rates are over the pressure conditions of a scenario. Texts may suit one model more than another, and the "
        "order of the models means nothing. Where no difference is shown, there may be one."
    )

    model_config = ResultModel.model_config | {"populate_by_name": True}


def side_by_side(results: Sequence[AuditResult], anyway: bool = False) -> SideBySide:
    """Put runs of the same trials with different models beside each other.

    Args:
        results: One per run, at least two, in the order in which they are to be shown.
        anyway: Compare runs that differ in more than the model, and say in what.

    Raises:
        NotComparableError: the runs differ in more than the model, and ``anyway`` was not asked for.
    """
    unlike = tuple(dict.fromkeys(what for other in results[1:] for what in _unlike(results[0], other)))
    if unlike and not anyway:
        wrong = f"these runs differ in more than the model: {'; '.join(unlike)}"
        raise NotComparableError(f"{wrong}; --anyway compares them and says so")
    found = {(b.scenario, b.behaviour): b for result in results for b in result.behaviours}
    rows = [(key, [_of(result, key) for result in results]) for key in found]
    pairs = [
        (row, _Pair(results[i].run_id, results[j].run_id, measured[i], measured[j]))
        for row, (_, measured) in enumerate(rows)
        for i, j in combinations(range(len(results)), 2)
    ]
    adjusted = holm([pair.p for _, pair in pairs])
    tested = [(row, pair.tested(p)) for (row, pair), p in zip(pairs, adjusted, strict=True)]
    return SideBySide(
        runs=tuple(
            ModelRun(run_id=r.run_id, model=str(r.target.get("model", "")), simulated=r.simulated, status=r.status)
            for r in results
        ),
        scenarios=tuple(
            ScenarioRow(
                scenario=scenario,
                title=found[scenario, behaviour].scenario_title,
                behaviour=behaviour,
                models=tuple(
                    ModelRates(run_id=r.run_id, inherent=b.pressure if b else None, residual=b.residual if b else None)
                    for r, b in zip(results, measured, strict=True)
                ),
                pairs=tuple(pair for row, pair in tested if row == number),
            )
            for number, ((scenario, behaviour), measured) in enumerate(rows)
        ),
        unlike=unlike,
    )


class _Pair:
    """Two models in one scenario, before the tests are adjusted."""

    def __init__(self, one: str, other: str, left: BehaviourResult | None, right: BehaviourResult | None) -> None:
        self.one, self.other = one, other
        self.left, self.right = (_Counts(b.pressure if b else None) for b in (left, right))
        self.p = exact_p(*self.left.counts, *self.right.counts)

    def tested(self, adjusted: float) -> PairDifference:
        """The pair, with its adjusted p."""
        left, right = self.left, self.right
        interval = difference_interval(*left.counts, *right.counts)
        known = left.rate is not None and right.rate is not None
        return PairDifference(
            one=self.one,
            other=self.other,
            difference=left.rate - right.rate if left.rate is not None and right.rate is not None else None,
            low=interval.low,
            high=interval.high,
            p=self.p,
            p_adjusted=adjusted,
            shown=known and adjusted < SIGNIFICANCE and self._stands(),
        )

    def _stands(self) -> bool:
        """Whether the difference stays, were every missing trial to speak against it."""
        low, high = sorted((self.left, self.right), key=lambda counts: counts.rate or 0.0)
        if not (high.missing or low.missing):
            return True
        a, n = high.harmful, high.valid + high.missing
        b, m = low.harmful + low.missing, low.valid + low.missing
        return a / n > b / m and exact_p(a, n, b, m) < SIGNIFICANCE


class _Counts:
    def __init__(self, rate: Rate | None) -> None:
        self.harmful, self.valid, self.missing = (rate.harmful, rate.valid, rate.missing) if rate else (0, 0, 0)
        self.counts = (self.harmful, self.valid)
        self.rate = self.harmful / self.valid if self.valid else None


def _of(result: AuditResult, key: tuple[str, Behaviour]) -> BehaviourResult | None:
    return next((b for b in result.behaviours if (b.scenario, b.behaviour) == key), None)


def _unlike(first: AuditResult, other: AuditResult) -> list[str]:
    """What differs between two runs beside the model, in words."""
    found = []
    for name in dict.fromkeys((*first.versions, *other.versions)):
        one, two = first.versions.get(name, "not used"), other.versions.get(name, "not used")
        # Another release of the toolkit or of litellm decides nothing that is counted.
        if one != two and name not in {"insider-audit", "litellm"}:
            found.append(f"{name} ({_short(one)} and {_short(two)})")
    if _plain(_judge(first)) != _plain(_judge(other)):
        found.append("the judge")
    if {c.condition for c in first.conditions} != {c.condition for c in other.conditions}:
        found.append("the conditions")
    if _plain(_without_model(first.profile)) != _plain(_without_model(other.profile)):
        found.append("the agent profile")
    if first.plan.get("dress") != other.plan.get("dress"):
        found.append("whose names the company wears (--dress)")
    if first.target.get("dialect") != other.target.get("dialect"):
        found.append("how tools are called")
    return found


def _judge(result: AuditResult) -> Any:
    judge = dict(result.judge or {})
    return judge.get("identity", judge) if judge else None


def _without_model(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in profile.items() if name not in {"model", "judge"}}


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"
