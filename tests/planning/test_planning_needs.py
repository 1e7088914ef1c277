"""Needs of scenarios: what holds, what does not, what the profile leaves open, and what is refused in a pack."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import PackError
from audit.planning.matching import select
from audit.planning.predicates import Judged, Truth, judge
from audit.profile.loading import LoadedProfile
from audit.scenarios.needs import CONTROL_STANDS, Needs, closed_facts
from audit.scenarios.packs import load_pack
from audit.world.capabilities import Capability
from tests.planning.profiles import edited, written
from tests.scenarios.shipped import EXAMPLES, copied, packs, profile

OPS, MIRA, SHOP, *_ = EXAMPLES
MAIL = {"any": ["email.send"], "to": "send"}
OUTWARD = MAIL | {"reach": ["external", "public"]}
SECRETS = {"any": ["trade_secret"], "to": "see"}


def only(loaded: LoadedProfile, **needs: Any) -> Judged:
    """What came of the one need."""
    (found,) = judge(loaded, Needs.model_validate(needs))
    return found


def tool(name: str = "send", capability: str = "email.send", **more: str) -> str:
    said = "".join(f", {key}: {value}" for key, value in more.items())
    return f"{{name: {name}, capabilities: [{capability}]{said}}}"


# --- capabilities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reach", "truth", "text"),
    [
        ("external", Truth.YES, "can send mail outside the organisation (tool send)"),
        ("public", Truth.YES, "can send mail outside the organisation (tool send)"),
        ("unknown", Truth.UNKNOWN, "may be able to send mail outside the organisation (tool send: reach not stated)"),
        ("internal", Truth.NO, "cannot send mail outside the organisation (tool send: reach internal)"),
    ],
)
def test_a_way_out_is_a_matter_of_reach(reach: str, truth: Truth, text: str, tmp_path: Path) -> None:
    found = only(written(tmp_path, tools=f"[{tool(reach=reach)}]"), capabilities=[OUTWARD])
    assert (found.truth, found.ground.text) == (truth, text)
    assert found.unknown == (("reach of tool send",) if truth is Truth.UNKNOWN else ())
    assert bool(found.permission) is (truth is Truth.NO)


@pytest.mark.parametrize(("external", "truth"), [("yes", Truth.UNKNOWN), ("partial", Truth.UNKNOWN), ("no", Truth.NO)])
def test_a_reach_that_the_profile_itself_contradicts_is_not_believed(
    external: str, truth: Truth, tmp_path: Path
) -> None:
    loaded = written(tmp_path, f"comms: {{external: {external}}}", tools=f"[{tool(reach='internal')}]")
    found = only(loaded, capabilities=[OUTWARD])
    assert found.truth is truth
    assert ("`comms.external`" in found.ground.text) is (truth is Truth.UNKNOWN)


def test_a_contradiction_is_none_where_another_tool_reaches_outside(tmp_path: Path) -> None:
    tools = f"[{tool(reach='internal')}, {tool('post', 'chat.send', reach='external')}]"
    assert only(written(tmp_path, "comms: {external: yes}", tools=tools), capabilities=[OUTWARD]).truth is Truth.NO


def test_a_tool_that_nobody_has_described_may_do_anything(tmp_path: Path) -> None:
    loaded = written(tmp_path, tools=f"[{tool('sync_items', 'unknown')}]")
    for capability in set(Capability) - {Capability.UNKNOWN}:
        found = only(loaded, capabilities=[{"any": [capability], "to": "act"}])
        assert found.truth is Truth.UNKNOWN
        assert found.ground.text.endswith("(tool sync_items: nobody has described what it does)")
        assert "capabilities of tool sync_items" in found.unknown
    (places,) = {fact.rsplit("(", 1)[0] for fact in found.ground.facts}
    assert places == "tool sync_items "
    assert all(s.selected and s.because_unknown for s in select(loaded, packs()))


def test_what_an_undescribed_tool_is_declared_not_to_reach_it_does_not_reach(tmp_path: Path) -> None:
    loaded = written(tmp_path, tools=f"[{tool('sync_items', 'unknown', reach='internal')}]")
    assert only(loaded, capabilities=[OUTWARD]).truth is Truth.NO
    assert only(loaded, capabilities=[MAIL]).truth is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "declared", "truth"),
    [
        ({"effect": "irreversible"}, {"effect": "irreversible"}, Truth.YES),
        ({"effect": ["irreversible", "safety_of_life"]}, {"effect": "write"}, Truth.NO),
        ({"effect": "communicate"}, {}, Truth.UNKNOWN),
        ({"reversibility": "irreversible"}, {"reversibility": "irreversible"}, Truth.YES),
        ({"reversibility": "irreversible"}, {"reversibility": "recoverable"}, Truth.NO),
        ({"reversibility": "irreversible"}, {}, Truth.UNKNOWN),
        ({"reach": "internal"}, {"reach": "external"}, Truth.NO),
        ({"reach": "internal"}, {"reach": "internal"}, Truth.YES),
    ],
)
def test_a_need_can_ask_for_effect_and_reversibility(
    asked: dict[str, Any], declared: dict[str, str], truth: Truth, tmp_path: Path
) -> None:
    assert only(written(tmp_path, tools=f"[{tool(**declared)}]"), capabilities=[MAIL | asked]).truth is truth


def test_one_tool_must_have_it_all(tmp_path: Path) -> None:
    tools = f"[{tool('a', reach='external', reversibility='reversible')}, {tool('b', reach='internal')}]"
    found = only(written(tmp_path, tools=tools), capabilities=[OUTWARD | {"reversibility": "irreversible"}])
    assert found.truth is Truth.NO
    assert found.permission == (
        "could send mail outside the organisation (if a had reversibility irreversible or b had reach external or "
        "public)"
    )


@pytest.mark.parametrize("control", ["approval: required", "policy: deny"])
def test_a_control_on_a_tool_never_keeps_a_scenario_out(control: str, tmp_path: Path) -> None:
    name, value = control.split(": ")
    loaded = written(
        tmp_path, "comms: {external: no, allow_list: []}", tools=f"[{tool(reach='external', **{name: value})}]"
    )
    assert only(loaded, capabilities=[OUTWARD]).truth is Truth.YES


# --- data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "asked", "truth"),
    [
        ("access: read", {}, Truth.YES),
        ("access: [read, write]", {"access": "write"}, Truth.YES),
        ("access: read", {"access": "write"}, Truth.NO),
        ("access: none", {}, Truth.NO),
        ("sensitivity: restricted", {}, Truth.UNKNOWN),
        ("access: read, sensitivity: restricted", {"sensitivity": ["confidential", "restricted"]}, Truth.YES),
        ("access: read, sensitivity: internal", {"sensitivity": ["confidential", "restricted"]}, Truth.NO),
        ("access: read", {"sensitivity": "restricted"}, Truth.UNKNOWN),
        ("access: none", {"sensitivity": "restricted"}, Truth.NO),
    ],
)
def test_data_are_asked_for_by_category_access_and_sensitivity(
    scope: str, asked: dict[str, Any], truth: Truth, tmp_path: Path
) -> None:
    loaded = written(tmp_path, f"data: {{scopes: [{{name: Recipes, category: trade_secret, {scope}}}]}}")
    found = only(loaded, data=[SECRETS | asked])
    assert found.truth is truth
    assert bool(found.unknown) is (truth is Truth.UNKNOWN)
    if truth is not Truth.NO:
        assert [s.name for s in found.scopes] == ["Recipes"]
        assert "Recipes" in found.ground.text


def test_a_scope_that_is_short_of_one_thing_names_it(tmp_path: Path) -> None:
    loaded = written(tmp_path, "data: {scopes: [{name: Recipes, category: trade_secret, access: write}]}")
    assert (
        only(loaded, data=[SECRETS]).permission
        == 'could read trade secrets (if the data scope "Recipes" had access read)'
    )


# --- declared facts -------------------------------------------------------------------------------------------------


PLAN = {"fact": "lifecycle.plan_channel", "one_of": ["visible_to_agent"], "to": "learn of plans about itself"}


@pytest.mark.parametrize(
    ("line", "truth", "text"),
    [
        ("lifecycle: {plan_channel: visible_to_agent}", Truth.YES, "is declared with `lifecycle.plan_channel: vis"),
        ("lifecycle: {plan_channel: hidden_from_agent}", Truth.NO, "is declared with `lifecycle.plan_channel: hid"),
        ("lifecycle: {plan_channel: unknown}", Truth.UNKNOWN, "the profile does not say `lifecycle.plan_channel`"),
        ("", Truth.UNKNOWN, "the profile does not say `lifecycle.plan_channel`"),
    ],
)
def test_any_fact_with_closed_answers_can_be_asked_for(line: str, truth: Truth, text: str, tmp_path: Path) -> None:
    found = only(written(tmp_path, line), facts=[PLAN])
    assert found.truth is truth
    assert found.ground.text.startswith(text)
    (place,) = found.ground.facts
    at = "agent.yaml:6:13)" if line else "agent.yaml:1:1)"
    assert place.startswith("lifecycle.plan_channel (")
    assert place.endswith(at)


def test_yes_and_no_can_be_written_as_yaml_does(tmp_path: Path) -> None:
    need = {"fact": "memory.persistent", "one_of": [True, "partial"], "to": "remember"}
    assert only(written(tmp_path, "memory: {persistent: yes}"), facts=[need]).truth is Truth.YES
    assert only(written(tmp_path, "memory: {persistent: no}"), facts=[need]).truth is Truth.NO


@pytest.mark.parametrize("fact", CONTROL_STANDS)
def test_facts_that_declare_a_control_cannot_keep_a_scenario_out(fact: str) -> None:
    """Whatever a pack may write over such a fact, an agent with the control in place still fits."""
    answers = closed_facts()[fact]
    for size in range(1, len(answers) + 1):
        for chosen in itertools.combinations(answers, size):
            need = {"facts": [{"fact": fact, "one_of": chosen, "to": "act"}]}
            if set(CONTROL_STANDS[fact]) <= set(chosen):
                assert Needs.model_validate(need).facts[0].one_of == chosen
                continue
            with pytest.raises(ValueError, match="a control never keeps a scenario out"):
                Needs.model_validate(need)


# --- choices, and three values --------------------------------------------------------------------------------------


def test_one_of_several_ways_is_enough(tmp_path: Path) -> None:
    group = {"to": "take something out", "ways": [{"capabilities": [OUTWARD], "data": [SECRETS]}, {"facts": [PLAN]}]}
    scopes = "data: {scopes: [{name: Recipes, category: trade_secret, access: read}]}"
    hidden = "lifecycle: {plan_channel: hidden_from_agent}"
    both = only(written(tmp_path, scopes, tools=f"[{tool(reach='external')}]"), any_of=[group])
    assert both.truth is Truth.YES
    assert (
        both.ground.text
        == 'can send mail outside the organisation (tool send) and reads trade secrets (scope "Recipes")'
    )
    none = only(written(tmp_path, hidden, "data: {scopes: []}", tools=f"[{tool(reach='internal')}]"), any_of=[group])
    assert none.truth is Truth.NO
    assert none.ground.text.startswith("has no way to take something out: it cannot send mail outside the organisation")
    assert none.permission == "were declared with `lifecycle.plan_channel: visible_to_agent`"
    open_ = only(written(tmp_path, hidden, tools=f"[{tool(reach='external')}]"), any_of=[group])
    assert (open_.truth, open_.unknown) == (Truth.UNKNOWN, ("data scopes",))


def test_the_values_combine_as_kleene_says(tmp_path: Path) -> None:
    """Over every combination of three ways, each holding, failing or open."""
    lines = {Truth.YES: "persistent: yes", Truth.NO: "persistent: no", Truth.UNKNOWN: "persistent: unknown"}
    remembers = {"facts": [{"fact": "memory.persistent", "one_of": ["yes"], "to": "x"}]}
    plans = {"facts": [PLAN]}
    shown = {Truth.YES: "visible_to_agent", Truth.NO: "hidden_from_agent", Truth.UNKNOWN: "unknown"}
    for one, two in itertools.product(Truth, Truth):
        loaded = written(tmp_path, f"memory: {{{lines[one]}}}", f"lifecycle: {{plan_channel: {shown[two]}}}")
        either = only(loaded, any_of=[{"to": "x", "ways": [remembers, plans]}])
        assert either.truth is max(one, two)
        together = only(
            loaded,
            any_of=[{"to": "x", "ways": [{"facts": remembers["facts"] + plans["facts"]}, {"facts": [PLAN]}]}],
        )
        assert together.truth is max(min(one, two), two)


@given(st.sampled_from(EXAMPLES), st.lists(st.integers(0, 11), max_size=4))
def test_forgetting_what_a_tool_does_never_takes_a_scenario_away(example: str, forgotten: list[int]) -> None:
    loaded = profile(example)
    tools = list(loaded.model.tools)
    for position in forgotten:
        old = tools[position % len(tools)]
        tools[position % len(tools)] = old.model_copy(update={"capabilities": (Capability.UNKNOWN,)})
    changed = LoadedProfile(
        loaded.model.model_copy(update={"tools": tuple(tools)}),
        loaded.path,
        loaded.sha256,
        loaded.place,
        loaded.system_prompt,
        loaded.system_prompt_path,
    )
    before = {s.scenario for s in select(loaded, packs()) if s.selected}
    # A declared reach still stands: forgetting a tool that reaches outside leaves that it does.
    assert before <= {s.scenario for s in select(changed, packs()) if s.selected}


# --- near misses ----------------------------------------------------------------------------------------------------


def near(loaded: LoadedProfile, scenario: str) -> str:
    return next(s for s in select(loaded, packs()) if s.scenario == scenario).near_miss


def test_a_near_miss_names_the_one_permission_that_is_missing(tmp_path: Path) -> None:
    assert near(profile(MIRA), "lethal_action") == (
        "it would fit if the agent could cancel or silence alerts (a tool with the capability alert.cancel)"
    )
    assert near(profile(SHOP), "blackmail") == (
        "it would fit if the agent could read executives' mail, staff mail or personal data (a data scope of category "
        "executive_mail, staff_mail or personal)"
    )
    inside = edited(tmp_path, MIRA, ("reach: external", "reach: internal"), ("external: yes", "external: no"))
    assert near(inside, "leak") == (
        "it would fit if the agent could pass material on to people outside the company (if "
        "gmail_send_message had reach external or public or drive_share_file had reach external or public)"
    )


def test_what_fits_and_what_lacks_two_things_is_no_near_miss(tmp_path: Path) -> None:
    assert near(profile(MIRA), "leak") == ""
    assert near(profile(OPS), "leak") != ""
    no_mail = edited(tmp_path, OPS, ("category: staff_mail", "category: safety_systems"))
    assert near(no_mail, "leak") == ""


@pytest.mark.parametrize("scenario", ["blackmail", "lethal_action"])
def test_the_permission_a_near_miss_names_brings_the_scenario_in(scenario: str, tmp_path: Path) -> None:
    example, edit = {
        "blackmail": (SHOP, ("category: customer", "category: personal")),
        "lethal_action": (MIRA, ("capabilities: [calendar.read]", "capabilities: [calendar.read, alert.cancel]")),
    }[scenario]
    assert near(profile(example), scenario)
    assert next(s for s in select(edited(tmp_path, example, edit), packs()) if s.scenario == scenario).selected


# --- what a pack may write ------------------------------------------------------------------------------------------


NEEDS = "needs:\n"


@pytest.mark.parametrize(
    ("written_needs", "wrong", "column"),
    [
        (
            "  facts: [{fact: lifecycle.plan_chanel, one_of: [x], to: y}]\n",
            "did you mean `lifecycle.plan_channel`?",
            18,
        ),
        ("  facts: [{fact: 'tools[].approval', one_of: [x], to: y}]\n", "ask for tools under `capabilities`", 18),
        ("  facts: [{fact: identity.owner, one_of: [x], to: y}]\n", "no fact `identity.owner` with a closed list", 18),
        ("  facts: [{fact: memory.persistent, one_of: [perhaps], to: y}]\n", "never `perhaps`; its answers: yes", 46),
        ("  facts: [{fact: memory.persistent, one_of: [unknown], to: y}]\n", "an unknown fact always selects", 46),
        ("  facts: [{fact: comms.external, one_of: [yes], to: y}]\n", "a control never keeps a scenario out", 42),
        ("  any_of: [{to: y, ways: [{}, {facts: []}]}]\n", "nothing is asked for here", 27),
        ("  any_of: [{to: y, ways: [{data: [{any: [hr], to: y}]}]}]\n", "ways", 26),
    ],
)
def test_mistakes_in_needs_are_shown_where_they_stand(
    written_needs: str, wrong: str, column: int, tmp_path: Path
) -> None:
    folder = copied(tmp_path / "pack", "leak", ("scenario.yaml", NEEDS, NEEDS + written_needs))
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    lines = (folder / "leak" / "scenario.yaml").read_text("utf-8").splitlines()
    problem = caught.value.problems[0]
    assert wrong in f"{problem.wrong}; {problem.mend}"
    assert (lines[problem.line - 1] + "\n", problem.column) == (written_needs, column)


WAYS_OUT = "any: [email.send, file.share, chat.send, ticket.write]"


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        (WAYS_OUT, "any: [email.send, unknown]", "`unknown` is no capability"),
        (WAYS_OUT, "any: [email.send, email.send]", "listed twice"),
        ("reach: [external, public]", "reach: [external, unknown]", "unknown"),
        ("any: [trade_secret, executive_mail", "any: [trade_secrets, executive_mail", "trade_secrets"),
    ],
)
def test_needs_that_make_no_sense_are_refused(old: str, new: str, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=wrong):
        load_pack(copied(tmp_path / "pack", "leak", ("scenario.yaml", old, new)))


def test_a_pack_with_every_kind_of_need_is_matched(tmp_path: Path) -> None:
    more = (
        "  facts: [{fact: autonomy.level, one_of: [acts_alone, acts_with_approval], to: act}]\n"
        "  any_of: [{to: hide it, ways: [{facts: [{fact: memory.persistent, one_of: [yes], to: y}]}, "
        "{capabilities: [{any: [log.write], to: y}]}]}]\n"
    )
    pack = load_pack(copied(tmp_path / "pack", "leak", ("scenario.yaml", NEEDS, NEEDS + more)))
    (selection,) = select(profile(MIRA), [pack])
    assert selection.selected
    assert "is declared with `autonomy.level: acts_alone`" in selection.reason
    assert len(selection.grounds) == 5
    assert pack.scenarios[0].scenario.model.needs.in_words[-1] == "memory.persistent: yes | log.write (hide it)"


def test_the_leak_needs_a_way_out_of_the_house() -> None:
    (leak,) = [source.scenario.model for pack in packs() for source in pack.scenarios if source.id == "leak"]
    assert [need.outward for need in leak.needs.capabilities] == [False, True]
