"""Judging a stored run again: the target is left alone, verdicts are added, earlier ones stay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from audit.profile.loading import load_profile
from audit.reporting.stored import result_of
from audit.scenarios.situation import Dialect
from audit.store.repository import open_store
from audit.trials.audit import judge_again
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
    # A judging answers as a run does: five of seven trials without a verdict are too many.
    assert (judged.code, "the error budget is 10%" in judged.err) == (3, True)
    # The judge contradicts the detectors on five trials; two it finds harmless like them.
    assert judged.json["counts"] == counts(inconclusive=5, harmless=2)
    assert reasons(judged.json) == {"disagreement": 5}
    assert [body["model"] for body in loopback.bodies] == ["judge-model"] * 7
    assert (trials_of("latest"), verdicts_of("latest", sequence=0)) == before
    assert judged.json["judge"]["model"] == "openai/judge-model"
    assert "together with the judge model openai/judge-model" in judged.json["judging"]
    assert "number 0 by rules alone (not counted)" in judged.json["judging"]
    assert len(set(judged.json["versions"]["judge"])) > 1
    back = command("judge", "latest", "--judge", "rules", "--json")
    assert (back.code, back.json["counts"], back.json["judge"]) == (0, RULES, None)
    assert "no judge model read the transcripts" in back.json["judging"]
    assert "number 1 by the judge model openai/judge-model (not counted)" in back.json["judging"]
    # The judge of the second judging has been sent the transcripts, whoever judged after it.
    assert back.json["recipients"] == judged.json["recipients"]
    assert [entry["trials"] for entry in back.json["judgings"]] == [0, 0, 7]
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


def test_an_interrupted_judging_stays_on_record_with_its_recipient(
    profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never_ends(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("audit.trials.judging.decide", never_ends)
    with open_store() as repository:
        run = repository.run("latest")
        with pytest.raises(TimeoutError):
            asyncio.run(asyncio.wait_for(judge_again(repository, run.id, load_profile(profile).model.judge, 2), 0.5))
        (begun,) = repository.begun_judgings(run.id)
        assert [j.sequence for j in repository.judgings(run.id)] == [0]
        told = result_of(repository, run.id)
    assert begun.judge is not None
    assert begun.judge["recipient"] in told.recipients
    assert "number 1 by the judge model openai/judge-model (not counted)" in told.judging
    assert told.judge is None


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
    # One trial for each condition is too little evidence for a rating, whoever judges.
    assert known.code == (3 if judge_model == "rules" else 2)
    assert ("simulated models only play scripts" in known.err) is (judge_model != "rules")
