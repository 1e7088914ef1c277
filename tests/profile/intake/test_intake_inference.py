"""What tools are taken to do: the words that count, those that must not, and what may never make a tool look safer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.profile.intake.inference.infer import infer
from audit.profile.intake.lists.names import mended_name
from audit.profile.intake.models import Confidence, Hints, InferredTool, ListedTool
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import CAPABILITIES, Capability, Effect

EFFECTS = list(Effect)
REACHES = [Reach.INTERNAL, Reach.UNKNOWN, Reach.EXTERNAL, Reach.PUBLIC]


def tool(name: str, description: str = "", arguments: Any = (), hints: Hints | None = None) -> ListedTool:
    properties = arguments if isinstance(arguments, dict) else {one: {"type": "string"} for one in arguments}
    return ListedTool(
        name=mended_name(name),
        listed_as=name,
        description=description,
        parameters={"type": "object", "properties": properties},
        hints=hints or Hints(),
        source="list",
    )


def one(*given: Any, **named: Any) -> InferredTool:
    return infer([tool(*given, **named)])[0]


def shown(inferred: InferredTool) -> set[str]:
    return {str(found.value) for found in inferred.capabilities}


@pytest.mark.parametrize(
    ("name", "description", "arguments", "capability", "effect"),
    [
        ("send_letter_mail", "Sends a mail", ["to", "body"], "email.send", "communicate"),
        ("mailbox.search", "Search the mailbox", ["query"], "email.read", "read"),
        ("postToChannel", "Posts a message to a channel", ["channel"], "chat.send", "communicate"),
        ("ReadDocument", "", ["path"], "file.read", "read"),
        ("document_delete", "", ["id"], "file.delete", "irreversible"),
        ("share_folder", "Shares a folder with a colleague", ["folder"], "file.share", "communicate"),
        ("book_appointment", "", ["start"], "calendar.write", "write"),
        ("close_ticket", "Closes a ticket", ["id"], "ticket.write", "write"),
        ("get_payslip", "", ["employee_id"], "hr.read", "read"),
        ("update_customer", "", ["id"], "customer.write", "write"),
        ("get_invoice", "", ["id"], "finance.read", "read"),
        ("refund_payment", "", ["amount"], "payment.send", "irreversible"),
        ("run_query", "Runs a statement", ["sql"], "database.query", "irreversible"),
        ("acknowledge_alarm", "", ["id"], "alert.acknowledge", "write"),
        ("silence_alarm", "", ["id"], "alert.cancel", "safety_of_life"),
        ("open_valve", "", ["id"], "device.control", "safety_of_life"),
        ("grant_role", "", ["user"], "access.grant", "write"),
        ("read_secret", "", ["name"], "credential.read", "read"),
        ("deploy_release", "", ["version"], "deploy.change", "write"),
        ("run_script", "", ["code"], "code.execute", "write"),
        ("purge_audit_log", "", [], "log.write", "irreversible"),
        ("delegate_to_agent", "", ["task"], "agent.delegate", "communicate"),
        ("save_memory", "", ["text"], "memory.write", "write"),
        ("fetch_web_page", "", ["url"], "web.browse", "read"),
        ("transfer_to_human_agent", "", ["summary"], "escalate", "communicate"),
        ("convert_units", "Unit conversion", ["value"], "utility", None),
        ("kunde_loeschen", "Löscht einen Kunden", [], "customer.write", "irreversible"),
        ("envoyer_courriel", "Envoie un courriel", [], "email.send", "communicate"),
        ("abrir_puerta", "Abre una puerta", [], "device.control", "safety_of_life"),
    ],
)
def test_a_verb_with_its_object_shows_a_capability(
    name: str, description: str, arguments: list[str], capability: str, effect: str | None
) -> None:
    inferred = one(name, description, arguments)
    assert capability in shown(inferred)
    assert effect is None or inferred.effect.value == effect


@pytest.mark.parametrize("name", ["do", "process_item", "handle", "x1", "sync"])
def test_what_no_rule_recognises_is_unknown_and_counts_as_the_worst(name: str) -> None:
    inferred = one(name)
    assert shown(inferred) == {"unknown"}
    assert inferred.unsure
    assert inferred.effect.value is Effect.IRREVERSIBLE
    assert inferred.reach.value is Reach.UNKNOWN


def test_a_remark_behind_the_first_sentence_does_not_say_what_a_tool_is_for() -> None:
    inferred = one("frobnicate", "Frobnicates. Also deletes old files.")
    assert shown(inferred) == {"unknown", "file.delete"}
    assert inferred.effect.value is Effect.IRREVERSIBLE


def test_harmless_needs_evidence() -> None:
    assert "utility" not in shown(one("helper", "A harmless helper that is safe to use"))
    assert shown(one("calculator", "Does arithmetic", ["expression"])) == {"utility"}


def test_a_vague_verb_keeps_the_rest_unknown_unless_its_object_tells() -> None:
    vague = one("launch_annual_report", "Launches the annual report")
    assert "unknown" in shown(vague)
    assert "unknown" not in shown(one("launch_campaign", "Launches a campaign"))
    assert "unknown" not in shown(one("submit_ticket", "Submits a ticket"))


@pytest.mark.parametrize(
    "listed",
    [tool("get_quipu", "Gets a quipu"), tool("get_quipu", "", (), Hints(read_only=True)), tool("handle", "Handles it")],
)
def test_nothing_is_sure_about_a_tool_that_does_something_unknown(listed: ListedTool) -> None:
    inferred = infer([listed])[0]
    assert "unknown" in shown(inferred)
    assert inferred.effect.value is Effect.IRREVERSIBLE
    for found in (inferred.effect, inferred.reach, inferred.reversibility):
        assert found.confidence is Confidence.LOW


@pytest.mark.parametrize(
    ("name", "description"),
    [
        ("update_customer_quipu", "Updates a quipu of a customer"),  # the thing itself is not known
        ("delete_quipu", "Deletes one from a file"),
        ("add_quipu_record", "Adds a record"),  # a general word tells nothing
        ("modifier_quipu_facture", "Modifie une facture"),  # in French the thing stands first
    ],
)
def test_changing_something_that_no_rule_knows_stays_unknown_beside_what_is_known(name: str, description: str) -> None:
    inferred = one(name, description)
    assert "unknown" in shown(inferred)
    assert len(inferred.capabilities) > 1
    assert inferred.effect.value is Effect.IRREVERSIBLE
    assert inferred.effect.confidence is Confidence.LOW
    assert all(found.confidence is not Confidence.HIGH for found in inferred.capabilities)


def test_reading_something_that_no_rule_knows_is_never_sure() -> None:
    described = one("get_quipu", "Gets a file of a project")
    assert described.unsure
    assert all(found.confidence is Confidence.LOW for found in described.capabilities)
    beside = one("get_customer_quipu", "")
    assert [found.confidence for found in beside.capabilities] == [Confidence.MEDIUM]
    assert one("get_archived_file_by_id", "").capabilities[0].confidence is Confidence.HIGH


def test_high_needs_a_verb_and_a_thing_in_the_name() -> None:
    only_described = one("helper", "Sends a mail to a customer")
    assert all(found.confidence is not Confidence.HIGH for found in only_described.capabilities)
    assert only_described.effect.confidence is not Confidence.HIGH
    named = one("send_mail", "")
    assert (named.capabilities[0].confidence, named.effect.confidence) == (Confidence.HIGH, Confidence.HIGH)


def test_a_word_that_may_mean_several_things_is_likely_and_names_all_of_them() -> None:
    order = one("get_order", "Gets an order")
    assert {(str(found.value), found.confidence) for found in order.capabilities} == {
        ("customer.read", Confidence.MEDIUM),
        ("finance.read", Confidence.MEDIUM),
    }


def test_a_reading_tool_of_which_little_is_sure_has_an_inference() -> None:
    inferred = one("check", "", ["amount", "iban"], Hints(read_only=True))
    assert inferred.reach.value in REACHES


def test_a_name_without_a_verb_that_ends_in_something_to_look_up_reads() -> None:
    listing = one("lab_results", "Values of a patient", ["patient"])
    assert shown(listing) == {"customer.read"}
    assert (listing.effect.value, listing.effect.confidence) == (Effect.READ, Confidence.MEDIUM)
    assert one("payments").effect.value is Effect.IRREVERSIBLE


def test_an_effect_that_rests_on_little_makes_a_tool_unsure() -> None:
    sure = one("read_note", "Reads a note")
    assert not sure.unsure
    doubtful = sure.effect.model_copy(update={"confidence": Confidence.LOW})
    assert sure.model_copy(update={"effect": doubtful}).unsure


@pytest.mark.parametrize(
    ("name", "description", "arguments", "effect"),
    [
        ("browser_click", "Click an element of the page", ["selector"], "communicate"),
        ("browser_type", "Type into a field of the page", ["text"], "communicate"),
        ("database_run", "Runs a statement against the database", ["statement"], "irreversible"),
        ("fetch", "Makes a web request", ["url", "method"], "irreversible"),
        ("merge_contacts", "Merges two contacts. This cannot be undone.", [], "irreversible"),
        ("restore_backup", "Brings a database back", [], "irreversible"),
        ("update_dose", "Changes the dose of a patient", [], "safety_of_life"),
        ("tidy_notes", "Looks for old notes and deletes them", [], "irreversible"),
        ("update_ticket", "Updates a ticket. Its history is then deleted.", [], "irreversible"),
        ("release_invoice", "Releases an invoice", [], "irreversible"),
        ("rechnung_freigeben", "Gibt eine Rechnung zur Zahlung frei", [], "irreversible"),
    ],
)
def test_effects_are_not_milder_than_what_one_call_can_do(
    name: str, description: str, arguments: list[str], effect: str
) -> None:
    assert one(name, description, arguments).effect.value == effect


def test_a_method_of_a_request_that_can_only_read_is_no_statement() -> None:
    arguments = {"url": {"type": "string"}, "method": {"type": "string", "enum": ["GET", "HEAD"]}}
    limited = one("fetch", "Fetches a web page", arguments)
    assert limited.effect.value is Effect.READ
    assert shown(limited) == {"web.browse"}


def test_arguments_that_belong_together_show_more_than_each() -> None:
    assert "payment.send" in shown(one("status_check", "", ["iban", "amount"]))
    assert "payment.send" not in shown(one("status_check", "", ["amount"]))
    assert "access.grant" in shown(one("set_item", "", ["user", "role"]))
    assert "access.grant" not in shown(one("list_users", "Lists users", ["user", "role"]))
    switch = {"delete_file": {"type": "boolean"}}
    assert "file.delete" in shown(one("update_ticket", "Updates a ticket", switch))


def test_what_is_possible_with_other_tools_or_named_among_nouns_is_not_done() -> None:
    assert shown(one("list_alarms", "Lists alarms. An alarm can be silenced.")) == {"alert.read"}
    assert shown(one("get_note", "Reads a note. Use change_note to change it.")) == {"file.read"}
    payment = one("get_payment", "Fetch one payment with fees, refunds and payouts.")
    assert payment.effect.value is Effect.READ
    assert one("get_state", "State of charge of a battery").effect.value is Effect.READ


def test_the_description_adds_little_to_a_clear_name() -> None:
    assert shown(one("drive_get_file", "Read the text of one file of the shared drive.")) == {"file.read"}
    assert shown(one("slack_get_users", "Lists users with their contact")) >= {"directory.read"}
    attachment = one("download_attachment", "Downloads an email attachment")
    assert {"email.read", "file.read", "file.write"} <= shown(attachment)


def test_german_compounds_are_taken_apart() -> None:
    assert "hr.read" in shown(one("gehaltsliste_abrufen", "Ruft die Gehaltsliste ab"))
    assert "payment.send" in shown(one("lieferantenzahlung_anweisen", "Weist eine Zahlung an einen Lieferanten an"))
    assert "calendar.write" not in shown(one("terminal_open", "Opens a terminal"))


def test_negated_words_count_neither_for_the_act_nor_for_harmlessness() -> None:
    assert "email.send" not in shown(one("get_note", "Reads a note. It does not send mail."))
    deletes = one("tidy_note", "Does not read the note, but deletes the file.")
    assert "file.delete" in shown(deletes)
    assert shown(one("blob", "Never deletes anything.")) == shown(one("blob", "Lorem ipsum."))


def test_sentences_about_other_tools_do_not_count() -> None:
    described = tool("read_note", "Reads a note. To delete files call remove_file. Sends mail via send_mail, not here.")
    others = [tool("remove_file"), tool("send_mail")]
    assert shown(infer([described, *others])[0]) == {"file.read"}
    assert "file.delete" not in shown(one("read_note", "Reads a note. Use delete_file instead to delete files."))


def test_past_forms_and_nouns_are_no_acts() -> None:
    assert one("list_deleted_files", "Lists deleted files").effect.value is Effect.READ
    assert one("get_thread_replies", "Gets all replies of a chat thread").effect.value is Effect.READ
    assert one("opening_hours", "Hours of a shop").effect.value is not Effect.SAFETY_OF_LIFE


def test_the_description_can_say_worse_than_the_name() -> None:
    lying = one("get_overview", "Deletes all files of a project.")
    assert "file.delete" in shown(lying)
    assert lying.effect.value is Effect.IRREVERSIBLE


def test_arguments_tell_what_names_hide() -> None:
    nested = {"action": {"type": "object", "properties": {"forward": {"type": "string"}}}}
    assert "email.send" in shown(one("create_thing", "Creates a thing", nested))
    chooses = {"operation": {"type": "string", "enum": ["list", "delete"]}}
    inferred = one("documents", "Work with documents", chooses)
    assert {"file.read", "file.delete"} <= shown(inferred)
    assert inferred.effect.value is Effect.IRREVERSIBLE
    assert "database.query" in shown(one("helper", "", ["sql"]))
    assert "code.execute" in shown(one("helper", "", ["command"]))


def test_recipients_and_audiences_tell_the_reach() -> None:
    assert one("send_mail", "Sends a mail", ["to"]).reach.value is Reach.EXTERNAL
    assert one("publish_article", "Publishes a blog post on the public website").reach.value is Reach.PUBLIC
    assert one("update_ticket", "Updates a ticket", ["id"]).reach.value is Reach.UNKNOWN
    assert one("read_mail", "Reads a mail").reach.value is Reach.INTERNAL


def test_reversibility_follows_the_act_and_the_words() -> None:
    assert one("read_file", "Reads a file").reversibility.value is Reversibility.REVERSIBLE
    assert one("delete_file", "Deletes a file").reversibility.value is Reversibility.IRREVERSIBLE
    assert one("delete_file", "Moves a file to the trash, deletes it later").reversibility.value is (
        Reversibility.RECOVERABLE
    )
    final = one("update_file", "Updates a file. This cannot be undone.")
    assert (final.reversibility.value, final.reversibility.confidence) == (
        Reversibility.IRREVERSIBLE,
        Confidence.HIGH,
    )


def test_annotations_raise() -> None:
    name, text = "apply_note", "Applies a note to a file"
    plain = one(name, text)
    assert one(name, text, hints=Hints(destructive=True)).effect.value is Effect.IRREVERSIBLE
    assert plain.effect.value is Effect.WRITE
    assert one("read_note", "Reads a note", hints=Hints(read_only=False)).effect.value is Effect.WRITE
    assert one("read_note", "Reads a note", hints=Hints(open_world=True)).reach.value is Reach.EXTERNAL
    for lie in (Hints(read_only=True), Hints(read_only=True, destructive=False, open_world=False, idempotent=True)):
        assert one("delete_file", "", hints=lie).effect.value is Effect.IRREVERSIBLE
        assert shown(one("mystery", "", hints=lie)) == {"unknown"}


def test_every_inference_says_what_it_rests_on() -> None:
    inferred = one("send_mail", "Sends a mail", ["to"])
    assert inferred.capabilities[0].confidence is Confidence.HIGH
    assert "the name says `send` + `mail`" in inferred.capabilities[0].evidence
    for found in (inferred.effect, inferred.reach, inferred.reversibility):
        assert all(sentence.strip() for sentence in found.evidence)


def test_a_thousand_tools_are_inferred_in_seconds() -> None:
    text = "Updates a customer record in the database. Use it with care; it notifies the sales team by mail. " * 5
    many = [tool(f"update_customer_{n}", text, ["id", "to", "status"]) for n in range(1_000)]
    infer(many[:1])
    start = time.perf_counter()
    infer(many)
    assert time.perf_counter() - start < 15  # about two on one slow core


VERBS = st.sampled_from(
    ["read", "get", "list", "search", "send", "create", "update", "delete", "share", "pay", "cancel", "grant", "unlock"]
)
THINGS = st.sampled_from(
    ["mail", "file", "ticket", "customer", "invoice", "payment", "alarm", "door", "role", "server", "log", "database"]
)
FIRST = st.builds("{} the {}.".format, VERBS, THINGS)
LATER = st.builds("Also {} the {}.".format, VERBS, THINGS) | st.sampled_from(
    ["It is harmless.", "It only reads.", "It does not send mail.", "Hand over to a human agent.", "Nothing is lost."]
)
NAMES = st.builds("{}_{}".format, VERBS, THINGS) | st.sampled_from(["helper", "payments", "mail", "thing_do"])
HINTS = st.builds(
    Hints,
    destructive=st.none() | st.booleans(),
    idempotent=st.none() | st.booleans(),
    open_world=st.none() | st.booleans(),
)
TOOLS = st.builds(
    tool,
    NAMES,
    st.lists(FIRST, max_size=2).map(" ".join),
    st.lists(st.sampled_from(["to", "path", "sql", "command", "amount", "id"]), max_size=3, unique=True),
    HINTS,
)


@settings(max_examples=300, deadline=None)
@given(TOOLS)
def test_saying_that_it_only_reads_never_makes_a_tool_look_safer(listed: ListedTool) -> None:
    said = listed.model_copy(update={"hints": listed.hints.model_copy(update={"read_only": True})})
    before, after = infer([listed])[0], infer([said])[0]
    assert shown(before) <= shown(after)
    assert EFFECTS.index(after.effect.value) >= EFFECTS.index(before.effect.value)
    assert REACHES.index(after.reach.value) >= REACHES.index(before.reach.value)


@settings(max_examples=300, deadline=None)
@given(TOOLS.filter(lambda listed: bool(listed.description)), st.lists(LATER, min_size=1, max_size=3))
def test_more_words_never_lower_the_effect(listed: ListedTool, more: list[str]) -> None:
    longer = listed.model_copy(update={"description": " ".join([listed.description, *more])})
    before, after = infer([listed])[0], infer([longer])[0]
    assert EFFECTS.index(after.effect.value) >= EFFECTS.index(before.effect.value)


@settings(max_examples=300, deadline=None)
@given(TOOLS)
def test_the_effect_is_at_least_that_of_every_likely_capability(listed: ListedTool) -> None:
    inferred = infer([listed])[0]
    for found in inferred.capabilities:
        if found.confidence is not Confidence.LOW or found.value is Capability.UNKNOWN:
            assert EFFECTS.index(inferred.effect.value) >= EFFECTS.index(CAPABILITIES[found.value].effect)


@settings(max_examples=100, deadline=None)
@given(st.lists(TOOLS, max_size=6, unique_by=lambda listed: listed.name), st.randoms())
def test_the_order_of_tools_does_not_matter(tools: list[ListedTool], random: Any) -> None:
    shuffled = list(tools)
    random.shuffle(shuffled)
    by_name = {found.name: found for found in infer(shuffled)}
    assert [by_name[listed.name] for listed in tools] == list(infer(tools))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40).filter(str.strip), st.text(max_size=200))
def test_any_text_gets_an_inference(name: str, description: str) -> None:
    inferred = one(name, description)
    assert inferred.capabilities
    if Capability.UNKNOWN in {found.value for found in inferred.capabilities}:
        assert inferred.unsure
