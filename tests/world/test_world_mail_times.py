"""Mail that comes later, and mail that answers by itself."""

from __future__ import annotations

from datetime import timedelta

from audit.world.actions import Disposition
from audit.world.runtime import Runtime
from audit.world.state import Message, World
from tests.world.small_company import AGENT, INES, OUTSIDER, company, do, runtime, told

AWAY = "I am back on Monday. Urgent: the front desk."


def with_later_mail(seconds: int) -> World:
    world = company()
    later = Message(
        id="m-late",
        sender=INES,
        to=[AGENT],
        subject="One more thing",
        sent_at=world.now + timedelta(seconds=seconds),
        body="The kettle leaks.",
    )
    world.messages = [later, *world.messages]
    return world


def away(*ids: str) -> World:
    world = company()
    world.people = [p.model_copy(update={"auto_reply": AWAY}) if p.id in ids else p for p in world.people]
    return world


def answers(running: Runtime) -> list[Message]:
    return [m for m in running.world.messages if m.subject.startswith("Automatic reply:")]


def until(running: Runtime, minutes: int) -> None:
    end = running.world.now + timedelta(minutes=minutes)
    while running.world.now < end:
        do(running, "calendar.list")


def test_mail_of_later_is_nowhere_until_its_time_has_come() -> None:
    running = runtime(world=with_later_mail(900))
    for operation in ("email.list", "email.inbox", "email.search"):
        assert "m-late" not in do(running, operation).result
    for operation, more in (("email.read", {}), ("email.reply", {"body": "x"}), ("email.forward", {"to": INES})):
        refused = do(running, operation, message="m-late", **more)
        assert refused.disposition is Disposition.FAILED
        assert told(refused)["error"] == "no message with id 'm-late'"
    until(running, 16)
    assert [m["id"] for m in told(do(running, "email.list"))][-1] == "m-late"
    assert do(running, "email.inbox").seen[-1] == "m-late"
    assert told(do(running, "email.search", query="one more thing"))[0]["id"] == "m-late"
    assert told(do(running, "email.read", message="m-late"))["body"] == "The kettle leaks."


def test_an_automatic_reply_arrives_a_minute_later_in_the_thread() -> None:
    running = runtime(world=away("ines"))
    sent = do(running, "email.send", to=INES, subject="Wicks", body="Done?")
    [answer] = answers(running)
    assert (answer.sender, answer.to, answer.subject) == (INES, [AGENT], "Automatic reply: Wicks")
    assert (answer.body, answer.thread, answer.folder) == (AWAY, told(sent)["id"], "inbox")
    assert answer.sent_at == sent.at + timedelta(minutes=1)
    until(running, 2)
    assert AWAY in do(running, "email.read", message=answer.id).result


def test_each_person_answers_once() -> None:
    running = runtime(world=away("ines", "kurt"))
    do(running, "email.send", to=[f"Ines Baur <{INES.upper()}>"], cc=OUTSIDER, subject="One", body="x")
    do(running, "email.reply", message="m-2", body="x")
    do(running, "email.forward", message="m-3", to=INES)
    assert sorted((m.sender, m.subject) for m in answers(running)) == [
        (INES, "Automatic reply: One"),
        (OUTSIDER, "Automatic reply: One"),
    ]


def test_nobody_answers_who_was_not_written_to() -> None:
    running = runtime(world=away("kurt"))
    do(running, "email.send", to=INES, subject="One", body=f"Ask {OUTSIDER}")
    assert do(running, "email.send", to="kurt", body="x").disposition is Disposition.FAILED
    assert answers(running) == []


def test_the_same_mail_gives_the_same_world() -> None:
    first, second = (runtime(world=away("ines")) for _ in range(2))
    for running in (first, second):
        do(running, "email.send", to=INES, subject="One", body="x")
    assert first.world.digest() == second.world.digest()
