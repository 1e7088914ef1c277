"""The forecast beside what a run used: scaled to what was run, and unknown where either is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audit.analysis.models import AuditResult, UsageItem
from audit.analysis.result import analyse
from audit.analysis.usage import working_seconds
from audit.store.records import JudgingRecord, RunStatus, TrialStatus
from audit.verdicts.models import Behaviour
from tests.analysis.builders import AT, CALM, R_E, Setup, catalogue, times

FORECAST: dict[str, Any] = {
    "target_calls": 40,
    "judge_calls": 20,
    "input_tokens": 400,
    "output_tokens": 50,
    "cacheable_tokens": 100,
    "judge_input_tokens": 2000,
    "judge_output_tokens": 400,
    "cost_usd": 8.0,
    "cost_with_caching_usd": 5.0,
    "judge_cost_usd": 2.0,
    "concurrency": 8,
    "seconds": 1200.0,
    "basis": "a dry run",
    "seconds_basis": "8 trials at once",
}
JUDGE = {"model": "vendor/judge", "recipient": "api.judge.example"}
CLEAN = times(harmless=10)


def setup(**run: Any) -> Setup:
    """Twenty trials of one reply: 10 tokens in, 5 out, half a dollar each."""
    made = Setup({R_E: CLEAN, CALM: CLEAN}, plan={"forecast": FORECAST}, **run)
    made.trials = [trial.model_copy(update={"cached_tokens": 4}) for trial in made.trials]
    return made


def judged(made: Setup, **changes: Any) -> Setup:
    spent = {
        "judge_calls": 1,
        "judge_tokens": 120,
        "judge_prompt_tokens": 100,
        "judge_completion_tokens": 20,
        "judge_cost_usd": 0.2,
    }
    made.verdicts = {name: v.model_copy(update=spent | changes) for name, v in made.verdicts.items()}
    return made


def item(result: AuditResult, name: str) -> UsageItem:
    assert result.usage_compared is not None
    return next(found for found in result.usage_compared.items if found.name == name)


def figures(result: AuditResult) -> dict[str, tuple[float | None, float | None, float | None]]:
    assert result.usage_compared is not None
    return {i.name: (i.forecast, i.actual, i.ratio) for i in result.usage_compared.items}


def test_a_whole_run_stands_beside_its_whole_forecast() -> None:
    result = judged(setup(judge=JUDGE)).result()
    assert figures(result) == {
        "target_calls": (40, 20, 0.5),
        "input_tokens": (400, 200, 0.5),
        "cacheable_tokens": (100, 80, 0.8),
        "output_tokens": (50, 100, 2.0),
        "cost_usd": (8, 10, 1.25),
        "cost_with_caching_usd": (5, 10, 2.0),
        "judge_calls": (20, 20, 1.0),
        "judge_input_tokens": (2000, 2000, 1.0),
        "judge_output_tokens": (400, 400, 1.0),
        "judge_cost_usd": (2, pytest.approx(4), pytest.approx(2)),
        "seconds": (1200, 600, 0.5),
    }
    compared = result.usage_compared
    assert compared is not None
    assert (compared.finished, compared.planned, compared.notes) == (20, 20, ())
    assert compared.basis == "a dry run; 8 trials at once"
    assert result.usage["cached_tokens"] == 80
    assert result.usage["judge_prompt_tokens"] == 2000


def test_a_run_that_stopped_early_is_compared_by_the_trial() -> None:
    made = judged(setup(judge=JUDGE, status=RunStatus.STOPPED))
    made.trials = made.trials[:5]
    made.verdicts = {t.id: made.verdicts[t.id] for t in made.trials}
    result = made.result()
    assert item(result, "target_calls") == UsageItem(
        name="target_calls", label="calls of the target", unit="count", forecast=10, actual=5, ratio=0.5
    )
    assert item(result, "judge_calls").ratio == 1
    assert item(result, "seconds").forecast == 300
    assert result.usage_compared is not None
    assert result.usage_compared.notes == ("5 of 20 planned trials were run; the forecast is scaled to these",)


def test_what_is_unknown_on_either_side_has_no_ratio() -> None:
    made = setup()
    made.trials[3] = made.trials[3].model_copy(update={"cached_tokens": None, "cost_usd": None})
    plan = {"forecast": FORECAST | {"input_tokens": None, "output_tokens": 0, "seconds": "long", "target_calls": True}}
    found = figures(made.result(plan=plan))
    assert found["cacheable_tokens"] == (100, None, None)
    assert found["cost_usd"] == (8, None, None)
    assert found["input_tokens"] == (None, 200, None)
    assert found["output_tokens"] == (0, 100, None)
    assert found["seconds"] == (None, 600, None)
    assert found["target_calls"] == (None, 20, None)


def test_without_a_judge_in_the_plan_the_judge_is_left_out() -> None:
    assert not [name for name in figures(setup().result()) if name.startswith("judge")]


def test_a_judging_of_later_is_not_held_against_the_forecast() -> None:
    made = judged(setup(judge=JUDGE))
    later = [JudgingRecord(run_id="run-1", sequence=1, began_at=AT, judge=JUDGE, versions={"detectors": "1.1"})]
    sequences = dict.fromkeys(made.verdicts, 1)
    args = (made.run, made.conditions, made.trials, made.verdicts, catalogue())
    result = analyse(*args, later=later, sequences=sequences)
    assert not [name for name in figures(result) if name.startswith("judge")]
    assert result.usage_compared is not None
    assert "judged again since" in result.usage_compared.notes[0]


def test_errors_and_repeated_attempts_are_told() -> None:
    made = setup()
    made.add(R_E, 0, "harmless", Behaviour.BLACKMAIL, attempt=1)
    made.trials[4] = made.trials[4].model_copy(update={"status": TrialStatus.ERROR})
    result = made.result()
    assert item(result, "target_calls").actual == 21
    assert result.usage_compared is not None
    assert result.usage_compared.finished == 20
    assert result.usage_compared.notes == (
        "1 of the 20 trials broke off in an error and used less than a whole one",
        "the use includes 1 attempt at trials that were run again",
    )


def test_a_simulated_run_compares_calls_and_time_only() -> None:
    result = setup(simulated=True).result()
    assert list(figures(result)) == ["target_calls", "seconds"]
    assert result.usage_compared is not None
    assert "a simulated model counts no tokens" in result.usage_compared.notes[0]


@pytest.mark.parametrize("plan", [{}, {"forecast": None}, {"forecast": "dear"}])
def test_a_run_without_a_forecast_compares_nothing(plan: dict[str, Any]) -> None:
    assert setup().result(plan=plan).usage_compared is None


def test_a_forecast_of_an_older_version_compares_what_it_has() -> None:
    old = {key: FORECAST[key] for key in ("target_calls", "input_tokens", "output_tokens", "cost_usd", "basis")}
    result = setup().result(plan={"forecast": old})
    assert "cost_with_caching_usd" not in figures(result)
    assert figures(result)["cacheable_tokens"] == (None, 80, None)
    assert figures(result)["seconds"] == (None, 600, None)
    assert result.usage_compared is not None
    assert result.usage_compared.basis == "a dry run"


def test_a_run_without_trials_compares_nothing() -> None:
    made = setup()
    made.trials, made.verdicts = [], {}
    assert made.result().usage_compared is None


@pytest.mark.parametrize(
    ("begun", "finished", "worked"),
    [
        ([0, 60, 120], 150, 150),
        # Stopped after the first trial and taken up a day later.
        ([0, 86_400], 86_460, 30 + 60),
        # The judge took five minutes after each trial.
        ([0, 330, 660], 1000, 1000),
        # Killed: nothing says when, so the last trial's end counts.
        ([0, 60], None, 90),
    ],
)
def test_pauses_between_two_resumptions_are_no_work(begun: list[int], finished: int | None, worked: float) -> None:
    made = setup()
    trials = [
        trial.model_copy(update={"started_at": AT + timedelta(seconds=at), "duration_s": 30.0})
        for at, trial in zip(begun, made.trials, strict=False)
    ]
    end = None if finished is None else AT + timedelta(seconds=finished)
    run = made.run.model_copy(update={"finished_at": end})
    assert working_seconds(run, trials) == pytest.approx(worked)
    assert working_seconds(run, []) is None
