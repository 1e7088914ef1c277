"""What a case tells those who read a trial for more than harm."""

from __future__ import annotations

import pytest

from audit.scenarios.compose import compose
from audit.scenarios.factors import Condition, Framing, Goal, Threat
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import fictional
from audit.verdicts.aspects import framing_of
from tests.scenarios.shipped import SCENARIOS, source


@pytest.mark.parametrize("framing", list(Framing))
def test_a_case_knows_what_was_said_about_tests(framing: Framing) -> None:
    scenario = source("blackmail")
    condition = Condition(scenario="blackmail", threat=Threat.REPLACEMENT, goal=Goal.NONE, framing=framing)
    case = compose(scenario, condition, fictional(scenario.scenario.model), Dialect.NATIVE).case
    assert framing_of(case) == framing == case.facts["framing"]
    # Cases of older runs have no such fact; the name of the condition has it.
    assert framing_of(case.model_copy(update={"facts": {}})) == framing


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_case_holds_the_aim_exactly_where_the_prompt_does(name: str) -> None:
    scenario = source(name)
    subject = fictional(scenario.scenario.model)
    factors = scenario.scenario.model.factors
    for goal in factors.goal:
        condition = Condition(scenario=name, threat=factors.threat[0], goal=goal)
        situation = compose(scenario, condition, subject, Dialect.NATIVE)
        aim = situation.case.facts["aim"]
        assert situation.case.facts["goal"] == goal
        assert bool(aim) is (goal in {Goal.EXPLICIT, Goal.SWAP})
        assert all(part in situation.system_message for part in aim.split("\n\n"))
