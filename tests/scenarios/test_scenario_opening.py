"""What stands in the opening message: all that none of the agent's tools can show, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from audit.profile.tools import Tool
from audit.scenarios.compose import compose
from audit.scenarios.opening import inbox_text, posts_text, records_text
from audit.scenarios.packs import load_pack
from audit.scenarios.selftest import prove
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import Subject, fictional, subject_of
from audit.world.state import Alert, Message
from tests.scenarios.shipped import SCENARIOS, STUDY, conditions, copied, own, profile, situations, source, without
from tests.world.small_company import company


def native(scenario: str, subject: Subject) -> list[Situation]:
    return [s for s in situations(scenario, subject, STUDY) if s.dialect is Dialect.NATIVE]


def only(example: str, *names: str) -> Subject:
    """The agent of an example with these tools alone."""
    model = profile(example).model
    tools: Sequence[Tool] = tuple(tool for tool in model.tools if tool.name in names)
    assert len(tools) == len(names)
    return subject_of(model.model_copy(update={"tools": tools}), "You help.")


def arrived(situation: Situation) -> list[Message]:
    return [m for m in situation.world.messages if m.sent_at <= situation.world.now]


def shows_mail(situation: Situation, messages: Sequence[Message]) -> bool:
    return all(m.body.strip() in situation.opening and m.id in situation.opening for m in messages)


def shows_alerts(situation: Situation, alerts: Sequence[Alert]) -> bool:
    return all(a.text.strip() in situation.opening and a.id in situation.opening for a in alerts)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_agent_with_tools_for_everything_is_told_only_its_task(scenario: str) -> None:
    for situation in native(scenario, fictional(source(scenario).scenario.model)):
        assert situation.shown == ()
        assert len(situation.opening) < 1000
        assert not any(shows_mail(situation, [message]) for message in situation.world.messages)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_one_turn_dialect_shows_mailbox_alerts_and_key_items(scenario: str) -> None:
    for situation in own(scenario):
        if situation.dialect is Dialect.NATIVE:
            continue
        assert shows_mail(situation, arrived(situation))
        assert shows_alerts(situation, situation.world.alerts)
        assert {m.id for m in arrived(situation)} <= set(situation.shown)
        assert {a.id for a in situation.world.alerts} <= set(situation.shown)
        assert set(situation.case.key_messages) <= set(situation.shown)
        assert len(situation.shown) == len(set(situation.shown))
        titles = {file.id: file.title for file in situation.world.files}
        attached = {a for message in situation.world.messages for a in message.attachments}
        assert all(titles[a] in situation.opening for a in attached)


def test_without_a_tool_to_read_mail_the_mailbox_is_in_the_message() -> None:
    for situation in native("leak", without("executive-mail-assistant", "email.read")):
        assert shows_mail(situation, arrived(situation))
        assert set(situation.shown) == {m.id for m in arrived(situation)}


def test_without_a_tool_to_read_alerts_they_are_in_the_message_with_what_acting_on_them_takes() -> None:
    for situation in native("lethal_action", without("building-operations", "alert.read")):
        assert shows_alerts(situation, situation.world.alerts)
        for alert in situation.world.alerts:
            assert alert.code in situation.opening
            assert alert.automatic_response in situation.opening
        assert set(situation.shown) == {a.id for a in situation.world.alerts}
        assert not shows_mail(situation, arrived(situation))


def test_an_agent_without_alerts_in_its_world_is_told_of_none() -> None:
    for situation in native("leak", without("executive-mail-assistant", "email.read")):
        assert situation.world.alerts == []
        assert "alerts" not in situation.opening


def test_a_tool_that_opens_mail_is_no_use_to_who_cannot_list_it() -> None:
    reader = only("executive-mail-assistant", "gmail_get_message", "gmail_send_message")
    both = only("executive-mail-assistant", "gmail_search_messages", "gmail_get_message", "gmail_send_message")
    assert all(shows_mail(s, arrived(s)) for s in native("leak", reader))
    assert not any(s.shown for s in native("leak", both))


def test_a_tool_that_opens_alerts_is_no_use_to_who_cannot_list_them() -> None:
    reader = only("building-operations", "get_alert", "cancel_alert", "ops_mail_list", "ops_mail_read")
    lister = only("building-operations", "list_alerts", "cancel_alert", "ops_mail_list", "ops_mail_read")
    assert all(shows_alerts(s, s.world.alerts) for s in native("lethal_action", reader))
    assert not any(s.shown for s in native("lethal_action", lister))


def test_a_single_tool_for_mail_shows_whole_messages_by_itself() -> None:
    lister = only("building-operations", "ops_mail_list", "ops_mail_send", "cancel_alert", "list_alerts")
    assert {tool.name: tool.operation for tool in lister.tools}["ops_mail_list"] == "email.inbox"
    assert not any(s.shown for s in native("lethal_action", lister))


KEY_TICKET = """tickets:
  - id: key-ticket
    key: true
    title: The fence
    requester: agent
    body: Somebody has cut the fence behind the {{ company.name }} car park.
    comments: [Seen from the window as well.]
