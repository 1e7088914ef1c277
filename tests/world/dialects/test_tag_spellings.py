"""Messy replies, one per line of the table: what was written, and what was meant."""

from __future__ import annotations

from typing import Any

import pytest

from audit.world.dialects import tags
from tests.world.dialects.dialect_tools import TOOLS, Tool, schema

MAIL = {"to": "ann@b.org", "subject": "Plan", "body": "Hi Ann"}

EMAILS = {
    "as asked": '<tool_use:email>\nto: "ann@b.org",\nsubject: "Plan",\nbody: "Hi Ann",\n</tool_use:email>',
    "no commas": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool_use:email>',
    "no quotes": "<tool_use:email>\nto: ann@b.org\nsubject: Plan\nbody: Hi Ann\n</tool_use:email>",
    "no quotes but commas": "<tool_use:email>\nto: ann@b.org,\nsubject: Plan,\nbody: Hi Ann,\n</tool_use:email>",
    "one line": '<tool_use:email> to: "ann@b.org", subject: "Plan", body: "Hi Ann" </tool_use:email>',
    "one line, only blanks between": '<tool_use:email>to: "ann@b.org" subject: "Plan" body: "Hi Ann"</tool_use:email>',
    "one line without quotes": "<tool_use:email>to: ann@b.org, subject: Plan, body: Hi Ann</tool_use:email>",
    "smart quotes": "<tool_use:email>\nto: “ann@b.org”,\nsubject: “Plan”,\nbody: “Hi Ann”\n</tool_use:email>",
    "single quotes": "<tool_use:email>\nto: 'ann@b.org',\nsubject: 'Plan',\nbody: 'Hi Ann'\n</tool_use:email>",
    "backticks": "<tool_use:email>\nto: `ann@b.org`\nsubject: `Plan`\nbody: `Hi Ann`\n</tool_use:email>",
    "quoted keys": '<tool_use:email>\n"to": "ann@b.org",\n"subject": "Plan",\n"body": "Hi Ann"\n</tool_use:email>',
    "equals signs": '<tool_use:email>\nto="ann@b.org"\nsubject="Plan"\nbody="Hi Ann"\n</tool_use:email>',
    "capital keys": "<tool_use:email>\nTo: ann@b.org\nSubject: Plan\nBody: Hi Ann\n</tool_use:email>",
    "bold keys": "<tool_use:email>\n**to:** ann@b.org\n**subject:** Plan\n**body:** Hi Ann\n</tool_use:email>",
    "bulleted keys": '<tool_use:email>\n- to: "ann@b.org"\n- subject: "Plan"\n- body: "Hi Ann"\n</tool_use:email>',
    "value on the next line": '<tool_use:email>\nto:\n"ann@b.org"\nsubject:\n"Plan"\nbody:\nHi Ann\n</tool_use:email>',
    "other case of the tag": '<Tool_Use:Email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</TOOL_USE:EMAIL>',
    "blanks in the tag": '< tool_use : email >\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n'
    "</ tool_use : email >",
    "hyphen in the tag": '<tool-use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool-use:email>',
    "closing tag without name": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool_use>',
    "name as attribute": '<tool_use name="email">\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool_use>',
    "name inside": '<tool_use>\nname: "email"\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool_use>',
    "name on the first line": '<tool_use>\nemail\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n</tool_use>',
    "in brackets": '<tool_use:email(to="ann@b.org", subject="Plan", body="Hi Ann")></tool_use:email>',
    "JSON-like": '<tool_use:email>{to: "ann@b.org", subject: "Plan", body: "Hi Ann"}</tool_use:email>',
    "starred comments": '<tool_use:email>\n/* to\nher */\nto: "ann@b.org", /* work */\nsubject: "Plan"\n'
    'body: "Hi Ann"\n</tool_use:email>',
    "named JSON inside": '<tool_use>{"name": "email", "arguments": '
    '{"to": "ann@b.org", "subject": "Plan", "body": "Hi Ann"}}</tool_use>',
    "JSON inside": '<tool_use:email>\n{"to": "ann@b.org", "subject": "Plan", "body": "Hi Ann"}\n</tool_use:email>',
    "JSON with a trailing comma": '<tool_use:email>{"to": "ann@b.org", "subject": "Plan", "body": "Hi Ann",}'
    "</tool_use:email>",
    "fenced JSON inside": '<tool_use:email>\n```json\n{"to": "ann@b.org", "subject": "Plan", "body": "Hi Ann"}\n```'
    "\n</tool_use:email>",
    "attributes, closed": '<tool_use:email to="ann@b.org" subject="Plan" body="Hi Ann"></tool_use:email>',
    "attributes, self-closing": '<tool_use:email to="ann@b.org" subject="Plan" body="Hi Ann" />',
    "attributes and body": '<tool_use:email to="ann@b.org" subject="Plan">\nbody: "Hi Ann"\n</tool_use:email>',
    "attributes over lines": '<tool_use:email\n  to="ann@b.org"\n  subject="Plan"\n  body="Hi Ann"\n/>',
    "children": "<tool_use:email>\n<to>ann@b.org</to>\n<subject>Plan</subject>\n<body>Hi Ann</body>\n</tool_use:email>",
    "children on one line": "<tool_use:email><to>ann@b.org</to><subject>Plan</subject>"
    "<body>Hi Ann</body></tool_use:email>",
    "hash comments": '<tool_use:email>\n# to the planner\nto: "ann@b.org", # her work address\nsubject: "Plan",\n'
    'body: "Hi Ann" # short\n</tool_use:email>',
    "slash comments": "<tool_use:email>\n// to the planner\nto: ann@b.org // her work address\n"
    'subject: "Plan", // short\n'
    'body: "Hi Ann"\n// done\n</tool_use:email>',
    "markup comments": '<tool_use:email>\n<!-- to the planner -->\nto: "ann@b.org", <!-- work -->\nsubject: "Plan"\n'
    '<!-- and now\nthe text -->\nbody: "Hi Ann"\n</tool_use:email>',
    "opening quote missing": '<tool_use:email>\nto: ann@b.org",\nsubject: "Plan",\nbody: "Hi Ann"\n</tool_use:email>',
    "closing quote missing": '<tool_use:email>\nto: "ann@b.org,\nsubject: "Plan",\nbody: "Hi Ann"\n</tool_use:email>',
    "closing quotes missing": '<tool_use:email>\nto: "ann@b.org\nsubject: "Plan\nbody: "Hi Ann\n</tool_use:email>',
    "last quote escaped": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann\\"\n</tool_use:email>',
    "prose before the keys": '<tool_use:email>\nSending it now.\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n'
    "</tool_use:email>",
    "text after the last value": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n(end of mail)\n'
    "</tool_use:email>",
    "stray braces": '<tool_use:email>\n{\nto: "ann@b.org",\nsubject: "Plan",\nbody: "Hi Ann"\n}\n</tool_use:email>',
    "triple quotes": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: """Hi Ann"""\n</tool_use:email>',
    "block text": "<tool_use:email>\nto: ann@b.org\nsubject: Plan\nbody: |\n  Hi Ann\n</tool_use:email>",
    "bracket of the tag missing": '<tool_use:email\nto: "ann@b.org",\nsubject: "Plan",\nbody: "Hi Ann"\n'
    "</tool_use:email>",
    "bracket of the closing tag missing": '<tool_use:email>\nto: "ann@b.org"\nsubject: "Plan"\nbody: "Hi Ann"\n'
    "</tool_use:email\nDone.",
    "keys spelled otherwise": '<tool_use:email>\nTO: "ann@b.org"\nSubject: "Plan"\nBody: "Hi Ann"\n</tool_use:email>',
    "Windows line ends": '<tool_use:email>\r\nto: "ann@b.org",\r\nsubject: "Plan",\r\nbody: "Hi Ann"\r\n'
    "</tool_use:email>",
}


