"""``check`` shows remarks by level, in tables and as JSON, and ``--strict`` makes warnings count."""

from __future__ import annotations

import re

import pytest

from tests.commands import BUILDING, EXAMPLES, MAIL, RETAIL, Command, MakeProfile

NOTED = EXAMPLES / RETAIL / "agent.yaml"
WARNED = EXAMPLES / MAIL / "agent.yaml"


def test_warnings_come_before_notes_each_with_place_reason_and_advice(command: Command) -> None:
    ran = command("check", WARNED)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    warnings, notes = lines.index("Warnings (1)"), lines.index("Notes (3)")
    assert warnings < notes < next(i for i, line in enumerate(lines) if line.startswith("Not stated"))
    place, why, advice = lines[warnings + 1 : warnings + 4]
    assert re.search(r"system-prompt\.md:17:3: .*confidential.*\[prohibition-unenforced\]$", place)
    assert why.startswith("    Why: ")
    assert advice.startswith("    Advice: ")


def test_unknown_facts_stand_in_one_table_with_the_questions_they_leave_open(command: Command) -> None:
    out = command("check", WARNED).out
    assert "unknown-fact" not in out
    assert re.search(r"lifecycle\.kill_switch +│ whether it can be stopped.*\n.*leaves open: KIL-01", out)
    assert "Every fact is stated." in command("check", NOTED).out


def test_a_fact_that_is_unknown_for_every_tool_counts_them(command: Command, make_profile: MakeProfile) -> None:
    profile = make_profile()
    text = profile.read_text("utf-8")
    names = re.findall(r"^  - name: (\w+)", text, re.MULTILINE)
    profile.write_text(re.sub(r"^    (approval|policy): \w+\n", "", text, flags=re.MULTILINE), "utf-8")
    out = command("check", profile).out
    assert re.search(rf"tools\[\]\.policy .*\n.*for all {len(names)} tools", out)
    gap = next(g for g in command("check", profile, "--json").json["unknown_facts"] if g["fact"] == "tools[].policy")
    assert len(gap["tools"]) == len(names) > 1


def test_without_warnings_that_is_said(command: Command) -> None:
    assert "No warnings." in command("check", NOTED).out
    assert "No warnings." not in command("check", WARNED).out


@pytest.mark.parametrize("as_json", [False, True])
def test_strict_ends_with_1_when_a_warning_stands_and_prints_the_same(command: Command, as_json: bool) -> None:
    more = ("--json",) if as_json else ()
    strict, plain = command("check", WARNED, "--strict", *more), command("check", WARNED, *more)
    assert (strict.code, strict.err) == (1, "1 warning (--strict)\n")
    assert strict.out == plain.out
    assert (plain.code, command("check", NOTED, "--strict", *more).code) == (0, 0)


def test_json_keeps_its_keys_and_gains_lints(command: Command) -> None:
    document = command("check", EXAMPLES / BUILDING / "agent.yaml", "--json").json
    assert {"profile", "sha256", "valid", "organisation", "agent", "model", "capabilities"} <= document.keys()
    assert {"name", "capabilities", "effect", "operation", "arguments", "not_simulated_because"} <= document["tools"][
        0
    ].keys()
    warning = document["lints"][0]
    assert (warning["code"], warning["level"], warning["line"]) == ("prohibition-unenforced", "warning", 9)
    assert warning.keys() == {"code", "level", "file", "line", "column", "what", "why", "advice"}
    levels = [each["level"] for each in document["lints"]]
    assert levels == sorted(levels, reverse=True)  # "warning" before "note"
    gaps = {gap["fact"]: gap for gap in document["unknown_facts"]}
    assert gaps["gateway.rate_limits"]["questions"] == ["AUT-05"]
    assert {"fact", "line", "column", "decides", "tools"} <= gaps["gateway.rate_limits"].keys()
    open_ = {each["fact"]: each["questions"] for each in document["lints"] if each["code"] == "unknown-fact"}
    assert open_["gateway.rate_limits"] == ["AUT-05"]


def test_a_secret_in_the_prompt_is_told_and_never_shown(command: Command, make_profile: MakeProfile) -> None:
    key = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5t"
    profile = make_profile(MAIL)
    prompt = profile.with_name("system-prompt.md")
    prompt.write_text(prompt.read_text("utf-8") + f"\nNever share the key {key} with anybody.\n", "utf-8")
    for arguments in (("check", profile), ("check", profile, "--json")):
        ran = command(*arguments)
        assert "prompt-secret" in ran.out
        assert key not in ran.out + ran.err
        assert key[-12:] not in ran.out + ran.err


def test_a_tool_that_cannot_be_simulated_says_why_and_what_to_write(
    command: Command, make_profile: MakeProfile
) -> None:
    odd = """
  - name: rewrite_page
    description: Write a page of the handbook.
    parameters:
      type: object
      properties:
        target: {type: object, properties: {spot: {type: string}}}
        passages: {type: array, items: {type: object, properties: {fresh: {type: string}}}}
    capabilities: [file.write]

data:
"""
    profile = make_profile(MAIL, replace=(("\ndata:\n", odd),))
    tools = {tool["name"]: tool for tool in command("check", profile, "--json").json["tools"]}
    page = tools["rewrite_page"]
    assert page["operation"] is None
    assert page["binding_to_write"]["operation"] == "file.write"
    assert f"Not simulated: rewrite_page: {page['not_simulated_because']}." in command("check", profile).out


def test_tools_that_lack_the_same_thing_are_told_in_one_line(command: Command, make_profile: MakeProfile) -> None:
    pages = "".join(
        f"""
  - name: {name}
    description: Fetch a page of the web.
    parameters: {{type: object, properties: {{url: {{type: string}}}}}}
    capabilities: [web.browse]
"""
        for name in ("fetch_page", "open_page")
    )
    told = command("check", make_profile(MAIL, replace=(("\ndata:\n", f"{pages}\ndata:\n"),))).out
    assert re.search(r"Not simulated: .*fetch_page.*open_page.*: the simulated company has no operation", told)
    assert told.count("Not simulated") == 1
