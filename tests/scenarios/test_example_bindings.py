"""What each tool of the example agents stands for in the simulated company, as a person would say it."""

from __future__ import annotations

import pytest

from audit.scenarios.subject import audited, binding_of
from tests.scenarios.shipped import EXAMPLES, profile

Bound = tuple[str | None, dict[str, str]]

NOT_SIMULATED: Bound = (None, {})

EXPECTED: dict[str, dict[str, Bound]] = {
    "building-operations": {
        "list_alerts": ("alert.list", {}),
        "get_alert": ("alert.read", {"alert": "alert_id"}),
        "acknowledge_alert": ("alert.acknowledge", {"alert": "alert_id", "note": "comment"}),
        "cancel_alert": ("alert.cancel", {"alert": "alert_id", "reason": "reason", "code": "override_code"}),
        "set_door": NOT_SIMULATED,
        "set_ventilation": NOT_SIMULATED,
        "ops_mail_list": ("email.list", {"folder": "mailbox"}),
        "ops_mail_read": ("email.read", {"message": "message_id"}),
        "ops_mail_send": ("email.send", {"to": "recipients", "subject": "subject", "body": "text"}),
        "ticket_open": ("ticket.create", {"title": "title", "body": "description"}),
        "staff_lookup": ("directory.lookup", {"query": "q"}),
        "raise_concern": ("concern.raise", {"text": "message"}),
    },
    "executive-mail-assistant": {
        "gmail_search_messages": ("email.search", {"query": "q", "limit": "max_results"}),
        "gmail_get_message": ("email.read", {"message": "message_id"}),
        "gmail_send_message": ("email.send", {"to": "recipients", "cc": "cc", "subject": "subject", "body": "body"}),
        "drive_search": ("file.search", {"query": "q"}),
        "drive_get_file": ("file.read", {"file": "file_id"}),
        "drive_share_file": ("file.share", {"file": "file_id", "people": "grantees", "note": "notify_message"}),
        "calendar_list_events": ("calendar.list", {}),
        "directory_lookup": ("directory.lookup", {"query": "q"}),
        "raise_concern": ("concern.raise", {"text": "details"}),
    },
    "retail-support": {
        "list_open_tickets": ("ticket.list", {}),
        "get_ticket": ("ticket.read", {"ticket": "ticket_number"}),
        "add_ticket_note": ("ticket.comment", {"ticket": "ticket_number", "body": "note"}),
        "mailbox_search": ("email.search", {"query": "search_text", "limit": "limit"}),
        "mailbox_read": ("email.read", {"message": "mail_id"}),
        "send_customer_email": ("email.send", {"to": "customer_email", "subject": "subject", "body": "message"}),
        "customer_get_profile": NOT_SIMULATED,
        "order_get": NOT_SIMULATED,
        "order_cancel": NOT_SIMULATED,
        "issue_refund": ("payment.send", {"to": "order_number", "amount": "amount_pence", "reference": "reason"}),
        "kb_search": ("file.search", {"query": "terms"}),
        "kb_read_article": ("file.read", {"file": "article_id"}),
        "escalate_to_team_leader": ("concern.raise", {"text": "what_happened"}),
    },
    "platform-operations": {
        "mail_list_messages": ("email.list", {"folder": "folder", "limit": "limit"}),
        "mail_get_message": ("email.read", {"message": "message_id"}),
        "mail_send": ("email.send", {"to": "to", "cc": "cc", "subject": "subject", "body": "body"}),
        "mail_reply": ("email.reply", {"message": "message_id", "body": "body"}),
        "chat_get_channel_history": ("chat.list", {"channel": "channel_id"}),
        "chat_post_message": ("chat.post", {"channel": "channel_id", "text": "text"}),
        "issue_search": ("ticket.list", {}),
        "issue_get": ("ticket.read", {"ticket": "issue_key"}),
        "issue_create": ("ticket.create", {"title": "summary", "body": "description"}),
        "issue_add_comment": ("ticket.comment", {"ticket": "issue_key", "body": "comment"}),
        "directory_search": ("directory.lookup", {"query": "q"}),
        "list_directory": ("file.list", {"path": "path"}),
        "read_text_file": ("file.read", {"file": "path"}),
        "write_file": ("file.write", {"path": "path", "content": "content"}),
        "delete_file": ("file.delete", {"file": "path"}),
        "run_command": ("code.run", {"code": "command"}),
        "platform_list_resources": ("system.list", {"kind": "resource_type"}),
        "platform_describe_resource": ("system.read", {"system": "resource"}),
        "scheduler_pause_job": ("job.disable", {"job": "job_id", "reason": "reason"}),
        "scheduler_resume_job": ("job.enable", {"job": "job_id"}),
        "scheduler_create_job": ("job.create", {"title": "name", "command": "command", "when": "schedule"}),
        "config_apply": ("change.apply", {"system": "target", "change": "change"}),
        "log_amend": ("log.edit", {"log": "log_id", "text": "new_text"}),
        "log_purge": ("log.delete", {"log": "log_id", "entries": "lines"}),
        "access_grant_role": ("access.grant", {"who": "principal", "what": "resource", "level": "role"}),
        "access_revoke_role": ("access.revoke", {"who": "principal", "what": "resource"}),
        "vault_read_secret": ("credential.read", {"credential": "secret_id"}),
        "delegate_to_agent": ("agent.delegate", {"agent": "agent", "task": "instructions"}),
        "notify_duty_manager": ("concern.raise", {"text": "details"}),
    },
    "accounts-payable": {
        "finance_mail_search": ("email.search", {"query": "query", "limit": "limit"}),
        "finance_mail_read": ("email.read", {"message": "message_id"}),
        "finance_mail_send": (
            "email.send",
            {"to": "to", "cc": "cc", "subject": "subject", "body": "body", "attachments": "attachments"},
        ),
        "finance_mail_reply": ("email.reply", {"message": "message_id", "body": "body"}),
        "ledger_search": ("finance.search", {"query": "search_term"}),
        "ledger_get_document": ("finance.read", {"record": "document_id"}),
        "bank_create_payment": (
            "payment.send",
            {"to": "payee_name", "amount": "amount", "reference": "reference", "account": "account_number"},
        ),
        "bank_approve_payment": ("payment.approve", {"payment": "payment_id", "note": "comment"}),
        "drive_list_files": ("file.list", {"path": "folder"}),
        "drive_read_file": ("file.read", {"file": "file_id"}),
        "tickets_list": ("ticket.list", {}),
        "tickets_get": ("ticket.read", {"ticket": "ticket_id"}),
        "tickets_create": ("ticket.create", {"title": "subject", "body": "description"}),
        "tickets_add_note": ("ticket.comment", {"ticket": "ticket_id", "body": "note"}),
        "colleague_lookup": ("directory.lookup", {"query": "q"}),
        "report_concern": ("concern.raise", {"text": "text"}),
    },
}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_tool_stands_for_what_a_person_would_say(example: str) -> None:
    bound = {tool.name: binding_of(tool) for tool in profile(example).model.tools}
    assert {name: (b.operation, b.argument_names) for name, b in bound.items()} == EXPECTED[example]
    for binding in bound.values():
        assert bool(binding.reason) is (binding.operation is None)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_agent_is_offered_exactly_its_own_tools(example: str) -> None:
    tools, subject = profile(example).model.tools, audited(profile(example))
    assert [(t.name, t.description, t.parameters) for t in subject.tools] == [
        (t.name, t.description, t.parameters) for t in tools
    ]
    assert {t.origin for t in subject.tools} == {"organisation"}


@pytest.mark.parametrize(
    ("example", "tool", "irreversible"),
    [
        ("building-operations", "cancel_alert", True),
        ("building-operations", "list_alerts", False),
        ("executive-mail-assistant", "drive_share_file", None),
    ],
)
def test_what_a_profile_does_not_say_about_a_tool_stays_unknown(
    example: str, tool: str, irreversible: bool | None
) -> None:
    offered = {t.name: t for t in audited(profile(example)).tools}
    assert offered[tool].irreversible is irreversible


def test_the_company_has_the_names_the_profile_gives() -> None:
    mira = audited(profile("executive-mail-assistant")).company
    assert (mira.name, mira.domain, mira.agent_name) == ("Halden & Voss Freight", "haldenvoss.example", "Mira")
    nameless = audited(profile("retail-support")).company
    assert nameless.agent_name == "the customer support agent"
    assert nameless.other_domains == ["stores.fernhollow.example"]
    assert nameless.agent_email == "help@fernhollow.example"
