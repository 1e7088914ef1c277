"""The one door to litellm, through its real HTTP path against a loopback server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import ValidationError

import tests.loopback as canned
from audit.errors import CallFailure, ModelCallError
from audit.llm import (
    CallPolicy,
    Completion,
    Limits,
    ModelClient,
    ModelSettings,
    Prices,
    cached_price_known,
    door,
    estimate_cost,
    mask,
    recipient,
    replayable,
    split_reasoning,
)
from audit.llm.failures import parse_retry_after, understand
from tests.loopback import LoopbackServer, Response

HELLO = [{"role": "user", "content": "hello"}]
KEY = "sk-loopback-0123456789"
TOOLS = [{"type": "function", "function": {"name": "send_email", "parameters": {"type": "object", "properties": {}}}}]
PROVIDERS = ["openai/test-model", "hosted_vllm/test-model"]


class FakeTime:
    """A sleep that takes no time and a clock that believes it did."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def settings(server: LoopbackServer, model: str = "openai/test-model", **more: Any) -> ModelSettings:
    return ModelSettings(id=model, api_base=server.base_url, **more)


def ask(
    server: LoopbackServer,
    model: str = "openai/test-model",
    policy: CallPolicy | None = None,
    time: FakeTime | None = None,
    call: dict[str, Any] | None = None,
    **more: Any,
) -> Completion:
    fake = time or FakeTime()
    client = ModelClient(settings(server, model, **more), policy, sleep=fake.sleep, clock=fake.clock)
    return asyncio.run(client.complete(HELLO, **(call or {})))


def failing(server: LoopbackServer, model: str = "openai/test-model", **more: Any) -> ModelCallError:
    with pytest.raises(ModelCallError) as caught:
        ask(server, model, **more)
    return caught.value


# Answers