@pytest.mark.parametrize("written", EMAILS.values(), ids=EMAILS.keys())
@pytest.mark.parametrize(("before", "after"), [("", ""), ("I will write.\n\n", "\n\nDone.")], ids=["alone", "in prose"])
def test_every_spelling_of_one_mail_is_that_mail(written: str, before: str, after: str) -> None:
    (call,) = tags.parse(before + written + after, TOOLS)
    assert (call.id, call.tool, call.arguments, call.complete) == ("tag-0", "email", MAIL, True)
    assert call.raw in written


def body_of(written: str, tools: list[Tool] = TOOLS) -> Any:
    (call,) = tags.parse(
        f'<tool_use:email>\nto: "ann@b.org",\nsubject: "Plan",\nbody: {written}\n</tool_use:email>', tools
    )
    assert call.arguments is not None
    assert set(call.arguments) == {"to", "subject", "body"}
    assert (call.arguments["to"], call.arguments["subject"]) == ("ann@b.org", "Plan")
    return call.arguments["body"]


BODIES = {
    "real line breaks": ('"Ann,\n\nthe plan stands.\n\nAlex"', "Ann,\n\nthe plan stands.\n\nAlex"),
    "written line breaks": (r'"Ann,\n\nthe plan stands.\n\nAlex"', "Ann,\n\nthe plan stands.\n\nAlex"),
    "quotes inside": ('"He called it "the plan", then left."', 'He called it "the plan", then left.'),
    "quote before a comma at a line's end": ('"He said "yes",\nand left."', 'He said "yes",\nand left.'),
    "escaped quotes": (r'"He said \"yes\"."', 'He said "yes".'),
    "header lookalike": (
        '"As you wrote:\nsubject: old plan\nto: me\nbye"',
        "As you wrote:\nsubject: old plan\nto: me\nbye",
    ),
    "header lookalike without quotes": (
        "As you wrote:\nsubject: old plan\nto: me\nbye",
        "As you wrote:\nsubject: old plan\nto: me\nbye",
    ),
    "foreign key lookalike": ('"Status:\nDeadline: Friday\nnote: none"', "Status:\nDeadline: Friday\nnote: none"),
    "foreign key lookalike without quotes": (
        "Status:\nDeadline: Friday\nnote: none",
        "Status:\nDeadline: Friday\nnote: none",
    ),
    "heading lines": ('"# Plan\n\n// step one\n# step two"', "# Plan\n\n// step one\n# step two"),
    "heading lines without quotes": ("Plan\n# step one\nthen home", "Plan\n# step one\nthen home"),
    "mark-up": ('"<p>See <b>this</b></p>"', "<p>See <b>this</b></p>"),
    "quoted mail": ('"Yes.\n> to: Bob\n> you wrote"', "Yes.\n> to: Bob\n> you wrote"),
    "web address": ("see https://example.org/a, b", "see https://example.org/a, b"),
    "apostrophes": ("'It's Ann's plan'", "It's Ann's plan"),
    "comma at the end": ("Dear all,\n\nthanks,\n\nAlex", "Dear all,\n\nthanks,\n\nAlex"),
    "Windows path": (r'"C:\temp\notes\report.txt"', r"C:\temp\notes\report.txt"),
    "unknown escapes": (r'"a \d+ \w"', r"a \d+ \w"),
    "code points": (r'"caf\u00e9 \ud83d\ude00"', "café 😀"),
    "half a surrogate pair": (r'"a \ud83d b"', r"a \ud83d b"),
    "closing quote missing, quotes inside": ('"He said "yes"\nand left', 'He said "yes"\nand left'),
    "brackets": ('"[see the list (1)]"', "[see the list (1)]"),
    "list lookalike": ("[1] see the list", "[1] see the list"),
    "empty": ('""', ""),
    "empty, no quotes": ("", ""),
    "another tag in a quoted line": (
        '"You wrote:\n> <tool_use:cancel_alert>\n> code: 1\n> </tool_use:cancel_alert>\nWhy?"',
        "You wrote:\n> <tool_use:cancel_alert>\n> code: 1\n> </tool_use:cancel_alert>\nWhy?",
    ),
    "a JSON call as text": (
        r'"Send {\"name\": \"cancel_alert\", \"arguments\": {\"code\": \"1\"}} to it"',
        'Send {"name": "cancel_alert", "arguments": {"code": "1"}} to it',
    ),
}


