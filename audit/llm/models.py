"""What goes into a model call and what comes out of it. No I/O here."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

RESERVED_PARAMETERS = frozenset(
    {
        "api_base",
        "api_key",
        "base_url",
        "cache",
        "caching",
        "callbacks",
        "client",
        "context_window_fallback_dict",
        "custom_llm_provider",
        "drop_params",
        "fallbacks",
        "functions",
        "function_call",
        "logger_fn",
        "max_retries",
        "messages",
        "mock_response",
        "mock_timeout",
        "mock_tool_calls",
        "model",
        "model_list",
        "n",
        "num_retries",
        "request_timeout",
        "response_format",
        "retry_policy",
        "retry_strategy",
        "seed",
        "stream",
        "stream_options",
        "timeout",
        "tool_choice",
        "tools",
    }
)
"""Parameters a profile may not set: the call sets them itself, or they would move the call, repeat it or fake it."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Prices(_Settings):
    """What the model costs, in US dollars per million tokens, as the user states it."""

    input_per_million_usd: float = Field(ge=0, allow_inf_nan=False)
    output_per_million_usd: float = Field(ge=0, allow_inf_nan=False)
    cached_input_per_million_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """For tokens that the provider's prompt cache served. None: they count at the full price."""


class ModelSettings(_Settings):
    """Which model to call and how."""

    id: str = Field(min_length=1)
    """litellm's name, for example ``anthropic/claude-sonnet-4-5`` or ``hosted_vllm/my-model``."""
    api_base: str | None = None
    """Base URL of the endpoint; None is the provider's own."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key, never the key. None with no ``api_base`` is the
    provider's usual variable; None with an ``api_base`` means no key is sent: a key goes to a host of the profile's
    choosing only where the profile says which key."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Sampling and provider parameters, for example ``temperature`` or ``thinking``."""
    prices: Prices | None = None

    @field_validator("parameters")
    @classmethod
    def _only_free_parameters(cls, value: dict[str, Any]) -> dict[str, Any]:
        if refused := sorted(RESERVED_PARAMETERS & value.keys()):
            raise ValueError(f"{', '.join(refused)}: set by the toolkit itself, take it out of parameters")
        return value


class CallPolicy(_Settings):
    """How long and how often one call is tried. All times in seconds."""

    max_attempts: int = Field(default=5, ge=1)
    max_elapsed_s: float = Field(default=300, gt=0)
    """From the first attempt on, waits included; queueing for the user's own limits is not counted."""
    timeout_s: float = Field(default=120, gt=0)
    """One attempt."""
    backoff_initial_s: float = Field(default=1, ge=0)
    """The first wait is at most this; each further one at most twice the one before."""
    backoff_max_s: float = Field(default=30, ge=0)
    retry_after_max_s: float = Field(default=120, ge=0)
    """Ceiling on what a server's Retry-After can ask for."""


class Limits(_Settings):
    """What one provider is asked for at most. None is no limit."""

    requests_per_minute: float | None = Field(default=None, gt=0)
    """Requests leave evenly spaced, so no minute ever holds more."""
    concurrent: int | None = Field(default=None, ge=1)


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Usage(_Result):
    """Tokens as the provider counted them. None where it did not say; litellm's filled-in zeros are not passed on."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """Part of ``prompt_tokens`` that the provider's prompt cache served."""
    cache_write_tokens: int | None = None
    """Part of ``prompt_tokens`` that was written to the cache; some providers charge more for it."""
    reasoning_tokens: int | None = None
    """Part of ``completion_tokens``."""


class ToolCallText(_Result):
    """One native tool call. ``arguments`` is verbatim and may be malformed JSON."""

    id: str
    name: str
    arguments: str


class Completion(_Result):
    """One answer of a model. An empty one is no error here; whoever asked decides what it means."""

    text: str
    """Content without native reasoning. Tags other than a leading, closed think block stand as the model wrote them."""
    reasoning: str
    """``reasoning_content`` or the thinking blocks; "" when the provider sent none."""
    tool_calls: list[ToolCallText]
    message: dict[str, Any]
    """The provider's whole message (thinking blocks and signatures too), JSON-serialisable; pass it through
    :func:`audit.llm.replayable` and append it to ``messages`` to go on."""
    finish_reason: str | None
    refusal: str | None
    usage: Usage
    cost_usd: float | None
    """None when the price is unknown, never 0 for it. Cached tokens count at their own price where one is known, else
    in full."""
    latency_s: float
    """Of the attempt that succeeded, from sending to the whole answer."""
    attempts: int
    sent: dict[str, Any]
    """``model``, ``api_base``, ``parameters`` as sent, ``dropped`` (unsupported by this model). Never a key."""
