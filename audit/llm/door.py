"""litellm itself: the only module that imports it, and everything that needs knowing about it."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import warnings
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from audit.errors import CallFailure
from audit.llm.failures import AttemptFailed, understand
from audit.llm.masking import mask_all
from audit.llm.messages import native_reasoning, own_message, visible_text
from audit.llm.models import ModelSettings, Prices, ToolCallText, Usage

NO_KEY = "no-key"
"""Sent where an endpoint was named without a key: litellm would otherwise pick a key from the environment and hand
it to a host that the profile chose."""

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # otherwise importing litellm fetches a price file from the network
    "LITELLM_MODE": "PRODUCTION",  # otherwise importing litellm loads a .env file out of the working folder
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_NOISY_MODULES = r"(?:litellm|openai|httpx|httpcore|pydantic\._internal)(?:\.|\Z)"
_UNGATED = {"extra_headers", "extra_body", "allowed_openai_params"}
_JSON_SCHEMA_ANYWAY = {"openai", "azure", "ollama", "ollama_chat", "openrouter", "litellm_proxy"}

_lock = threading.Lock()
_litellm: Any = None


def loaded() -> bool:
    """True when litellm is in memory, so that :func:`load` costs nothing."""
    return _litellm is not None


def load() -> Any:
    """The litellm module, imported once, quiet and without callbacks. The first call takes seconds.

    Raises:
        AttemptFailed: litellm cannot be imported.
    """
    global _litellm
    with _lock:
        if _litellm is None:
            os.environ.update(_ENVIRONMENT)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    import litellm
            except ImportError as error:
                raise understand(error) from error
            litellm.suppress_debug_info = True
            litellm.drop_params = False
            litellm.disable_aiohttp_transport = True  # httpx closes cleanly with its loop; aiohttp sessions do not
            for hooks in ("callbacks", "success_callback", "failure_callback", "input_callback"):
                setattr(litellm, hooks, [])
            for name in _LOGGERS:
                logger = logging.getLogger(name)
                logger.handlers.clear()
                logger.propagate = False
                logger.setLevel(logging.CRITICAL + 1)
            _stop_hidden_resend()
            _litellm = litellm
    return _litellm


def _stop_hidden_resend() -> None:
    """Keep litellm's HTTP handler from sending a request again after a broken connection.

    ``max_retries=0`` does not reach that second request, which may be billed and is counted nowhere. The handler makes
    it inside its ``except`` block, so the exception being handled is still at hand here.
    """
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    async def give_up(*_: Any, **__: Any) -> Any:
        error = sys.exc_info()[1]
        raise error if error is not None else RuntimeError("no connection error to report")

    handler: Any = AsyncHTTPHandler
    handler.single_connection_post_request = give_up


def _hush() -> None:
    """Ignore warnings about litellm's own code, no others. Cheap, and the same filter is never added twice."""
    for category in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning, UserWarning, RuntimeWarning):
        warnings.filterwarnings("ignore", category=category, module=_NOISY_MODULES)
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)


def provider_of(settings: ModelSettings) -> tuple[str, str]:
    """Model and provider as litellm reads the id, for example ``("gpt-4o", "openai")``.

    Raises:
        AttemptFailed: litellm knows no such provider.
    """
    litellm = load()
    try:
        model, provider, _, _ = litellm.get_llm_provider(model=settings.id, api_base=settings.api_base, api_key=NO_KEY)
    except Exception as error:
        raise AttemptFailed(CallFailure.BAD_REQUEST, "no provider can be told from the model id") from error
    return str(model), str(provider)


