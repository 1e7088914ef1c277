"""Designs: which conditions the built-in ones run, what a file can ask for, and what each refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import DesignError, UsageError
from audit.planning import DEFAULT_TRIALS
from audit.planning.designs import Design, DesignName, fold, load_design
from audit.planning.models import Plan
from audit.planning.plan import make_plan
from audit.resources import data_dir
from audit.scenarios.factors import (
    COMMON,
    EVERY,
    Condition,
    Content,
    Delivery,
    Factors,
    Framing,
    Goal,
    Instruction,
    Successor,
    Threat,
    WayOut,
    base,
)
from audit.scenarios.situation import Dialect
from tests.scenarios.shipped import EXAMPLES, SCENARIOS, STUDY, packs, profile, source

OPS, MIRA, SHOP, *_ = EXAMPLES
WIDE = Factors(
    threat=(Threat.REPLACEMENT, Threat.RESTRICTION, Threat.NONE),
    goal=tuple(Goal),
    content=(Content.NATIONAL, Content.GLOBAL),
    successor=tuple(Successor),
    way_out=tuple(WayOut),
)
NARROW = Factors(threat=(Threat.RESTRICTION, Threat.NONE), goal=(Goal.NONE, Goal.EXPLICIT), twin=False)


def made(scenario: str, factors: Factors) -> Any:
    """A scenario of which a design reads nothing but its factors."""
    return SimpleNamespace(id=scenario, scenario=SimpleNamespace(model=SimpleNamespace(factors=factors)))


def designed(folder: Path, *lines: str, head: str = "name: own\n") -> Design:
    path = folder / "design.yaml"
    entries = "".join(f"  - {line}\n" for line in lines)
    path.write_text(f"schema: insider-audit/design/1\n{head}conditions:\n{entries}", "utf-8")
    return load_design(str(path))


def ids(design: Design, factors: Factors = WIDE) -> list[str]:
    return [condition.id.partition("/")[2] for condition in design.conditions([made("x", factors)])]


def refused(folder: Path, *lines: str, factors: Factors = WIDE, head: str = "name: own\n") -> str:
    with pytest.raises(DesignError) as caught:
        designed(folder, *lines, head=head).conditions([made("x", factors)])
    return str(caught.value)


# --- built in ---------------------------------------------------------------------------------------------------


def test_quick_is_the_agent_as_deployed_and_the_twin() -> None:
    assert ids(Design("quick")) == ["replacement-none", "twin"]
    assert ids(Design("quick"), NARROW) == ["restriction-none"]


def test_the_study_has_seven_conditions() -> None:
    assert ids(Design("study")) == [
        *("replacement-explicit", "restriction-explicit", "none-explicit"),
        *("replacement-none", "restriction-none", "none-none", "twin"),
    ]


def test_the_whole_grid_crosses_goals_contents_and_threats_and_has_no_twin() -> None:
    found = Design("study-full").conditions([made("x", WIDE)])
    # Three goals that say what they are about, with two contents each; two that do not.
    assert len(found) == 3 * (3 * 2 + 2)
    assert not any(condition.twin or condition.unusual.keys() - {"content"} for condition in found)


@pytest.mark.parametrize("factors", [WIDE, NARROW], ids=["wide", "narrow"])
def test_standard_varies_one_factor_at_a_time(factors: Factors) -> None:
    first, *others = Design("standard").conditions([made("x", factors)])
    assert first == base("x", factors)
    if factors.twin:
        assert others.pop().twin
    changed = [_changed(first, other) for other in others]
    assert all(len(names) == 1 for names in changed)
    # Every level of every factor that can vary there is met once.
    varied = [name for name in EVERY if name != "content" and len(factors.levels(name)) > 1]
    if first.threat is not Threat.REPLACEMENT:
        varied = [name for name in varied if name != "successor"]
    assert [name for names in changed for name in names] == [
        name for name in varied for _ in range(len(factors.levels(name)) - 1)
    ]


def _changed(one: Condition, other: Condition) -> list[str]:
    names = [name for name in EVERY if getattr(one, name) is not getattr(other, name)]
    # The successor that a goal usually has comes with it.
    return [name for name in names if name != "successor" or "goal" not in names]


@pytest.mark.parametrize("name", DesignName)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_built_in_design_is_proved_by_the_self_test_of_every_scenario(name: str, scenario: str) -> None:
    found = Design(name).conditions([source(scenario)])
    assert found
    assert len(set(found)) == len(found) == len({condition.id for condition in found})
    assert set(found) <= set(source(scenario).scenario.model.conditions())


@given(
    threats=st.lists(st.sampled_from(Threat), min_size=1, unique=True),
    goals=st.lists(st.sampled_from(Goal), min_size=1, unique=True),
    successor=st.sampled_from([(), tuple(Successor)]),
    name=st.sampled_from(DesignName),
)
def test_no_design_repeats_a_condition_or_leaves_what_a_scenario_supports(
    threats: list[Threat], goals: list[Goal], successor: tuple[Successor, ...], name: str
) -> None:
    factors = Factors(threat=tuple(threats), goal=tuple(goals), successor=successor)
    found = Design(name).conditions([made("x", factors)])
    assert len(set(found)) == len(found)
    for condition in found:
        assert condition.twin or (condition.threat in threats and condition.goal in goals)


def test_what_is_no_design_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no design 'studdy'; there are: quick, study, standard, study-full"):
        load_design("studdy")
    with pytest.raises(DesignError, match="the file does not exist"):
        load_design("nowhere.yaml")


# --- files ------------------------------------------------------------------------------------------------------


def test_what_an_entry_leaves_out_is_as_the_agent_is_deployed(tmp_path: Path) -> None:
    own = designed(tmp_path, "cross: {instruction: [none, prohibitions], framing: [none, real]}", "{twin: true}")
    assert ids(own) == [
        "replacement-none",
        "replacement-none+framing.real",
        "replacement-none+instruction.prohibitions",
        "replacement-none+instruction.prohibitions+framing.real",
        "twin",
    ]
    assert ids(own, NARROW.model_copy(update={"twin": True}))[0] == "restriction-none"


def test_entries_can_be_about_some_scenarios_and_name_a_condition_once(tmp_path: Path) -> None:
    own = designed(
        tmp_path,
        "{scenarios: [one], threat: none, goal: explicit}",
        "{scenarios: [one, two], cross: {goal: [explicit, none], threat: [none]}}",
    )
    found = own.conditions([made("one", WIDE), made("two", NARROW)])
    assert [c.id for c in found] == ["one/none-explicit", "one/none-none", "two/none-explicit", "two/none-none"]
    assert own.scenarios == frozenset({"one", "two"})
    assert designed(tmp_path, "{twin: true}").scenarios is None


def test_combinations_that_mean_nothing_are_left_out_of_a_cross(tmp_path: Path) -> None:
    own = designed(tmp_path, "cross: {goal: [explicit, none], content: [national, global]}")
    assert ids(own) == [
        "replacement-explicit+content.national",
        "replacement-explicit+content.global",
        "replacement-none",
    ]
    own = designed(tmp_path, "cross: {threat: [replacement, none], successor: [same, opposed]}")
    assert ids(own) == ["replacement-none", "replacement-none+successor.opposed", "none-none"]


def test_the_twin_can_be_told_what_others_are_told(tmp_path: Path) -> None:
    own = designed(tmp_path, "{twin: true, cross: {instruction: [none, prohibitions]}}")
    assert ids(own) == ["twin", "twin+instruction.prohibitions"]


@pytest.mark.parametrize(
    ("line", "place", "wrong"),
    [
        ("{threat: repacement}", "4:14", "`repacement`"),
        ("{threat: restriction, colour: red}", "4:27", "`colour`"),
        ("{goal: latent}", "4:12", "scenario `x` has no goal `latent`; it has `none`, `explicit`"),
        ("cross: {goal: [none, swap]}", "4:26", "scenario `x` has no goal `swap`"),
        ("{twin: true}", "4:12", "scenario `x` has no benign twin"),
        ("{twin: true, threat: none}", "4:26", "the benign twin has no `threat` to choose"),
        ("{threat: none, cross: {threat: [none]}}", "4:36", "`threat` is fixed and crossed in one entry"),
        ("cross: {threat: []}", "4:21", "at least 1"),
        ("{content: global}", "4:15", "scenario `x` has no content `global`; it has `own`"),
        ("{successor: same}", "4:17", "with the threat `restriction` there is no successor to choose"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(tmp_path: Path, line: str, place: str, wrong: str) -> None:
    said = refused(tmp_path, line, factors=NARROW)
    assert f"design.yaml:{place}: " in said
    assert wrong in said


def test_levels_without_what_they_hang_on_are_refused_and_not_dropped(tmp_path: Path) -> None:
    said = refused(tmp_path, "{goal: none, content: global}", "{goal: none, cross: {content: [national, global]}}")
    assert said.count("with the goal `none` there is no content to choose") == 2
    only_usual = WIDE.model_copy(update={"successor": ()})
    said = refused(tmp_path, "{goal: none, successor: opposed}", factors=only_usual)
    assert "4:29: scenario `x` has no successor `opposed` with goal `none`; it has `same`" in said
    assert ids(designed(tmp_path, "{goal: explicit, successor: opposed}"), only_usual) == ["replacement-explicit"]


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    assert refused(tmp_path, "{goal: latent}", "{twin: true}", "{}", factors=NARROW).count("design.yaml:") == 2


def test_a_file_may_not_pass_for_a_built_in_design(tmp_path: Path) -> None:
    assert "2:7: `study` is the name of a built-in design" in refused(tmp_path, "{}", head="name: study\n")


def test_the_shipped_example_fits_every_shipped_scenario() -> None:
    design = load_design(str(data_dir("examples") / "designs" / "mitigations.yaml"))
    for scenario in SCENARIOS:
        found = design.conditions([source(scenario)])
        assert sum(condition.twin for condition in found) == 1
        assert {c.instruction for c in found} == set(Instruction)
        assert {c.framing for c in found} == {Framing.NONE, Framing.REAL}


# --- dialects ---------------------------------------------------------------------------------------------------


def test_with_tags_the_delivery_of_mail_is_no_condition_of_its_own() -> None:
    first = base("x", WIDE)
    inbox = first.model_copy(update={"delivery": Delivery.INBOX})
    assert fold([first, inbox], Dialect.NATIVE) == ((first, inbox), ())
    assert fold([first, inbox], Dialect.TAGS) == ((first,), (inbox.id,))
    # What was asked for is run even where the usual condition is not part of the design.
    assert fold([inbox], Dialect.TAGS) == ((first,), (inbox.id,))


# --- plans ------------------------------------------------------------------------------------------------------


def plan(design: Design | None = None, trials: int | None = None, *only: str) -> Plan:
    return make_plan(profile(MIRA), packs(), trials, only, design=design)


def test_standard_is_run_unless_another_is_named() -> None:
    found = plan(None, None, "leak")
    assert (found.design, found.design_sha256) == ("standard", "")
    assert set(COMMON) <= {name for condition in found.conditions for name in condition.unusual}


def test_a_design_says_how_often_unless_the_command_does(tmp_path: Path) -> None:
    own = designed(tmp_path, "{scenarios: [leak]}", head="name: own\ntrials: 3\n")
    assert plan(own).trials_per_condition == 3
    assert plan(own, 5).trials_per_condition == 5
    assert plan(STUDY, None, "leak").trials_per_condition == DEFAULT_TRIALS
    assert len(plan(own).design_sha256) == 64


def test_a_scenario_that_a_design_does_not_name_is_left_out_and_never_counted_as_tested(tmp_path: Path) -> None:
    found = plan(designed(tmp_path, "{scenarios: [leak], threat: none}"))
    assert [c.id for c in found.conditions] == ["leak/none-none"]
    (blackmail,) = [s for s in found.selections if s.scenario == "blackmail"]
    assert (blackmail.selected, blackmail.fits, blackmail.by) == (False, True, "user")
    with pytest.raises(UsageError, match="the design own names no condition of blackmail"):
        plan(designed(tmp_path, "{scenarios: [leak]}"), None, "blackmail")
    with pytest.raises(DesignError, match=r"4:18: there is no scenario `leek`; there are: .*leak"):
        plan(designed(tmp_path, "{scenarios: [leek]}"))


def test_each_design_has_its_price_and_the_chosen_one_its_forecast() -> None:
    found = plan(Design("quick"), 3, "leak")
    prices = {price.design: price for price in found.designs}
    assert list(prices) == [str(name) for name in DesignName]
    assert [price.design for price in found.designs if price.chosen] == ["quick"]
    assert prices["quick"].forecast == found.forecast
    for name in DesignName:
        exact = plan(Design(name), 3, "leak")
        price = prices[str(name)]
        assert (price.conditions, price.trials) == (len(exact.conditions), exact.trials)
        assert price.forecast.target_calls == pytest.approx(exact.forecast.target_calls, rel=0.1)
        assert price.forecast.input_tokens == pytest.approx(exact.forecast.input_tokens, rel=0.15)


def test_a_design_of_ones_own_is_priced_beside_the_built_in_ones(tmp_path: Path) -> None:
    found = plan(designed(tmp_path, "{scenarios: [leak]}"))
    assert (found.designs[-1].design, found.designs[-1].chosen, found.designs[-1].conditions) == ("own", True, 1)
    assert not any(price.chosen for price in found.designs[:-1])
    assert Plan.model_validate_json(found.model_dump_json()) == found


def test_plans_from_before_there_were_designs_are_the_studys() -> None:
    dumped = plan(STUDY, 1, "leak").model_dump(mode="json", exclude={"design", "design_sha256", "folded", "designs"})
    assert Plan.model_validate(dumped).design == "study"


def test_a_scenario_with_neither_of_the_studys_goals_is_run_as_deployed() -> None:
    """A chosen scenario of which nothing is run would be missing from the report without a word."""
    latent = NARROW.model_copy(update={"goal": (Goal.LATENT,)})
    assert ids(Design("study"), latent) == ["restriction-latent"]
