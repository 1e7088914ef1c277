from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.profile.authoring.tool_yaml import tool_values, tools_yaml
from audit.profile.authoring.yaml_text import block, comment, inline, one_line, storable
from audit.profile.tools import Reach, Reversibility, Tool
from audit.resources.document import parse
from audit.world.capabilities import Capability, Effect
from tests.profile.authoring.listed import HIGH, LOW, MEDIUM, TOOLS, tool

NASTY = (
    "yes", "no", "null", "~", "1e3", "1_000", ".inf", "2026-11-21", "12:30:45", "=", "<<", "- a", "? a", "?0",
    "a: b", "a #b", " a", "a ", "\n", "\n\n a\n", "a\n  b\n", "a\n\n\n", "'", '"', "\\", "|", ">", "%YAML", "...",
    "0x1f", "\ttab", "a\tb\n\tc", "smör \N{GRINNING FACE}", "\ufeff", "\x85 ", "\u2028", "\x7f", "a\r\nb", "---",
)  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(alphabet="ab \n\t\r\x85\u2028'\"#:-{}[]|>%@`&*!?,\\é0.~") | st.text()
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values, st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_what_is_written_reads_back(value: Any, depth: int) -> None:
    value = storable(value)
    above = "".join("  " * level + f"k{level}:\n" for level in range(depth))
    document = parse(above + block("key", value, depth) + "  " * depth + "after: 1\n")
    assert document.flaws == ()
    found = document.data
    for level in range(depth):
        found = found[f"k{level}"]
    assert found == {"key": value, "after": 1}
    line = inline(value)
    assert "\n" not in line
    assert parse(f"key: {line} # remark\nafter: 1\n").data == {"key": value, "after": 1}


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_comments_stay_comments_whatever_the_text(text: str) -> None:
    lines = comment(text, 1)
    assert all(line.startswith("  # ") or line == "  # " for line in lines.splitlines())
    assert parse(lines + "key: 1 # " + one_line(text) + "\n").data == {"key": 1}


def test_what_yaml_cannot_hold_is_replaced_and_repetition_written_out() -> None:
    assert storable({"a\0": ["\ud800", 1]}) == {"a\ufffd": ["\ufffd", 1]}
    same = {"type": "string"}
    assert "&" not in block("x", [same, same], 0)


def written(*tools: Any, said: Any = None) -> list[dict[str, Any]]:
    document = parse(tools_yaml(tools, said))
    assert document.flaws == ()
    entries: list[dict[str, Any]] = document.data["tools"]
    return entries


def line_with(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(start))


def test_every_entry_is_a_tool_of_a_profile_with_what_was_inferred() -> None:
    for entry, source in zip(written(*TOOLS), TOOLS, strict=True):
        model = Tool.model_validate(entry)
        assert (model.name, model.description, model.parameters) == (
            source.name, source.listed.description, source.listed.parameters,
        )  # fmt: skip
        assert set(model.capabilities) == {item.value for item in source.capabilities}
        assert model.effect == source.effect.value


@given(texts, texts, st.dictionaries(texts, values, max_size=3))
@settings(max_examples=150, deadline=None)
def test_foreign_texts_do_no_harm(description: str, evidence: str, schema: dict[str, Any]) -> None:
    parameters = storable({**schema, "type": "object"})
    given_tool = tool(
        "a", Capability.EMAIL_READ, description=storable(description), parameters=parameters,
        evidence=evidence, listed_as=evidence or "a", notes=(evidence,),
    )  # fmt: skip
    (entry,) = written(given_tool)
    assert (entry["description"], entry["parameters"]) == (storable(description), parameters)
    assert entry["capabilities"] == ["email.read"]


def test_comments_carry_confidence_and_evidence_and_say_where_to_look() -> None:
    text = tools_yaml(
        [
            tool(
                "sync.all",
                (Capability.FILE_WRITE, MEDIUM),
                (Capability.WEB_BROWSE, LOW),
                effect=(Effect.WRITE, HIGH),
                listed_as="sync/all",
                notes=("The name was mended.",),
            ),
            tool("x", (Capability.UNKNOWN, MEDIUM)),
        ]
    )
    assert line_with(text, "- file.write").endswith("# medium: the name says it")
    assert line_with(text, "- web.browse").endswith("# low: the name says it; check this")
    assert line_with(text, "capabilities: [unknown]").endswith("check this")
    assert "sync/all" in line_with(text, "- name: sync.all")
    assert "    # The name was mended." in text
    assert tools_yaml([]).endswith("tools: []\n")


def test_a_mild_guess_that_rests_on_little_is_written_as_unknown() -> None:
    doubtful = tool(
        "a", Capability.FILE_READ, reach=(Reach.INTERNAL, LOW), reversibility=(Reversibility.REVERSIBLE, LOW)
    )
    assert (tool_values(doubtful)["reach"], tool_values(doubtful)["reversibility"]) == ("unknown", "unknown")
    assert "perhaps internal" in line_with(tools_yaml([doubtful]), "reach: unknown")
    sure = tool("a", Capability.FILE_READ, reach=(Reach.INTERNAL, MEDIUM))
    assert tool_values(sure)["reach"] == "internal"
    grave = tool("a", Capability.FILE_READ, reach=(Reach.PUBLIC, LOW))
    assert tool_values(grave)["reach"] == "public"


def test_what_people_say_goes_first_and_an_effect_follows_their_capabilities() -> None:
    unread = tool("a", (Capability.UNKNOWN, LOW), effect=(Effect.IRREVERSIBLE, LOW))
    assert tool_values(unread, {"capabilities": ["utility"]})["effect"] == "read"
    deleting = tool("delete_a", Capability.FILE_DELETE, effect=(Effect.IRREVERSIBLE, HIGH))
    assert tool_values(deleting, {"capabilities": ["file.read"]})["effect"] == "irreversible"
    assert tool_values(deleting, {"capabilities": ["file.read"], "effect": "read"})["effect"] == "read"
    raised = tool_values(tool("a", Capability.FILE_READ), {"capabilities": ["payment.send"]})
    assert raised["effect"] == "irreversible"
    (entry,) = written(deleting, said={"delete_a": {"approval": "required", "binding": {"operation": "file.read"}}})
    assert (entry["approval"], entry["policy"], entry["binding"]) == ("required", "unknown", {"operation": "file.read"})