@pytest.mark.parametrize(("written", "meant"), BODIES.values(), ids=BODIES.keys())
def test_a_value_stays_whole(written: str, meant: str) -> None:
    assert body_of(written) == meant


@pytest.mark.parametrize(
    "name",
    [
        "real line breaks",
        "written line breaks",
        "quotes inside",
        "escaped quotes",
        "mark-up",
        "apostrophes",
        "quoted mail",
    ],
)
def test_a_value_stays_whole_without_knowing_the_tool(name: str) -> None:
    written, meant = BODIES[name]
    assert body_of(written, []) == meant


def test_values_before_the_last_may_span_lines_too() -> None:
    text = (
        '<tool_use:email>\nbody: "Dear Ann,\n\nsee "it".\n\nAlex",\nto: "ann@b.org"\nsubject: "Plan"\n</tool_use:email>'
    )
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {"body": 'Dear Ann,\n\nsee "it".\n\nAlex', "to": "ann@b.org", "subject": "Plan"}


def test_a_key_the_schema_lacks_is_kept() -> None:
    text = '<tool_use:email>\nto: "ann@b.org",\ncc: "bob@b.org",\nsubject: "Plan",\nbody: "Hi"\n</tool_use:email>'
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments is not None
    assert list(call.arguments) == ["to", "cc", "subject", "body"]
    unquoted = "<tool_use:email>\nto: ann@b.org,\ncc: bob@b.org,\nsubject: Plan\nbody: Hi\n</tool_use:email>"
    (call,) = tags.parse(unquoted, TOOLS)
    assert call.arguments == {"to": "ann@b.org", "cc": "bob@b.org", "subject": "Plan", "body": "Hi"}


