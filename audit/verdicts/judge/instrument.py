"""The judge: one model call per trial that decides every behaviour, checked against the record, with one repair round.

A judge can fail in many ways (no answer, a refusal, invented quotes). Each is an inconclusive verdict with its own
reason; none is "harmless".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from audit.errors import CallFailure, ModelCallError
from audit.verdicts.aspects import allowed_values
from audit.verdicts.judge.answer import (
    Answer,
    AnswerError,
    Checked,
    check,
    check_aspect,
    failed_aspect,
    read_answer,
)
from audit.verdicts.judge.prompt import first_messages, prompt_files, repair_message
from audit.verdicts.models import (
    Aspect,
    AspectVerdict,
    Behaviour,
    Case,
    Decider,
    Episode,
    Reason,
    Ruling,
    Stage,
    Verdict,
)
from audit.verdicts.rules import CUT_OFF, FILTERED, identity

JUDGE_VERSION = "1.2"
"""Raised with every change to how an answer is read and checked. Changes to the prompts show by themselves."""

_ROUNDS = 2


class TokenCount(Protocol):
    """What a call used; None where the provider did not say."""

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens sent."""

    @property
    def completion_tokens(self) -> int | None:
        """Tokens received."""

    @property
    def cached_tokens(self) -> int | None:
        """Tokens sent that the provider's prompt cache served."""


class JudgeCompletion(Protocol):
    """One answer of the judge model."""

    @property
    def text(self) -> str:
        """Visible text."""

    @property
    def refusal(self) -> str | None:
        """The provider's refusal, if it made one."""

    @property
    def finish_reason(self) -> str | None:
        """Why the answer ended."""

    @property
    def usage(self) -> TokenCount:
        """Tokens."""

    @property
    def cost_usd(self) -> float | None:
        """US dollars; None when the price is unknown."""


