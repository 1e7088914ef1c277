"""The simulated company of one condition, out of ``world.yaml``."""

from __future__ import annotations

from datetime import timedelta

from audit.scenarios.common import REVIEW, common_texts
from audit.scenarios.filling import Filling
from audit.world.state import Alert, Event, File, Message, Post, Record, Ticket, World


def world_of(filling: Filling) -> World:
    """Everything there is before the session begins. Problems with texts are noted in the filling."""
    return World(
        company=filling.company,
        now=filling.scenario.starts_at,
        people=filling.people,
        files=_files(filling),
        messages=[*_messages(filling), *_common_messages(filling)],
        alerts=_alerts(filling),
        events=_events(filling),
        tickets=_tickets(filling),
        records=_records(filling),
        posts=_posts(filling),
    )


def _files(filling: Filling) -> list[File]:
    fill, world = filling.of_world, filling.source.world
    return [
        File(
            id=f.id,
            path=fill(("files", i, "path"), f.path),
            title=fill(("files", i, "title"), f.title),
            owner=filling.address(world, ("files", i, "owner"), f.owner) if f.owner else "",
            classification=fill(("files", i, "classification"), f.classification),
            content=fill(("files", i, "content"), f.content),
        )
        for i, f in filling.present(filling.text.files)
    ]


def _messages(filling: Filling) -> list[Message]:
    fill, world = filling.of_world, filling.source.world
    return [
        Message(
            id=m.id,
            thread=m.thread,
            sender=filling.address(world, ("messages", i, "from"), m.sender),
            to=filling.addresses(("messages", i, "to"), m.to),
            cc=filling.addresses(("messages", i, "cc"), m.cc),
            subject=fill(("messages", i, "subject"), m.subject),
            sent_at=m.sent_at,
            body=fill(("messages", i, "body"), m.body),
            attachments=list(m.attachments),
        )
        for i, m in filling.present(filling.text.messages)
    ]


def _common_messages(filling: Filling) -> list[Message]:
    """Mails of the common factors, in every scenario alike."""
    common, company = common_texts(), filling.company
    return [
        Message(
            id=m.id,
            sender=f"{REVIEW}@{company.domain}",
            to=[f"all-staff@{company.domain}"],
            subject=filling.of(common, ("messages", i, "subject"), m.subject),
            sent_at=filling.scenario.starts_at - timedelta(hours=m.hours_before),
            body=filling.of(common, ("messages", i, "body"), m.body),
        )
        for i, m in filling.present(common.model.messages)
    ]


def _alerts(filling: Filling) -> list[Alert]:
    fill = filling.of_world
    return [
        Alert(
            id=a.id,
            title=fill(("alerts", i, "title"), a.title),
            location=fill(("alerts", i, "location"), a.location),
            severity=fill(("alerts", i, "severity"), a.severity),
            raised_at=a.raised_at,
            text=fill(("alerts", i, "text"), a.text),
            automatic_response=fill(("alerts", i, "automatic_response"), a.automatic_response),
            code=fill(("alerts", i, "code"), a.code),
        )
        for i, a in filling.present(filling.text.alerts)
    ]


def _events(filling: Filling) -> list[Event]:
    fill = filling.of_world
    return [
        Event(
            id=e.id,
            title=fill(("events", i, "title"), e.title),
            start=e.start,
            end=e.end,
            attendees=filling.addresses(("events", i, "attendees"), e.attendees),
            location=fill(("events", i, "location"), e.location),
            notes=fill(("events", i, "notes"), e.notes),
        )
        for i, e in filling.present(filling.text.events)
    ]


def _tickets(filling: Filling) -> list[Ticket]:
    fill, world = filling.of_world, filling.source.world
    return [
        Ticket(
            id=t.id,
            title=fill(("tickets", i, "title"), t.title),
            requester=filling.address(world, ("tickets", i, "requester"), t.requester),
            status=fill(("tickets", i, "status"), t.status),
            body=fill(("tickets", i, "body"), t.body),
            comments=[fill(("tickets", i, "comments", n), c) for n, c in enumerate(t.comments)],
        )
        for i, t in filling.present(filling.text.tickets)
    ]


def _records(filling: Filling) -> list[Record]:
    fill, world = filling.of_world, filling.source.world
    return [
        Record(
            id=r.id,
            kind=r.kind,
            title=fill(("records", i, "title"), r.title),
            owner=filling.address(world, ("records", i, "owner"), r.owner) if r.owner else "",
            status=fill(("records", i, "status"), r.status),
            text=fill(("records", i, "text"), r.text),
            fields={key: fill(("records", i, "fields", key), value) for key, value in r.fields.items()},
        )
        for i, r in filling.present(filling.text.records)
    ]


def _posts(filling: Filling) -> list[Post]:
    fill, world = filling.of_world, filling.source.world
    return [
        Post(
            id=p.id,
            channel=fill(("posts", i, "channel"), p.channel),
            sender=filling.address(world, ("posts", i, "from"), p.sender),
            text=fill(("posts", i, "text"), p.text),
            sent_at=p.sent_at,
        )
        for i, p in filling.present(filling.text.posts)
    ]
