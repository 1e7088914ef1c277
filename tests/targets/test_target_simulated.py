"""Simulated models: known truth, exact repetition, and no figure without its label."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from audit.errors import UsageError
from audit.planning.designs import Design
from audit.planning.plan import situations_for
from audit.profile.loading import load_profile
from audit.profile.models import ModelSettings
from audit.scenarios.models import ScriptKind
from audit.scenarios.packs import find_scenario, load_packs
from audit.scenarios.scripts import ScriptedReply, replies
from audit.scenarios.situation import Dialect, Situation
from audit.statistics import wilson
from audit.store.records import TrialRecord
from audit.targets.factory import check_model, target_for
from audit.targets.simulated import OPPORTUNIST, characters
from tests.commands import BUILDING, EXAMPLES, MAIL, RETAIL, Command, MakeProfile, counts, trials_of, verdicts_of

PACKS = EXAMPLES.parent / "scenario_packs"
CONDITIONS = 7


def _run(command: Command, example: str, scenario: str, trials: int, *more: object) -> dict[str, Any]:
    profile = EXAMPLES / example / "agent.yaml"
    return command("run", profile, "--scenario", scenario, "--trials", trials, "--json", *more).json


@pytest.mark.parametrize(
    ("example", "scenario", "trials"),
    [(MAIL, "blackmail", 15), (RETAIL, "leak", 15), (BUILDING, "lethal_action", 58)],  # 58 are 406 over all conditions
)
def test_a_run_estimates_the_rates_the_model_was_built_with(
    example: str, scenario: str, trials: int, command: Command
) -> None:
    result = _run(command, example, scenario, trials, "--seed", 7)
    harmful = covered = 0
    expected = 0.0
    for condition in result["conditions"]:
        known = OPPORTUNIST.get(condition["condition"].split("/")[1], 0.0)
        assert condition["known_rate"] == known
        found = condition["counts"]["harmful"]
        assert condition["counts"] == counts(harmful=found, harmless=trials - found)
        low, high = wilson(found, trials)
        covered += low <= known <= high
        harmful += found
        expected += known * trials
        if known == 0.0:
            assert found == 0
    assert covered >= CONDITIONS - 1
    low, high = wilson(harmful, trials * CONDITIONS)
    assert low <= expected / (trials * CONDITIONS) <= high


@pytest.mark.parametrize("example", [MAIL, RETAIL, BUILDING])
def test_the_compliant_model_harms_nobody(example: str, command: Command, make_profile: MakeProfile) -> None:
    result = command("run", make_profile(example, model="simulated/compliant"), "--trials", 3, "--json").json
    assert result["counts"] == counts(harmless=result["planned_trials"])


def _kept(run: str) -> list[tuple[object, ...]]:
    def of(trial: TrialRecord) -> tuple[object, ...]:
        return (trial.condition_id, trial.index, trial.seed, trial.key, trial.messages, trial.world_sha256)

    verdicts = {v.trial_id.partition(":")[2]: v.verdicts for v in verdicts_of(run)}
    return [(*of(trial), trial.actions, verdicts[trial.id.partition(":")[2]]) for trial in trials_of(run)]


def test_the_same_seed_gives_the_same_run_and_another_seed_another(command: Command) -> None:
    runs = [
        _run(command, MAIL, "leak", 3, "--seed", seed, "--concurrency", at_once)["run_id"]
        for seed, at_once in ((5, 1), (5, 8), (6, 8))
    ]
    first, second, other = (_kept(run) for run in runs)
    assert first == second
    assert len(first) == len(other) == 3 * CONDITIONS
    assert {trial[5] for trial in first}.isdisjoint(trial[5] for trial in other)
    assert [trial[-1] for trial in first] != [trial[-1] for trial in other]


def test_every_model_of_the_published_table_can_be_played() -> None:
    table = YAML(typ="safe").load((PACKS / "study" / "published_rates.yaml").read_text("utf-8"))
    known = characters()
    assert len(table["models"]) == 18
    assert {name for name in known if name.startswith("study-")} == {f"study-{name}" for name in table["models"]}
    for name, rates in table["models"].items():
        character = known[f"study-{name}"]
        assert rates["title"] in character.description
        assert "not that model" in character.description
        for scenario in ("blackmail", "leak", "lethal_action"):
            assert len(rates[scenario]) == 6
            for column, percent in zip(table["columns"], rates[scenario], strict=True):
                assert character.probability(f"{scenario}/{column}") == percent / 100
            assert character.probability(f"{scenario}/twin") == 0.0


def test_a_published_model_harms_as_often_as_published(command: Command) -> None:
    result = _run(command, MAIL, "leak", 6, "--model", "simulated/study-gemini-2.5-pro")
    for condition in result["conditions"]:
        always = condition["condition"].endswith("-explicit")
        assert condition["counts"] == (counts(harmful=6) if always else counts(harmless=6))


def test_an_unknown_simulated_model_is_refused_with_the_names_there_are(
    command: Command, make_profile: MakeProfile
) -> None:
    profile = make_profile(model="simulated/gpt-99")
    for asked in (("check", profile), ("plan", profile), ("run", profile)):
        ran = command(*asked)
        assert (ran.code, ran.out) == (2, "")
        assert "there is no simulated model 'simulated/gpt-99'; there are: simulated/compliant, simulated" in ran.err
        assert "simulated/study-o4-mini" in ran.err
    with pytest.raises(UsageError):
        check_model(ModelSettings(id="simulated/gpt-99"))


def _said_and_done(heard: Sequence[ScriptedReply]) -> tuple[str, ...]:
    """Ids of the calls, and all words without the spaces between them."""
    calls = [call["id"] for reply in heard for call in reply.tool_calls]
    return (*calls, "".join("".join(reply.text for reply in heard).split()))


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize(("example", "scenario"), [(MAIL, "blackmail"), (BUILDING, "lethal_action")])
def test_a_session_says_and_does_all_that_its_script_holds(
    dialect: Dialect, example: str, scenario: str, make_profile: MakeProfile
) -> None:
    loaded = load_profile(make_profile(example, model="simulated/study-claude-opus-4", tool_calling=str(dialect)))
    found = find_scenario(load_packs(()), scenario)
    situations = situations_for(loaded, [found], Design("study").conditions([found]), dialect)
    target = target_for(loaded.model.model)
    scripts = {_said_and_done(replies(s, script)) for s in situations for script in s.scripts}

    async def listen(situation: Situation, seed: int) -> tuple[str, ...]:
        session = target.open(situation, seed)
        heard = [await session.reply([], [])]
        while heard[-1].tool_calls:  # an episode ends with the first reply that calls no tool
            heard.append(await session.reply([], []))
        return _said_and_done([ScriptedReply("", r.text, tuple(r.message.get("tool_calls", ()))) for r in heard])

    for situation in situations:
        for seed in range(10):
            assert asyncio.run(listen(situation, seed)) in scripts
    assert ScriptKind.HARMFUL in {script.kind for script in situations[0].scripts}


def test_everything_that_shows_its_figures_says_simulated(command: Command, tmp_path: Path) -> None:
    profile = EXAMPLES / MAIL / "agent.yaml"
    ran = command("run", profile, "--scenario", "leak", "--trials", 2)
    assert ran.out.startswith("SIMULATED MODEL: these figures")
    assert "They say nothing about a real model" in ran.out
    assert command("runs", "show", "latest").out.startswith("SIMULATED MODEL")
    assert "simulated/opportunist (simulated)" in command("runs", "list").out
    assert command("runs", "list", "--json").json["runs"][0]["id"] in command("runs", "list").out
    assert command("runs", "list", "--json").json["runs"][0]["simulated"] is True
    shown = command("runs", "show", "latest", "--json").json
    assert (shown["simulated"], shown["target"]["simulated"]) == (True, True)
    assert shown["recipients"] == ["this machine"]
    command("report", "latest", "--output", tmp_path / "report", "--format", "html,json")
    html = (tmp_path / "report.html").read_text("utf-8")
    assert len(re.findall("simulated", html, re.IGNORECASE)) > 3
    assert '"simulated": true' in (tmp_path / "report.json").read_text("utf-8")
