"""The model client: one call with retries, limits and a clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from audit.errors import CallFailure, ModelCallError
from audit.llm import door
from audit.llm.failures import AttemptFailed, message
from audit.llm.masking import read_key, register_url
from audit.llm.models import CallPolicy, Completion, Limits, ModelSettings

_SCHEMA_WORDS = ("response_format", "json_schema", "response schema", "guided_json", "structured output")


class _Gate:
    """The user's limits for one provider, on one event loop."""

    def __init__(self, limits: Limits) -> None:
        self.room = asyncio.Semaphore(limits.concurrent) if limits.concurrent else None
        rate = limits.requests_per_minute
        self.pace = AsyncLimiter(1, 60 / rate) if rate else None  # one by one: a burst would break the limit


class _LoopState:
    """What belongs to one event loop: the gates, and the hook that closes litellm's HTTP clients with the loop."""

    def __init__(self) -> None:
        self.gates: dict[tuple[str, str | None, Limits], _Gate] = {}
        self.hook: AsyncGenerator[None, None] | None = None


_loops: dict[asyncio.AbstractEventLoop, _LoopState] = {}


async def _at_shutdown(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[None, None]:
    """Parked on a loop, this is closed by ``loop.shutdown_asyncgens()``, which ``asyncio.run`` always calls."""
    try:
        yield
    finally:
        _loops.pop(loop, None)
        await door.close_clients(id(loop))
        await asyncio.sleep(0)  # lets the closed transports report their end


async def _loop_state() -> _LoopState:
    loop = asyncio.get_running_loop()
    if loop not in _loops:
        for old in [old for old in list(_loops) if old.is_closed()]:
            del _loops[old]
        state = _loops[loop] = _LoopState()
        state.hook = _at_shutdown(loop)
        await anext(state.hook)
    return _loops[loop]


class _Course:
    """How far one call has come: attempts, time spent, time spent queueing for the user's own limits."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.began = clock()
        self.queued = 0.0
        self.attempts = 0

    def elapsed(self) -> float:
        return self.clock() - self.began - self.queued


class ModelClient:
    """Calls one model. Clients for the same recipient with the same limits share them.

    Args:
        settings: which model, with which parameters.
        policy: attempts, waits and timeouts.
        limits: what the provider is asked for at most.
        sleep: waits between attempts; tests hand in their own.
        clock: seconds, for the ceiling on elapsed time; belongs to ``sleep``.
    """

    def __init__(
        self,
        settings: ModelSettings,
        policy: CallPolicy | None = None,
        limits: Limits | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.policy = policy or CallPolicy()
        self.limits = limits or Limits()
        self._sleep = sleep
        self._clock = clock
        self._jitter = random.Random()
        self._schema_refused = False
        register_url(settings.api_base)

    def __repr__(self) -> str:
        return f"ModelClient({self.settings.id!r})"

    async def complete(
        self,
        messages: list[dict[str, Any]],
        tools: list[dict[str, Any]] | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        response_schema: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> Completion:
        """Ask the model once, trying again where that may help.

        Args:
            messages: OpenAI chat format; assistant messages as :func:`audit.llm.replayable` returns them.
            tools: OpenAI function schemas.
            tool_choice: ``auto``, ``none``, ``required`` or a named function; sent with ``tools`` only.
            response_schema: JSON Schema of the wanted answer. Sent where the provider takes it; a server that refuses
                it is asked again without. The caller validates the text in either case.
            seed: sent where supported; ``Completion.sent`` says whether it was.

        Returns:
            The answer. Empty text with no tool call is returned, not raised.

        Raises:
            ModelCallError: the call failed for good.
        """
        course = _Course(self._clock)
        try:
            if not door.loaded():
                await asyncio.to_thread(door.load)
                course.began = self._clock()
            call, sent = door.arguments(self.settings, self._key(), tools, tool_choice, response_schema, seed)
            if self._schema_refused:
                _without_schema(call, sent)
            try:
                return await self._persist(call, sent, messages, course)
            except AttemptFailed as failed:
                if not _blames_schema(failed, call):
                    raise
                self._schema_refused = True
                _without_schema(call, sent)
                return await self._persist(call, sent, messages, course)
        except AttemptFailed as failed:
            words = message(self.settings, failed, course.attempts)
            raise ModelCallError(failed.failure, words, course.attempts) from None

    def _key(self) -> str | None:
        if self.settings.api_key_env is None:
            return None
        key = read_key(self.settings.api_key_env)
        if key is None:
            name = self.settings.api_key_env
            words = f"{self.settings.id}: no key to call it with; set the environment variable {name}"
            raise ModelCallError(CallFailure.AUTHENTICATION, words, 0)
        return key

    async def _persist(
        self, call: dict[str, Any], sent: dict[str, Any], messages: list[dict[str, Any]], course: _Course
    ) -> Completion:
        policy = self.policy

        def stop(state: RetryCallState) -> bool:
            late = course.elapsed() + state.upcoming_sleep >= policy.max_elapsed_s
            return course.attempts >= policy.max_attempts or late

        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, AttemptFailed) and error.failure.retryable),
            wait=self._wait,
            stop=stop,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self._attempt, call, sent, messages, course)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: half to all of a doubling ceiling, or what the server asked for."""
        policy = self.policy
        ceiling = min(policy.backoff_max_s, policy.backoff_initial_s * 2.0 ** min(state.attempt_number - 1, 60))
        backoff = self._jitter.uniform(ceiling / 2, ceiling)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, AttemptFailed) else None
        if asked is None:
            return backoff
        # A little more than asked, each call its own: everyone coming back at the same instant is refused again.
        return min(asked, policy.retry_after_max_s) + self._jitter.uniform(0, policy.backoff_initial_s)

    async def _attempt(
        self, call: dict[str, Any], sent: dict[str, Any], messages: list[dict[str, Any]], course: _Course
    ) -> Completion:
        async with AsyncExitStack() as held:
            queueing = self._clock()
            await self._enter_gate(held)
            course.queued += self._clock() - queueing
            course.attempts += 1
            remaining = max(0.001, self.policy.max_elapsed_s - course.elapsed())
            allowed = min(self.policy.timeout_s, remaining)
            started = time.monotonic()
            try:
                response = await asyncio.wait_for(door.send(call, messages, allowed), allowed)
            except TimeoutError as error:
                raise AttemptFailed(CallFailure.TIMEOUT, f"nothing within {allowed:.3g} s") from error
            latency = time.monotonic() - started
        answer = door.Answer(response)
        usage = answer.usage
        return Completion(
            text=answer.text,
            reasoning=answer.reasoning,
            tool_calls=answer.tool_calls,
            message=answer.message,
            finish_reason=answer.finish_reason,
            refusal=answer.refusal,
            usage=usage,
            cost_usd=door.estimate_cost(
                self.settings.id,
                usage.prompt_tokens,
                usage.completion_tokens,
                self.settings.prices,
                usage.cached_tokens,
                usage.cache_write_tokens,
            ),
            latency_s=latency,
            attempts=course.attempts,
            sent=sent,
        )

    async def _enter_gate(self, held: AsyncExitStack) -> None:
        """Wait for the user's own limits. Nothing is held during waits between attempts."""
        state = await _loop_state()
        name = (door.recipient(self.settings), self.settings.api_key_env, self.limits)
        gate = state.gates.setdefault(name, _Gate(self.limits))
        if gate.room is not None:
            await held.enter_async_context(gate.room)
        if gate.pace is not None:
            await gate.pace.acquire()


def _blames_schema(failed: AttemptFailed, call: dict[str, Any]) -> bool:
    if failed.failure is not CallFailure.BAD_REQUEST or "response_format" not in call:
        return False
    words = failed.detail.lower()
    return any(word in words for word in _SCHEMA_WORDS)


def _without_schema(call: dict[str, Any], sent: dict[str, Any]) -> None:
    if call.pop("response_format", None) is not None:
        sent["dropped"]["response_format"] = sent["parameters"].pop("response_format")
