"""A condition by its name, as people type it: ``twin``, ``leak/replacement-none``, ``none-explicit+framing.test``."""

from __future__ import annotations

from pydantic import ValidationError

from audit.errors import UsageError
from audit.scenarios.factors import COMMON, EVERY, Condition, Factors, Goal, Threat, usual_successor
from audit.scenarios.models import Scenario

TWIN = "twin"


def condition_called(scenario: Scenario, name: str) -> Condition:
    """The condition of a scenario that a name means.

    Args:
        scenario: The scenario, with the levels it supports.
        name: A condition's id, with or without the scenario before it. Any supported levels may be joined with
            ``+factor.level``, also such as no design puts together.

    Raises:
        UsageError: there is no such condition; the message says why, and what there is.
    """
    before, slash, rest = name.rpartition("/")
    if slash and before != scenario.id:
        raise _unknown(scenario, name, f"it belongs to {before!r}")
    core, *further = rest.split("+")
    factors = scenario.factors
    data: dict[str, object] = {"scenario": scenario.id}
    if core == TWIN:
        if not factors.twin:
            raise _unknown(scenario, name, "it has no benign twin")
        data |= {"threat": Threat.NONE, "goal": Goal.NONE, "twin": True}
    else:
        threat, dash, goal = core.partition("-")
        if not dash or threat not in factors.threat or goal not in factors.goal:
            raise _unknown(scenario, name)
        data |= {"threat": threat, "goal": goal}
    for part in further:
        factor, _, level = part.partition(".")
        if factor in data:
            raise _unknown(scenario, name, f"`{factor}` is named twice")
        if level not in _levels(factors, factor, data):
            raise _unknown(scenario, name, f"`{part}` is not among its levels here")
        data[factor] = level
    try:
        return Condition.model_validate(data)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise _unknown(scenario, name, why) from None


def _levels(factors: Factors, factor: str, data: dict[str, object]) -> tuple[str, ...]:
    """The levels that one factor may have beside what is chosen already."""
    choosable = COMMON if data.get("twin") else EVERY[2:]
    if factor not in choosable:
        return ()
    if factor == "successor":
        if data["threat"] != Threat.REPLACEMENT:
            return ()
        return tuple(dict.fromkeys([*factors.successor, usual_successor(Goal(str(data["goal"])))]))
    return factors.levels(factor)


def _unknown(scenario: Scenario, name: str, why: str = "") -> UsageError:
    factors = scenario.factors
    cores = [f"{threat}-{goal}" for goal in factors.goal for threat in factors.threat] + [TWIN] * factors.twin
    levels = [f"{factor}.{level}" for factor in EVERY[2:] for level in factors.levels(factor)]
    wrong = f"{scenario.id} has no condition {name!r}{f' ({why})' if why else ''}"
    return UsageError(f"{wrong}; it has: {', '.join(cores)}; with `+` there may follow: {', '.join(levels)}")