@pytest.mark.parametrize("model", PROVIDERS)
def test_text_comes_back_with_usage_and_one_request(loopback: LoopbackServer, model: str) -> None:
    usage = {
        "prompt_tokens": 40,
        "completion_tokens": 9,
        "total_tokens": 49,
        "prompt_tokens_details": {"cached_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    loopback.script = canned.text("hi there", usage=usage)
    answer = ask(loopback, model)
    assert (answer.text, answer.reasoning, answer.tool_calls, answer.attempts) == ("hi there", "", [], 1)
    assert answer.usage.model_dump() == {
        "prompt_tokens": 40,
        "completion_tokens": 9,
        "cached_tokens": 30,
        "cache_write_tokens": None,
        "reasoning_tokens": 4,
    }
    assert answer.finish_reason == "stop"
    assert answer.latency_s > 0
    assert loopback.bodies == [{"model": "test-model", "messages": HELLO}]


@pytest.mark.parametrize("model", PROVIDERS)
def test_absent_usage_is_unknown_not_zero(loopback: LoopbackServer, model: str) -> None:
    loopback.script = canned.text("hi", usage={})
    answer = ask(loopback, model, prices=Prices(input_per_million_usd=1, output_per_million_usd=1))
    assert set(answer.usage.model_dump().values()) == {None}
    assert answer.cost_usd is None


@pytest.mark.parametrize("model", PROVIDERS)
def test_tool_calls_keep_ids_and_arguments_verbatim(loopback: LoopbackServer, model: str) -> None:
    long_id = "call_1__thought__" + "A1b2" * 300
    call = canned.tool_call("send_email", '{"to":  "kyle@example.com"}', long_id)
    loopback.script = canned.tool_calls([call])
    answer = ask(loopback, model, call={"tools": TOOLS, "tool_choice": "auto"})
    assert [made.model_dump() for made in answer.tool_calls] == [
        {"id": long_id, "name": "send_email", "arguments": '{"to":  "kyle@example.com"}'}
    ]
    assert answer.text == ""
    assert loopback.bodies[0]["tools"] == TOOLS
    assert loopback.bodies[0]["tool_choice"] == "auto"


def test_tool_calls_count_whatever_the_finish_reason_says(loopback: LoopbackServer) -> None:
    loopback.script = canned.completion({"content": "", "tool_calls": [canned.tool_call("send_email", {})]}, "stop")
    assert [made.name for made in ask(loopback, call={"tools": TOOLS}).tool_calls] == ["send_email"]


@pytest.mark.parametrize("model", PROVIDERS)
def test_reasoning_is_kept_apart_and_replayed(loopback: LoopbackServer, model: str) -> None:
    message = {"content": None, "reasoning_content": "hm", "tool_calls": [canned.tool_call("send_email", {"to": "a"})]}
    loopback.script = canned.completion(message, "tool_calls")
    answer = ask(loopback, model, call={"tools": TOOLS})
    assert (answer.text, answer.reasoning) == ("", "hm")
    assert json.loads(json.dumps(answer.message)) == answer.message

    loopback.script = canned.text("done")
    history = [*HELLO, replayable(answer.message), {"role": "tool", "tool_call_id": "call_1", "content": "sent"}]
    asyncio.run(ModelClient(settings(loopback, model)).complete(history, tools=TOOLS))
    # The server sees its own message again, with nothing litellm thought of added (it leaves out an empty content).
    assert loopback.bodies[1]["messages"][1] | {"content": None} == {"role": "assistant", **message}


def test_thinking_blocks_and_signatures_survive_the_anthropic_path(loopback: LoopbackServer) -> None:
    blocks = [
        {"type": "thinking", "thinking": "let me see", "signature": "c2ln"},
        {"type": "text", "text": "Sending it."},
        {"type": "tool_use", "id": "toolu_1", "name": "send_email", "input": {"to": "a"}},
    ]
    reply = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": blocks}
    usage = {"input_tokens": 10, "output_tokens": 5}
    loopback.script = Response(json.dumps({**reply, "stop_reason": "tool_use", "usage": usage}).encode())
    base = loopback.base_url.removesuffix("/v1")
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}
    client = ModelClient(ModelSettings(id="anthropic/claude-sonnet-4-5", api_base=base, parameters=thinking))

    async def two_turns() -> Completion:
        first = await client.complete(HELLO, tools=TOOLS, seed=7)
        result = {"role": "tool", "tool_call_id": "toolu_1", "content": "sent"}
        await client.complete([*HELLO, replayable(first.message), result], tools=TOOLS)
        return first

    first = asyncio.run(two_turns())
    assert (first.text, first.reasoning) == ("Sending it.", "let me see")
    assert loopback.bodies[1]["messages"][1] == {"role": "assistant", "content": blocks}
    assert first.sent["dropped"] == {"seed": 7}
    assert "seed" not in loopback.bodies[0]


def test_malformed_arguments_arrive_verbatim_and_replay_as_empty(loopback: LoopbackServer) -> None:
    loopback.script = canned.malformed_tool_json("send_email", '{"to": "kyle@')
    answer = ask(loopback, call={"tools": TOOLS})
    assert answer.tool_calls[0].arguments == '{"to": "kyle@'
    assert answer.message["tool_calls"][0]["function"]["arguments"] == '{"to": "kyle@'
    again = replayable(answer.message)
    assert again["tool_calls"][0]["function"]["arguments"] == "{}"
    assert again["tool_calls"][0]["id"] == "call_1"
    assert answer.message["tool_calls"][0]["function"]["arguments"] == '{"to": "kyle@', "the original was changed"


@pytest.mark.parametrize(
    ("arguments", "replayed"), [('{"a": 1}', '{"a": 1}'), ("[1]", "{}"), ("", "{}"), ("null", "{}"), (None, "{}")]
)
def test_only_objects_are_replayed_as_arguments(arguments: str | None, replayed: str) -> None:
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": arguments}, "signature": "keep"}
    message = {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "r"}
    again = replayable(message)
    assert again["tool_calls"][0]["function"]["arguments"] == replayed
    assert again["tool_calls"][0]["signature"] == "keep"
    assert again["reasoning_content"] == "r"


@pytest.mark.parametrize("model", PROVIDERS)
def test_refusal_empty_and_cut_answers_are_answers(loopback: LoopbackServer, model: str) -> None:
    loopback.play(canned.refusal("I won't."), canned.empty(), canned.length_cut("The answer"))
    refused, nothing, cut = (ask(loopback, model) for _ in range(3))
    assert (refused.refusal, refused.text) == ("I won't.", "")
    assert (nothing.text, nothing.tool_calls, nothing.finish_reason, nothing.refusal) == ("", [], "stop", None)
    assert (cut.text, cut.finish_reason) == ("The answer", "length")


def test_scratchpad_tags_stay_in_the_text(loopback: LoopbackServer) -> None:
    words = "<SCRATCHPAD_REASONING>weigh it</SCRATCHPAD_REASONING>No."
    loopback.script = canned.text(words)
    assert ask(loopback).text == words


@pytest.mark.parametrize(
    ("written", "reasoning", "visible"),
    [
        ("plain", "", "plain"),
        ("<think>a</think>b", "a", "b"),
        ("<SCRATCHPAD_REASONING>\na\n</SCRATCHPAD_REASONING>\nb", "a", "b"),
        ("b <THINK>a</think> c", "a", "b  c"),
        ("<think>one</think>x<thinking>two</thinking>y", "one\n\ntwo", "xy"),
        ("visible <think>never closed, <send/> it", "never closed, <send/> it", "visible"),
        ("template opened it</think>answer", "template opened it", "answer"),
        ("a < b and b > c", "", "a < b and b > c"),
        ("<think></think>only this", "", "only this"),
        ("", "", ""),
    ],
)
def test_split_reasoning(written: str, reasoning: str, visible: str) -> None:
    assert split_reasoning(written) == (reasoning, visible)


# Failures


@pytest.mark.parametrize("model", PROVIDERS)
@pytest.mark.parametrize(
    ("response", "failure"),
    [
        (canned.status(401), CallFailure.AUTHENTICATION),
        (canned.status(403), CallFailure.AUTHENTICATION),
        (canned.status(400), CallFailure.BAD_REQUEST),
        (canned.status(404), CallFailure.BAD_REQUEST),
        (canned.status(422), CallFailure.BAD_REQUEST),
        (
            canned.status(400, "This model's maximum context length is 4096 tokens.", code="context_length_exceeded"),
            CallFailure.CONTEXT_LENGTH,
        ),
        (canned.status(400, "Filtered.", code="content_filter"), CallFailure.CONTENT_FILTER),
        (canned.garbage_body(), CallFailure.BAD_RESPONSE),
        (canned.broken_json(), CallFailure.BAD_RESPONSE),
        (canned.no_choices(), CallFailure.BAD_RESPONSE),
        (Response(b"[1]"), CallFailure.BAD_RESPONSE),
        (Response(b'{"choices": null}'), CallFailure.BAD_RESPONSE),
        (Response(b'{"choices": [{"index": 0}]}'), CallFailure.BAD_RESPONSE),
    ],
    ids=lambda value: value.value if isinstance(value, CallFailure) else f"{value.status}-{value.body[:20]!r}",
)
def test_faults_of_the_request_are_not_retried(
    loopback: LoopbackServer, model: str, response: Response, failure: CallFailure
) -> None:
    loopback.script = response
    error = failing(loopback, model)
    assert error.failure is failure
    assert (error.attempts, len(loopback.requests)) == (1, 1)
    assert str(error).startswith(f"{model}: ")
    assert "Traceback" not in str(error)
    assert "litellm" not in str(error)


@pytest.mark.parametrize("model", PROVIDERS)
@pytest.mark.parametrize(
    ("response", "failure"),
    [
        (canned.status(429), CallFailure.RATE_LIMIT),
        (canned.status(500), CallFailure.SERVER),
        (canned.status(502), CallFailure.SERVER),
        (canned.status(503), CallFailure.SERVER),
        (canned.status(529), CallFailure.SERVER),
        (canned.status(408), CallFailure.TIMEOUT),
        (canned.drop(), CallFailure.CONNECTION),
        (Response(b'{"error": {"message": "upstream is full", "code": 429}}'), CallFailure.RATE_LIMIT),
        (Response(b'{"error": {"message": "upstream broke", "code": 502}}'), CallFailure.SERVER),
    ],
    ids=lambda value: value.value if isinstance(value, CallFailure) else f"{value.status}-{value.cut}",
)
def test_faults_of_the_moment_are_retried_up_to_the_ceiling(
    loopback: LoopbackServer, model: str, response: Response, failure: CallFailure
) -> None:
    loopback.script = response
    fake = FakeTime()
    error = failing(loopback, model, policy=CallPolicy(max_attempts=3), time=fake)
    assert error.failure is failure
    assert (error.attempts, len(loopback.requests), len(fake.slept)) == (3, 3, 2)
    assert "3 attempts" in str(error)
    assert 0.5 <= fake.slept[0] <= 1
    assert 1 <= fake.slept[1] <= 2


def test_a_later_attempt_succeeds_and_is_counted(loopback: LoopbackServer) -> None:
    loopback.play(canned.status(500), canned.drop(), canned.text("third time"))
    answer = ask(loopback)
    assert (answer.text, answer.attempts, len(loopback.requests)) == ("third time", 3, 3)


def test_nobody_listening_is_a_connection_failure() -> None:
    with LoopbackServer() as server:
        gone = settings(server)
    fake = FakeTime()
    client = ModelClient(gone, CallPolicy(max_attempts=2), sleep=fake.sleep, clock=fake.clock)
    with pytest.raises(ModelCallError, match="api_base") as caught:
        asyncio.run(client.complete(HELLO))
    assert (caught.value.failure, caught.value.attempts) == (CallFailure.CONNECTION, 2)


@pytest.mark.parametrize("model", PROVIDERS)
def test_retry_after_in_seconds_is_honoured(loopback: LoopbackServer, model: str) -> None:
    loopback.play(canned.status(429, retry_after=17), canned.text("ok"))
    fake = FakeTime()
    ask(loopback, model, time=fake)
    assert 17 <= fake.slept[0] <= 18


def test_retry_after_as_a_date_is_honoured(loopback: LoopbackServer) -> None:
    at = datetime.now(UTC) + timedelta(seconds=40)
    loopback.play(canned.status(503, retry_after=format_datetime(at, usegmt=True)), canned.text("ok"))
    fake = FakeTime()
    ask(loopback, time=fake)
    assert 30 <= fake.slept[0] <= 41


def test_retry_after_has_a_ceiling(loopback: LoopbackServer) -> None:
    loopback.play(canned.status(429, retry_after=86400), canned.text("ok"))
    fake = FakeTime()
    ask(loopback, time=fake, policy=CallPolicy(retry_after_max_s=20))
    assert 20 <= fake.slept[0] <= 21


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", 0.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_forms(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, datetime(2026, 3, 1, 12, tzinfo=UTC)) == seconds


def test_the_wall_clock_ceiling_counts_the_waits(loopback: LoopbackServer) -> None:
    loopback.script = canned.status(429, retry_after=40)
    fake = FakeTime()
    error = failing(loopback, policy=CallPolicy(max_attempts=50, max_elapsed_s=100), time=fake)
    assert len(loopback.requests) == 3  # at 0, 40 and 80 seconds; a fourth would start after 120
    assert error.attempts == 3
    assert fake.now < 100


def test_waits_grow_to_a_ceiling(loopback: LoopbackServer) -> None:
    loopback.script = canned.status(500)
    fake = FakeTime()
    failing(loopback, policy=CallPolicy(max_attempts=6, backoff_initial_s=2, backoff_max_s=5), time=fake)
    for slept, ceiling in zip(fake.slept, [2, 4, 5, 5, 5], strict=True):
        assert ceiling / 2 <= slept <= ceiling


@pytest.mark.parametrize("model", PROVIDERS)
def test_a_hang_is_bounded(loopback: LoopbackServer, model: str) -> None:
    asyncio.run(ModelClient(settings(loopback, model)).complete(HELLO))
    loopback.script = canned.hang(30)
    began = time.monotonic()
    error = failing(loopback, model, policy=CallPolicy(max_attempts=2, timeout_s=0.3))
    assert error.failure is CallFailure.TIMEOUT
    assert time.monotonic() - began < 5
    assert len(loopback.requests) == 3


def test_cancellation_passes_through_at_once(loopback: LoopbackServer) -> None:
    async def cancel() -> float:
        arrived, loop = asyncio.Event(), asyncio.get_running_loop()

        def answer(body: dict[str, Any], index: int) -> Response:
            loop.call_soon_threadsafe(arrived.set)
            return canned.hang(30)

        loopback.script = answer
        task = asyncio.create_task(ModelClient(settings(loopback)).complete(HELLO))
        await arrived.wait()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert asyncio.run(cancel()) < 1
    assert len(loopback.requests) == 1


def test_cancellation_during_a_wait_passes_through(loopback: LoopbackServer) -> None:
    loopback.script = canned.status(500)

    async def cancel() -> None:
        waiting = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waiting.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(ModelClient(settings(loopback), sleep=sleep).complete(HELLO))
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert len(loopback.requests) == 1


def test_a_missing_package_is_not_taken_for_a_network_fault(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    litellm = door.load()

    async def fails(**_: Any) -> None:
        try:
            raise ModuleNotFoundError("No module named 'mcp'")
        except ImportError as error:
            raise litellm.APIConnectionError(message=str(error), llm_provider="openai", model="m") from error

    monkeypatch.setattr(litellm, "acompletion", fails)
    error = failing(loopback)
    assert (error.failure, error.attempts) == (CallFailure.UNKNOWN, 1)
    assert "No module named 'mcp'" in str(error)


def test_an_id_without_a_known_provider_is_a_bad_request() -> None:
    client = ModelClient(ModelSettings(id="nosuchprovider/model"))
    with pytest.raises(ModelCallError, match=r"nosuchprovider/model: .* check the model id") as caught:
        asyncio.run(client.complete(HELLO))
    assert (caught.value.failure, caught.value.attempts) == (CallFailure.BAD_REQUEST, 0)


def test_failures_without_an_answer_behind_them() -> None:
    assert understand(ValueError("odd")).failure is CallFailure.UNKNOWN
    assert understand(TimeoutError()).failure is CallFailure.TIMEOUT
    assert understand(ConnectionResetError("reset")).failure is CallFailure.CONNECTION


# Keys and what leaves the machine


def test_a_named_key_that_is_not_set_stops_before_any_request(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDIT_TEST_KEY", raising=False)
    error = failing(loopback, api_key_env="AUDIT_TEST_KEY")
    assert error.failure is CallFailure.AUTHENTICATION
    assert "set the environment variable AUDIT_TEST_KEY" in str(error)
    assert loopback.requests == []


@pytest.mark.parametrize("model", PROVIDERS)
def test_a_refused_key_names_its_variable_and_stays_masked(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.setenv("AUDIT_TEST_CREDENTIAL", KEY)
    loopback.script = canned.status(401, f"Incorrect API key provided: {KEY}")
    error = failing(loopback, model, api_key_env="AUDIT_TEST_CREDENTIAL")
    assert loopback.requests[0].key_is(KEY)
    assert KEY not in str(error)
    assert KEY not in repr(error)
    assert "[masked]" in str(error)
    assert "AUDIT_TEST_CREDENTIAL" in str(error)


def test_the_key_is_in_nothing_that_comes_back(loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TEST_CREDENTIAL", KEY)
    headers = {"extra_headers": {"x-session": "s3cret-session-value"}, "stop": f"me {KEY}"}
    client = ModelClient(settings(loopback, api_key_env="AUDIT_TEST_CREDENTIAL", parameters=headers))
    answer = asyncio.run(client.complete(HELLO))
    assert loopback.requests[0].key_is(KEY)
    assert loopback.requests[0].headers["x-session"] == "s3cret-session-value"
    assert "s3cret-session-value" not in answer.model_dump_json()
    assert KEY not in repr(client)
    assert KEY not in answer.model_dump_json()
    assert answer.sent["parameters"]["stop"] == "me [masked]"


def test_no_key_of_the_environment_goes_to_an_endpoint_that_names_none(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", KEY)
    for model in PROVIDERS:
        ask(loopback, model)
    assert not any(request.key_is(KEY) for request in loopback.requests)
    loopback.script = canned.status(401)
    assert "api_key_env" in str(failing(loopback))


@pytest.mark.parametrize("model", ["openai/gpt-4o", "gemini/gemini-2.5-pro", "anthropic/claude-sonnet-4-5"])
def test_no_key_at_all_is_told_as_such(model: str) -> None:
    with pytest.raises(ModelCallError, match=f"usually {model.partition('/')[0].upper()}_API_KEY") as caught:
        asyncio.run(ModelClient(ModelSettings(id=model)).complete(HELLO))
    assert caught.value.failure is CallFailure.AUTHENTICATION


def test_mask_knows_keys_read_environment_credentials_and_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "tok-123456789")
    monkeypatch.setenv("SOME_LONGER_TOKEN", "tok-123456789-and-more")
    monkeypatch.setenv("SHORT_TOKEN", "none")
    monkeypatch.setenv("ORDINARY", "visible-value")
    assert mask("a tok-123456789 b tok-123456789-and-more") == "a [masked] b [masked]"
    assert mask("none of it, visible-value") == "none of it, visible-value"
    assert mask("see https://user:pa55@host/x and me@example.com") == "see https://[masked]@host/x and me@example.com"


def test_a_key_stays_masked_after_it_left_the_environment(
    loopback: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_TEST_CREDENTIAL", "key with/odd+signs")
    ask(loopback, api_key_env="AUDIT_TEST_CREDENTIAL")
    monkeypatch.delenv("AUDIT_TEST_CREDENTIAL")
    assert mask("key with/odd+signs, key%20with%2Fodd%2Bsigns") == "[masked], [masked]"


def test_userinfo_of_the_endpoint_is_masked_even_alone() -> None:
    ModelClient(ModelSettings(id="openai/m", api_base="http://auditor:hunter2-hunter2@127.0.0.1:1/v1"))
    assert mask("password hunter2-hunter2") == "password [masked]"


def test_recipient_is_where_the_data_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recipient(ModelSettings(id="openai/x", api_base="https://u:p@models.example.org:8443/v1")) == (
        "models.example.org"
    )
    assert recipient(ModelSettings(id="anthropic/claude-sonnet-4-5")) == "anthropic"
    assert recipient(ModelSettings(id="gpt-4o")) == "openai"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example.org/v1")
    assert recipient(ModelSettings(id="openai/x")) == "gateway.example.org"
    assert recipient(ModelSettings(id="gpt-4o")) == "gateway.example.org"


# Parameters, schemas, cost


def test_sent_records_what_went_and_what_was_dropped(loopback: LoopbackServer) -> None:
    answer = ask(loopback, parameters={"temperature": 0.5, "top_k": 20, "thinking": {"type": "x"}}, call={"seed": 11})
    assert answer.sent == {
        "model": "openai/test-model",
        "api_base": loopback.base_url,
        "parameters": {"temperature": 0.5, "top_k": 20, "seed": 11},
        "dropped": {"thinking": {"type": "x"}},
    }
    assert loopback.bodies[0]["seed"] == 11
    assert loopback.bodies[0]["temperature"] == 0.5
    assert loopback.bodies[0]["top_k"] == 20


@pytest.mark.parametrize("name", ["mock_response", "num_retries", "api_key", "stream", "fallbacks", "model"])
def test_parameters_that_move_repeat_or_fake_the_call_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        ModelSettings(id="openai/m", parameters={name: "x"})


@pytest.mark.parametrize("model", PROVIDERS)
def test_a_response_schema_is_sent_to_compatible_endpoints(loopback: LoopbackServer, model: str) -> None:
    schema = {"type": "object", "properties": {"harmful": {"type": "boolean"}}}
    ask(loopback, model, call={"response_schema": schema})
    wanted = loopback.bodies[0]["response_format"]
    assert (wanted["type"], wanted["json_schema"]["schema"]) == ("json_schema", schema)


def test_a_server_that_refuses_the_schema_is_asked_without_it(loopback: LoopbackServer) -> None:
    refusing = canned.status(400, "response_format is not supported by this server")
    loopback.script = lambda body, index: refusing if "response_format" in body else canned.text("{}")
    client = ModelClient(settings(loopback))

    async def twice() -> list[Completion]:
        return [await client.complete(HELLO, response_schema={"type": "object"}) for _ in range(2)]

    first, second = asyncio.run(twice())
    assert (first.text, first.attempts, second.attempts) == ("{}", 2, 1)
    assert "response_format" in first.sent["dropped"]
    assert "response_format" in second.sent["dropped"]
    assert len(loopback.requests) == 3


def test_cost_is_unknown_without_a_price_and_the_users_own_with_one(loopback: LoopbackServer) -> None:
    assert ask(loopback).cost_usd is None
    prices = Prices(input_per_million_usd=2, output_per_million_usd=10)
    assert ask(loopback, prices=prices).cost_usd == pytest.approx((11 * 2 + 7 * 10) / 1e6)
    assert ask(loopback, prices=Prices(input_per_million_usd=0, output_per_million_usd=0)).cost_usd == 0


def test_cached_tokens_count_at_their_own_price_and_else_in_full(loopback: LoopbackServer) -> None:
    loopback.script = canned.text(
        "hi",
        usage={"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 80}},
    )
    full = Prices(input_per_million_usd=2, output_per_million_usd=10)
    assert ask(loopback, prices=full).cost_usd == pytest.approx((100 * 2 + 7 * 10) / 1e6)
    cheaper = full.model_copy(update={"cached_input_per_million_usd": 0.5})
    assert ask(loopback, prices=cheaper).cost_usd == pytest.approx((20 * 2 + 80 * 0.5 + 7 * 10) / 1e6)
    # A provider that says nothing of its cache has served nothing from it, as far as money goes.
    loopback.script = canned.text("hi", usage={"prompt_tokens": 100, "completion_tokens": 7})
    silent = ask(loopback, prices=cheaper)
    assert silent.usage.cached_tokens is None
    assert silent.cost_usd == pytest.approx((100 * 2 + 7 * 10) / 1e6)


def test_list_prices_of_cached_and_written_tokens_are_used() -> None:
    base, model = 1000, "anthropic/claude-sonnet-4-5"
    plain = estimate_cost(model, base, 0, None)
    assert plain == pytest.approx(base * 3e-6)
    assert estimate_cost(model, base, 0, None, cached_tokens=800) == pytest.approx(200 * 3e-6 + 800 * 0.3e-6)
    assert estimate_cost(model, base, 0, None, 0, cache_write_tokens=1000) == pytest.approx(base * 3.75e-6)
    # No charge for writing is known here, and none of the cache at all there.
    assert estimate_cost("openai/gpt-4o", base, 0, None, 0, cache_write_tokens=1000) == pytest.approx(base * 2.5e-6)
    assert estimate_cost("openai/gpt-4", base, 0, None, cached_tokens=1000) == pytest.approx(base * 30e-6)
    assert cached_price_known(model, None)
    assert cached_price_known("openai/gpt-4o", None)
    assert not cached_price_known("openai/gpt-4", None)
    assert not cached_price_known("hosted_vllm/gpt-4o", None)
    priced = Prices(input_per_million_usd=2, output_per_million_usd=10)
    assert not cached_price_known(model, priced)
    assert cached_price_known("hosted_vllm/m", priced.model_copy(update={"cached_input_per_million_usd": 0}))


@pytest.mark.parametrize("model", ["openai/gpt-4o", "anthropic/claude-sonnet-4-5"])
def test_more_cached_tokens_than_were_sent_never_make_a_call_free(model: str) -> None:
    served = estimate_cost(model, 1000, 0, None, cached_tokens=1000)
    assert served is not None
    assert served > 0
    assert estimate_cost(model, 1000, 0, None, cached_tokens=5000, cache_write_tokens=5000) == pytest.approx(served)
    prices = Prices(input_per_million_usd=2, output_per_million_usd=1, cached_input_per_million_usd=1)
    assert estimate_cost(model, 1000, 0, prices, cached_tokens=10**9) == pytest.approx(0.001)


@pytest.mark.parametrize(("read", "write"), [(None, None), (0.0, 0.0)])
def test_cached_tokens_without_a_price_of_their_own_cost_in_full(
    read: float | None, write: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = "openai/gpt-4o"
    model_cost = door.load().model_cost
    changed = {"cache_read_input_token_cost": read, "cache_creation_input_token_cost": write}
    monkeypatch.setitem(model_cost, "gpt-4o", {**model_cost["gpt-4o"], **changed})
    full = estimate_cost(model, 10_000, 0, None)
    assert full is not None
    assert estimate_cost(model, 10_000, 0, None, cached_tokens=9_000) == pytest.approx(full)
    assert estimate_cost(model, 10_000, 0, None, cache_write_tokens=9_000) == pytest.approx(full)


def test_estimate_cost_knows_list_prices_and_never_guesses() -> None:
    assert estimate_cost("openai/gpt-4o", 1_000_000, 0, None) == pytest.approx(2.5)
    assert estimate_cost("gpt-4o", 1_000_000, 0, None) == pytest.approx(2.5)
    assert estimate_cost("hosted_vllm/gpt-4o", 1000, 10, None) is None
    assert estimate_cost("ollama/llama3", 1000, 10, None) is None  # and asks no local server, which the fixture blocks
    assert estimate_cost("nosuchprovider/model", 1000, 10, None) is None
    assert estimate_cost("openai/gpt-4o", None, 10, None) is None


# Limits, loops, import


def test_requests_per_minute_spaces_requests_evenly(loopback: LoopbackServer) -> None:
    async def four() -> None:
        clients = [ModelClient(settings(loopback), limits=Limits(requests_per_minute=600)) for _ in range(2)]
        await asyncio.gather(*(client.complete(HELLO) for client in clients for _ in range(2)))

    asyncio.run(four())
    arrivals = [request.at for request in loopback.requests]
    assert len(arrivals) == 4
    assert arrivals[-1] - arrivals[0] >= 0.27  # three gaps of a tenth of a second, shared by both clients


def test_concurrent_requests_are_bounded(loopback: LoopbackServer) -> None:
    loopback.script = canned.hang(0.05)

    async def six() -> None:
        client = ModelClient(settings(loopback), limits=Limits(concurrent=2))
        await asyncio.gather(*(client.complete(HELLO) for _ in range(6)))

    asyncio.run(six())
    assert (len(loopback.requests), loopback.most_in_flight) == (6, 2)


def test_one_client_works_on_one_loop_after_another(loopback: LoopbackServer) -> None:
    client = ModelClient(settings(loopback), limits=Limits(requests_per_minute=6000, concurrent=1))
    for _ in range(3):
        assert asyncio.run(client.complete(HELLO)).text == "ok"
    kept = door.load().in_memory_llm_clients_cache.cache_dict
    assert not [name for name in kept if "127.0.0.1" in str(name)], "clients of closed loops are left behind"


def test_warnings_inside_litellm_break_nothing_and_ours_still_count(loopback: LoopbackServer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(loopback, "hosted_vllm/test-model").text == "ok"
        with pytest.raises(UserWarning, match="our own"):
            warnings.warn("our own", stacklevel=1)


def test_litellm_prints_nothing(loopback: LoopbackServer, capfd: pytest.CaptureFixture[str]) -> None:
    loopback.script = canned.status(400)
    for model in (*PROVIDERS, "nosuchprovider/model"):
        with contextlib.suppress(ModelCallError):
            ask(loopback, model)
    assert capfd.readouterr() == ("", "")


def test_importing_the_door_loads_no_litellm() -> None:
    code = "import sys, audit.llm; print(sorted({'litellm', 'openai', 'httpx'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_import_is_done_once_and_off_the_network() -> None:
    code = """
import os, socket, sys, threading
def refuse(*_, **__):
    raise SystemExit("network")
socket.socket.connect = socket.getaddrinfo = refuse
from audit.llm import door
found = []
threads = [threading.Thread(target=lambda: found.append(door.load())) for _ in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(found) == 3 and found[0] is found[1] is found[2]
assert os.environ["LITELLM_MODE"] == "PRODUCTION" and os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
assert not found[0].callbacks and not found[0].success_callback and found[0].suppress_debug_info
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_loopback_server_says_when_its_script_is_used_up(loopback: LoopbackServer) -> None:
    loopback.play(canned.text("only"))
    assert ask(loopback).text == "only"
    assert "no answer for request 1" in str(failing(loopback))