class JudgeClient(Protocol):
    """What the judge needs of a model client. Raises ModelCallError when a call failed for good."""

    async def complete(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        response_schema: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> JudgeCompletion:
        """Ask the model once."""


@dataclass
class JudgeReport:
    """What the judge said about one trial, and what asking it took.

    Attributes:
        verdicts: One per behaviour of the case, in the case's order.
        aspects: One per aspect; an aspect the judge failed at is unclear and says why.
        calls: Model calls made.
        cost_usd: US dollars; None when the price of any call is unknown.
        tokens: Tokens sent and received, as far as the provider counted them.
        prompt_tokens: Sent; None when the count of any call is unknown. The next two likewise.
        completion_tokens: Received.
        cached_tokens: Sent, and served from the provider's prompt cache.
        notes: What went wrong on the way, for the record.
    """

    verdicts: tuple[Verdict, ...] = ()
    aspects: tuple[AspectVerdict, ...] = ()
    calls: int = 0
    cost_usd: float | None = 0.0
    tokens: int = 0
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    cached_tokens: int | None = 0
    notes: list[str] = field(default_factory=list)


def judge_identity(settings: Mapping[str, Any]) -> str:
    """Identity of a judge: SHA-256 over prompt files, answer form, model id and parameters.

    Args:
        settings: Plain values that name the model and its parameters, such as ``{"model": ..., "parameters": ...}``.
            Never a key, nor a seed: the identity must not depend on who runs it or on which trial.
    """
    return identity(
        {
            "judge": JUDGE_VERSION,
            "prompts": prompt_files(),
            "answer": Answer.model_json_schema(),
            "settings": dict(settings),
        }
    )


class Judge:
    """A judge model with its identity. One instance may judge many trials at once."""

    def __init__(self, client: JudgeClient, settings: Mapping[str, Any], seed: int | None = None) -> None:
        """Bind a client.

        Args:
            client: Calls the judge model.
            settings: As for ``judge_identity``; they must describe the client.
            seed: Sent with every call where the provider takes one.
        """
        self.identity = judge_identity(settings)
        self._client = client
        self._seed = seed

    async def assess(self, case: Case, episode: Episode) -> JudgeReport:
        """Decide every behaviour and aspect of a trial. Provider faults become verdicts; nothing is raised for them.

        The repair round is also for aspects that cannot be used. Verdicts that could be used stay as they are then.
        """
        report = JudgeReport()
        values = allowed_values(case)
        messages = first_messages(case, episode, case.behaviours)
        failure, told = Reason.JUDGE_UNPARSABLE, ""
        checked: list[Checked] = []
        aspects: dict[Aspect, AspectVerdict] = {}
        for round_number in range(_ROUNDS):
            try:
                reply = await self._ask(messages, report)
            except ModelCallError as error:
                refused = error.failure is CallFailure.CONTENT_FILTER
                failure, told = (Reason.JUDGE_REFUSED if refused else Reason.JUDGE_ERROR), str(error)
                break
            if reply.refusal or (reply.finish_reason or "").casefold() in FILTERED:
                failure, told = Reason.JUDGE_REFUSED, reply.refusal or f"finish reason {reply.finish_reason}"
                break
            problems: list[str]
            try:
                answer = read_answer(_whole(reply), case.behaviours, values)
            except AnswerError as error:
                failure, told, problems = Reason.JUDGE_UNPARSABLE, str(error), [str(error)]
            else:
                failure, told = Reason.JUDGE_UNPARSABLE, ""
                settled = bool(checked) and not any(c.problems for c in checked)
                if not settled:
                    by_behaviour = {entry.behaviour: entry for entry in answer.verdicts}
                    checked = [check(by_behaviour[b], episode, self.identity) for b in case.behaviours]
                problems = [problem for c in checked for problem in c.problems] + list(answer.problems)
                for aspect, entry in answer.aspects.items():
                    if aspect in aspects and aspects[aspect].reason is not Reason.JUDGE_NO_QUOTE:
                        continue
                    aspects[aspect], faults = check_aspect(entry, episode, self.identity)
                    problems += faults if aspects[aspect].reason is Reason.JUDGE_NO_QUOTE else ()
            if not problems:
                break
            report.notes += [f"judge, round {round_number + 1}: {problem}" for problem in problems]
            messages += [{"role": "assistant", "content": reply.text or "(empty)"}, repair_message(problems)]
        report.verdicts = tuple(c.verdict for c in checked) or self._failed(case.behaviours, failure, told)
        told = told or "the judge's answer held no usable entry for it"
        report.aspects = tuple(aspects.get(a) or failed_aspect(a, failure, told, self.identity) for a in values)
        return report

    async def _ask(self, messages: list[dict[str, Any]], report: JudgeReport) -> JudgeCompletion:
        report.calls += 1
        try:
            reply = await self._client.complete(
                list(messages), response_schema=Answer.model_json_schema(), seed=self._seed
            )
        except ModelCallError as error:
            report.cost_usd = report.prompt_tokens = report.completion_tokens = report.cached_tokens = None
            report.notes.append(f"judge call failed ({error.failure}): {error}")
            raise
        usage = reply.usage
        report.tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        report.prompt_tokens = _plus(report.prompt_tokens, usage.prompt_tokens)
        report.completion_tokens = _plus(report.completion_tokens, usage.completion_tokens)
        report.cached_tokens = _plus(report.cached_tokens, usage.cached_tokens)
        unknown = report.cost_usd is None or reply.cost_usd is None
        report.cost_usd = None if unknown else (report.cost_usd or 0.0) + (reply.cost_usd or 0.0)
        return reply

    def _failed(self, behaviours: Sequence[Behaviour], reason: Reason, told: str) -> tuple[Verdict, ...]:
        return tuple(
            Verdict(
                behaviour=behaviour,
                ruling=Ruling.INCONCLUSIVE,
                stage=Stage.NONE,
                decided_by=Decider.JUDGE,
                decider=self.identity,
                reason=reason,
                explanation=told,
            )
            for behaviour in behaviours
        )


def _plus(so_far: int | None, more: int | None) -> int | None:
    """The sum, unknown as soon as one part is."""
    return None if so_far is None or more is None else so_far + more


def _whole(reply: JudgeCompletion) -> str:
    if (reply.finish_reason or "").casefold() in CUT_OFF:
        raise AnswerError("the answer was cut off by the token limit; answer more briefly")
    if not reply.text.strip():
        raise AnswerError("the answer was empty")
    return reply.text
