"""Leaving scenarios out by name: always with a reason and a name, kept in the plan and in the stored run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.errors import UsageError
from audit.planning.exclusions import exclusions
from audit.planning.models import Exclusion, Plan
from audit.planning.plan import make_plan
from audit.store.repository import open_store
from tests.commands import EXAMPLES as FOLDER
from tests.commands import MAIL, Command
from tests.scenarios.shipped import EXAMPLES, ONLY_STUDY, profile
from tests.scenarios.shipped import study_pack as packs

OPS, MIRA, SHOP, *_ = EXAMPLES
PROFILE = FOLDER / MAIL / "agent.yaml"


def test_reasons_are_paired_in_order_and_one_may_serve_all() -> None:
    each = exclusions(packs(), ["leak", "blackmail"], ["one", "two"], "Jo")
    assert {name: entry.because for name, entry in each.items()} == {"leak": "one", "blackmail": "two"}
    same = exclusions(packs(), ["leak", "blackmail"], ["both"], "Jo")
    assert same == {name: Exclusion(because="both", by="Jo") for name in ("leak", "blackmail")}
    assert exclusions(packs(), [], [], "") == {}


@pytest.mark.parametrize(
    ("ids", "because", "by", "only", "told"),
    [
        (["leak"], [], "Jo", [], "no reason is given for leaving out leak; say why with --because"),
        (["leak"], [""], "Jo", [], "no reason is given for leaving out leak"),
        (["leak", "blackmail"], ["one", " "], "Jo", [], "no reason is given for leaving out blackmail"),
        (["leak", "blackmail", "lethal_action"], ["a", "b"], "Jo", [], "leaving out lethal_action"),
        (["leak"], ["a", "b"], "Jo", [], "2 reasons for 1 scenarios"),
        (["leek"], ["a"], "Jo", [], "no scenario 'leek'; there are: blackmail, leak, lethal_action"),
        (["leak", "leak"], ["a"], "Jo", [], "--exclude names leak twice"),
        (["leak"], ["a"], "Jo", ["leak"], "leak is asked for with --scenario and left out with --exclude"),
        ([], ["a"], "Jo", [], "name the scenario with --exclude"),
        (["leak"], ["a"], " ", [], "say who with --by or INSIDER_AUDIT_BY"),
        (
            ["leak"],
            ["the key is sk-proj-Qv8Zt3LmN5xR2wY7kB4dHs6P"],
            "Jo",
            [],
            "a credential stands in --because or --by",
        ),
    ],
)
def test_an_exclusion_without_a_reason_or_a_name_is_refused(
    ids: list[str], because: list[str], by: str, only: list[str], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        exclusions(packs(), ids, because, by, only)
    assert told in str(caught.value)


def test_the_plan_says_who_left_it_out_and_why() -> None:
    left_out = exclusions(packs(), ["leak", "lethal_action"], ["tested\nin March"], "Jo  Brand")
    plan = make_plan(profile(MIRA), packs(), 1, excluded=left_out)
    found = {s.scenario: s for s in plan.selections}
    leak, lethal = found["leak"], found["lethal_action"]
    assert (leak.selected, leak.fits, leak.by) == (False, True, "user")
    assert leak.exclusion == Exclusion(because="tested in March", by="Jo Brand")
    assert leak.reason == 'left out by Jo Brand, because "tested in March"'
    assert leak.exposure is not None
    assert (lethal.selected, lethal.fits, lethal.by) == (False, False, "user")
    assert lethal.reason.startswith(
        'left out by Jo Brand, because "tested in March"; it would not fit anyway: it cannot'
    )
    assert {condition.scenario for condition in plan.conditions} == {"blackmail"}
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def _selections(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["scenario"]: entry for entry in document["selections"]}


def test_plan_and_run_take_the_same_options_and_the_run_keeps_them(command: Command) -> None:
    options = ("--trials", 1, "--exclude", "leak", "--because", "tested in March", "--by", "Jo Brand", "--json")
    planned = command("plan", PROFILE, *ONLY_STUDY, *options)
    assert planned.code == 0
    wanted = {"because": "tested in March", "by": "Jo Brand"}
    assert _selections(planned.json)["leak"]["exclusion"] == wanted
    ran = command("run", PROFILE, *ONLY_STUDY, *options)
    assert ran.code in {0, 3}
    assert {c["condition"].split("/")[0] for c in ran.json["conditions"]} == {"blackmail"}
    assert _selections(ran.json["plan"])["leak"]["exclusion"] == wanted
    with open_store() as repository:
        stored = Plan.model_validate(repository.run(ran.run_id).plan)
    assert {s.scenario: s.exclusion for s in stored.selections}["leak"] == Exclusion(**wanted)
    refused = command("run", "--resume", ran.run_id, "--exclude", "leak", "--because", "x", "--by", "y")
    assert refused.code == 2
    assert "leave out --exclude, --because, --by" in refused.err


@pytest.mark.parametrize("variable", [None, "Sam Okafor"])
def test_the_name_is_the_variable_or_the_login(
    variable: str | None, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "auditor7")
    monkeypatch.delenv("INSIDER_AUDIT_BY", raising=False)
    if variable:
        monkeypatch.setenv("INSIDER_AUDIT_BY", variable)
    planned = command("plan", PROFILE, *ONLY_STUDY, "--trials", 1, "--exclude", "leak", "--because", "x", "--json")
    assert _selections(planned.json)["leak"]["exclusion"]["by"] == (variable or "auditor7")


@pytest.mark.parametrize("name", ["plan", "run"])
def test_a_missing_reason_and_an_unknown_scenario_are_usage_errors(name: str, command: Command) -> None:
    bare = command(name, PROFILE, *ONLY_STUDY, "--exclude", "leak")
    assert (bare.code, bare.out) == (2, "")
    assert "no reason is given for leaving out leak" in bare.err
    unknown = command(name, PROFILE, *ONLY_STUDY, "--exclude", "leek", "--because", "x")
    assert unknown.code == 2
    assert "there are: blackmail, leak, lethal_action" in unknown.err


def test_leaving_everything_out_leaves_nothing_to_run(command: Command) -> None:
    everything = ("--exclude", "leak", "--exclude", "blackmail", "--because", "no time", "--by", "Jo")
    ran = command("run", PROFILE, *ONLY_STUDY, *everything)
    assert (ran.code, ran.out) == (2, "")
    assert "nothing to run" in ran.err
    assert 'leak: left out by Jo, because "no time"' in ran.err
    planned = command("plan", PROFILE, *ONLY_STUDY, *everything)
    assert planned.code == 0
    assert "No scenario is selected" in planned.out


def test_plans_stored_before_these_words_still_load() -> None:
    plan = json.loads(make_plan(profile(SHOP), packs(), 1, ["leak"]).model_dump_json())
    new = {"fits", "because_unknown", "near_miss", "exposure", "exclusion"}
    old = plan | {"selections": [{k: v for k, v in s.items() if k not in new} for s in plan["selections"]]}
    del old["coverage"]
    read = Plan.model_validate(old)
    assert {s.scenario: (s.selected, s.fits, s.by) for s in read.selections} == {
        "leak": (True, True, "match"),
        "blackmail": (False, False, "user"),
        "lethal_action": (False, False, "user"),
    }
    assert read.coverage == ()
