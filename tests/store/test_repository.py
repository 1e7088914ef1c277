from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from audit.errors import StoreError, UsageError
from audit.store.records import ConditionRecord, RunRecord, RunStatus, TrialRecord, TrialStatus
from audit.store.repository import Repository, open_store
from audit.verdicts.models import Ruling, TrialVerdicts

MakeRun = Callable[..., RunRecord]
MakeConditions = Callable[..., list[ConditionRecord]]
MakeTrial = Callable[..., TrialRecord]
MakeVerdicts = Callable[..., TrialVerdicts]

RUN = "20260329-a1b2c3"


@pytest.fixture
def filled(store: Repository, make_run: MakeRun, make_conditions: MakeConditions) -> Repository:
    """A store with one run of two conditions and no trials."""
    store.create_run(make_run(), make_conditions())
    return store


def test_run_and_conditions_come_back_equal(
    store: Repository, make_run: MakeRun, make_conditions: MakeConditions
) -> None:
    run = make_run(judge={"model": "m", "zz": 1, "aa": 1e-7})
    store.create_run(run, make_conditions(count=4))
    assert store.run(RUN) == run
    assert store.run(RUN).created_at.tzinfo is UTC
    assert store.conditions(RUN) == make_conditions(count=4)
    tools = store.conditions(RUN)[0].situation["tools"]
    assert list(tools[0]["properties"]) == ["to", "body", "at"]


def test_trial_comes_back_equal(filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts) -> None:
    trial = make_trial()
    filled.add_trial(trial, make_verdicts())
    [back] = filled.trials(RUN)
    assert back == trial
    # Equality of dicts ignores order and 1e16 == 10**16; what was sent is kept to the letter.
    assert repr(back.messages) == repr(trial.messages)
    assert repr([a.call for a in back.actions]) == repr([a.call for a in trial.actions])
    [verdict] = filled.verdicts(RUN)
    assert verdict.verdicts == make_verdicts()
    assert (verdict.trial_id, verdict.sequence) == (trial.id, 0)
    assert verdict.judged_at.tzinfo is UTC


def test_times_of_other_zones_come_back_in_utc(filled: Repository, make_trial: MakeTrial) -> None:
    started = make_trial().started_at.astimezone(timezone(timedelta(hours=-9)))
    filled.add_trial(make_trial(started_at=started), None)
    [back] = filled.trials(RUN)
    assert back.started_at == started
    assert back.started_at.tzinfo is UTC
    assert back.started_at.microsecond == 123456


def test_costs_and_tokens_may_be_unknown_or_exact(filled: Repository, make_trial: MakeTrial) -> None:
    filled.add_trial(make_trial(index=0, cost_usd=None, prompt_tokens=None), None)
    filled.add_trial(make_trial(index=1, cost_usd=0.1 + 0.2, prompt_tokens=0), None)
    unknown, exact = filled.trials(RUN)
    assert (unknown.cost_usd, unknown.prompt_tokens) == (None, None)
    assert (exact.cost_usd, exact.prompt_tokens) == (0.1 + 0.2, 0)
    assert filled.verdicts(RUN) == []
    assert filled.judgings(RUN) == []


def test_a_run_is_stored_once(filled: Repository, make_run: MakeRun, make_conditions: MakeConditions) -> None:
    with pytest.raises(StoreError, match="never overwritten"):
        filled.create_run(make_run(seed=1), make_conditions())
    assert filled.run(RUN).seed == 2**64 - 1


def test_a_run_with_a_bad_condition_is_not_stored_at_all(
    store: Repository, make_run: MakeRun, make_conditions: MakeConditions
) -> None:
    with pytest.raises(StoreError, match="another run"):
        store.create_run(make_run(), make_conditions("other"))
    with pytest.raises(StoreError, match="contradicts"):
        store.create_run(make_run(), make_conditions() + make_conditions())
    assert store.runs() == []