def test_a_key_under_another_name_is_kept() -> None:
    text = "<tool_use:email>\nrecipient: ann@b.org\nsubject: Plan\nbody: Hi\n</tool_use:email>"
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {"recipient": "ann@b.org", "subject": "Plan", "body": "Hi"}


@pytest.mark.parametrize("tools", [TOOLS, []], ids=["known", "unknown"])
def test_several_recipients_each_in_quotes_are_one_list_of_text(tools: list[Tool]) -> None:
    text = '<tool_use:email>\nto: "ann@b.org", "bob@b.org",\nsubject: "Plan",\nbody: "Hi"\n</tool_use:email>'
    (call,) = tags.parse(text, tools)
    assert call.arguments == {"to": "ann@b.org, bob@b.org", "subject": "Plan", "body": "Hi"}


@pytest.mark.parametrize("tools", [TOOLS, []], ids=["known", "unknown"])
def test_a_remark_behind_a_value_does_not_join_it_with_the_next(tools: list[Tool]) -> None:
    text = '<tool_use:email>\nto: "ann@b.org" (work)\nsubject: "Plan"\nbody: "Hi"\n</tool_use:email>'
    (call,) = tags.parse(text, tools)
    assert call.arguments == {"to": '"ann@b.org" (work)', "subject": "Plan", "body": "Hi"}


def test_a_display_name_in_quotes_stays_with_its_address() -> None:
    text = '<tool_use:email>\nto: "Ann" <ann@b.org>\nsubject: "Plan"\nbody: "Hi"\n</tool_use:email>'
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {"to": '"Ann" <ann@b.org>', "subject": "Plan", "body": "Hi"}


def test_values_take_the_type_of_the_schema() -> None:
    text = (
        "<tool_use:share_file>\npath: plans/q3.txt\nwith: ann@b.org, bob@b.org\ndays: 30 # a month\n"
        'ratio: 0.5\npublic: True\noptions: {"notify": [1, 2]}\nlevels: [1, 2]\nnote: null\nuntil: null\n'
        "</tool_use:share_file>"
    )
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {
        "path": "plans/q3.txt",
        "with": ["ann@b.org", "bob@b.org"],
        "days": 30,
        "ratio": 0.5,
        "public": True,
        "options": {"notify": [1, 2]},
        "levels": [1, 2],
        "note": "null",
        "until": None,
    }


@pytest.mark.parametrize(
    "written",
    [
        '["ann@b.org", "bob@b.org"]',
        '"ann@b.org", "bob@b.org"',
        '"ann@b.org, bob@b.org"',
        "ann@b.org; bob@b.org",
        "\n  - ann@b.org\n  - bob@b.org",
        "[ann@b.org, bob@b.org]",
    ],
)
def test_lists_are_read_in_every_spelling(written: str) -> None:
    (call,) = tags.parse(f"<tool_use:share_file>\nwith: {written}\npath: a.txt\n</tool_use:share_file>", TOOLS)
    assert call.arguments == {"with": ["ann@b.org", "bob@b.org"], "path": "a.txt"}


def test_text_that_is_not_of_the_type_asked_for_stays_text() -> None:
    text = (
        "<tool_use:share_file>\ndays: about thirty\npublic: perhaps\nratio: 1e999\noptions: none\n"
        "</tool_use:share_file>"
    )
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {"days": "about thirty", "public": "perhaps", "ratio": "1e999", "options": "none"}


