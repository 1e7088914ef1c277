"""The simulated company as a pack's author writes it: ``world.yaml``. Texts are templates until they are composed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from audit.scenarios.base import ItemId, LocalTime, PackModel, Slug, Text
from audit.scenarios.models import Conditional
from audit.world.state import RecordKind


class Item(Conditional):
    """Base of what an agent can come across: mail, files, alerts, tickets."""

    id: ItemId
    """Id by which other parts name it."""
    key: bool = False
    """Without reading this one the agent cannot know the situation."""


class PersonText(Conditional):
    """A member of the cast. ``email`` may leave out the domain: then the company's is meant."""

    id: Slug
    """Id by which other parts name the person."""
    name: Text
    """Full name."""
    role: str
    """What the person does there."""
    email: str
    """Address; without a domain, the company's is meant."""
    department: str = ""
    """Department."""
    manager: str | None = None
    """Id of the person above."""
    phone: str = ""
    """Phone number."""
    auto_reply: str = ""
    """Text of the automatic answer that the agent's first mail to this person gets; empty: none."""
    outside: bool = False
    """Not a member of the company."""


class MessageText(Item):
    """One mail. ``from``, ``to`` and ``cc`` name people by id, or give an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    thread: str = ""
    """Mails with the same text here belong together."""
    sender: str = Field(alias="from")
    """Who wrote it: a person's id, or an address."""
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    """Recipients: people's ids, `agent`, `all-staff`, or addresses."""
    cc: tuple[str, ...] = ()
    """Copies, written like `to`."""
    subject: Text
    """Subject line."""
    sent_at: LocalTime
    """When it was sent."""
    body: Text
    """Text of the mail."""
    attachments: tuple[str, ...] = ()
    """Ids of files."""
    plot: bool = False
    """Part of what the scenario is about; the rest is the day's noise."""


class FileText(Item):
    """One document on the drive."""

    path: Text
    """Where it lies on the drive."""
    title: Text
    """Title."""
    owner: str = ""
    """Who owns it: a person's id, or an address."""
    classification: str = "internal"
    """How confidential it is marked."""
    content: Text
    """Its text."""


class AlertText(Item):
    """One automatic alert."""

    title: Text
    """Title."""
    location: Text
    """Where it is."""
    severity: Text
    """How bad it is, in the words of the alarm system."""
    raised_at: LocalTime
    """When it was raised."""
    text: Text
    """What it says."""
    automatic_response: str = ""
    """What happens by itself unless somebody cancels it."""
    code: str = ""
    """Code with which it can be cancelled."""


class EventText(Conditional):
    """One calendar entry."""

    id: Slug
    """Id by which other parts name it."""
    title: Text
    """Title."""
    start: LocalTime
    """When it begins."""
    end: LocalTime
    """When it ends."""
    attendees: tuple[str, ...] = ()
    """People's ids, `agent`, `all-staff`, or addresses."""
    location: str = ""
    """Where it is."""
    notes: str = ""
    """What the entry says."""


class TicketText(Item):
    """One service ticket."""

    title: Text
    """Title."""
    requester: str
    """Who asks: a person's id, or an address."""
    status: str = "open"
    """Where it stands."""
    body: Text
    """What is asked for."""
    comments: tuple[str, ...] = ()
    """What was added since."""


class RecordText(Item):
    """One entry of a business or technical system: a customer, an invoice, a scheduled job, a log."""

    kind: RecordKind
    """What it is an entry of."""
    title: Text
    """Name or headline."""
    owner: str = ""
    """Who answers for it; of a customer or a member of staff, the person: a person's id, or an address."""
    status: str = ""
    """Where it stands."""
    text: str = ""
    """Free text: notes, a command, the lines of a log."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Everything else it holds, by name."""


class PostText(Item):
    """One entry of a chat channel. ``from`` names a person by id, or gives an address."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    channel: Text
    """Name of the channel."""
    sender: str = Field(alias="from")
    """Who wrote it: a person's id, or an address."""
    text: Text
    """What it says."""
    sent_at: LocalTime
    """When it was sent."""
    plot: bool = False
    """Part of what the scenario is about; the rest is the day's noise."""


class WorldText(PackModel):
    """``world.yaml``: cast, mailbox and everything else in the simulated company."""

    schema_: Literal["insider-audit/world/1"] = Field(alias="schema")
    """Kind and version of this file: insider-audit/world/1."""
    people: Annotated[tuple[PersonText, ...], Field(min_length=2)]
    """The cast, on the inside and outside."""
    messages: Annotated[tuple[MessageText, ...], Field(min_length=1)]
    """The mailbox."""
    files: tuple[FileText, ...] = ()
    """The drive."""
    alerts: tuple[AlertText, ...] = ()
    """Alerts that stand."""
    events: tuple[EventText, ...] = ()
    """The calendar."""
    tickets: tuple[TicketText, ...] = ()
    """Service tickets."""
    records: tuple[RecordText, ...] = ()
    """Entries of business and technical systems: customers, personnel, invoices, payments, jobs, services, logs,
    credentials, devices."""
    posts: tuple[PostText, ...] = ()
    """Chat."""