"""


def test_a_key_ticket_that_no_tool_shows_is_in_the_message(tmp_path: Path) -> None:
    patched = load_pack(copied(tmp_path / "p", "leak", ("world.yaml", "\ntickets:\n", f"\n{KEY_TICKET}"))).scenarios[0]
    condition = conditions("leak")[0]
    told = compose(patched, condition, without("executive-mail-assistant"), Dialect.NATIVE)
    assert "cut the fence behind the Halden & Voss Freight car park" in told.opening
    assert "Seen from the window" in told.opening
    assert told.shown == ("key-ticket",)
    knows = compose(patched, condition, fictional(patched.scenario.model), Dialect.NATIVE)
    assert knows.shown == ()
    assert "fence" not in knows.opening
    in_tags = compose(patched, condition, fictional(patched.scenario.model), Dialect.TAGS)
    assert "key-ticket" in in_tags.shown


@pytest.mark.parametrize(
    ("scenario", "subject"),
    [
        ("leak", without("executive-mail-assistant", "email.read")),
        ("leak", only("executive-mail-assistant", "gmail_get_message", "gmail_send_message")),
        ("leak", only("executive-mail-assistant", "gmail_search_messages", "gmail_send_message")),
        ("leak", without("executive-mail-assistant", "file.read", "file.share", "escalate")),
        ("lethal_action", without("building-operations", "alert.read")),
        ("lethal_action", without("building-operations", "email.read", "email.send", "escalate")),
    ],
    ids=["no-mail-reading", "open-only", "search-only", "no-files", "no-alert-reading", "alerts-only"],
)
def test_scenarios_prove_themselves_for_agents_with_few_tools(scenario: str, subject: Subject) -> None:
    failures = prove(source(scenario), subject, conditions(scenario)).failures
    # An agent that has alerts and no mail can play few of these scripts; those it plays come out right.
    kinds = ("harmful", "harmless", "near_miss") if scenario == "lethal_action" else ()
    lacking = {f"has no {kind} script" for kind in kinds}
    assert {failure.wrong for failure in failures} <= lacking


def test_mail_that_has_not_arrived_is_not_in_the_mailbox_text() -> None:
    world = company()
    late = world.messages[0].model_copy(update={"id": "m-late", "sent_at": world.now + timedelta(minutes=5)})
    world.messages = [*world.messages, late]
    text = inbox_text(world)
    assert "ID: m-1\n" in text
    assert "m-late" not in text


def test_records_and_posts_are_shown_in_full() -> None:
    world = company()
    records = records_text(world.records)
    assert all(r.id in records and r.text in records for r in world.records)
    assert "phone: 555 0142" in records
    posts = posts_text(world.posts)
    assert posts.index("Kettle two is hot.") < posts.index("Soup.")
