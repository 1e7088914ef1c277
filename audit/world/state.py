"""The simulated company as one value: everything an agent can see or change, and nothing else.

The state is deterministic. Time and ids come from it and move only when an operation moves them, so the same list of
actions always gives the same world.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field


class StateModel(BaseModel):
    """Base of everything in the company: unknown fields are an error, changes are checked."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class _Named(Protocol):
    id: str


class Person(StateModel):
    """Somebody in the company's directory, or somebody outside it whom the company knows."""

    id: str
    name: str
    email: str
    role: str = ""
    department: str = ""
    manager: str | None = None
    """Id of another person."""
    phone: str = ""
    auto_reply: str = ""
    """Text of the automatic answer to the agent's first mail; empty: none."""

    @property
    def first(self) -> str:
        """Given name, as colleagues write it."""
        return next(iter(self.name.split()), "")


class Message(StateModel):
    """One mail."""

    id: str
    thread: str = ""
    sender: str
    """Address."""
    to: list[str]
    cc: list[str] = Field(default_factory=list)
    bcc: list[str] = Field(default_factory=list)
    subject: str
    sent_at: datetime
    body: str
    attachments: list[str] = Field(default_factory=list)
    """Ids of files."""
    folder: str = "inbox"


class File(StateModel):
    """One document on the company's drive."""

    id: str
    path: str
    title: str
    owner: str = ""
    """Address."""
    classification: str = "internal"
    content: str
    shared_with: list[str] = Field(default_factory=list)
    """Addresses outside the default audience."""


class AlertStatus(StrEnum):
    """Where an alert stands."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


class Alert(StateModel):
    """One automatic alert, and what happens by itself while it stays active."""

    id: str
    title: str
    location: str
    severity: str
    raised_at: datetime
    text: str
    automatic_response: str = ""
    code: str = ""
    """Code that the alert system accepts for a cancellation, where it asks for one."""
    status: AlertStatus = AlertStatus.ACTIVE


class Event(StateModel):
    """One calendar entry."""

    id: str
    title: str
    start: datetime
    end: datetime
    attendees: list[str] = Field(default_factory=list)
    location: str = ""
    notes: str = ""


class Ticket(StateModel):
    """One service ticket."""

    id: str
    title: str
    requester: str
    status: str = "open"
    body: str
    comments: list[str] = Field(default_factory=list)


class Concern(StateModel):
    """Something the agent raised with people through its escalation channel."""

    id: str
    text: str
    raised_at: datetime


class RecordKind(StrEnum):
    """What a record of the company's systems is about."""

    CUSTOMER = "customer"
    PERSONNEL = "personnel"
    INVOICE = "invoice"
    PAYMENT = "payment"
    JOB = "job"
    SERVICE = "service"
    LOG = "log"
    CREDENTIAL = "credential"
    DEVICE = "device"


class Record(StateModel):
    """One entry of a business or technical system: a customer, an invoice, a scheduled job, a log."""

    id: str
    kind: RecordKind
    title: str
    owner: str = ""
    """Address of who answers for it; of a customer or a member of staff, the person's own."""
    status: str = ""
    text: str = ""
    """Free text: notes, a command, the lines of a log."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Everything else it holds, by name."""


class Post(StateModel):
    """One entry of a chat channel."""

    id: str
    channel: str
    sender: str
    """Address."""
    text: str
    sent_at: datetime


class Delegation(StateModel):
    """A task the agent handed to another agent."""

    id: str
    agent: str
    task: str
    at: datetime


class Grant(StateModel):
    """An access right the agent gave."""

    id: str
    who: str
    """Address, account or role that got it, as the agent wrote it."""
    what: str
    level: str = ""
    at: datetime


class Company(StateModel):
    """Who the agent works for, as the simulation names it."""

    name: str
    domain: str
    other_domains: list[str] = Field(default_factory=list)
    """Further internal mail domains."""
    agent_name: str
    """How colleagues refer to the agent."""
    agent_email: str

    def is_internal(self, address: str) -> bool:
        """Whether an address (``x@domain``, or ``Name <x@domain>``) belongs to the company or one of its subdomains."""
        domain = address.rsplit("@", 1)[-1].strip().strip(" >.").casefold()
        ours = [own.casefold() for own in [self.domain, *self.other_domains]]
        return any(domain == own or domain.endswith("." + own) for own in ours)


class World(StateModel):
    """The whole simulated company at one moment."""

    company: Company
    now: datetime
    seed: int = 0
    people: list[Person] = Field(default_factory=list)
    messages: list[Message] = Field(default_factory=list)
    files: list[File] = Field(default_factory=list)
    alerts: list[Alert] = Field(default_factory=list)
    events: list[Event] = Field(default_factory=list)
    tickets: list[Ticket] = Field(default_factory=list)
    concerns: list[Concern] = Field(default_factory=list)
    records: list[Record] = Field(default_factory=list)
    posts: list[Post] = Field(default_factory=list)
    delegations: list[Delegation] = Field(default_factory=list)
    grants: list[Grant] = Field(default_factory=list)
    memories: list[str] = Field(default_factory=list)
    """What the agent wrote into its own memory, oldest first."""
    counters: dict[str, int] = Field(default_factory=dict)
    """How many ids of each kind were given out during the episode."""

    def fresh(self, seed: int | None = None) -> World:
        """A copy to act in, with a seed of its own where one is given.

        Operations replace what they change and change nothing in place, so the copy shares all parts with this world.
        """
        return self.model_copy(update={} if seed is None else {"seed": seed})

    def tick(self) -> datetime:
        """Move the clock on by 20 to 90 seconds, the same ones for the same seed and step; return the new time."""
        step = self._next("tick")
        digest = hashlib.blake2b(f"{self.seed}:tick:{step}".encode(), digest_size=4).digest()
        self.now = self.now + timedelta(seconds=20 + int.from_bytes(digest, "big") % 71)
        return self.now

    def new_id(self, kind: str) -> str:
        """Give out the next id of a kind, for example ``msg-9f3a12``; never one that is taken by the scenario."""
        taken = {item.id for kept in self._kept() for item in kept}
        while True:
            step = self._next(kind)
            new = f"{kind}-{hashlib.blake2b(f'{self.seed}:{kind}:{step}'.encode(), digest_size=4).hexdigest()}"
            if new not in taken:
                return new

    def digest(self) -> str:
        """SHA-256 over the whole state: two equal worlds have equal digests."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def _kept(self) -> tuple[Sequence[_Named], ...]:
        return (
            self.messages,
            self.files,
            self.alerts,
            self.events,
            self.tickets,
            self.concerns,
            self.records,
            self.posts,
            self.delegations,
            self.grants,
        )

    def _next(self, kind: str) -> int:
        step = self.counters.get(kind, 0)
        self.counters = {**self.counters, kind: step + 1}
        return step
