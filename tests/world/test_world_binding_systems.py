"""Ordinary tools of business and technical systems: bound where name and arguments say so, and to nothing worse."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.binding.infer import infer_binding
from audit.world.capabilities import Capability
from tests.world.binding_helpers import schema

C = Capability
TEXT = {"type": "string"}
NUMBER = {"type": "number"}

# name, schema, capabilities, operation (None: it must stay unbound)
TOOLS: list[tuple[str, dict[str, Any], list[C], str | None]] = [
    (
        "create_refund",
        schema("charge amount", charge=TEXT, amount=NUMBER, reason=TEXT),
        [C.PAYMENT_SEND],
        "payment.send",
    ),
    ("issue_payment", schema("payee amount", payee=TEXT, amount=NUMBER, memo=TEXT), [C.PAYMENT_SEND], "payment.send"),
    ("issue_refund", schema("order_id amount", order_id=TEXT, amount=NUMBER), [C.PAYMENT_SEND], "payment.send"),
    ("transfer_funds", schema("", from_account=TEXT, to_account=TEXT, amount=NUMBER), [C.PAYMENT_SEND], "payment.send"),
    ("send_payment", schema("", iban=TEXT, amount=NUMBER, payee=TEXT), [C.PAYMENT_SEND], "payment.send"),
    ("pay_invoice", schema("", invoice_id=TEXT, amount=NUMBER), [C.PAYMENT_SEND], "payment.send"),
    ("approve_invoice", schema("", invoice_id=TEXT, comment=TEXT), [C.PAYMENT_SEND], "payment.approve"),
    ("approve_payment", schema("", payment_id=TEXT), [C.PAYMENT_SEND], "payment.approve"),
    ("cancel_payment", schema("", payment_id=TEXT), [C.PAYMENT_SEND], None),
    ("reject_payment", schema("", payment_id=TEXT), [C.PAYMENT_SEND], None),
    ("disable_cron_job", schema("job_id", job_id=TEXT), [C.DEPLOY_CHANGE], "job.disable"),
    ("pause_workflow", schema("", workflow_id=TEXT, reason=TEXT), [C.DEPLOY_CHANGE], "job.disable"),
    ("resume_job", schema("", job=TEXT), [C.DEPLOY_CHANGE], "job.enable"),
    ("schedule_job", schema("", name=TEXT, schedule=TEXT, command=TEXT), [C.DEPLOY_CHANGE], "job.create"),
    ("create_cron_job", schema("", name=TEXT, cron_expression=TEXT, script=TEXT), [C.DEPLOY_CHANGE], "job.create"),
    ("trigger_pipeline", schema("", pipeline=TEXT), [C.DEPLOY_CHANGE], None),
    ("delete_job", schema("", job_id=TEXT), [C.DEPLOY_CHANGE], None),
    ("deploy_service", schema("", service=TEXT, version=TEXT), [C.DEPLOY_CHANGE], "change.apply"),
    ("update_config", schema("", service=TEXT, config=TEXT), [C.DEPLOY_CHANGE], "change.apply"),
    ("apply_manifest", schema("", target=TEXT, manifest=TEXT), [C.DEPLOY_CHANGE], "change.apply"),
    ("patch_server", schema("", host=TEXT, patch=TEXT), [C.DEPLOY_CHANGE], "change.apply"),
    ("delete_logs", schema("", log_id=TEXT), [C.LOG_WRITE], "log.delete"),
    ("purge_log_entries", schema("", log_name=TEXT, filter=TEXT), [C.LOG_WRITE], "log.delete"),
    ("clear_audit_log", schema("", log=TEXT), [C.LOG_WRITE], "log.delete"),
    ("edit_log", schema("", log_file=TEXT, content=TEXT), [C.LOG_WRITE], "log.edit"),
    ("update_log_entry", schema("", log_id=TEXT, text=TEXT), [C.LOG_WRITE], "log.edit"),
    ("append_log", schema("", log=TEXT, text=TEXT), [C.LOG_WRITE], None),
    ("log_message", schema("", log=TEXT, text=TEXT), [C.LOG_WRITE], None),
    ("grant_role", schema("", user=TEXT, role=TEXT), [C.ACCESS_GRANT], "access.grant"),
    ("grant_access", schema("", email=TEXT, resource=TEXT, level=TEXT), [C.ACCESS_GRANT], "access.grant"),
    ("add_user_to_group", schema("", user_id=TEXT, group_id=TEXT), [C.ACCESS_GRANT], "access.grant"),
    ("add_member", schema("", username=TEXT, project=TEXT, role=TEXT), [C.ACCESS_GRANT], "access.grant"),
    ("assign_permission", schema("", principal=TEXT, permission=TEXT), [C.ACCESS_GRANT], "access.grant"),
    ("revoke_role", schema("", user=TEXT, role=TEXT), [C.ACCESS_GRANT], "access.revoke"),
    ("remove_user_from_group", schema("", user=TEXT, group=TEXT), [C.ACCESS_GRANT], "access.revoke"),
    ("run_shell", schema("", command=TEXT), [C.CODE_EXECUTE], "code.run"),
    ("bash", schema("", command=TEXT), [C.CODE_EXECUTE], "code.run"),
    ("execute_code", schema("", code=TEXT, language=TEXT), [C.CODE_EXECUTE], "code.run"),
    ("python_repl", schema("", query=TEXT), [C.CODE_EXECUTE], None),
    ("run_command", schema("", cmd=TEXT, cwd=TEXT), [C.CODE_EXECUTE], "code.run"),
    ("post_slack_message", schema("", channel=TEXT, text=TEXT), [C.CHAT_SEND], "chat.post"),
    ("send_teams_message", schema("", channel_id=TEXT, message=TEXT), [C.CHAT_SEND], "chat.post"),
    ("send_chat_message", schema("", room=TEXT, body=TEXT), [C.CHAT_SEND], "chat.post"),
    ("get_channel_history", schema("", channel=TEXT, limit=NUMBER), [C.CHAT_READ], "chat.list"),
    ("read_slack_messages", schema("", channel=TEXT), [C.CHAT_READ], "chat.list"),
    ("slack_list_channels", schema("", limit=NUMBER), [C.CHAT_READ], None),
    ("slack_add_reaction", schema("", channel_id=TEXT, reaction=TEXT), [C.CHAT_SEND], None),
    ("get_customer", schema("", customer_id=TEXT), [C.CUSTOMER_READ], "customer.read"),
    ("lookup_account", schema("", account_id=TEXT), [C.CUSTOMER_READ], "customer.read"),
    ("search_customers", schema("", query=TEXT), [C.CUSTOMER_READ], "customer.search"),
    ("list_clients", schema(), [C.CUSTOMER_READ], "customer.search"),
    ("get_customer", schema("", customer_id=TEXT), [C.CUSTOMER_READ, C.CUSTOMER_WRITE], "customer.read"),
    (
        "update_customer",
        schema("", customer_id=TEXT, note=TEXT),
        [C.CUSTOMER_READ, C.CUSTOMER_WRITE],
        "customer.update",
    ),
    ("add_customer_note", schema("", customer_id=TEXT, note=TEXT), [C.CUSTOMER_WRITE], "customer.update"),
    ("delete_customer", schema("", customer_id=TEXT), [C.CUSTOMER_WRITE], None),
    ("search_invoices", schema("", query=TEXT), [C.FINANCE_READ], "finance.search"),
    ("get_invoice", schema("", invoice_id=TEXT), [C.FINANCE_READ], "finance.read"),
    ("list_transactions", schema("", account=TEXT), [C.FINANCE_READ], "finance.search"),
    ("get_payment_status", schema("", payment_id=TEXT), [C.FINANCE_READ], "finance.read"),
    ("get_payment", schema("", payment_id=TEXT), [C.FINANCE_READ, C.PAYMENT_SEND], "finance.read"),
    ("get_employee", schema("", employee_id=TEXT), [C.HR_READ], "hr.read"),
    ("search_employees", schema("", name=TEXT), [C.HR_READ], "hr.search"),
    ("get_personnel_file", schema("", person=TEXT), [C.HR_READ], "hr.read"),
    ("list_services", schema(), [C.SYSTEM_READ], "system.list"),
    ("list_jobs", schema("", filter=TEXT), [C.SYSTEM_READ], "system.list"),
    ("get_service_status", schema("", service=TEXT), [C.SYSTEM_READ], "system.read"),
    ("get_job", schema("", job_id=TEXT), [C.SYSTEM_READ], "system.read"),
    ("describe_deployment", schema("", name=TEXT), [C.SYSTEM_READ], "system.read"),
    ("read_log", schema("", log_name=TEXT), [C.SYSTEM_READ], "log.read"),
    ("tail_logs", schema("", path=TEXT), [C.SYSTEM_READ], "log.read"),
    ("get_secret", schema("", secret_name=TEXT), [C.CREDENTIAL_READ], "credential.read"),
    ("read_credential", schema("", name=TEXT), [C.CREDENTIAL_READ], "credential.read"),
    ("get_access_token", schema("", name=TEXT), [C.CREDENTIAL_READ], "credential.read"),
    ("rotate_secret", schema("", name=TEXT), [C.CREDENTIAL_READ], None),
    ("set_device_state", schema("", device_id=TEXT, state=TEXT), [C.DEVICE_CONTROL], "device.set"),
    ("control_valve", schema("", valve=TEXT, position=TEXT), [C.DEVICE_CONTROL], "device.set"),
    ("unlock_door", schema("", door_id=TEXT), [C.DEVICE_CONTROL], None),
    ("delegate_task", schema("", agent=TEXT, task=TEXT), [C.AGENT_DELEGATE], "agent.delegate"),
    ("send_message_to_agent", schema("", agent_id=TEXT, message=TEXT), [C.AGENT_DELEGATE], "agent.delegate"),
    ("call_agent", schema("", agent_name=TEXT, prompt=TEXT), [C.AGENT_DELEGATE], "agent.delegate"),
    ("save_memory", schema("", content=TEXT), [C.MEMORY_WRITE], "memory.write"),
    ("update_instructions", schema("", text=TEXT), [C.MEMORY_WRITE], "memory.write"),
    ("delete_memory", schema("", id=TEXT), [C.MEMORY_WRITE], None),
    ("query_database", schema("", sql=TEXT), [C.DATABASE_QUERY], "database.query"),
    ("execute_sql", schema("", query=TEXT), [C.DATABASE_QUERY], "database.query"),
    ("list_tables", schema(), [C.DATABASE_QUERY], None),
    ("describe_table", schema("", table=TEXT), [C.DATABASE_QUERY], None),
    ("query_table", schema("", query=TEXT), [C.DATABASE_QUERY], "database.query"),
]


@pytest.mark.parametrize(("name", "parameters", "capabilities", "operation"), TOOLS)
def test_an_ordinary_tool_is_bound_as_its_name_says(
    name: str, parameters: dict[str, Any], capabilities: list[C], operation: str | None
) -> None:
    binding = infer_binding(name, parameters, capabilities)
    assert binding.stands_for == (operation or "")
    assert bool(binding.reason) is (operation is None)


@pytest.mark.parametrize(
    ("name", "parameters", "capability", "arguments"),
    [
        ("transfer_funds", schema(from_account=TEXT, to_account=TEXT, amount=NUMBER), C.PAYMENT_SEND,
         {"to": "to_account", "account": "from_account", "amount": "amount"}),
        ("add_member", schema(username=TEXT, project=TEXT, role=TEXT), C.ACCESS_GRANT,
         {"who": "username", "what": "project", "level": "role"}),
        ("create_cron_job", schema(name=TEXT, cron_expression=TEXT, script=TEXT), C.DEPLOY_CHANGE,
         {"title": "name", "when": "cron_expression", "command": "script"}),
        ("update_config", schema(service=TEXT, config={"type": "object"}), C.DEPLOY_CHANGE,
         {"system": "service", "change": "config"}),
    ],
)  # fmt: skip
def test_arguments_go_where_a_person_would_put_them(
    name: str, parameters: dict[str, Any], capability: C, arguments: dict[str, str]
) -> None:
    assert infer_binding(name, parameters, [capability]).argument_names == arguments


def test_a_name_that_says_neither_is_bound_to_neither_and_says_why() -> None:
    binding = infer_binding("trail", schema(log=TEXT, text=TEXT), [C.LOG_WRITE])
    assert binding.operation is None
    assert "its name does not say that it is log.edit or log.delete" in binding.reason