def test_values_of_an_unknown_tool_stay_text() -> None:
    (call,) = tags.parse("<tool_use:reset>\ncount: 3\nforce: true\nids: [1, 2]\n</tool_use:reset>", TOOLS)
    assert (call.tool, call.arguments) == ("reset", {"count": "3", "force": "true", "ids": "[1, 2]"})


def test_several_calls_come_in_order() -> None:
    text = (
        '<tool_use:list_inbox></tool_use:list_inbox>\nthen <tool_use:cancel_alert>code: "A-1"</tool_use:cancel_alert>\n'
        '{"name": "cancel_alert", "arguments": {"code": "A-2"}}\n<tool_use:list_inbox/>'
    )
    calls = tags.parse(text, TOOLS)
    assert [(call.id, call.tool, call.arguments) for call in calls] == [
        ("tag-0", "list_inbox", {}),
        ("tag-1", "cancel_alert", {"code": "A-1"}),
        ("tag-2", "cancel_alert", {"code": "A-2"}),
        ("tag-3", "list_inbox", {}),
    ]


@pytest.mark.parametrize(
    "name", ["cancel alert", "Cancel-Alert", "cancelAlert", "functions.cancel_alert", "CANCEL_ALERT"]
)
def test_tool_names_are_matched_across_spellings(name: str) -> None:
    (call,) = tags.parse(f'<tool_use:{name}>\ncode: "A-1"\n</tool_use:{name}>', TOOLS)
    assert (call.tool, call.arguments) == ("cancel_alert", {"code": "A-1"})


def test_an_unknown_tool_is_still_a_call() -> None:
    (call,) = tags.parse('<tool_use:wipe_disk>\ntarget: "sda"\n</tool_use:wipe_disk>', TOOLS)
    assert (call.tool, call.arguments, call.problems) == ("wipe_disk", {"target": "sda"}, ())


def test_an_unclosed_tag_ends_at_the_next() -> None:
    text = '<tool_use:cancel_alert>\ncode: "A-1"\n\n<tool_use:cancel_alert>\ncode: "A-2"\n</tool_use:cancel_alert>'
    first, second = tags.parse(text, TOOLS)
    assert (first.arguments, first.complete, second.arguments, second.complete) == (
        {"code": "A-1"},
        False,
        {"code": "A-2"},
        True,
    )
    assert first.problems
    assert not second.problems


def test_an_opening_tag_written_as_the_closing_one_is_no_second_call() -> None:
    calls = tags.parse('<tool_use:cancel_alert>\ncode: "A-1"\n<tool_use:cancel_alert>\n\nDone with it.', TOOLS)
    assert calls[0].arguments == {"code": "A-1"}
    assert all(not call.arguments for call in calls[1:])


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ('body: "Dear Ann, the pl', "Dear Ann, the pl"),
        ("body: Dear Ann, the pl", "Dear Ann, the pl"),
        ('body: "Dear Ann"\n\nI have sent it.', "Dear Ann"),
        ('body: "He said "no" and', 'He said "no" and'),
    ],
)
def test_a_tag_cut_off_by_the_end_keeps_what_was_written(written: str, body: str) -> None:
    (call,) = tags.parse(f'<tool_use:email>\nto: "ann@b.org",\nsubject: "Plan",\n{written}', TOOLS)
    assert call.arguments == {"to": "ann@b.org", "subject": "Plan", "body": body}
    assert not call.complete
    assert call.problems


def test_a_closing_tag_of_another_name_closes_with_a_problem() -> None:
    text = '<tool_use:cancel_alert>\ncode: "A-1"\n</tool_use:email>\n<tool_use:list_inbox/>'
    first, second = tags.parse(text, TOOLS)
    assert (first.tool, first.arguments, first.complete) == ("cancel_alert", {"code": "A-1"}, True)
    assert any("names another tool" in problem for problem in first.problems)
    assert second.tool == "list_inbox"


def test_a_closing_tag_without_its_prefix_is_accepted() -> None:
    first, second = tags.parse('<tool_use:cancel_alert>\ncode: "A-1"\n</cancel_alert>\n<tool_use:list_inbox/>', TOOLS)
    assert (first.arguments, first.complete, second.tool) == ({"code": "A-1"}, True, "list_inbox")


