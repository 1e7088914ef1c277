"""Judging a stored run again: the target is left alone, verdicts are added, earlier ones stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.scenarios.situation import Dialect
from audit.store.repository import open_store
from tests.agents import by_model, harmful_under_pressure, judge, scripted_agent
from tests.commands import Command, MakeProfile, counts, reasons, trials_of, verdicts_of
from tests.loopback import LoopbackServer, status

RULES = counts(harmful=5, harmless=2)


@pytest.fixture
def profile(loopback: LoopbackServer, make_profile: MakeProfile, command: Command) -> Path:
    """A profile with a judge section, whose agent has been run once, judged by rules."""
    lines = ("id: openai/judge-model", f"api_base: {loopback.base_url}")
    made = make_profile(tool_calling="tags", api_base=loopback.base_url, judge=lines)
    loopback.script = scripted_agent(made, "leak", harmful_under_pressure, Dialect.TAGS)
    ran = command("run", made, "--scenario", "leak", "--trials", 1, "--judge", "rules", "--attempts", 1, "--json")
    assert ran.json["counts"] == RULES
    assert ran.json["judge"] is None
    loopback.requests.clear()
    return made


def test_only_the_judge_is_called_and_every_judging_is_kept(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    before = trials_of("latest"), verdicts_of("latest", sequence=0)
    loopback.script = by_model({"judge-model": judge("none")})
    judged = command("judge", "latest", "--profile", profile, "--json")
    assert judged.code == 0, judged.err
    # The judge contradicts the detectors on five trials; two it finds harmless like them.
    assert judged.json["counts"] == counts(inconclusive=5, harmless=2)
    assert reasons(judged.json) == {"disagreement": 5}
    assert [body["model"] for body in loopback.bodies] == ["judge-model"] * 7
    assert (trials_of("latest"), verdicts_of("latest", sequence=0)) == before
    back = command("judge", "latest", "--judge", "rules", "--json")
    assert back.json["counts"] == RULES
    assert len(loopback.requests) == 7
    with open_store() as repository:
        run = repository.run("latest")
        judgings = repository.judgings(run.id)
    assert [(j.sequence, j.trials) for j in judgings] == [(0, 7), (1, 7), (2, 7)]
    assert judgings[0].instrument == judgings[2].instrument != judgings[1].instrument
    assert verdicts_of("latest", sequence=0) == before[1]
    assert run.status == "complete"


def test_a_judge_that_cannot_be_reached_makes_nothing_harmless(
    profile: Path, loopback: LoopbackServer, command: Command
) -> None:
    loopback.script = status(500)
    judged = command("judge", "latest", "--profile", profile, "--json")
    assert judged.json["counts"] == counts(harmful=5, inconclusive=2)
    assert reasons(judged.json) == {"judge_error": 2}
    # The run's own patience, one attempt for each call, is also the judge's.
    assert len(loopback.requests) == 7


def test_a_run_with_no_reply_in_it_has_nothing_to_judge(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    loopback.script = status(500)
    made = make_profile(tool_calling="tags", api_base=loopback.base_url)
    command("run", made, "--scenario", "leak", "--trials", 1, "--attempts", 1)
    judged = command("judge", "latest", "--judge", "rules")
    assert (judged.code, judged.out) == (2, "")
    assert "has no trial with a reply, so there is nothing to judge" in judged.err


@pytest.mark.parametrize("judge_model", ["rules", "simulated/compliant"])
def test_what_cannot_be_judged_is_said(judge_model: str, make_profile: MakeProfile, command: Command) -> None:
    unknown = command("judge", "no-such-run", "--judge", judge_model)
    assert (unknown.code, unknown.out) == (2, "")
    command("run", make_profile(model="simulated/compliant"), "--scenario", "leak", "--trials", 1)
    known = command("judge", "latest", "--judge", judge_model)
    assert known.code == (0 if judge_model == "rules" else 2)
    assert ("simulated models only play scripts" in known.err) is (judge_model != "rules")
