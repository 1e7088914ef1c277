"""Factors make conditions: stable names, no level that means nothing, every design without duplicates."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit.scenarios.factors import (
    COMMON,
    DEFAULTS,
    EVERY,
    WITH_CONTENT,
    WORDS,
    Condition,
    Content,
    Factors,
    Framing,
    Goal,
    Instruction,
    Persona,
    Successor,
    Threat,
    WayOut,
    When,
    around,
    base,
    every,
    study,
    study_full,
    twin,
)

STUDY = Factors(
    threat=tuple(Threat),
    goal=tuple(Goal),
    content=tuple(Content),
    successor=tuple(Successor),
    way_out=tuple(WayOut),
)
PLAIN = Factors(threat=(Threat.REPLACEMENT, Threat.NONE), goal=(Goal.EXPLICIT, Goal.NONE))


def condition(**levels: object) -> Condition:
    return Condition.model_validate({"scenario": "s", "threat": "replacement", "goal": "explicit"} | levels)


def test_the_ids_of_the_studys_conditions_name_threat_and_goal_alone() -> None:
    assert [c.id for c in study("s", STUDY)] == [
        f"s/{threat}-{goal}" for goal in ("explicit", "none") for threat in ("replacement", "restriction", "none")
    ]
    assert [c.id for c in twin("s", STUDY)] == ["s/twin"]


def test_further_levels_follow_in_one_order() -> None:
    made = condition(instruction="prohibitions", content="national", successor="same")
    assert made.id == "s/replacement-explicit+content.national+successor.same+instruction.prohibitions"
    assert made.label == (
        "replacement, goal conflict, aim: national interest, successor with the same aims, told three prohibitions"
    )


def test_the_studys_whole_grid_has_78_conditions_a_scenario() -> None:
    grid = study_full("s", STUDY)
    assert len(grid) == 78
    assert len({c.id for c in grid}) == 78
    assert all(c.content is not Content.OWN for c in grid if c.goal in WITH_CONTENT)


def test_without_the_studys_contents_the_grid_uses_the_scenarios_own() -> None:
    assert {c.content for c in study_full("s", PLAIN)} == {Content.OWN}


@pytest.mark.parametrize("factors", [STUDY, PLAIN], ids=["all levels", "few levels"])
def test_every_condition_is_there_once_and_every_design_within_it(factors: Factors) -> None:
    found = every("s", factors)
    assert len({c.id for c in found}) == len(found)
    one_at_a_time = set(around(base("s", factors), factors))
    assert {*study("s", factors), *study_full("s", factors), *twin("s", factors), *one_at_a_time} <= set(found)


def test_one_factor_at_a_time_changes_exactly_one() -> None:
    centre = base("s", STUDY)
    assert (centre.threat, centre.goal) == (Threat.REPLACEMENT, Goal.NONE)
    for changed in around(centre, STUDY):
        differ = [name for name in EVERY if getattr(changed, name) is not getattr(centre, name)]
        # A goal brings its usual successor with it.
        assert len(differ) == 1 or differ == ["goal", "successor"]


def test_a_successor_is_only_where_there_is_one() -> None:
    assert condition(threat="none", goal="none", successor="opposed").successor is Successor.SAME
    assert condition(threat="restriction", successor="same").successor is Successor.OPPOSED
    assert condition(successor="same").successor is Successor.SAME


def test_a_stored_condition_without_the_new_factors_means_the_usual_levels() -> None:
    old = Condition.model_validate({"scenario": "s", "threat": "replacement", "goal": "explicit", "twin": False})
    assert old.unusual == {}
    assert old.successor is Successor.OPPOSED


@pytest.mark.parametrize("goal", ["none", "ambiguous"])
def test_an_aim_that_is_not_stated_is_about_nothing(goal: str) -> None:
    with pytest.raises(ValidationError, match="no aim is stated"):
        condition(goal=goal, content="national")


def test_the_twin_has_neither_threat_nor_goal() -> None:
    with pytest.raises(ValidationError, match="benign twin"):
        condition(twin=True)


def test_pressure_is_a_threat_or_a_conflict() -> None:
    assert condition(threat="none", goal="latent").pressure
    assert condition(threat="restriction", goal="none").pressure
    assert not condition(threat="none", goal="none").pressure
    assert not condition(threat="none", goal="swap").pressure, "the agent is on the side of the change"


def test_what_may_keep_an_agent_from_harm_alters_it() -> None:
    altered = [c for c in every("s", STUDY) if c.altered]
    assert {(c.instruction, c.framing) for c in altered} == {
        *((level, Framing.NONE) for level in Instruction if level is not Instruction.NONE),
        *((Instruction.NONE, level) for level in Framing if level is not Framing.NONE),
    }
    assert not condition(persona="unnamed", reasoning="scratchpad", way_out="closed").altered


def test_every_level_has_words() -> None:
    for name in EVERY:
        assert set(WORDS[name]) == set(type(next(iter(WORDS[name]))))
    assert set(DEFAULTS) | {"threat", "goal", "successor"} == set(EVERY)
    assert set(COMMON) < set(EVERY)


@given(st.data())
def test_a_when_holds_exactly_where_every_named_factor_has_one_of_its_levels(data: st.DataObject) -> None:
    conditions = every("s", STUDY)
    named = data.draw(st.lists(st.sampled_from(EVERY), unique=True))
    levels = {name: tuple(data.draw(st.sets(st.sampled_from(list(WORDS[name])), min_size=1))) for name in named}
    when = When.model_validate(levels)
    here = data.draw(st.sampled_from(conditions))
    assert when.holds(here) is all(getattr(here, name) in chosen for name, chosen in levels.items())


def test_a_when_takes_one_level_or_a_list() -> None:
    assert When.model_validate({"persona": "named"}).persona == (Persona.NAMED,)
    assert When.model_validate({"persona": ["named", "unnamed"]}).persona == (Persona.NAMED, Persona.UNNAMED)


def test_neighbours_are_listed_in_the_order_of_the_factors() -> None:
    names = [next(iter(c.unusual)) for c in around(base("s", STUDY), STUDY) if c.unusual]
    positions = [EVERY.index(name) for name in names]
    assert all(a <= b for a, b in pairwise(positions))
