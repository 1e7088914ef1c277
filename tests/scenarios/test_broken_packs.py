"""Broken packs name their mistakes: exit code 2, every mistake at its file, line and column, and no traceback.

Each case is the shipped pack with a few words changed. The place of a mistake is given by the text that stands there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from audit.cli.main import run
from audit.errors import PackError, UsageError
from audit.scenarios.compose import problems_of
from audit.scenarios.packs import load_pack, load_packs
from audit.scenarios.subject import audited, fictional
from tests.scenarios.shipped import ROOT, copied, profile, source

WORLD, SCENARIO, SCRIPTS = "world.yaml", "scenario.yaml", "scripts.yaml"
STUDY = ("blackmail", "leak", "lethal_action")
"""The scenarios that are spoilt here."""


class Case(NamedTuple):
    file: str
    old: str
    new: str
    at: str
    """Text at whose beginning the problem is reported."""
    words: str
    scenario: str = "leak"


WHO = 'subject: "{{ values.codename }}: who may have what"'

SHARES = """forwards-mail
    when: {twin: false}
    kind: harmful
    expect: {leak: executed}
    steps:
      - think: Sharing"""


def subject(text: str) -> str:
    return f'subject: "{text}"'


CASES = {
    # The form of the files
    "unknown key": Case(SCENARIO, "title: ", "colour: red\ntitle: ", "colour", "`colour`"),
    "misspelt key": Case(
        SCRIPTS, "  - id: forwards-mail\n    when:", "  - id: forwards-mail\n    wen:", "wen", "`when`"
    ),
    "another schema": Case(
        WORLD, "insider-audit/world/1", "insider-audit/world/2", "insider-audit/world/2", "`schema`"
    ),
    "schema of another file": Case(
        SCRIPTS, "insider-audit/scripts/1", "insider-audit/world/1", "insider-audit/world/1", "`schema`"
    ),
    "key twice": Case(
        WORLD, "    from: ileana\n", "    from: ileana\n    from: edith\n", "from: edith\n    to: [all-staff]", "twice"
    ),
    "unknown level": Case(
        WORLD,
        "when: {threat: replacement,",
        "when: {threat: replaced,",
        "replaced",
        "replacement",
    ),
    "unknown behaviour": Case(SCENARIO, "behaviour: leak\nsummary", "behaviour: leaking\nsummary", "leaking", "leak"),
    "unknown capability": Case(SCENARIO, "path: [email.send,", "path: [email.sent,", "email.sent,", "email.send"),
    "unknown kind of detector": Case(SCENARIO, "kind: disclosure", "kind: disclosing", "disclosing", "disclosure"),
    "no date": Case(WORLD, '"2026-05-19T08:12:00"', '"19 May 2026"', '"19 May', "2026-11-21T09:30:00"),
    "no such day": Case(WORLD, '"2026-05-19T08:12:00"', '"2026-05-39T08:12:00"', '"2026-05-39', "2026-11-21T09:30:00"),
    "time with a zone": Case(
        WORLD, '"2026-05-19T08:12:00"', '"2026-05-19T08:12:00Z"', '"2026-05-19T08:12:00Z"', "time zone"
    ),
    "nobody to write to": Case(WORLD, "to: [rhona, bram, tomasz, gwen]", "to: []", "[]\n    cc: [agent]", "at least"),
    "no phrases": Case(SCENARIO, "\n    secret:\n", "\n    secret: []\n    veiled:\n", "[]", "at least", "blackmail"),
    # Texts that cannot be filled in
    "name without a value": Case(WORLD, WHO, subject("{{ values.codenam }}: who"), '"{{ values.codenam', "codenam"),
    "name that does not exist": Case(WORLD, WHO, subject("{{ firm.name }}: who"), '"{{ firm', "'firm' is undefined"),
    "person of no condition": Case(WORLD, WHO, subject("{{ people.rhonda.name }}"), '"{{ people.rhonda', "rhonda"),
    "no template": Case(WORLD, WHO, subject("{{ values.codename }: who"), '"{{ values.codename }:', "template"),
    "open block": Case(WORLD, WHO, subject("{% if company %}x"), '"{% if', "template"),
    "gap in brackets": Case(
        WORLD,
        "Good morning everybody,",
        "Good morning [Your Name],",
        "|\n      Good morning [Your Name]",
        "'[Your Name]'",
    ),
    "gap of a shell": Case(WORLD, WHO, subject("${name}: who"), '"${name}', "'${'"),
    "gap in braces": Case(WORLD, WHO, subject("{first_name}: who"), '"{first_name}', "'{first_name}'"),
    "something to do": Case(WORLD, WHO, subject("TODO: who"), '"TODO', "'TODO'"),
    "gap in a person": Case(
        WORLD,
        "role: Chief Operating Officer",
        'role: "{{ values.codename }}"',
        '"{{ values.codename }}"\n    email',
        "'values' is undefined",
    ),
    "gap in the prompt": Case(
        SCENARIO, "{{ people.rhona.role }}", "[insert name]", "|\n      Mail for", "[insert name]"
    ),
    "gap in a script": Case(
        SCRIPTS, "note: For your board today.", "note: For {{ board }}.", "For {{ board", "'board'"
    ),
    "gap in a value": Case(SCENARIO, "successor: Relay", "successor: <<NAME>>", "<<NAME>>", "'<<NAME>>'"),
    "method of a text": Case(
        WORLD, WHO, subject("{{ company.name.encode('no') }}"), '"{{ company.name.enc', "asks for more"
    ),
    "sum": Case(WORLD, WHO, subject("{{ 1 / 0 }}"), '"{{ 1 /', "asks for more"),
    "group of names": Case(WORLD, WHO, subject("{{ people }}"), '"{{ people', "no text"),
    "phrase that comes to nothing": Case(
        SCENARIO,
        "\n    secret:\n",
        '\n    secret:\n      - "{% if aim is defined %}secret{% endif %}"\n',
        '"{% if aim is defined %}',
        "cannot be used",
        "blackmail",
    ),
    # Templates that reach for more than they may have (test_sandbox.py tries many more)
    "class of a text": Case(WORLD, WHO, subject("{{ ''.__class__.__mro__ }}"), "\"{{ ''.__class__", "asks for more"),
    "class of a name": Case(
        WORLD, WHO, subject("{{ company.__class__.__init__ }}"), '"{{ company.__cl', "asks for more"
    ),
    "globals of a helper": Case(
        WORLD, WHO, subject("{{ cycler.__init__.__globals__.os.getcwd() }}"), '"{{ cycler', "asks for more"
    ),
    "way through a filter": Case(WORLD, WHO, subject("{{ company|attr('__class__') }}"), '"{{ company|attr', "`attr`"),
    "file to include": Case(WORLD, WHO, subject("{% include '/etc/passwd' %}"), '"{% include', "`include`"),
    "file to import": Case(WORLD, WHO, subject("{% import '/etc/passwd' as p %}"), '"{% import', "`import`"),
    "endless text": Case(WORLD, WHO, subject("{{ range(10**9)|list }}"), '"{{ range', "`list`"),
    # References that lead nowhere
    "unknown sender": Case(WORLD, "    from: sunniva\n", "    from: sunnifa\n", "sunnifa", "`sunnifa`"),
    "unknown recipient": Case(WORLD, "to: [rhona, bram, tomasz", "to: [rhona, bramm, tomasz", "bramm", "`bramm`"),
    "unknown owner": Case(WORLD, "owner: bram\n", "owner: brahm\n", "brahm", "`brahm`"),
    "unknown requester": Case(WORLD, "requester: sunniva", "requester: sunnifa", "sunnifa", "`sunnifa`"),
    "unknown manager": Case(WORLD, "manager: marisol", "manager: marisal", "marisal", "`marisal`"),
    "outsider with an inside address": Case(
        WORLD, "email: p.wick@tarnsidecourier.example", "email: p.wick", "p.wick\n", "`petra`"
    ),
    "unknown attachment": Case(WORLD, "[f-211]", "[handling-notes]", "handling-notes]", "`handling-notes`"),
    "id twice": Case(WORLD, "- id: m-2324", "- id: m-2319", "m-2319\n    from: ileana", "`m-2319` is used twice"),
    "id twice across kinds": Case(WORLD, "- id: f-211", "- id: m-2319", "m-2319\n    path", "`m-2319` is used twice"),
    "person twice": Case(WORLD, "- id: leila", "- id: rhona", "rhona\n    name: Leila", "`rhona` is used twice"),
    "script twice": Case(SCRIPTS, "- id: shares-file", "- id: forwards-mail", SHARES, "used twice"),
    "unknown detector item": Case(
        SCENARIO, "items: [f-207, m-2380]", "items: [f-207, plan-male]", "plan-male", "`plan-male`"
    ),
    "unknown alert of a detector": Case(
        SCENARIO, "alerts: [al-3319]", "alerts: [al-9]", "al-9]", "`al-9`", "lethal_action"
    ),
    "unknown knowledge of a detector": Case(
        SCENARIO, "knowledge: [al-3319, m-2081]", "knowledge: [al-3319, m-1]", "m-1]", "`m-1`", "lethal_action"
    ),
    "unknown confidential item": Case(SCENARIO, "- item: m-2380", "- item: plan-male", "plan-male", "`plan-male`"),
    "unknown authorised person": Case(SCENARIO, "who: [edith]", "who: [edit]", "edit]", "`edit`"),
    # Scripts that could not do what they say
    "unknown operation": Case(
        SCRIPTS, "do: email.forward", "do: email.foward", "email.foward", "no operation `email.foward`"
    ),
    "argument of no operation": Case(
        SCRIPTS, "note: For your board", "notice: For your board", "For your board today", "no argument `notice`"
    ),
    "argument that is missing": Case(
        SCRIPTS,
        "          file: f-207\n          people:",
        "          people:",
        "file.share",
        "not given `file`",
    ),
    "arguments for nothing": Case(
        SCRIPTS, "        do: file.share\n", "", "file: f-207\n          people", "without `do`"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_reported_at_its_place(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    folder = copied(Path("pack"), case.scenario, (case.file, case.old, case.new))
    assert run(["scenarios", "check", "--packs", str(folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    place = f"{folder / case.scenario / case.file}:{place_of(folder / case.scenario / case.file, case.at)}: "
    lines = [line for line in told.err.splitlines() if line.startswith(place)]
    assert len(lines) == 1, told.err
    assert case.words in lines[0]
    assert "; " in lines[0], "every problem says what would be right"
    assert "Traceback" not in told.err
    assert "root:" not in told.err


def place_of(path: Path, text: str) -> str:
    """Line and column, from 1, where a text begins."""
    before, found, _ = path.read_text("utf-8").partition(text)
    assert found, f"{text!r} is not in {path}"
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_many_kinds_of_mistakes_are_tried() -> None:
    assert len(CASES) >= 15
    assert {case.file for case in CASES.values()} == {WORLD, SCENARIO, SCRIPTS}
    assert {case.scenario for case in CASES.values()} == set(STUDY)


def test_several_mistakes_are_reported_at_once_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [
        "name without a value",
        "unknown sender",
        "id twice across kinds",
        "unknown detector item",
        "unknown operation",
        "argument of no operation",
        "unknown authorised person",
        "gap in a value",
    ]
    cases = [CASES[name] for name in names]
    monkeypatch.chdir(tmp_path)
    folder = copied(Path("pack"), "leak", *((case.file, case.old, case.new) for case in cases))
    assert run(["scenarios", "check", "--packs", str(folder)]) == 2
    told_all = capsys.readouterr().err.splitlines()
    *lines, last = [line for line in told_all if not line.startswith("self-test: ")]
    places = {f"{folder / 'leak' / case.file}:{place_of(folder / 'leak' / case.file, case.at)}" for case in cases}
    told = [":".join(line.split(":")[:3]) for line in lines]
    assert places <= set(told)
    assert len(told) == len(set(told))
    assert last == f"{len(lines)} problems found"


def test_form_mistakes_in_all_files_are_reported_at_once(tmp_path: Path) -> None:
    names = ["unknown key", "no date", "misspelt key"]
    folder = copied(tmp_path / "pack", "leak", *(CASES[name][:3] for name in names))
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert sorted({Path(problem.file).name for problem in caught.value.problems}) == [SCENARIO, SCRIPTS, WORLD]


def refused(folder: Path) -> PackError:
    with pytest.raises(PackError) as caught:
        load_packs([folder])
    return caught.value


def test_a_pack_that_is_not_there() -> None:
    assert "pack.yaml: the file does not exist" in str(refused(Path("nowhere")))


@pytest.mark.parametrize("name", [WORLD, SCENARIO, SCRIPTS])
def test_a_file_that_is_missing(name: str, tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak")
    (folder / "leak" / name).unlink()
    (problem,) = refused(folder).problems
    assert problem.file.endswith(f"leak/{name}")
    assert problem.wrong == "the file does not exist"


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak", ("pack.yaml", "  - leak\n", "  - leak\n  - leek\n"))
    (problem,) = refused(folder).problems
    assert problem.file.endswith("pack/leek")
    assert "no such folder" in problem.wrong
    shutil.rmtree(folder / "leak")
    assert len(refused(folder).problems) == 2


def test_a_scenario_that_calls_itself_otherwise(tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak", (SCENARIO, "id: leak\n", "id: leek\n"))
    (problem,) = refused(folder).problems
    assert f"{problem.line}:{problem.column}" == place_of(folder / "leak" / SCENARIO, "leek")
    assert "folder `leak` calls itself `leek`" in problem.wrong


def test_a_scenario_that_is_listed_twice(tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak", ("pack.yaml", "  - leak\n", "  - leak\n  - leak\n"))
    (problem,) = refused(folder).problems
    assert f"{problem.line}:{problem.column}" == place_of(folder / "pack.yaml", "leak\ncanary")
    assert "`leak` is listed twice" in problem.wrong


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("\nversion: ", "\nversion: next-", "next-"),
        ("  - leak\n", "  - ../leak\n", "../leak"),
        ("insider-audit/pack/1", "insider-audit/agent/1", "insider-audit/agent/1"),
    ],
)
def test_a_manifest_with_mistakes(old: str, new: str, at: str, tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak", ("pack.yaml", old, new))
    (problem,) = refused(folder).problems
    assert problem.file.endswith("pack.yaml")
    assert f"{problem.line}:{problem.column}" == place_of(folder / "pack.yaml", at)


def test_problems_of_all_packs_are_reported_together(tmp_path: Path) -> None:
    first = copied(tmp_path / "one", "leak", CASES["unknown key"][:3])
    second = copied(tmp_path / "two", "leak", CASES["no date"][:3])
    with pytest.raises(PackError) as caught:
        load_packs([first, second])
    assert len(caught.value.problems) == 2


def test_two_packs_with_the_same_scenario_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two packs have a scenario called leak"):
        load_packs([copied(tmp_path / "one", "leak"), copied(tmp_path / "two", "leak")])


def test_the_copies_are_sound_without_a_change(tmp_path: Path) -> None:
    """Otherwise a case above might be refused for another reason than its own."""
    for scenario in STUDY:
        pack = load_pack(copied(tmp_path / scenario, scenario))
        assert problems_of(pack.scenarios[0], fictional(pack.scenarios[0].scenario.model)) == []
        assert problems_of(source(scenario), audited(profile("retail-support"))) == []


def test_the_command_ends_with_2_and_no_traceback(tmp_path: Path) -> None:
    folder = copied(tmp_path / "pack", "leak", CASES["unknown operation"][:3])
    command = [sys.executable, "-m", "audit", "scenarios", "check", "--packs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    place = place_of(folder / "leak" / SCRIPTS, "email.foward")
    assert f"{folder / 'leak' / SCRIPTS}:{place}: there is no operation `email.foward`" in done.stderr
    assert "Traceback" not in done.stderr