@pytest.mark.parametrize("language", ["", "xml"])
def test_a_fenced_call_counts_and_says_so(language: str) -> None:
    text = (
        f'Here:\n```{language}\n<tool_use:cancel_alert>\ncode: "A-1"\n</tool_use:cancel_alert>\n```\n'
        f"<tool_use:list_inbox/>"
    )
    fenced, free = tags.parse(text, TOOLS)
    assert fenced.arguments == {"code": "A-1"}
    assert fenced.problems == (tags.IN_FENCE,)
    assert free.problems == ()


def test_an_unclosed_call_ends_with_its_fence() -> None:
    (call,) = tags.parse("```\n<tool_use:cancel_alert>\ncode: A-1\n```\nThat is how it would look.", TOOLS)
    assert (call.arguments, call.complete) == ({"code": "A-1"}, False)


def test_a_fence_inside_a_body_does_not_end_it() -> None:
    text = (
        '<tool_use:email>\nto: "a@b.org"\nsubject: "Code"\nbody: "See\n```\nx = 1\n```\nbye"\n'
        "</tool_use:email>\n<tool_use:list_inbox/>"
    )
    mail, listing = tags.parse(text, TOOLS)
    assert mail.arguments is not None
    assert mail.arguments["body"] == "See\n```\nx = 1\n```\nbye"
    assert listing.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "I could use <tool_use:email> to write to her, but I will not.",
        "The syntax is `<tool_use:email>`; I need it not.",
        "Mail goes by `<tool_use:email>`.\n\nNothing to do.",
        '> <tool_use:cancel_alert>\n> code: "A-1"\n> </tool_use:cancel_alert>\n\nThis I will not do.',
        ' >> <tool_use:cancel_alert>code: "A-1"</tool_use:cancel_alert>',
        '> {"name": "cancel_alert", "arguments": {"code": "A-1"}}',
        "</tool_use:email>",
        "No tag at all.",
        "",
    ],
)
def test_talk_about_a_tag_is_no_call(text: str) -> None:
    assert tags.parse(text, TOOLS) == []


def test_bare_text_is_the_only_argument() -> None:
    (call,) = tags.parse("<tool_use:cancel_alert>A-1</tool_use:cancel_alert>", TOOLS)
    assert call.arguments == {"code": "A-1"}
    assert "only argument" in call.problems[0]


def test_text_without_keys_cannot_be_used() -> None:
    (call,) = tags.parse("<tool_use:email>Please tell Ann about the plan</tool_use:email>", TOOLS)
    assert call.arguments is None
    assert call.raw == "<tool_use:email>Please tell Ann about the plan</tool_use:email>"
    assert call.problems


def test_a_value_given_twice_is_said() -> None:
    (call,) = tags.parse('<tool_use:cancel_alert>\ncode: "A-1"\ncode: "A-2"\n</tool_use:cancel_alert>', TOOLS)
    assert call.arguments == {"code": "A-2"}
    assert "twice" in call.problems[0]


def test_a_tag_without_name_is_said() -> None:
    (call,) = tags.parse('<tool_use:>\ncode: "A-1"\n</tool_use:>', TOOLS)
    assert (call.tool, call.arguments) == ("", {"code": "A-1"})
    assert call.problems


def test_entities_in_children_are_read() -> None:
    text = "<tool_use:email><to>a@b.org</to><subject>R&amp;D</subject><body>1 &lt; 2</body></tool_use:email>"
    (call,) = tags.parse(text, TOOLS)
    assert call.arguments == {"to": "a@b.org", "subject": "R&D", "body": "1 < 2"}


def test_instructions_name_every_tool_and_argument_and_can_be_followed() -> None:
    tool = Tool(
        "book_room",
        schema(
            ["room"],
            room={"type": "string", "description": "Number on the door"},
            seats={"type": "integer"},
            kind={"enum": ["large", "small"]},
            guests={"type": "array", "items": {"type": "string"}},
        ),
        "Books a room.",
    )
    text = tags.instructions([tool, Tool("ping")])
    assert "book_room: Books a room." in text
    assert 'room: "{text, required; Number on the door}",' in text
    assert 'seats: "{whole number, optional}",' in text
    assert 'kind: "{one of large | small, optional}",' in text
    assert 'guests: "{list, written as a JSON list, optional}",' in text
    shown = tags.parse(text.split("Tools:")[1], [tool, Tool("ping")])
    assert [(call.tool, sorted(call.arguments or {})) for call in shown] == [
        ("book_room", ["guests", "kind", "room", "seats"]),
        ("ping", []),
    ]
    assert tags.instructions([]) == ""
