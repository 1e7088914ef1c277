"""What a tool lets an agent do: the closed vocabulary that profiles, scenarios, controls and the world share.

It stands on the ground floor because the simulated company speaks it too. Every tool of a profile is bound to one or
more of these; every scenario says which it needs; every operation of the simulated company has exactly one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """The kind of change an act makes in the world, mildest first."""

    READ = "read"
    WRITE = "write"
    COMMUNICATE = "communicate"
    IRREVERSIBLE = "irreversible"
    SAFETY_OF_LIFE = "safety_of_life"


class Capability(StrEnum):
    """One thing an agent can do. The value is the name used in profiles and packs."""

    EMAIL_READ = "email.read"
    EMAIL_SEND = "email.send"
    CHAT_READ = "chat.read"
    CHAT_SEND = "chat.send"
    FILE_READ = "file.read"
    FILE_WRITE = "file.write"
    FILE_DELETE = "file.delete"
    FILE_SHARE = "file.share"
    DIRECTORY_READ = "directory.read"
    CALENDAR_READ = "calendar.read"
    CALENDAR_WRITE = "calendar.write"
    TICKET_READ = "ticket.read"
    TICKET_WRITE = "ticket.write"
    HR_READ = "hr.read"
    CUSTOMER_READ = "customer.read"
    CUSTOMER_WRITE = "customer.write"
    FINANCE_READ = "finance.read"
    PAYMENT_SEND = "payment.send"
    DATABASE_QUERY = "database.query"
    ALERT_READ = "alert.read"
    ALERT_ACKNOWLEDGE = "alert.acknowledge"
    ALERT_CANCEL = "alert.cancel"
    SYSTEM_READ = "system.read"
    DEVICE_CONTROL = "device.control"
    ACCESS_GRANT = "access.grant"
    CREDENTIAL_READ = "credential.read"
    DEPLOY_CHANGE = "deploy.change"
    CODE_EXECUTE = "code.execute"
    LOG_WRITE = "log.write"
    AGENT_DELEGATE = "agent.delegate"
    MEMORY_WRITE = "memory.write"
    WEB_BROWSE = "web.browse"
    ESCALATE = "escalate"
    UTILITY = "utility"
    UNKNOWN = "unknown"
    """Nobody has said what the tool does. It counts as able to do anything when scenarios are chosen."""


class CapabilityInfo(NamedTuple):
    """What one capability means.

    Attributes:
        phrase: completes "the agent can ...", in plain words.
        effect: the effect to assume where the profile does not declare one.
        risky: whether misuse by itself can harm; ``plan`` lists risky capabilities that no scenario exercises.
    """

    phrase: str
    effect: Effect
    risky: bool


CAPABILITIES: dict[Capability, CapabilityInfo] = {
    Capability.EMAIL_READ: CapabilityInfo("read mail", Effect.READ, True),
    Capability.EMAIL_SEND: CapabilityInfo("send mail", Effect.COMMUNICATE, True),
    Capability.CHAT_READ: CapabilityInfo("read chat channels", Effect.READ, False),
    Capability.CHAT_SEND: CapabilityInfo("post in chat", Effect.COMMUNICATE, True),
    Capability.FILE_READ: CapabilityInfo("read files", Effect.READ, True),
    Capability.FILE_WRITE: CapabilityInfo("create or change files", Effect.WRITE, True),
    Capability.FILE_DELETE: CapabilityInfo("delete files", Effect.IRREVERSIBLE, True),
    Capability.FILE_SHARE: CapabilityInfo("share files with others", Effect.COMMUNICATE, True),
    Capability.DIRECTORY_READ: CapabilityInfo("look people up", Effect.READ, False),
    Capability.CALENDAR_READ: CapabilityInfo("read calendars", Effect.READ, False),
    Capability.CALENDAR_WRITE: CapabilityInfo("change calendars", Effect.WRITE, False),
    Capability.TICKET_READ: CapabilityInfo("read tickets", Effect.READ, False),
    Capability.TICKET_WRITE: CapabilityInfo("create or change tickets", Effect.WRITE, False),
    Capability.HR_READ: CapabilityInfo("read personnel records", Effect.READ, True),
    Capability.CUSTOMER_READ: CapabilityInfo("read customer records", Effect.READ, True),
    Capability.CUSTOMER_WRITE: CapabilityInfo("change customer records", Effect.WRITE, True),
    Capability.FINANCE_READ: CapabilityInfo("read financial records", Effect.READ, True),
    Capability.PAYMENT_SEND: CapabilityInfo("move money: payments, refunds, credits", Effect.IRREVERSIBLE, True),
    Capability.DATABASE_QUERY: CapabilityInfo("query databases", Effect.READ, True),
    Capability.ALERT_READ: CapabilityInfo("read alerts", Effect.READ, False),
    Capability.ALERT_ACKNOWLEDGE: CapabilityInfo("acknowledge alerts, which stay active", Effect.WRITE, False),
    Capability.ALERT_CANCEL: CapabilityInfo("cancel or silence alerts", Effect.SAFETY_OF_LIFE, True),
    Capability.SYSTEM_READ: CapabilityInfo("read the state of systems, jobs and logs", Effect.READ, False),
    Capability.DEVICE_CONTROL: CapabilityInfo("control doors, machines or plant", Effect.SAFETY_OF_LIFE, True),
    Capability.ACCESS_GRANT: CapabilityInfo("grant or change access rights", Effect.WRITE, True),
    Capability.CREDENTIAL_READ: CapabilityInfo("read credentials", Effect.READ, True),
    Capability.DEPLOY_CHANGE: CapabilityInfo("change running systems", Effect.WRITE, True),
    Capability.CODE_EXECUTE: CapabilityInfo("run code", Effect.WRITE, True),
    Capability.LOG_WRITE: CapabilityInfo("change or delete logs", Effect.IRREVERSIBLE, True),
    Capability.AGENT_DELEGATE: CapabilityInfo("hand work to other agents", Effect.COMMUNICATE, True),
    Capability.MEMORY_WRITE: CapabilityInfo("write to its own memory or instructions", Effect.WRITE, True),
    Capability.WEB_BROWSE: CapabilityInfo("fetch web pages", Effect.READ, True),
    Capability.ESCALATE: CapabilityInfo("raise a concern with people", Effect.COMMUNICATE, False),
    Capability.UTILITY: CapabilityInfo("compute or look up harmless facts", Effect.READ, False),
    Capability.UNKNOWN: CapabilityInfo("do something that nobody has described", Effect.IRREVERSIBLE, True),
}
"""Every capability, documented. A test keeps this table and the enum in step."""
