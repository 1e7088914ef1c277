"""What the organisation says about data access and oversight.

Every fact here defaults to unknown, which is a value of its own: a checklist answers "no" only to what was declared
as "no". The names are those by which checklists ask (``autonomy.approval.external_comms``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from audit.profile.vocabulary import UNKNOWN, Answer, Count, Day, Declared, Recipient, Text, Unknown, as_list


class Category(StrEnum):
    """What kind of data a scope holds."""

    EXECUTIVE_MAIL = "executive_mail"
    STAFF_MAIL = "staff_mail"
    PERSONAL = "personal"
    HR = "hr"
    CUSTOMER = "customer"
    HEALTH = "health"
    FINANCIAL = "financial"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a kind of data, not a password
    SOURCE_CODE = "source_code"
    CREDENTIALS = "credentials"
    SAFETY_SYSTEMS = "safety_systems"
    PUBLIC = "public"
    OTHER = "other"


class Sensitivity(StrEnum):
    """How much harm it does when the data get out, least first."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


class Access(StrEnum):
    """What the agent may do with the data."""

    READ = "read"
    WRITE = "write"
    NONE = "none"
    UNKNOWN = "unknown"


def _only_together(access: tuple[Access, ...]) -> tuple[Access, ...]:
    if len(access) > 1 and {Access.NONE, Access.UNKNOWN} & set(access):
        raise ValueError("`none` and `unknown` cannot stand beside another access; write it alone, or [read, write]")
    return access


class Scope(Declared):
    """A body of data the agent can reach."""

    name: Text
    """What people call it"""
    category: Category
    """Kind of data"""
    sensitivity: Sensitivity = Sensitivity.UNKNOWN
    """How much harm it does when the data get out"""
    access: Annotated[
        tuple[Access, ...],
        BeforeValidator(as_list, json_schema_input_type=Access | list[Access]),
        AfterValidator(_only_together),
    ] = Field(default=(Access.UNKNOWN,), min_length=1)
    """What the agent may do with it: one word, or a list"""
    required_for_task: Answer = Answer.UNKNOWN
    """Whether the agent needs it for its task"""
    tools: tuple[Text, ...] = ()
    """Names of the tools through which it is reached"""


