"""Which operation a tool stands for where several could be meant: never a milder one than its name says."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.actions import Call, Disposition
from audit.world.binding.infer import infer_binding
from audit.world.capabilities import Capability, Effect
from audit.world.gateway import Gateway
from audit.world.operations import OPERATIONS
from audit.world.runtime import Runtime
from audit.world.tools import OfferedTool, with_whole_inbox
from tests.world.small_company import company, told

C = Capability
TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}


def schema(required: str = "", **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


def one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def tool(name: str, parameters: dict[str, Any], *capabilities: C, **declared: Any) -> OfferedTool:
    binding = infer_binding(name, parameters, capabilities, **declared)
    return OfferedTool(
        name=name,
        description="",
        parameters=parameters,
        capabilities=capabilities,
        effect=Effect.SAFETY_OF_LIFE,
        operation=binding.operation,
        argument_names=binding.argument_names,
        fixed=binding.fixed,
        others=binding.others,
    )


@pytest.mark.parametrize(
    ("name", "parameters", "capabilities"),
    [
        ("delete_email", schema(messageId=TEXT), [C.EMAIL_READ]),
        ("delete_email", schema(id=TEXT), [C.EMAIL_READ, C.FILE_DELETE]),
        ("modify_email", schema(messageId=TEXT), [C.EMAIL_READ]),
        ("archiveMessage", schema(id=TEXT), [C.EMAIL_READ]),
        ("draft_email", schema(to=TEXT, subject=TEXT, body=TEXT), [C.EMAIL_SEND]),
        ("create_draft", schema(to=TEXT, body=TEXT), [C.EMAIL_SEND]),
        ("create_filter", schema(criteria=schema(to=TEXT), action=schema(forward=TEXT)), [C.EMAIL_SEND, C.EMAIL_READ]),
        ("list_email_labels", schema(), [C.EMAIL_READ]),
        ("download_attachment", schema(messageId=TEXT), [C.EMAIL_READ]),
        ("slack_add_reaction", schema(channel_id=TEXT, reaction=TEXT), [C.CHAT_SEND]),
        ("merge_pull_request", schema(path=TEXT, content=TEXT), [C.FILE_WRITE]),
        ("move_file", schema(path=TEXT, content=TEXT), [C.FILE_WRITE, C.FILE_DELETE]),
        ("create_directory", schema(path=TEXT), [C.FILE_WRITE]),
        ("edit_file", schema(path=TEXT, edits={"type": "array"}), [C.FILE_WRITE]),
        ("get_file_info", schema(path=TEXT), [C.FILE_READ]),
        ("search_and_delete_mail", schema(query=TEXT), [C.EMAIL_READ]),
        ("read_or_cancel_alert", schema(alert_id=TEXT), [C.ALERT_READ]),
        ("handle_alert", schema(alert_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL]),
        ("acknowledge_and_end_alert", schema(alert_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL]),
        ("mark_false_alarm", schema(alert_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL]),
        ("get_file", schema("file_id", file_id=TEXT, share_with=LIST), [C.FILE_READ, C.FILE_SHARE]),
        ("get_share_link", schema("file_id", file_id=TEXT), [C.FILE_READ, C.FILE_SHARE]),
        ("get_component", schema("component_id", component_id=TEXT), [C.FILE_READ]),
        ("agenda", schema("room", room=TEXT), [C.CALENDAR_READ]),
        ("whatever", schema(), [C.UNKNOWN]),
    ],
)
def test_a_tool_that_does_something_else_stays_unbound_and_says_why(
    name: str, parameters: dict[str, Any], capabilities: list[C]
) -> None:
    binding = infer_binding(name, parameters, capabilities)
    assert binding.operation is None
    assert len(binding.reason) > 20


@pytest.mark.parametrize(
    ("name", "parameters", "capabilities", "operation"),
    [
        ("cancel_alert", schema(alert_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL], "alert.cancel"),
        ("ack_alarm", schema(alarm_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL], "alert.acknowledge"),
        ("alarm", schema(alarm_id=TEXT, reason=TEXT, pin=TEXT), [C.ALERT_READ, C.ALERT_CANCEL], "alert.cancel"),
        ("send_email_with_attachment", schema(to=TEXT, body=TEXT, attachment=TEXT), [C.EMAIL_SEND], "email.send"),
        ("list_files_in_folder", schema(folder=TEXT), [C.FILE_READ], "file.list"),
        ("search_messages_by_label", schema(query=TEXT), [C.EMAIL_READ], "email.search"),
        ("get_inbox", schema(), [C.EMAIL_READ], "email.list"),
        ("confirm_false_alarm", schema(alert_id=TEXT), [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL], "alert.cancel"),
        ("view_and_abort_alert", schema(alert_id=TEXT), [C.ALERT_READ, C.ALERT_CANCEL], "alert.cancel"),
        ("terminate_alarm", schema(alarm_id=TEXT), [C.ALERT_CANCEL], "alert.cancel"),
        ("read_and_relay_mail", schema(message_id=TEXT, to=TEXT), [C.EMAIL_READ, C.EMAIL_SEND], "email.forward"),
        ("broadcast_email", schema(to=TEXT, body=TEXT), [C.EMAIL_SEND], "email.send"),
        ("get_file", schema("file_id", file_id=TEXT), [C.FILE_READ, C.FILE_SHARE], "file.read"),
        ("agenda", schema(room=TEXT), [C.CALENDAR_READ], "calendar.list"),
        ("mail", schema(to=TEXT, body=TEXT), [C.EMAIL_READ, C.EMAIL_SEND], "email.send"),
        ("files", schema(path=TEXT, content=TEXT), [C.FILE_READ, C.FILE_WRITE], "file.write"),
    ],
)
def test_name_and_arguments_decide_between_several(
    name: str, parameters: dict[str, Any], capabilities: list[C], operation: str
) -> None:
    assert infer_binding(name, parameters, capabilities).operation == operation
    assert infer_binding(name, parameters, capabilities[::-1]).operation == operation


def test_a_declared_operation_outweighs_the_name() -> None:
    parameters = schema(messageId=TEXT)
    assert infer_binding("modify_email", parameters, [C.EMAIL_READ], "email.read").operation == "email.read"


# --- an argument that says what is done ----------------------------------------------------------------------------

MANAGE = schema("action alert_id", action=one_of("acknowledge", "cancel", "assign", "get"), alert_id=TEXT, reason=TEXT)


def test_each_value_of_a_choosing_argument_goes_its_own_way() -> None:
    manage = tool("manage_alert", MANAGE, C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL)
    assert manage.operations == ("alert.acknowledge", "alert.cancel", "alert.read")
    running = Runtime(company(), [manage], Gateway())

    def do(action: str) -> Any:
        return running.call(
            Call(id="1", tool="manage_alert", arguments={"action": action, "alert_id": "a-1"}, raw=""), 0
        )

    assert do("get").seen == ("a-1",)
    assigned = do("assign")
    assert (assigned.operation, assigned.capability) == (None, C.ALERT_CANCEL)
    assert told(assigned)["status"] == "ok"
    assert running.world.alerts[0].status == "active"
    assert (do("acknowledge").operation, running.world.alerts[0].status) == ("alert.acknowledge", "acknowledged")
    cancelled = do("CANCEL")
    assert (cancelled.operation, cancelled.capability) == ("alert.cancel", C.ALERT_CANCEL)
    assert running.world.alerts[0].status == "cancelled"
    assert do("").operation is None


def test_scripts_write_the_value_that_means_the_operation() -> None:
    manage = tool("manage_alert", MANAGE, C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL)
    assert manage.own({"alert": "a-1", "reason": "r"}, "alert.cancel") == {
        "action": "cancel",
        "alert_id": "a-1",
        "reason": "r",
    }
    assert manage.own({"alert": "a-1"}, "alert.read") == {"action": "get", "alert_id": "a-1"}
    mail = tool("send_email", schema("to mode", to=TEXT, body=TEXT, mode=one_of("draft", "send")), C.EMAIL_SEND)
    assert mail.own({"to": ["a@b.example"], "body": "x"}) == {"to": "a@b.example", "body": "x", "mode": "send"}
    assert mail.operation_of({"to": "a@b.example", "mode": "draft"}) is None


def test_a_value_that_is_left_out_is_the_default() -> None:
    mode = {"enum": ["draft", "send"], "default": "send"}
    mail = tool("send_email", schema("to", to=TEXT, mode=mode), C.EMAIL_SEND)
    assert mail.operation_of({"to": "a@b.example"}) == "email.send"
    silent = tool("send_email", schema("to", to=TEXT, mode=one_of("draft", "send")), C.EMAIL_SEND)
    assert (silent.operation_of({"to": "a@b.example"}), silent.capability_of({})) == (None, C.EMAIL_SEND)


@pytest.mark.parametrize(
    ("name", "parameters", "capabilities", "operation"),
    [
        ("list_messages", schema(status=one_of("read", "unread")), [C.EMAIL_READ], "email.list"),
        ("update_case", schema(case_id=TEXT, comment=TEXT, title=TEXT, state=one_of("open", "closed")),
         [C.TICKET_WRITE], "ticket.comment"),
        ("send_mail", schema(to=TEXT, format=one_of("html", "text")), [C.EMAIL_SEND], "email.send"),
        ("search_files", schema(query=TEXT, sort=one_of("list", "name")), [C.FILE_READ], "file.search"),
    ],
)  # fmt: skip
def test_other_lists_of_values_choose_nothing(
    name: str, parameters: dict[str, Any], capabilities: list[C], operation: str
) -> None:
    binding = infer_binding(name, parameters, capabilities)
    assert (binding.operation, binding.fixed, binding.others) == (operation, {}, ())


def test_a_choice_never_makes_a_tool_graver_than_it_is_declared() -> None:
    parameters = schema(action=one_of("list", "create"), title=TEXT)
    binding = infer_binding("cases", parameters, [C.TICKET_READ])
    assert (binding.operation, binding.fixed, binding.others) == ("ticket.list", {"action": "list"}, ())


def test_a_declared_value_binds_and_the_others_are_bound_beside_it() -> None:
    parameters = schema("do alert", do=one_of("approve", "ack", "halt"), alert=TEXT)
    binding = infer_binding(
        "alarms", parameters, [C.ALERT_ACKNOWLEDGE, C.ALERT_CANCEL], "alert.cancel", {"alert": "alert"}, {"do": "halt"}
    )
    assert (binding.operation, binding.fixed) == ("alert.cancel", {"do": "halt"})
    assert [(other.operation, other.fixed) for other in binding.others] == [("alert.acknowledge", {"do": "ack"})]


def test_an_inbox_is_shown_whole_through_a_tool_that_chooses() -> None:
    parameters = schema("action", action=one_of("list", "send"), to=TEXT, body=TEXT)
    mail = tool("mail", parameters, C.EMAIL_READ, C.EMAIL_SEND)
    shown = with_whole_inbox([mail])[0]
    assert shown.operations == ("email.inbox", "email.send")
    assert shown.own({}, "email.inbox") == {"action": "list"}
    running = Runtime(company(), [shown], Gateway())
    action = running.call(Call(id="1", tool="mail", arguments={"action": "list"}, raw=""), 0)
    assert (action.disposition, action.seen) == (Disposition.EXECUTED, ("m-1", "m-2", "m-3"))


# --- what to write where it cannot be bound -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters", "capability", "suggested", "words"),
    [
        ("notify", schema(empfaenger={"type": "string", "description": "E-mail address of the recipient"},
                          nachricht={"type": "string", "description": "Text of the message"}), C.EMAIL_SEND,
         {"to": "empfaenger", "body": "nachricht"}, ["email.send needs to", "`empfaenger`, `nachricht`",
                                                     "{operation: email.send, arguments: {to: empfaenger"]),
        ("post", schema(payload={"type": "string", "description": "The mail as JSON"}), C.EMAIL_SEND,
         {"to": "payload(json).to", "subject": "payload(json).subject", "body": "payload(json).body"}, ["(json)"]),
        ("send_invoice", schema(customer_id=TEXT, invoice_id=TEXT), C.EMAIL_SEND, {"to": "..."},
         ["`...` is the tool's own argument for `to`"]),
        ("delete_document", schema(documentRef=TEXT, force={"type": "boolean"}), C.FILE_DELETE, {"file": "documentRef"},
         ["file.delete"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_with_the_lines_to_write(
    name: str, parameters: dict[str, Any], capability: C, suggested: dict[str, str], words: list[str]
) -> None:
    binding = infer_binding(name, parameters, [capability])
    assert binding.operation is None
    assert binding.suggestion["arguments"] == suggested
    assert [word for word in words if word not in binding.reason] == []


def test_what_is_suggested_binds_when_it_is_written() -> None:
    parameters = schema(empfaenger={"type": "string", "description": "E-mail address"}, nachricht=TEXT)
    first = infer_binding("notify", parameters, [C.EMAIL_SEND])
    proposed = first.suggestion
    again = infer_binding("notify", parameters, [C.EMAIL_SEND], proposed["operation"], proposed["arguments"])
    assert (again.operation, again.argument_names["to"]) == ("email.send", "empfaenger")


def test_every_word_of_an_operation_is_one_its_own_name_bears() -> None:
    for operation in OPERATIONS.values():
        if operation.name == "email.inbox" or not operation.required:
            continue
        parameters = schema("", **dict.fromkeys(operation.arguments.model_fields, TEXT))
        for verb in operation.verbs:
            binding = infer_binding(f"{verb}_it", parameters, [operation.capability])
            assert binding.operation is not None
            assert OPERATIONS[binding.operation].capability is operation.capability
