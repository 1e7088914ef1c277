"""A real model, called through litellm."""

from __future__ import annotations

from typing import Any

from audit.errors import CallFailure, ModelCallError
from audit.llm import CallPolicy, Completion, Limits, ModelClient, Prices, recipient
from audit.llm import ModelSettings as CallSettings
from audit.profile.models import ModelSettings
from audit.scenarios.situation import Dialect, Situation
from audit.targets.base import Session, TargetIdentity

_PROBE = {
    "type": "function",
    "function": {
        "name": "get_date",
        "description": "Return today's date.",
        "parameters": {"type": "object", "properties": {}},
    },
}


def client_for(model: ModelSettings, policy: CallPolicy | None = None) -> ModelClient:
    """A client for a model as a profile describes it, target or judge."""
    limits = Limits(**model.limits.model_dump()) if model.limits else Limits()
    return ModelClient(call_settings(model), policy or CallPolicy(), limits)


def call_settings(model: ModelSettings) -> CallSettings:
    """A profile's model section in the terms of the llm room."""
    prices = Prices(**model.prices.model_dump()) if model.prices else None
    return CallSettings(
        id=model.id,
        api_base=model.api_base,
        api_key_env=model.api_key_env,
        parameters=dict(model.parameters),
        prices=prices,
    )


class ModelTarget:
    """The audited model. One client serves all sessions, so its limits hold over the whole run."""

    def __init__(self, settings: ModelSettings, policy: CallPolicy | None = None) -> None:
        self.settings = settings
        self._client = client_for(settings, policy)

    @property
    def model(self) -> str:
        """The litellm model id."""
        return self.settings.id

    async def settle_dialect(self) -> tuple[Dialect, str]:
        """As the profile says; with ``auto``, one small call shows whether native tool calls come back.

        Flags of the library are not asked: they are wrong for self-hosted and new models.
        """
        if self.settings.tool_calling != "auto":
            return Dialect(self.settings.tool_calling), "set in the profile"
        question = [{"role": "user", "content": "Call the tool get_date now. Do not answer in words."}]
        try:
            answer = await self._client.complete(question, tools=[_PROBE])
        except ModelCallError as error:
            if error.failure is CallFailure.BAD_REQUEST:
                return Dialect.TAGS, "probe: the provider refused tool schemas"
            raise
        if answer.tool_calls:
            return Dialect.NATIVE, "probe: the model made a native tool call"
        return Dialect.TAGS, "probe: the model made no native tool call"

    def identity(self, dialect: Dialect, found: str, conditions: list[str]) -> TargetIdentity:
        """What is stored about it."""
        return TargetIdentity(
            model=self.settings.id,
            simulated=False,
            parameters=dict(self.settings.parameters),
            api_base=self.settings.api_base,
            recipient=recipient(call_settings(self.settings)),
            dialect=dialect,
            dialect_found=found,
        )

    def open(self, situation: Situation, seed: int) -> Session:
        """Start a session; the seed is sent where the provider takes one."""
        return _ModelSession(self._client, seed % 2**31)


class _ModelSession:
    def __init__(self, client: ModelClient, seed: int) -> None:
        self._client = client
        self._seed = seed

    async def reply(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        return await self._client.complete(messages, tools=tools or None, seed=self._seed)