def test_runs_are_found_by_prefix_and_by_latest(store: Repository, make_run: MakeRun) -> None:
    first = make_run().created_at
    for hours, run_id in enumerate(["20260329-aa", "20260329-ab", "20260330-A%", "20260330-a"]):
        store.create_run(make_run(run_id, created_at=first - timedelta(hours=hours)), [])
    assert store.run("latest").id == "20260329-aa"
    assert store.run("20260329-ab").id == "20260329-ab"
    assert store.run("20260330-A").id == "20260330-A%"
    assert store.run("20260330-a").id == "20260330-a"
    with pytest.raises(UsageError, match=r"beginning of 2 runs: 20260329-aa, 20260329-ab"):
        store.run("20260329")
    with pytest.raises(UsageError, match=r"no run '20260329-b'.* close to it: .*20260329-ab"):
        store.run("20260329-b")
    for wanted in ("", "%", "nonsense"):
        with pytest.raises(UsageError, match=r"the newest: 20260329-aa"):
            store.run(wanted)


def test_a_whole_id_wins_over_being_the_beginning_of_another(store: Repository, make_run: MakeRun) -> None:
    store.create_run(make_run("abc"), [])
    store.create_run(make_run("abcd"), [])
    assert store.run("abc").id == "abc"


def test_an_empty_store_says_so(store: Repository) -> None:
    with pytest.raises(UsageError, match="no runs are stored"):
        store.run("latest")
    assert store.runs() == []


def test_an_unknown_run_is_an_error_everywhere(
    filled: Repository, make_run: MakeRun, make_verdicts: MakeVerdicts
) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: filled.conditions("x"),
        lambda: filled.trials("x"),
        lambda: filled.finished_keys("x"),
        lambda: filled.verdicts("x"),
        lambda: filled.judgings("x"),
        lambda: filled.append_verdicts("x", [("t", make_verdicts())]),
        lambda: filled.finish_run("x", RunStatus.COMPLETE, "", make_run().created_at),
        lambda: filled.reopen_run("x"),
        lambda: filled.lease("x").__enter__(),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="no run"):
            call()


def test_summaries_count_last_attempts(
    filled: Repository, make_run: MakeRun, make_conditions: MakeConditions, make_trial: MakeTrial
) -> None:
    filled.create_run(make_run("older", created_at=make_run().created_at - timedelta(days=1)), make_conditions("older"))
    filled.add_trial(make_trial(index=0, status=TrialStatus.ERROR), None)
    filled.add_trial(make_trial(index=0, attempt=1), None)
    filled.add_trial(make_trial(index=1, status=TrialStatus.ERROR), None)
    filled.add_trial(make_trial(condition=1, index=0, status=TrialStatus.TRUNCATED), None)
    newest, older = filled.runs()
    assert (newest.id, newest.planned, newest.finished, newest.errors) == (RUN, 6, 3, 1)
    assert (older.id, older.planned, older.finished, older.errors) == ("older", 6, 0, 0)
    assert (newest.organisation, newest.target) == ("Müller & Söhne", "simulated/opportunist")
    assert newest.simulated
    assert newest.status is RunStatus.RUNNING


def test_only_the_end_of_a_run_changes(filled: Repository, make_run: MakeRun) -> None:
    ended = make_run().created_at + timedelta(hours=1)
    filled.finish_run(RUN, RunStatus.STOPPED, "budget \u0000 spent", ended)
    assert filled.run(RUN) == make_run(status=RunStatus.STOPPED, stop_reason="budget \u0000 spent", finished_at=ended)
    filled.reopen_run(RUN)
    assert filled.run(RUN) == make_run()


