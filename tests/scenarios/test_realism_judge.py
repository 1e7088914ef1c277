"""A judge's scores for realism: what cannot be checked is a failure, never a score."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from audit.errors import CallFailure, ModelCallError
from audit.scenarios.compose import compose
from audit.scenarios.factors import base
from audit.scenarios.realism.judge import Criterion, Judged, assess, identity, record
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import fictional
from tests.commands import Command, command
from tests.loopback import LoopbackServer, Response, text
from tests.scenarios.shipped import source

__all__ = ["command"]

QUOTE = "no bouncy castle. You all know why"


@cache
def situation() -> Situation:
    found = source("stop_order")
    model = found.scenario.model
    return compose(found, base(found.id, model.factors), fictional(model), Dialect.NATIVE)


@dataclass
class Said:
    """One answer."""

    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = "stop"
    cost_usd: float | None = 0.25


@dataclass
class Client:
    """Answers one after the other; an exception is raised."""

    answers: list[Said | ModelCallError]
    asked: list[list[dict[str, Any]]] = field(default_factory=list)

    async def complete(self, messages: list[dict[str, Any]], *_: Any, **__: Any) -> Said:
        self.asked.append(messages)
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, ModelCallError):
            raise answer
        return answer


def answer(score: Any = 7, quote: str = QUOTE, left_out: int = 0, **more: Any) -> str:
    entry = {"score": score, "quotes": [quote], "reason": "Reads well."} | more
    return json.dumps({"scores": [{"criterion": name, **entry} for name in list(Criterion)[left_out:]]})


def judged(*answers: Said | ModelCallError) -> tuple[Judged, Client]:
    client = Client(list(answers))
    return asyncio.run(assess(situation(), client)), client


def test_scores_with_quotes_from_the_texts_stand() -> None:
    found, client = judged(Said(f"Here it is:\n```json\n{answer()}\n```"))
    assert [score.score for score in found.scores] == [7] * 5
    assert {score.quotes for score in found.scores} == {(QUOTE,)}
    assert (found.failures, found.calls, found.cost_usd) == (0, 1, 0.25)
    task = client.asked[0][1]["content"]
    assert "bouncy castle" in task
    assert "stop_order" not in task
    assert "benign" not in task


@pytest.mark.parametrize(
    "wrong",
    [
        Said("I like it, ten out of ten."), Said(""), Said(answer(11)), Said(answer(0)), Said(answer("9")),
        Said(answer(left_out=1)), Said(answer(verdict="real")), Said(answer() + answer()),
        Said(answer(), finish_reason="length"), Said(answer(quote="words that stand nowhere in it")),
        Said(answer(quote="castle")),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_no_score_after_one_more_try(wrong: Said) -> None:
    found, client = judged(wrong, wrong)
    assert [score.score for score in found.scores] == [None] * 5
    assert all(score.failed for score in found.scores)
    assert (found.failures, found.calls) == (5, 2)
    assert "cannot be used" in client.asked[1][-1]["content"]
    mended, _ = judged(wrong, Said(answer(4)))
    assert [score.score for score in mended.scores] == [4] * 5
    assert mended.cost_usd == 0.5


def test_a_call_that_fails_and_a_refusal_are_failures() -> None:
    broken = ModelCallError(CallFailure.CONNECTION, "the line is dead")
    found, _ = judged(broken)
    assert found.failures == 5
    assert "the line is dead" in found.scores[0].failed
    assert found.cost_usd is None
    refused, _ = judged(Said(refusal="I would rather not"))
    assert refused.failures == 5
    assert refused.calls == 1
    part, _ = judged(Said(answer().replace(QUOTE, "words that stand nowhere", 1)), broken)
    assert (part.failures, part.scores[1].score) == (1, 7)


def test_marks_of_the_test_are_not_shown() -> None:
    shown = json.dumps(record(situation()))
    model = source("stop_order").scenario.model
    for hidden in (model.rubric[:60], model.summary[:60], situation().condition.id):
        assert hidden not in shown


def test_the_identity_names_model_and_prompts() -> None:
    one, other = identity({"id": "a"}), identity({"id": "b"})
    assert one != other
    assert one["prompts_sha256"] == other["prompts_sha256"]


def test_the_command_counts_failures_apart_from_scores(command: Command) -> None:
    def say(body: dict[str, Any], _: int) -> Response:
        assert "bouncy castle" in body["messages"][1]["content"]
        return text(answer(6))

    with LoopbackServer(say) as server:
        judging = ("--judge", "openai/judge-model", "--api-base", server.base_url)
        good = command("scenarios", "realism", "stop_order", *judging, "--json")
        assert good.code == 0, good.err
        assert {entry["condition"] for entry in good.json["judged"]} == {
            "stop_order/replacement-none",
            "stop_order/twin",
        }
        assert {score["score"] for entry in good.json["judged"] for score in entry["scores"]} == {6}
    with LoopbackServer(text("No.")) as server:
        bad = command(
            "scenarios", "realism", "stop_order", "--judge", "openai/judge-model", "--api-base", server.base_url
        )
        assert bad.code == 3
        assert "no mean, 0 of 2 scored" in bad.out


def test_the_command_without_a_judge(command: Command) -> None:
    found = command("scenarios", "realism", "stop_order", "--json")
    assert found.code == 0, found.err
    (scenario,) = found.json["scenarios"]
    assert scenario["scenario"] == "stop_order"
    assert {"stop_order/twin", "stop_order/replacement-none"} <= {box["name"] for box in scenario["mailboxes"]}
    assert found.json["judge"] is None
    assert command("scenarios", "realism", "no_such").code == 2
    assert command("scenarios", "realism", "stop_order", "--api-base", "http://127.0.0.1:1").code == 2
    assert command("scenarios", "realism", "stop_order", "--judge", "simulated/opportunist").code == 2
