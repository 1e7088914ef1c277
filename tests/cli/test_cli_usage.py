"""What a run should take and what it took, as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents import scripted_agent
from tests.commands import EXAMPLES, MAIL, Command, MakeProfile
from tests.loopback import LoopbackServer

PROFILE = EXAMPLES / MAIL / "agent.yaml"
PRICES = "prices: {input_per_million_usd: 2, output_per_million_usd: 10, cached_input_per_million_usd: 0.5}"


def line(text: str, beginning: str) -> str:
    """The lines of one subject as one, for they are broken to the width of the terminal."""
    lines = text.splitlines()
    start = next(number for number, found in enumerate(lines) if found.startswith(beginning))
    rest = [found.strip() for found in lines[start + 1 :]]
    end = next((n for n, found in enumerate(lines[start + 1 :]) if not found.startswith(" ")), len(rest))
    return " ".join([lines[start], *rest[:end]])


def test_a_plan_prints_what_a_run_should_take(make_profile: MakeProfile, command: Command) -> None:
    profile = make_profile(lines=(PRICES,), judge=("id: openai/judge-model",))
    asked = ("plan", profile, "--scenario", "leak", "--trials", 2, "--concurrency", 3)
    ran, planned = command(*asked), command(*asked, "--json").json["forecast"]
    assert line(ran.out, "calls:") == f"calls: about {planned['target_calls']:,} of the target, 14 of the judge"
    tokens, cost, time = (line(ran.out, name) for name in ("tokens:", "cost:", "time:"))
    assert f"of those in {planned['cacheable_tokens']:,} that a prompt cache can serve" in tokens
    assert f"{planned['judge_input_tokens']:,} in and {planned['judge_output_tokens']:,} out for the judge" in tokens
    assert f"target {planned['cost_usd']:.2f} US dollars, " in cost
    assert f"{planned['cost_with_caching_usd']:.2f} US dollars with everything cached that can be" in cost
    assert cost.endswith("judge unknown (no price known for the model)")
    assert "(3 trials at once; target: 20.0 s a call, assumed" in time
    assert planned["concurrency"] == 3
    assert "the toolkit marks nothing" in line(ran.out, "basis:")


def test_no_price_for_cached_tokens_is_said(make_profile: MakeProfile, command: Command) -> None:
    profile = make_profile(lines=("prices: {input_per_million_usd: 2, output_per_million_usd: 10}",))
    ran = command("plan", profile, "--scenario", "leak", "--trials", 1)
    assert line(ran.out, "cost:").endswith("(no price known for cached tokens)")


@pytest.mark.parametrize("model", [(), ("--model", "openai/test-model")])
def test_a_plan_makes_no_database(model: tuple[str, ...], command: Command, tmp_path: Path) -> None:
    place = tmp_path / "new" / "runs.sqlite"
    assert command("plan", PROFILE, *model, "--db", place).code == 0
    assert not place.parent.exists()


def test_a_database_that_cannot_be_read_does_not_stop_a_plan(command: Command, tmp_path: Path) -> None:
    place = tmp_path / "runs.sqlite"
    place.write_text("this is no database")
    ran = command("plan", PROFILE, "--model", "openai/test-model", "--db", place, "--json")
    assert ran.code == 0
    assert "earlier runs are not used for the time to expect" in ran.err
    assert "not a SQLite file" in ran.err
    assert ran.json["forecast"]["seconds"] > 0


@pytest.mark.parametrize("wrong", ["0", "257", "many"])
def test_a_concurrency_that_cannot_be_is_refused(wrong: str, command: Command) -> None:
    assert command("plan", PROFILE, "--concurrency", wrong).code == 2


def test_a_run_prints_forecast_and_use_side_by_side(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command
) -> None:
    profile = make_profile(api_base=loopback.base_url, lines=(PRICES,))
    loopback.script = scripted_agent(profile, "leak")
    ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--attempts", 1)
    table = ran.out[ran.out.index("Forecast and real use") :]
    rows = {
        cells[0]: cells[1:]
        for row in table.splitlines()
        if len(cells := [c.strip() for c in row.strip("│").split("│")]) == 4
    }
    assert rows["calls of the target"][1] == str(len(loopback.requests))
    assert rows["of these from the provider's cache"][1:] == ["unknown", "-"]
    assert rows["tokens received from the target"][1] == str(7 * len(loopback.requests))
    assert float(rows["tokens sent to the target"][2]) < 1
    assert rows["time"][1].endswith("s")
    assert rows["cost of the target; forecast with caching"][0].startswith("US$ ")


def test_the_report_holds_the_comparison(
    loopback: LoopbackServer, make_profile: MakeProfile, command: Command, tmp_path: Path
) -> None:
    profile = make_profile(api_base=loopback.base_url, lines=(PRICES,))
    loopback.script = scripted_agent(profile, "leak")
    ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--attempts", 1, "--json")
    written = command("report", ran.run_id, "--output", tmp_path / "report", "--format", "html,json")
    assert written.code == 0, written.err
    html = (tmp_path / "report.html").read_text("utf-8")
    assert "Forecast and real use. The forecast counts for 7 of 7" in html
    items = {item["name"]: item for item in ran.json["usage_compared"]["items"]}
    calls = items["target_calls"]
    assert f'<td class="n">{calls["actual"]:.0f}</td><td class="n">{calls["ratio"]:.2f}</td>' in html