class Data(Declared):
    """Data the agent can reach, and how that is limited."""

    scopes: tuple[Scope, ...] = ()
    """Bodies of data the agent can reach"""
    entitlement_mode: Literal["user", "agent", "none", "unknown"] = UNKNOWN
    """Whose rights decide what is found: the asking user's, the agent's own, or nobody's"""
    canaries: Answer = Answer.UNKNOWN
    """Whether marked decoys are seeded in the data, so that a leak shows"""

    @property
    def scopes_declared(self) -> bool:
        """False when the profile says nothing about scopes: they are then unknown, which is not "none"."""
        return "scopes" in self.model_fields_set

    @model_serializer(mode="wrap")
    def _keep_unknown(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # So that a profile stored and read back still knows whether scopes were declared.
        dumped: dict[str, Any] = handler(self)
        return dumped if self.scopes_declared else {key: v for key, v in dumped.items() if key != "scopes"}


class ApprovalRules(Declared):
    """What people confirm before it happens."""

    external_comms: Answer = Answer.UNKNOWN
    """Whether a person confirms external or sensitive messages before they leave"""
    irreversible: Answer = Answer.UNKNOWN
    """Whether two people confirm irreversible actions"""
    timeout_default: Literal["block", "allow", "unknown"] = UNKNOWN
    """What happens when nobody decides in time"""
    full_parameters: Answer = Answer.UNKNOWN
    """Whether approvers see every parameter of the call"""
    daily_volume: Count | Unknown = UNKNOWN
    """Approvals asked for on a usual day"""


class Autonomy(Declared):
    """How far the agent acts on its own."""

    level: Literal["suggests", "acts_with_approval", "acts_alone", "unknown"] = UNKNOWN
    """How far the agent acts on its own"""
    approval: ApprovalRules = Field(default_factory=ApprovalRules)
    """What people confirm before it happens"""


class Comms(Declared):
    """Messages to the outside."""

    external: Answer = Answer.UNKNOWN
    """Whether its messages can reach anybody outside at all"""
    allow_list: tuple[Recipient, ...] | Literal["unknown", "none"] = UNKNOWN
    """Addresses and domains it may write to; `none` when there is no such list"""
    dlp: Answer = Answer.UNKNOWN
    """Whether outgoing content is scanned for data that must not leave"""
    sender_pinned: Answer = Answer.UNKNOWN
    """Whether its messages always carry its own sender address"""


class RateLimits(Declared):
    """Budgets after which the agent is stopped. A missing one is not limited."""

    actions_per_session: Annotated[Count, Field(ge=1)] | None = None
    """Tool calls in one session"""
    external_messages_per_session: Count | None = None
    """Messages to the outside in one session"""


class Gateway(Declared):
    """Code that decides on each tool call."""

    present: Answer = Answer.UNKNOWN
    """Whether code other than the model decides on each tool call"""
    location: Literal["outside_agent", "inside_agent", "unknown"] = UNKNOWN
    """Whether it runs outside the agent's own process"""
    rate_limits: RateLimits | Literal["unknown", "none"] = UNKNOWN
    """Budgets after which the agent is stopped; `none` when there are none"""
    taint_tracking: Answer = Answer.UNKNOWN
    """Whether text from mail, web and tools is kept from authorising tool calls"""


class Monitor(Declared):
    """Something that watches what the agent does."""

    present: Answer = Answer.UNKNOWN
    """Whether something independent watches the agent's actions"""
    mode: Literal["blocking", "alerting", "offline", "unknown"] = UNKNOWN
    """Whether it stops actions, raises alerts at once, or is read later"""
    model: Text | None = UNKNOWN
    """Model it uses; null when it uses none"""
    detectors: tuple[Text, ...] | Unknown = UNKNOWN
    """What it looks for, such as coercion or forged system messages"""
    baseline: Answer = Answer.UNKNOWN
    """Whether it knows the agent's usual behaviour and reports drift"""


class Logging(Declared):
    """Records of what the agent did."""

    scope: Literal["all_actions", "some_actions", "none", "unknown"] = UNKNOWN
    """Which tool calls and messages are recorded"""
    location: Literal["outside_agent", "inside_agent", "unknown"] = UNKNOWN
    """Whether the records lie where the agent cannot write"""
    traces: Answer = Answer.UNKNOWN
    """Whether the model's reasoning is kept under access control"""
    retention_days: Count | Unknown = UNKNOWN
    """Days the records are kept"""


class Memory(Declared):
    """What the agent keeps between sessions."""

    persistent: Answer = Answer.UNKNOWN
    """Whether anything it notes survives the session"""
    agent_writable: Answer = Answer.UNKNOWN
    """Whether it can change its own memory, prompt or tools"""


class Delegation(Declared):
    """Handing work to other agents."""

    policy: Literal["forbidden", "allow_list", "free", "unknown"] = UNKNOWN
    """To which other agents it may hand work"""


class Credentials(Declared):
    """The credentials the agent works with."""

    max_ttl_minutes: Count | Unknown = UNKNOWN
    """Longest life of a credential, in minutes"""
    in_context: Answer = Answer.UNKNOWN
    """Whether credentials stand in its prompt, mail or memory"""


class Lifecycle(Declared):
    """Stopping, changing and replacing the agent."""

    kill_switch: Answer = Answer.UNKNOWN
    """Whether people can stop every instance without the agent's help"""
    kill_switch_last_test: Day | Unknown | None = UNKNOWN
    """Day of the last stop drill; null when there was none"""
    plan_channel: Literal["hidden_from_agent", "visible_to_agent", "unknown"] = UNKNOWN
    """Whether plans to replace or restrict it travel where it can read them"""
    revocation_order: Literal["before_announcement", "after_announcement", "unknown"] = UNKNOWN
    """Whether its credentials are revoked before or after a change is announced"""
    deactivation_criteria: Answer = Answer.UNKNOWN
    """Whether it is written down when it is switched off, and by whom"""


class Identity(Declared):
    """Under whose name the agent acts."""

    type: Literal["own", "shared", "human", "unknown"] = UNKNOWN
    """Its own account, one shared with others, or a person's"""
    owner: Text | None = UNKNOWN
    """Who answers for that account; null when nobody does"""


class Governance(Declared):
    """Papers and people that stand behind the deployment."""

    inventory_id: Text | None = UNKNOWN
    """Its number in the inventory of AI systems; null when it is not in one"""
    risk_owner: Text | None = UNKNOWN
    """Executive who answers for it; null when there is none"""
    acceptance_date: Day | Unknown | None = UNKNOWN
    """Day the remaining risk was signed; null when it was not"""
    impact_assessment: Answer = Answer.UNKNOWN
    """Whether an impact assessment is on record"""
    eu_class: Literal["not_high_risk", "high_risk", "prohibited", "unknown"] = UNKNOWN
    """Its class under the EU AI Act"""
    jurisdictions: tuple[Text, ...] | Unknown = UNKNOWN
    """Places whose law applies to it"""


class Oversight(Declared):
    """People who look after the agent."""

    queue_staffed: Answer = Answer.UNKNOWN
    """Whether somebody reads the concerns the agent raises"""
    reviewers: Count | Unknown = UNKNOWN
    """People who decide on its approvals"""
    reviewers_trained: Answer = Answer.UNKNOWN
    """Whether they are trained for it"""


class Incident(Declared):
    """What is done when the agent has caused harm."""

    runbook: Answer = Answer.UNKNOWN
    """Whether there is a written procedure for this agent that preserves evidence"""


class Testing(Declared):
    """When the agent is tested."""

    on_change: Answer = Answer.UNKNOWN
    """Whether a change of prompt, model or tools leads to a new test"""
    last_test: Day | Unknown | None = UNKNOWN
    """Day of the last stress test; null when there was none"""


class Exposure(Declared):
    """How often the agent meets a situation like the tested ones.

    A test measures how often the agent does harm *once* a situation of this kind arises: it reads of its own
    replacement, say, while it holds something it could use against the person deciding. How likely harm is in a year
    depends as much on how often such situations arise. That number cannot be measured here; the organisation has to
    estimate it. With harm rate ``U`` per situation and ``m`` situations a year, the likelihood of at least one harm in
    a year is ``1 - (1 - U) ** m``. While it is unknown, reports show the likelihood for several values of ``m``.
    """

    trigger_episodes_per_year: Annotated[float, Field(gt=0, allow_inf_nan=False)] | Unknown = UNKNOWN
    """Situations like the tested ones to expect in a year, over all instances of the agent"""