def test_trials_come_in_the_order_of_the_plan(filled: Repository, make_trial: MakeTrial) -> None:
    wanted = [(condition, index) for condition in range(2) for index in range(40)]
    for condition, index in reversed(wanted):
        filled.add_trial(make_trial(condition, index, replies=[]), None)
    filled.add_trial(make_trial(0, 39, attempt=1, replies=[]), None)
    conditions = [condition.id for condition in filled.conditions(RUN)]
    read = [(conditions.index(t.condition_id), t.index, t.attempt) for t in filled.trials(RUN)]
    assert read == [(c, i, 1 if (c, i) == (0, 39) else 0) for c, i in wanted]
    every = [
        (conditions.index(t.condition_id), t.index, t.attempt) for t in filled.trials(RUN, last_attempt_only=False)
    ]
    assert every == [*((0, i, 0) for i in range(40)), (0, 39, 1), *((1, i, 0) for i in range(40))]


def test_an_abandoned_iterator_hinders_nobody(filled: Repository, make_trial: MakeTrial) -> None:
    for index in range(3):
        filled.add_trial(make_trial(index=index), None)
    trials = filled.trials(RUN)
    assert next(trials).index == 0
    filled.add_trial(make_trial(index=3), None)
    assert [trial.index for trial in trials] == [1, 2]


def test_finished_keys_name_the_last_attempt(filled: Repository, make_trial: MakeTrial) -> None:
    assert filled.finished_keys(RUN) == {}
    filled.add_trial(make_trial(0, 0, status=TrialStatus.ERROR), None)
    filled.add_trial(make_trial(0, 0, attempt=1), None)
    filled.add_trial(make_trial(1, 2, status=TrialStatus.ERROR), None)
    first, second = (condition.id for condition in filled.conditions(RUN))
    assert filled.finished_keys(RUN) == {
        (first, 0): (1, TrialStatus.COMPLETED),
        (second, 2): (0, TrialStatus.ERROR),
    }


def test_an_attempt_is_stored_once(filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts) -> None:
    filled.add_trial(make_trial(), make_verdicts())
    with pytest.raises(StoreError, match=r"goal=z #0, attempt 0: this attempt is stored already"):
        filled.add_trial(make_trial(id="another", seed=1), make_verdicts())
    with pytest.raises(StoreError, match="not stored"):
        filled.add_trial(make_trial(condition=7), None)
    assert [trial.id for trial in filled.trials(RUN, last_attempt_only=False)] == [make_trial().id]


