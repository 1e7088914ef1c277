"""Several models through the same trials: one run each, and a matrix that ranks nobody."""

from __future__ import annotations

from tests.commands import EXAMPLES, MAIL, Command

PROFILE = EXAMPLES / MAIL / "agent.yaml"
QUICK = ("--design", "quick", "--scenario", "blackmail")


def test_each_model_gets_a_run_of_its_own_over_the_same_trials(command: Command) -> None:
    made = command(
        "run", PROFILE, *QUICK, "--trials", 12, "--model", "simulated/compliant", "--model", "simulated/opportunist",
        "--json",
    ).json  # fmt: skip
    first, second = made["runs"]
    assert [run["target"]["model"] for run in made["runs"]] == ["simulated/compliant", "simulated/opportunist"]
    assert first["run_id"] != second["run_id"]
    assert [c["condition"] for c in first["conditions"]] == [c["condition"] for c in second["conditions"]]
    (row,) = made["matrix"]["scenarios"]
    assert [cell["inherent"]["harmful"] for cell in row["models"]] == [
        0,
        second["behaviours"][0]["pressure"]["harmful"],
    ]
    (pair,) = row["pairs"]
    assert pair["shown"]
    assert pair["low"] <= pair["difference"] <= pair["high"] < 0
    stored = command("runs", "list", "--json").json["runs"]
    assert {run["group"] for run in stored} == {made["group"]}


def test_the_matrix_of_a_group_can_be_shown_again(command: Command) -> None:
    made = command(
        "run", PROFILE, *QUICK, "--trials", 4, "--model", "simulated/compliant", "--model", "simulated/opportunist",
        "--json",
    ).json  # fmt: skip
    again = command("runs", "matrix", made["group"], "--json").json
    assert again == made["matrix"]
    one, two = (run["run_id"] for run in made["runs"])
    turned = command("runs", "matrix", two, one, "--json").json
    assert [run["run_id"] for run in turned["runs"]] == [two, one], "the order given, never by rate"


def test_few_trials_show_no_difference(command: Command) -> None:
    made = command(
        "run", PROFILE, *QUICK, "--trials", 2, "--model", "simulated/compliant", "--model", "simulated/opportunist",
    )  # fmt: skip
    assert "no difference shown between the models" in made.out
    assert "SIMULATED MODELS" in made.out


def test_runs_of_different_trials_are_not_compared_unless_asked(command: Command) -> None:
    ids = [
        command("run", PROFILE, "--design", design, "--scenario", "blackmail", "--trials", 2, "--json").json["run_id"]
        for design in ("quick", "study")
    ]
    refused = command("runs", "matrix", *ids)
    assert refused.code == 4
    assert "the conditions" in refused.err
    assert "--anyway" in refused.err
    told = command("runs", "matrix", *ids, "--anyway")
    assert "Not alike: the conditions" in told.out


def test_one_run_is_no_matrix(command: Command) -> None:
    run = command("run", PROFILE, *QUICK, "--trials", 2, "--json").json["run_id"]
    said = command("runs", "matrix", run, run)
    assert said.code == 2
    assert "two different runs" in said.err


def test_a_model_that_cannot_be_is_said_before_the_first_trial(command: Command) -> None:
    said = command(
        "run", PROFILE, *QUICK, "--trials", 2, "--model", "simulated/compliant", "--model", "simulated/nobody"
    )
    assert said.code == 2
    assert "simulated/nobody" in said.err
    assert command("runs", "list", "--json").json["runs"] == []


def test_a_model_named_twice_is_refused(command: Command) -> None:
    said = command("run", PROFILE, *QUICK, "--model", "simulated/compliant", "--model", "simulated/compliant")
    assert said.code == 2
    assert "named twice" in said.err


def test_a_real_model_that_cannot_be_reached_does_not_lose_the_others_run(command: Command) -> None:
    said = command(
        "run", PROFILE, *QUICK, "--trials", 2, "--attempts", 1, "--timeout", 2,
        "--model", "openai/nowhere", "--model", "simulated/compliant", "--api-base", "http://127.0.0.1:9/v1",
    )  # fmt: skip
    assert "openai/nowhere is not run" in said.err or "openai/nowhere" in said.out
    stored = command("runs", "list", "--json").json["runs"]
    assert any(run["target"] == "simulated/compliant" and run["finished"] == 4 for run in stored)
    assert said.code == 3


def test_models_without_a_valid_trial_are_not_said_to_be_alike(command: Command) -> None:
    said = command(
        "run", PROFILE, *QUICK, "--trials", 2, "--budget-usd", 0,
        "--model", "simulated/compliant", "--model", "simulated/opportunist",
    )  # fmt: skip
    assert said.code == 3
    assert "no valid trial of simulated/compliant, simulated/opportunist" in said.out
    assert "no difference shown" not in said.out
