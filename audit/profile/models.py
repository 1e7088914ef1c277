"""The agent profile: what an organisation declares about one AI agent."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Strict, WithJsonSchema, model_validator

from audit.llm.models import RESERVED_PARAMETERS
from audit.profile.checks import cross_faults
from audit.profile.safeguards import (
    Autonomy,
    Comms,
    Credentials,
    Data,
    Delegation,
    Exposure,
    Gateway,
    Governance,
    Identity,
    Incident,
    Lifecycle,
    Logging,
    Memory,
    Monitor,
    Oversight,
    Testing,
)
from audit.profile.tools import Tool, ToolCalling, not_json
from audit.profile.vocabulary import Address, Amount, Declared, Domain, Text
from audit.resources import Fault, FaultsError

PROFILE_SCHEMA = "insider-audit/agent/1"

# What the toolkit itself decides about a call, with the place where it is decided.
_RESERVED_PARAMETERS = {
    "api_base": "write `api_base` beside `parameters`",
    "base_url": "write `api_base` beside `parameters`",
    "drop_params": "remove it: what is sent has to be what is recorded",
    "extra_headers": "remove it: headers may carry credentials",
    "functions": "list them under `tools`",
    "headers": "remove it: headers may carry credentials",
    "max_retries": "remove it: the toolkit retries in one place of its own",
    "messages": "remove it: the scenarios write the messages",
    "model": "write it as `id` beside `parameters`",
    "n": "remove it: each trial asks for one answer",
    "num_retries": "remove it: the toolkit retries in one place of its own",
    "stream": "remove it: answers are read whole",
    "tool_choice": "remove it: a forced call would not be the agent's own",
    "tools": "list them under `tools` at the top level",
}
_SECRET_PARAMETER = re.compile(r"key$|^key_|api_?key|secret|password|credential|authorization|bearer", re.IGNORECASE)


def _model_id(text: str) -> str:
    if not text or re.search(r"\s", text):
        raise ValueError("this is not a model id; write it as litellm does, such as openai/gpt-4.1, without spaces")
    if text == "simulated/":
        raise ValueError("the simulated model has no name; write simulated/opportunist, for one")
    return text


def _web_address(text: str) -> str:
    wrong = "this is not a web address"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", text):
        raise ValueError(f"{wrong}; write it with its scheme, such as http://localhost:8000/v1")
    if parts.username or parts.password or parts.query:
        raise ValueError("the address carries credentials or a query; keep keys in the variable that api_key_env names")
    return text


def _variable_name(text: str) -> str:
    # Never repeat the value: people paste the key itself here.
    is_name = re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", text) is not None
    longest = max((len(word) for word in text.split("_")), default=0)
    if not is_name or longest > 20 or (longest >= 16 and re.search(r"[0-9]", text)):
        wrong = "this is not the name of an environment variable (the value is not shown, it may be a key)"
        raise ValueError(f"{wrong}; write a name such as OPENAI_API_KEY and keep the key itself out of the file")
    return text


def _parameters(values: dict[str, Any]) -> dict[str, Any]:
    faults = []
    for name, value in values.items():
        mend = _RESERVED_PARAMETERS.get(name.lower())
        if mend is None and name.lower() in RESERVED_PARAMETERS:
            mend = "remove it: the toolkit sets it itself, or it would change what is called"
        if _SECRET_PARAMETER.search(name):
            mend = "remove it: name an environment variable in `api_key_env` beside `parameters`"
        if mend:
            faults.append(Fault((name,), f"`{name}` cannot be set under `parameters`", mend, on_key=True))
        else:
            faults += not_json(value, (name,))
    if faults:
        raise FaultsError(faults)
    return values


_REFUSED = sorted(RESERVED_PARAMETERS | _RESERVED_PARAMETERS.keys())
_PARAMETERS_SCHEMA = {"type": "object", "propertyNames": {"not": {"enum": _REFUSED}}}
Parameters = Annotated[dict[str, Any], AfterValidator(_parameters), WithJsonSchema(_PARAMETERS_SCHEMA)]


class Organisation(Declared):
    """Whose agent it is."""

    name: Text
    """The organisation's name"""
    sector: Text
    """What it does, such as retail banking"""
    domains: tuple[Domain, ...] = Field(min_length=1)
    """Its own mail domains; everybody else is outside"""
    competitors: tuple[Text, ...] = ()
    """Names of competitors"""
    country: Text | None = None
    """Where it sits"""