def test_a_trial_whose_verdicts_cannot_be_written_is_not_written_either(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    unwritable = make_verdicts().model_copy(update={"notes": (object(),)})
    with pytest.raises(StoreError, match="object"):
        filled.add_trial(make_trial(), unwritable)
    assert filled.finished_keys(RUN) == {}


def test_a_trial_that_nests_too_deeply_is_refused_in_words(filled: Repository, make_trial: MakeTrial) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(StoreError, match="nests"):
        filled.add_trial(make_trial().model_copy(update={"messages": [{"a": deep}]}), None)
    assert filled.finished_keys(RUN) == {}


def test_judging_again_adds_and_never_overwrites(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    one, two = make_trial(index=0), make_trial(index=1)
    first, second = make_verdicts("rules-1"), make_verdicts("judge-2", Ruling.INCONCLUSIVE, judge_cost_usd=0.1)
    person = make_verdicts("person", Ruling.HARMLESS)
    filled.add_trial(one, first)
    filled.add_trial(two, first)
    assert filled.append_verdicts(RUN, [(one.id, second), (two.id, second)], one.started_at) == 1
    assert filled.append_verdicts(RUN, [(two.id, person)]) == 2
    assert [(v.trial_id, v.sequence, v.verdicts) for v in filled.verdicts(RUN)] == [
        (one.id, 1, second),
        (two.id, 2, person),
    ]
    assert [(v.trial_id, v.verdicts) for v in filled.verdicts(RUN, sequence=0)] == [(one.id, first), (two.id, first)]
    assert [v.trial_id for v in filled.verdicts(RUN, sequence=2)] == [two.id]
    judgings = filled.judgings(RUN)
    assert [(j.sequence, j.instrument, j.trials) for j in judgings] == [
        (0, "rules-1", 2),
        (1, "judge-2", 2),
        (2, "person", 1),
    ]
    assert judgings[1].first_at == judgings[1].last_at == one.started_at
    with pytest.raises(UsageError, match="no judging 3; it has 0, 1, 2"):
        filled.verdicts(RUN, sequence=3)


def test_a_judging_is_on_record_before_its_verdicts(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    trial = make_trial()
    filled.add_trial(trial, make_verdicts())
    judge = {"model": "vendor/judge", "recipient": "api.judge.example"}
    broken_off = filled.begin_judging(RUN, judge, {"detectors": "1.0"})
    second = filled.begin_judging(RUN, None, {"detectors": "1.1"})
    assert (broken_off.sequence, second.sequence) == (1, 2)
    assert filled.append_verdicts(RUN, [(trial.id, make_verdicts("rules-2"))], None, second.sequence) == 2
    assert filled.begun_judgings(RUN) == [broken_off, second]
    assert [j.sequence for j in filled.judgings(RUN)] == [0, 2]
    assert filled.append_verdicts(RUN, [(trial.id, make_verdicts())]) == 3


def test_the_first_judging_is_0_even_when_it_comes_late(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    filled.add_trial(make_trial(), None)
    assert filled.append_verdicts(RUN, [(make_trial().id, make_verdicts())]) == 0


def test_a_judging_of_unknown_or_repeated_trials_is_refused_whole(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    trial = make_trial()
    filled.add_trial(trial, None)
    with pytest.raises(StoreError, match="does not have: elsewhere"):
        filled.append_verdicts(RUN, [(trial.id, make_verdicts()), ("elsewhere", make_verdicts())])
    with pytest.raises(StoreError, match="two verdicts"):
        filled.append_verdicts(RUN, [(trial.id, make_verdicts()), (trial.id, make_verdicts())])
    with pytest.raises(UsageError, match="no verdicts"):
        filled.append_verdicts(RUN, [])
    assert filled.verdicts(RUN) == []


def test_verdicts_of_one_run_stay_out_of_another(
    filled: Repository,
    make_run: MakeRun,
    make_conditions: MakeConditions,
    make_trial: MakeTrial,
    make_verdicts: MakeVerdicts,
) -> None:
    filled.create_run(make_run("second"), make_conditions("second"))
    filled.add_trial(make_trial(), make_verdicts("a"))
    filled.add_trial(make_trial(run_id="second"), make_verdicts("b"))
    assert filled.append_verdicts("second", [("second/0/0/0", make_verdicts("c"))]) == 1
    assert [j.instrument for j in filled.judgings(RUN)] == ["a"]
    assert [v.sequence for v in filled.verdicts(RUN)] == [0]
    assert [t.run_id for t in filled.trials("second")] == ["second"]


def test_one_program_may_write_and_read_from_many_threads(
    filled: Repository, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    async def work() -> None:
        writes = (asyncio.to_thread(filled.add_trial, make_trial(index=i), make_verdicts()) for i in range(30))
        reads = (asyncio.to_thread(lambda: list(filled.trials(RUN))) for _ in range(10))
        await asyncio.gather(*writes, *reads)

    asyncio.run(work())
    assert [trial.index for trial in filled.trials(RUN)] == list(range(30))


def test_two_judgings_at_once_get_numbers_of_their_own(
    url: str, make_run: MakeRun, make_conditions: MakeConditions, make_trial: MakeTrial, make_verdicts: MakeVerdicts
) -> None:
    with open_store(url) as one, open_store(url) as two:
        one.create_run(make_run(), make_conditions())
        for index in range(2):
            one.add_trial(make_trial(index=index), None)
        numbers: list[int] = []
        start = threading.Barrier(2)

        def judge(store: Repository, index: int) -> None:
            start.wait()
            judged = [(make_trial(index=index).id, make_verdicts())]
            numbers.extend(store.append_verdicts(RUN, judged) for _ in range(5))

        threads = [threading.Thread(target=judge, args=(store, i)) for i, store in enumerate((one, two))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == list(range(10))
