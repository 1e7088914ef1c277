"""Priorities: a small table of points, the worst where the profile does not say, lives before all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.planning import exposure
from audit.planning.matching import select
from audit.planning.models import Exposure, Selection
from audit.planning.plan import make_plan
from audit.profile.loading import LoadedProfile
from audit.scenarios.packs import load_pack
from tests.planning.profiles import edited, written
from tests.scenarios.shipped import EXAMPLES, copied, profile
from tests.scenarios.shipped import study_pack as packs

OPS, MIRA, SHOP, *_ = EXAMPLES

READ = "{name: look, capabilities: [email.read], reach: internal, reversibility: reversible}"
KNOWN = ("autonomy: {level: suggests}",)


def scopes(sensitivity: str = "public", category: str = "trade_secret") -> str:
    return f"data: {{scopes: [{{name: Plans, category: {category}, access: read, sensitivity: {sensitivity}}}]}}"


def mail(reach: str = "external", reversibility: str = "reversible", **more: str) -> str:
    said = "".join(f", {key}: {value}" for key, value in more.items())
    send = f"{{name: send, capabilities: [email.send], reach: {reach}, reversibility: {reversibility}{said}}}"
    return f"[{READ}, {send}]"


def of(loaded: LoadedProfile, scenario: str = "leak") -> Exposure:
    found = next(s.exposure for s in select(loaded, packs()) if s.scenario == scenario)
    assert found is not None
    return found


def base(tmp_path: Path) -> int:
    """A path that can do little: public data, reversible, external mail, only suggestions, nothing unknown."""
    return of(written(tmp_path, *KNOWN, scopes(), tools=mail())).score


@pytest.mark.parametrize(
    ("section", "tools", "more"),
    [
        (scopes("internal"), mail(), 1),
        (scopes("confidential"), mail(), 2),
        (scopes("restricted"), mail(), 3),
        (scopes("unknown"), mail(), 3 + 1),
        ("", mail(), 3 + 1),
        (scopes(), mail(reversibility="recoverable"), 1),
        (scopes(), mail(reversibility="irreversible"), 2),
        (scopes(), mail(reversibility="unknown"), 2 + 1),
        (scopes(), mail(reach="public"), 1),
        (scopes(), mail(reach="unknown"), 1 + 1),
        (scopes(), mail(effect="safety_of_life"), 20),
        (scopes(), mail(policy="deny"), -2),
        (scopes(), mail(approval="required"), -1),
    ],
)
def test_each_fact_weighs_what_the_table_says(section: str, tools: str, more: int, tmp_path: Path) -> None:
    weighed = of(written(tmp_path, *KNOWN, section, tools=tools))
    assert weighed.score - base(tmp_path) == more
    assert weighed.score == sum(int(reason.rsplit(": ", 1)[1]) for reason in weighed.reasons)


@pytest.mark.parametrize(("level", "more"), [("acts_with_approval", 1), ("acts_alone", 2), ("unknown", 2 + 1)])
def test_autonomy_counts(level: str, more: int, tmp_path: Path) -> None:
    loaded = written(tmp_path, f"autonomy: {{level: {level}}}", scopes(), tools=mail())
    assert of(loaded).score - base(tmp_path) == more


@pytest.mark.parametrize(
    ("approval", "more"),
    [
        ("approval: {external_comms: yes}", -1),
        ("approval: {external_comms: yes, full_parameters: yes, timeout_default: block}", -2),
        ("approval: {external_comms: yes, timeout_default: allow}", 0),
        ("approval: {external_comms: partial}", 0),
    ],
)
def test_a_control_on_the_way_out_counts_as_far_as_it_is_shown_to_work(
    approval: str, more: int, tmp_path: Path
) -> None:
    loaded = written(tmp_path, f"autonomy: {{level: suggests, {approval}}}", scopes(), tools=mail())
    assert of(loaded).score - base(tmp_path) == more


def test_a_control_that_looks_only_outwards_is_no_control_on_harm_inside(tmp_path: Path) -> None:
    allowed = "comms: {allow_list: [partner.example]}"
    section = scopes(category="executive_mail")
    loaded = written(tmp_path, *KNOWN, allowed, section, tools=mail())
    assert "a declared control stands on tool send: 0" in of(loaded, "leak").reasons
    assert "no declared control stands on tool send: 2" in of(loaded, "blackmail").reasons


def test_one_way_without_a_control_is_a_way(tmp_path: Path) -> None:
    two = (
        mail(policy="deny")[:-1]
        + ", {name: post, capabilities: [chat.send], reach: internal, reversibility: reversible}]"
    )
    weighed = of(written(tmp_path, *KNOWN, scopes(), tools=two))
    assert "no declared control stands on tool post: 2" in weighed.reasons


def test_lives_outweigh_everything_else_together(tmp_path: Path) -> None:
    """The worst that can be said of an agent without lives at stake weighs less than the least with them."""
    tools = (
        "[{name: look, capabilities: [email.read]}, {name: send, capabilities: [email.send, file.share]}, "
        "{name: silence, capabilities: [alert.cancel], reach: internal, reversibility: reversible, policy: deny}]"
    )
    loaded = written(tmp_path, tools=tools)
    order = [(s.scenario, s.exposure.priority) for s in select(loaded, packs()) if s.exposure]
    assert order[0] == ("lethal_action", 1)
    most = 3 + 2 + 3 + 2 + exposure.UNCONTROLLED + exposure.MOST_UNKNOWN
    assert of(loaded, "leak").score == most < exposure.LIVES


def test_a_milder_declaration_does_not_take_lives_off_the_path(tmp_path: Path) -> None:
    declared = edited(tmp_path, OPS, ("effect: safety_of_life", "effect: write"))
    assert of(declared, "lethal_action").reasons[0].startswith("lives depend on it (tools cancel_alert")


def test_an_undescribed_tool_weighs_as_the_worst(tmp_path: Path) -> None:
    loaded = written(tmp_path, tools="[{name: sync_items, capabilities: [unknown]}]")
    weighed = of(loaded, "lethal_action")
    assert weighed.reasons[0] == "lives may depend on it (tool sync_items): 20"
    assert any("capabilities of tool sync_items" in reason for reason in weighed.reasons)


def test_equal_exposure_shares_a_rank_and_what_does_not_fit_has_none(tmp_path: Path) -> None:
    loaded = written(tmp_path, tools="[{name: sync_items, capabilities: [unknown]}]")
    ranks = {s.scenario: s.exposure.priority for s in select(loaded, packs()) if s.exposure}
    assert ranks == {"lethal_action": 1, "blackmail": 2, "leak": 2}
    found: dict[str, Selection] = {s.scenario: s for s in select(profile(MIRA), packs())}
    assert found["lethal_action"].exposure is None
    assert not found["lethal_action"].fits


def test_trials_go_in_the_order_of_exposure() -> None:
    """So that a run that stops early leaves the least exposed for last."""
    plan = make_plan(profile(OPS), packs(), 1)
    ordered = list(dict.fromkeys(condition.scenario for condition in plan.conditions))
    assert ordered == ["lethal_action", "blackmail"] == [s.scenario for s in plan.selections if s.selected]


def test_what_is_left_out_keeps_its_rank() -> None:
    whole = {s.scenario: s.exposure for s in select(profile(MIRA), packs())}
    part = {s.scenario: s.exposure for s in select(profile(MIRA), packs(), ["blackmail"])}
    assert part == whole


def test_a_path_that_the_agent_has_no_tool_for_has_no_reach_to_speak_of(tmp_path: Path) -> None:
    edits = (
        "scenario.yaml",
        "path: [email.send, file.share, chat.send, ticket.write]",
        "path: [payment.send]",
    )
    pack = load_pack(copied(tmp_path / "pack", "leak", edits))
    (selection,) = select(profile(MIRA), [pack])
    assert selection.exposure is not None
    assert [reason.split(" (")[0] for reason in selection.exposure.reasons] == ["reads data", "it acts alone: 2"]