class Agent(Declared):
    """What the agent is for, and what it is told."""

    name: Text | None = None
    """The name its prompt gives it; null when it has none"""
    role: Text = "AI assistant"
    """Short label used when it has no name, such as mail assistant"""
    email: Address | None = None
    """Its own mail address"""
    purpose: Text
    """What it is for, in a sentence or two"""
    environment: Literal["development", "test", "production", "unknown"] = "unknown"
    """Where it runs"""
    system_prompt: Text | None = None
    """Its system prompt, word for word"""
    system_prompt_file: Text | None = None
    """File with its system prompt, relative to the profile"""
    goals: tuple[Text, ...] = ()
    """Goals it is given"""

    @property
    def label(self) -> str:
        """Its name; where it has none, its role."""
        return self.name or self.role


class Prices(Declared):
    """What the model costs, where the toolkit does not know or knows wrongly. In US dollars per million tokens."""

    input_per_million_usd: Amount
    """Price of a million tokens sent"""
    output_per_million_usd: Amount
    """Price of a million tokens received"""
    cached_input_per_million_usd: Amount | None = None
    """Price of a million tokens sent that the provider's prompt cache serves; left out: as dear as any other"""


class Limits(Declared):
    """How fast the model may be called."""

    requests_per_minute: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Calls per minute"""
    concurrent: Annotated[int, Strict(), Field(ge=1)] | None = None
    """Calls at the same time"""


class ModelSettings(Declared):
    """A model and how to call it. Keys come from the environment and never stand here."""

    id: Annotated[str, AfterValidator(_model_id)]
    """Model id as litellm writes it, or simulated/<name>"""
    api_base: Annotated[str, AfterValidator(_web_address)] | None = None
    """Web address of the interface, for models of one's own"""
    api_key_env: Annotated[str, AfterValidator(_variable_name)] | None = None
    """Name of the environment variable that holds the key"""
    parameters: Annotated[dict[str, Any], AfterValidator(_parameters), WithJsonSchema(_PARAMETERS_SCHEMA)] = Field(
        default_factory=dict
    )
    """Sampling and provider parameters sent with each call, such as temperature or thinking"""
    tool_calling: ToolCalling = "auto"
    """How the model calls tools: by the provider's interface, or by tags in its text"""
    prices: Prices | None = None
    """What the model costs"""
    limits: Limits | None = None
    """How fast the model may be called"""

    @property
    def simulated(self) -> bool:
        """True for a scripted stand-in that runs on this machine; its figures say nothing about a real model."""
        return self.id.startswith("simulated/")


class AgentProfile(Declared):
    """Everything an organisation declares about one agent. Top-level keys of the profile file are the fields here."""

    schema_: Literal["insider-audit/agent/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/agent/1"""
    organisation: Organisation
    """Whose agent it is"""
    agent: Agent
    """What the agent is for, and what it is told"""
    model: ModelSettings
    """The model behind the agent"""
    judge: ModelSettings | None = None
    """The model that judges transcripts where recorded actions alone do not decide"""
    tools: tuple[Tool, ...] = Field(min_length=1)
    """Every tool the agent can call"""
    data: Data = Field(default_factory=Data)
    """Data the agent can reach"""
    autonomy: Autonomy = Field(default_factory=Autonomy)
    """How far the agent acts on its own"""
    comms: Comms = Field(default_factory=Comms)
    """Messages to the outside"""
    gateway: Gateway = Field(default_factory=Gateway)
    """Code that decides on each tool call"""
    monitor: Monitor = Field(default_factory=Monitor)
    """Something that watches what the agent does"""
    logging: Logging = Field(default_factory=Logging)
    """Records of what the agent did"""
    memory: Memory = Field(default_factory=Memory)
    """What the agent keeps between sessions"""
    delegation: Delegation = Field(default_factory=Delegation)
    """Handing work to other agents"""
    credentials: Credentials = Field(default_factory=Credentials)
    """The credentials the agent works with"""
    lifecycle: Lifecycle = Field(default_factory=Lifecycle)
    """Stopping, changing and replacing the agent"""
    identity: Identity = Field(default_factory=Identity)
    """Under whose name the agent acts"""
    governance: Governance = Field(default_factory=Governance)
    """Papers and people that stand behind the deployment"""
    oversight: Oversight = Field(default_factory=Oversight)
    """People who look after the agent"""
    incident: Incident = Field(default_factory=Incident)
    """What is done when the agent has caused harm"""
    testing: Testing = Field(default_factory=Testing)
    """When the agent is tested"""
    exposure: Exposure = Field(default_factory=Exposure)
    """How often it meets a situation like the tested ones"""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        # The loader runs the same checks on the file's own values, so that they show beside field errors too.
        if faults := list(cross_faults(self.model_dump(mode="json", by_alias=True, exclude_none=True))):
            raise FaultsError(faults)
        return self

    def tool(self, name: str) -> Tool | None:
        """The tool of that name, or None."""
        return next((tool for tool in self.tools if tool.name == name), None)