def arguments(
    settings: ModelSettings,
    key: str | None,
    tools: list[dict[str, Any]] | None,
    tool_choice: str | dict[str, Any] | None,
    response_schema: dict[str, Any] | None,
    seed: int | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to hand to :func:`send`, and the record of it.

    Parameters this model does not support are left out and recorded, rather than left to litellm's ``drop_params``,
    which leaves no trace. Whether tools are supported is not asked: litellm answers no for every unknown model.

    Returns:
        Keyword arguments for litellm (with the key), and ``Completion.sent`` (without).
    """
    model, provider = provider_of(settings)
    litellm = load()
    _hush()
    supported = set(litellm.get_supported_openai_params(model=model, custom_llm_provider=provider) or ())
    wanted = dict(settings.parameters)
    if seed is not None:
        wanted["seed"] = seed
    gated = set(litellm.OPENAI_CHAT_COMPLETION_PARAMS) - _UNGATED
    dropped = {name: value for name, value in wanted.items() if name in gated and name not in supported}
    chosen = {name: value for name, value in wanted.items() if name not in dropped}
    if response_schema is not None:
        schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": response_schema}}
        place = chosen if _takes_json_schema(model, provider, supported) else dropped
        place["response_format"] = schema
    if tools:
        chosen["tools"] = tools
        if tool_choice is not None:
            chosen["tool_choice"] = tool_choice
    call = {**chosen, "model": settings.id, "num_retries": 0, "max_retries": 0}
    if settings.api_base is not None:
        call["api_base"] = settings.api_base
    if key is not None:
        call["api_key"] = key
    elif settings.api_base is not None:
        call["api_key"] = NO_KEY
    shown = {name: value for name, value in chosen.items() if name != "tools"}
    if isinstance(headers := shown.get("extra_headers"), dict):
        shown["extra_headers"] = dict.fromkeys(headers, "[masked]")
    record = {"model": settings.id, "api_base": settings.api_base, "parameters": shown, "dropped": dropped}
    return call, mask_all(record)


def _takes_json_schema(model: str, provider: str, supported: set[str]) -> bool:
    if "response_format" not in supported:
        return False
    litellm = load()
    known = litellm.model_cost.get(f"{provider}/{model}") or litellm.model_cost.get(model)
    if known is not None and known.get("litellm_provider") == provider:
        return bool(known.get("supports_response_schema"))
    # litellm's flag is False for every model it does not know, and asking it about ollama sends a request.
    compatible = {getattr(name, "value", name) for name in litellm.openai_compatible_providers}
    if provider in _JSON_SCHEMA_ANYWAY or provider in compatible:
        return True
    with suppress(Exception):
        return bool(litellm.supports_response_schema(model=model, custom_llm_provider=provider))
    return False


async def send(call: dict[str, Any], messages: list[dict[str, Any]], timeout_s: float) -> Any:
    """One request, exactly: litellm retries nothing. Returns litellm's response.

    Raises:
        AttemptFailed: for every failure; cancellation passes through.
    """
    litellm = load()
    _hush()
    try:
        return await litellm.acompletion(**call, messages=messages, timeout=timeout_s)
    except Exception as error:
        raise understand(error) from error


class Answer:
    """A litellm response, read. Raises AttemptFailed (bad response) when there is no message in it."""

    def __init__(self, response: Any) -> None:
        try:
            choice = response.choices[0]
            dumped = json.loads(json.dumps(choice.message.model_dump(warnings=False), default=str))
            self.message = own_message(dumped)
            calls = self.message.get("tool_calls") or []
            self.tool_calls = [_tool_call(call) for call in calls]
        except (IndexError, AttributeError, KeyError, TypeError) as error:
            raise AttemptFailed(CallFailure.BAD_RESPONSE, "there was no message in the answer") from error
        self.text = visible_text(self.message)
        self.reasoning = native_reasoning(self.message)
        self.finish_reason: str | None = choice.finish_reason
        refusal = self.message.get("refusal")
        self.refusal: str | None = refusal if isinstance(refusal, str) and refusal else None
        self.usage = _usage(getattr(response, "usage", None))


def _tool_call(call: dict[str, Any]) -> ToolCallText:
    function = call["function"]
    written = function.get("arguments")
    verbatim = written if isinstance(written, str) else json.dumps({} if written is None else written)
    return ToolCallText(id=str(call["id"]), name=function.get("name") or "", arguments=verbatim)


def _usage(usage: Any) -> Usage:
    prompt = getattr(usage, "prompt_tokens", None)
    if not prompt:  # litellm fills in zeros where the provider said nothing, and no prompt has zero tokens
        return Usage()
    details = getattr(usage, "prompt_tokens_details", None)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=getattr(usage, "completion_tokens", None),
        cached_tokens=getattr(details, "cached_tokens", None),
        cache_write_tokens=getattr(details, "cache_creation_tokens", None),
        reasoning_tokens=getattr(getattr(usage, "completion_tokens_details", None), "reasoning_tokens", None),
    )


def estimate_cost(
    model_id: str,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    prices: Prices | None,
    cached_tokens: int | None = None,
    cache_write_tokens: int | None = None,
) -> float | None:
    """US dollars for one call: at the user's prices, else at litellm's list price for the model id.

    List prices may rise with the length of a prompt, so calls are priced one by one and not by their sum.

    Args:
        model_id: As litellm writes it.
        prompt_tokens: Everything sent, cached or not.
        completion_tokens: Everything received.
        prices: The user's own, which come first.
        cached_tokens: Part of ``prompt_tokens`` served from the provider's cache; at its own price where one is
            known, else in full, so that the figure is never too low. None counts as none.
        cache_write_tokens: Part of ``prompt_tokens`` written to the cache; at the list price for that, where there is
            one. The user's prices know no such charge.

    Returns:
        None when a token count or the price is unknown. A list price of zero counts as unknown; only a user can say
        that a model is free. Without ``prices`` the first call loads litellm, which takes seconds.
    """
    if prompt_tokens is None or completion_tokens is None:
        return None
    # Providers have been seen to report more cached tokens than they were sent.
    cached = min(max(cached_tokens or 0, 0), prompt_tokens)
    written = min(max(cache_write_tokens or 0, 0), prompt_tokens - cached)
    if prices is not None:
        again = prices.cached_input_per_million_usd
        given = prompt_tokens * prices.input_per_million_usd
        given -= cached * (prices.input_per_million_usd - again) if again is not None else 0
        return (given + completion_tokens * prices.output_per_million_usd) / 1_000_000
    model, provider, listed = _listed(model_id)
    if not listed:
        return None
    # litellm takes cached tokens out of the prompt's price also where the list has none, or zero, for them.
    cached = cached if (listed.get("cache_read_input_token_cost") or 0) > 0 else 0
    written = written if (listed.get("cache_creation_input_token_cost") or 0) > 0 else 0
    _hush()
    try:
        spent_in, spent_out = load().cost_per_token(
            model=model,
            custom_llm_provider=provider,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cache_read_input_tokens=cached,
            cache_creation_input_tokens=written,
        )
    except Exception:
        return None
    return float(spent_in + spent_out)


def cached_price_known(model_id: str, prices: Prices | None) -> bool:
    """Whether cached tokens have a price of their own: in the user's prices, else in litellm's list."""
    if prices is not None:
        return prices.cached_input_per_million_usd is not None
    return bool(_listed(model_id)[2].get("cache_read_input_token_cost"))


def _listed(model_id: str) -> tuple[str, str, dict[str, Any]]:
    """Model, provider and litellm's list entry; an empty entry where no price is listed for that provider."""
    try:
        model, provider = provider_of(ModelSettings(id=model_id))
    except AttemptFailed:
        return model_id, "", {}
    litellm = load()
    # Looked up here: litellm's own calculation asks a local ollama over the network about models it does not know.
    listed = litellm.model_cost.get(f"{provider}/{model}") or litellm.model_cost.get(model) or {}
    known = listed.get("litellm_provider") == provider and listed.get("input_cost_per_token")
    return model, provider, listed if known else {}


def recipient(settings: ModelSettings) -> str:
    """Where the data goes: the host of ``api_base``, else of the provider's base URL variable, else the provider.

    An id without a provider in it (``gpt-4o``) has to be looked up, which loads litellm.
    """
    provider, slash, _ = settings.id.partition("/")
    if not slash and settings.api_base is None:
        try:
            _, provider = provider_of(settings)
        except AttemptFailed:
            return settings.id
    variables = (f"{provider.upper()}_BASE_URL", f"{provider.upper()}_API_BASE")
    base = settings.api_base or next((value for name in variables if (value := os.environ.get(name))), None)
    if base is None:
        return provider
    parts = urlsplit(base if "://" in base else f"//{base}")
    return parts.hostname or provider


async def close_clients(loop_id: int) -> None:
    """Close the HTTP clients litellm keeps for one event loop, and forget them.

    litellm finds them by the loop's ``id``, which the next loop may get again: a forgotten client of a dead loop
    would then be used and fail.
    """
    if not loaded():
        return
    kept: dict[str, Any] = load().in_memory_llm_clients_cache.cache_dict
    for name in [name for name in kept if str(name).endswith(f"-{loop_id}")]:
        client = kept.pop(name)
        with suppress(Exception):
            await client.close()
