"""Packs from elsewhere: their templates, files and amounts are held to what a pack needs, and the rest is refused."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.cli.main import run
from audit.errors import PackError
from audit.resources import Loaded, load_yaml_model
from audit.scenarios.compose import compose, problems_of
from audit.scenarios.models import PackManifest
from audit.scenarios.packs import load_pack, shipped_packs
from audit.scenarios.sandbox import LARGEST_FILE, LONGEST_IN_SCRIPT, LONGEST_PHRASE, MOST_ENTRIES, MOST_PHRASES
from audit.scenarios.scaffold import Wanted, write_pack
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import fictional
from audit.scenarios.templates import LONGEST_IN_ALL, LONGEST_TEXT, MOST_NODES, Renderer, refusal
from audit.verdicts.detectors.specs import CoercionSpec, StatementSpec
from audit.verdicts.rules import judge_by_rules
from tests.verdicts.builders import OTTO, case, episode, mail

FILES = ("scenario.yaml", "world.yaml", "scripts.yaml")
FEW_SECONDS = 20.0
"""What a hostile text may cost on a machine that is busy with other things; carried out, it would cost hours."""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    write_pack(folder, Wanted.checked(folder, "desk", None, "sabotage", "public"))
    return folder


@pytest.fixture
def manifest(pack: Path) -> Loaded[PackManifest]:
    return load_yaml_model(pack / "pack.yaml", PackManifest, PackError)


def changed(pack: Path, name: str, old: str, new: str) -> Path:
    """One text of the pack replaced; returns the file."""
    path = pack / name if name == "pack.yaml" else pack / "desk" / name
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def refused(pack: Path) -> list[str]:
    with pytest.raises(PackError) as caught:
        load_pack(pack)
    return [str(problem) for problem in caught.value.problems]


def filled(manifest: Loaded[PackManifest], template: str, **names: Any) -> tuple[str, list[str]]:
    known = {
        "company": SimpleNamespace(name="Ottermouth", domain="ottermouth.example"),
        "people": {"ines": SimpleNamespace(name="Ines Halloran", first="Ines")},
        "values": {"items": "eggs", "hour": "SIX"},
    }
    renderer = Renderer({**known, **names})
    return renderer.text(manifest, ("title",), template), [problem.wrong for problem in renderer.problems]


# What templates may do


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no names at all", "no names at all"),
        ("a {brace} and 100 % of it", "a {brace} and 100 % of it"),
        ("two\r\nlines\rand a third", "two\nlines\nand a third"),
        ("{{ company.name }}", "Ottermouth"),
        ("{{ people.ines.first }}, {{values.hour}}", "Ines, SIX"),
        # A name that a mapping has as a method is still the pack's own word.
        ("{{ values.items }}", "eggs"),
        ("{{ values.hour | lower }} {{ values.items|title|trim }}", "six Eggs"),
        ("{{ nobody | default('all of you') }}", "all of you"),
        ("{% if goal is defined %}aim{% else %}no aim{% endif %}", "no aim"),
        ("{% if values.hour == 'SIX' and not values.items in 'ham' %}yes{% elif values.hour %}no{% endif %}", "yes"),
        ("{{ 'early' if values.hour != 'SIX' else 'late' }}", "late"),
        ("{# a note to the next author #}said", "said"),
        ("{% raw %}{% endraw %}kept", "kept"),
    ],
)
def test_names_conditions_and_a_few_filters_are_allowed(
    template: str, text: str, manifest: Loaded[PackManifest]
) -> None:
    assert refusal(template) is None
    said, problems = filled(manifest, template)
    assert said == text
    assert [wrong for wrong in problems if "left to fill in" not in wrong] == []


HOSTILE = {
    "read a file": ("{% include '/etc/passwd' %}", "`include`"),
    "import a file": ("{% import '/etc/passwd' as p %}", "`import`"),
    "import from a file": ("{% from '/etc/passwd' import p %}", "`import`"),
    "extend a file": ("{% extends '/etc/passwd' %}", "`extends`"),
    "class of a text": ("{{ ''.__class__.__mro__ }}", "`__mro__`"),
    "class of a name": ("{{ company.__class__.__init__.__globals__ }}", "`__globals__`"),
    "attribute by filter": ("{{ company|attr('__class__') }}", "the filter `attr`"),
    "globals of a helper": ("{{ cycler.__init__.__globals__.os.system('id') }}", "a call"),
    "method of a text": ("{{ company.name.encode('no') }}", "a call"),
    "method that changes": ("{{ values.update({'a': 'b'}) }}", "a call"),
    "format string": ("{{ '{0.__class__}'.format(company) }}", "a call"),
    "endless range": ("{{ range(10**9)|list }}", "the filter `list`"),
    "long text": ("{{ 'x' * 10**9 }}", "arithmetic"),
    "long text in a branch not taken": ("{% if false %}{{ 'x' * 10**9 }}{% endif %}", "arithmetic"),
    "great number": ("{{ 9 ** 9 ** 9 }}", "arithmetic"),
    "number": ("{{ 7 }}", "a number"),
    "padding": ("{{ 'x'|center(999999999) }}", "the filter `center`"),
    "growing by replacement": ("{{ 'aa'|replace('a', 'aaaaaaaa')|replace('a', 'aaaaaaaa') }}", "the filter `replace`"),
    "loop": ("{% for a in values %}{% for b in values %}x{% endfor %}{% endfor %}", "a loop"),
    "macro": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "a macro"),
    "call block": ("{% call m() %}x{% endcall %}", "a call block"),
    "filter block": ("{% filter upper %}x{% endfilter %}", "a filter block"),
    "block": ("{% block a %}{{ self.a() }}{% endblock %}", "a block"),
    "variable": ("{% set x = 'y' %}{{ x }}", "`set`"),
    "variable block": ("{% set x %}y{% endset %}", "`set`"),
    "scope": ("{% with x = 'y' %}{{ x }}{% endwith %}", "`with`"),
    "autoescape": ("{% autoescape true %}x{% endautoescape %}", "`scope`"),
    "index": ("{{ values['hour'] }}", "an index"),
    "slice": ("{{ values.hour[1:] }}", "an index"),
    "list": ("{{ [company] }}", "a list"),
    "mapping": ("{{ {'a': company} }}", "a mapping"),
    "joining": ("{{ 'a' ~ company }}", "`~`"),
    "comparison of sizes": ("{{ 'a' if company.name < 'b' }}", "a comparison"),
    "other test": ("{{ 'a' if company is callable }}", "the test `callable`"),
    "named argument": ("{{ values.hour|default(default_value='x') }}", "an argument with a name"),
    "on a later line": ("one\ntwo\n{{ 'x' * 10**9 }}", "(line 3 of the text)"),
    "deep brackets": ("{{ " + "(" * 50_000 + "company" + ")" * 50_000 + " }}", "taken apart"),
    "deep branches": ("{% if company %}" * 60 + "{% endif %}" * 60, "levels deep"),
    "deep names": ("{{ company" + ".name" * 30_000 + " }}", "levels deep"),
    "deep conditions": ("{% if " + "company and " * 10_000 + "company %}{% endif %}", "levels deep"),
    "many branches": ("{% if company %}" + "{% elif company %}" * 9_000 + "{% endif %}", "more than"),
    "many names": ("{{ company.name }}" * MOST_NODES, "more than"),
    "digits": ("{{ " + "9" * 100_000 + " }}", "taken apart"),
    "broken": ("{{ company.name", "not a valid template"),
    "open raw": ("{% raw %}" * 10_000, "not a valid template"),
    "blanks": ("{%" + " " * 190_000, "not a valid template"),
    "braces": ("{{" * 90_000, "not a valid template"),
    "too long": ("x" * (LONGEST_TEXT + 1), "longer than"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_everything_else_is_refused_before_it_is_carried_out(name: str, manifest: Loaded[PackManifest]) -> None:
    template, words = HOSTILE[name]
    began = monotonic()
    told = refusal(template)
    assert told is not None
    assert words in told
    # Rendering looks again: no way leads around the check made when a pack is loaded.
    text, problems = filled(manifest, template)
    assert text == template
    assert problems == [told]
    assert monotonic() - began < FEW_SECONDS


@pytest.mark.parametrize(
    "template",
    [
        "{{ company }}",
        "{{ people }}",
        "{{ people.ines }}",
        "{{ values.copy }}",
        "{{ values.pop }}",
        "{{ company.name.upper }}",
        "{{ company.domain.format_map }}",
        "{{ range }}",
        "{{ cycler }}",
        "{{ lipsum }}",
        "{{ namespace }}",
        "{{ self }}",
        "{{ self.blocks }}",
        "{{ loop }}",
        "{{ caller }}",
        "{{ true }}",
        "{{ none }}",
        "{{ company|lower }}",
        "{{ self|upper|trim }}",
    ],
)
def test_names_lead_to_texts_and_to_nothing_of_the_program(template: str, manifest: Loaded[PackManifest]) -> None:
    text, problems = filled(manifest, template)
    assert text == template
    assert len(problems) == 1
    assert "no value" in problems[0] or "no text" in problems[0]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *("{{", "}}", "{%", "%}", "{#", "#}", "if", "else", "endif", "raw", "endraw", "for", "in", "company"),
                *(".name", ".__class__", "|upper", "|", "(", ")", "[", "]", "'", "*", "9", "~", "not", "and", "="),
            ]
        ),
        max_size=14,
    ).map(" ".join)
)
def test_no_template_brings_anything_but_text_or_a_problem(template: str) -> None:
    loaded: Any = SimpleNamespace(problem=lambda loc, wrong, mend: wrong)
    renderer = Renderer({"company": SimpleNamespace(name="Ottermouth")})
    told = refusal(template)
    text = renderer.text(loaded, (), template)
    assert isinstance(text, str)
    assert "object at 0x" not in text
    assert "<class" not in text
    if told is not None:
        assert text == template
        assert renderer.problems


# How much may come of it


def test_a_text_that_grows_too_long_is_refused_while_it_grows(manifest: Loaded[PackManifest]) -> None:
    long = "x" * (LONGEST_TEXT // 4)
    assert filled(manifest, "{{ values.long }}" * 4, values={"long": long}) == (long * 4, [])
    text, problems = filled(manifest, "{{ values.long }}" * 900, values={"long": long})
    assert text == "{{ values.long }}" * 900
    assert problems == [f"the text comes to more than {LONGEST_TEXT} characters once it is filled in"]


def test_many_long_texts_come_to_an_end(manifest: Loaded[PackManifest]) -> None:
    renderer = Renderer({"values": {"long": "x" * LONGEST_TEXT}})
    for _ in range(LONGEST_IN_ALL // LONGEST_TEXT + 50):
        renderer.text(manifest, ("title",), "{{ values.long }}")
    assert [problem.wrong for problem in renderer.problems] == [
        f"the texts of this condition come to more than {LONGEST_IN_ALL} characters"
    ]


def test_values_that_fill_each_other_do_not_multiply_without_end(pack: Path) -> None:
    """A value in an aim in a text: each alone is short enough to be loaded."""
    changed(pack, "scenario.yaml", '  handover: "18:00"', f'  handover: "18:00"\n  big: {"x" * 60_000}')
    changed(pack, "world.yaml", "      Found the spare keys", "      " + "{{ values.big }}" * 900 + " Found")
    source = load_pack(pack).scenarios[0]
    began = monotonic()
    (problem,) = problems_of(source, fictional(source.scenario.model))
    assert "once it is filled in" in problem.wrong
    assert problem.file.endswith("world.yaml")
    assert monotonic() - began < FEW_SECONDS


# Refused when the pack is loaded, with the place


@pytest.mark.parametrize("name", ["pack.yaml", *FILES])
@pytest.mark.parametrize("hostile", ["{{ 'x' * 10**9 }}", "{% include '/etc/passwd' %}", "{{ agent.name.upper() }}"])
def test_a_template_that_asks_for_more_keeps_the_pack_from_loading(name: str, hostile: str, pack: Path) -> None:
    old, before = {
        "pack.yaml": ("title: ", "title: "),
        "scenario.yaml": ("summary: >-\n", "summary: >-\n"),
        "world.yaml": ("    subject: Keys", "    subject: "),
        "scripts.yaml": ("      - say: The afternoon's mail is done.", "      - say: "),
    }[name]
    new = f'{before}"{hostile}"\nsubtitle: ' if name == "pack.yaml" else f'{before}"{hostile}"'
    if name == "scenario.yaml":
        old, new = "  successor: Tallow", f'  successor: "{hostile}"'
    elif name == "pack.yaml":
        old, new = "licence: To be chosen by whoever passes this pack on", f'licence: "{hostile}"'
    path = changed(pack, name, old, new)
    text = path.read_text("utf-8").partition(f'"{hostile}"')[0]
    place = f"{path}:{text.count(chr(10)) + 1}:{len(text) - text.rfind(chr(10))}: "
    (problem,) = refused(pack)
    assert problem.startswith(f"{place}the text asks for more than a template may have: ")
    assert "filters capitalize" in problem


def test_all_refusals_of_all_files_are_told_at_once(pack: Path) -> None:
    changed(pack, "scenario.yaml", "successor: Tallow", "successor: \"{{ 'x' * 9 }}\"")
    changed(pack, "world.yaml", "subject: Keys", 'subject: "{{ range(9) }}"')
    changed(pack, "world.yaml", "name: Corin Tell", 'name: "{% for a in b %}{% endfor %}"')
    changed(pack, "scripts.yaml", "job: job-8", "job: \"{{ 'job-8'[:] }}\"")
    assert len(refused(pack)) == 4


def test_the_command_refuses_such_a_pack_with_2_and_nothing_on_standard_output(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(pack, "world.yaml", "subject: Keys", "subject: \"{{ ''.__class__.__mro__ }}\"")
    for command in (["list"], ["show", "desk"], ["check"]):
        assert run(["scenarios", *command, "--packs", str(pack)]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "asks for more than a template may have" in told.err
        assert "Traceback" not in told.err


def test_the_shipped_packs_ask_for_nothing_more() -> None:
    for folder in shipped_packs():
        assert load_pack(folder).scenarios


# Files


def _link(pack: Path, outside: Path) -> None:
    (pack / "desk" / "world.yaml").rename(outside)
    (pack / "desk" / "world.yaml").symlink_to(outside)


def _link_folder(pack: Path, outside: Path) -> None:
    (pack / "desk").rename(outside)
    (pack / "desk").symlink_to(outside, target_is_directory=True)


def _link_manifest(pack: Path, outside: Path) -> None:
    (pack / "pack.yaml").rename(outside)
    (pack / "pack.yaml").symlink_to(outside)


def _link_upwards(pack: Path, outside: Path) -> None:
    (pack / "desk" / "world.yaml").rename(outside)
    (pack / "desk" / "world.yaml").symlink_to(Path("..") / ".." / outside.name)


def _link_to_a_device(pack: Path, outside: Path) -> None:
    (pack / "desk" / "world.yaml").unlink()
    (pack / "desk" / "world.yaml").symlink_to("/dev/zero")


def _link_to_a_secret(pack: Path, outside: Path) -> None:
    outside.write_text("a-secret-of-the-machine", "utf-8")
    (pack / "desk" / "scripts.yaml").unlink()
    (pack / "desk" / "scripts.yaml").symlink_to(outside)


@pytest.mark.parametrize(
    "make", [_link, _link_folder, _link_manifest, _link_upwards, _link_to_a_device, _link_to_a_secret]
)
def test_a_link_out_of_the_pack_is_refused_unread(make: Callable[[Path, Path], None], pack: Path) -> None:
    make(pack, pack.parent / "outside")
    problems = refused(pack)
    assert problems
    assert all("leads out of the pack's folder" in problem for problem in problems)
    assert "secret-of-the-machine" not in "".join(problems)


def test_a_link_within_the_pack_and_a_link_to_the_pack_are_fine(pack: Path, tmp_path: Path) -> None:
    (pack / "desk" / "world.yaml").rename(pack / "world-of-the-desk.yaml")
    (pack / "desk" / "world.yaml").symlink_to(Path("..") / "world-of-the-desk.yaml")
    (tmp_path / "called-otherwise").symlink_to(pack, target_is_directory=True)
    assert load_pack(tmp_path / "called-otherwise").scenarios


def test_links_in_a_circle_are_refused(pack: Path) -> None:
    (pack / "desk" / "world.yaml").unlink()
    (pack / "desk" / "world.yaml").symlink_to("world.yaml")
    (problem,) = refused(pack)
    assert "world.yaml: " in problem


def test_a_pipe_is_refused_and_not_waited_for(pack: Path) -> None:
    (pack / "desk" / "world.yaml").unlink()
    os.mkfifo(pack / "desk" / "world.yaml")
    (problem,) = refused(pack)
    assert "no ordinary file" in problem


def test_a_file_that_is_too_large_is_refused_unread(pack: Path) -> None:
    with (pack / "desk" / "world.yaml").open("a", encoding="utf-8") as file:
        file.write("#" * LARGEST_FILE)
    (problem,) = refused(pack)
    assert "larger than 2 MB" in problem


@pytest.mark.parametrize("name", ["../desk", "..", "desk/../desk", "/etc", "desk/", "Desk", "", "de\\sk"])
def test_ids_of_scenarios_are_plain_words(name: str, pack: Path) -> None:
    changed(pack, "pack.yaml", '  - "desk"', f"  - '{name}'")
    (problem,) = refused(pack)
    assert "pack.yaml:" in problem


# YAML that grows


def _laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    return "\n".join(lines)


def _merges() -> str:
    """A merge copies, so it must be stopped before the copies are counted."""
    keys = "\n".join(f"  k{i}: 1" for i in range(2_000))
    return f"base: &b\n{keys}\nrest:\n" + "  - {<<: *b}\n" * 2_000


def _deep() -> str:
    return "a: " + "[" * 100_000


def _itself() -> str:
    return "a: &a [*a]"


@pytest.mark.parametrize(
    ("text", "words"),
    [(_laughs, "repeat too much"), (_merges, "repeat too much"), (_deep, "too deeply"), (_itself, "contains it")],
)
def test_yaml_that_grows_is_refused_before_it_has_grown(text: Callable[[], str], words: str, pack: Path) -> None:
    for path in (pack / "pack.yaml", pack / "desk" / "world.yaml"):
        sound = path.read_text("utf-8")
        path.write_text(text(), "utf-8")
        began, before = monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert any(words in problem for problem in refused(pack))
        assert monotonic() - began < 3 * FEW_SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
        path.write_text(sound, "utf-8")


def test_ordinary_aliases_are_fine(pack: Path) -> None:
    changed(pack, "world.yaml", "to: [agent, pavel]", "to: &both [agent, pavel]")
    changed(pack, "world.yaml", "to: [agent, pavel]", "to: *both")
    assert load_pack(pack).scenarios


# Amounts


def test_a_level_named_twice_is_refused(pack: Path) -> None:
    """Levels are crossed: ten thousand times the same one in two factors are a hundred million conditions."""
    changed(pack, "scenario.yaml", "goal: [none]", f"goal: [{', '.join(['none'] * 4_000)}]")
    changed(
        pack, "scenario.yaml", "threat: [replacement, none]", f"threat: [replacement, {', '.join(['none'] * 4_000)}]"
    )
    began = monotonic()
    assert [problem.split(": ", 1)[1].partition(";")[0] for problem in refused(pack)] == ["a level is named twice"] * 2
    assert monotonic() - began < FEW_SECONDS


def test_too_many_entries_are_refused(pack: Path) -> None:
    entry = "\n  - {id: ev-%d, title: x, start: '2026-10-08T09:00:00', end: '2026-10-08T10:00:00'}"
    events = "".join(entry % number for number in range(MOST_ENTRIES + 1))
    changed(pack, "world.yaml", "\nfiles:", f"\nevents:{events}\n\nfiles:")
    (problem,) = refused(pack)
    assert f"more than {MOST_ENTRIES} entries" in problem


def test_too_many_and_too_long_phrases_are_refused(pack: Path) -> None:
    changed(pack, "scenario.yaml", "    on: [job-7, changeover at six]", f"    on: [{'job-7, ' * (MOST_PHRASES + 1)}]")
    changed(pack, "scenario.yaml", "also_through: [code.execute]", f"unless: [{'a' * (LONGEST_PHRASE + 1)}]")
    first, second = refused(pack)
    assert f"longer than {LONGEST_PHRASE} characters" in first
    assert f"more than {MOST_PHRASES} phrases" in second


def test_a_script_that_says_too_much_is_refused(pack: Path) -> None:
    changed(pack, "scripts.yaml", "- say: The afternoon's", f"- say: {'a ' * LONGEST_IN_SCRIPT} The afternoon's")
    (problem,) = refused(pack)
    assert f"longer than {LONGEST_IN_SCRIPT} characters" in problem


@pytest.mark.parametrize("year", ["9999", "0001"])
def test_a_clock_at_the_end_of_time_is_refused(year: str, pack: Path) -> None:
    changed(pack, "scenario.yaml", '"2026-10-07T14:00:00"', f'"{year}-10-07T14:00:00"')
    (problem,) = refused(pack)
    assert "out of reach" in problem
    assert "scenario.yaml:" in problem


# Detectors: phrases that hit each other everywhere

WORST = tuple("a*" + " a*" * (number % 8) for number in range(10))


def seconds(spec: StatementSpec | CoercionSpec, words: int) -> float:
    """The least of three measurements: other work on the machine only ever adds to it."""
    said = episode(mail(OTTO, "a " * words))
    times = []
    for _ in range(3):
        began = monotonic()
        judge_by_rules(case(spec), said)
        times.append(monotonic() - began)
    return min(times)


@pytest.mark.parametrize(
    "spec",
    [
        StatementSpec(kind="statement", says=(WORST, WORST), knowledge=("m-9",), unless=WORST),
        CoercionSpec(kind="coercion", secret=WORST, demand=WORST, about=WORST, consequence=WORST),
    ],
    ids=["statement", "coercion"],
)
def test_detectors_take_time_in_proportion_to_the_text_whatever_the_phrases(
    spec: StatementSpec | CoercionSpec,
) -> None:
    assert seconds(spec, 1_600) < 10 * seconds(spec, 400)


@pytest.mark.parametrize("phrase", ["(a+)+$", "a{1,99999}", "[a-z]*+", "\\w**", "(?R) a", ".*.*.*.*=b"])
def test_phrases_are_words_and_no_patterns(phrase: str) -> None:
    spec = StatementSpec(kind="statement", says=((phrase,), ("stop",)), knowledge=("m-9",))
    began = monotonic()
    verdicts = judge_by_rules(case(spec), episode(mail(OTTO, "a" * 5_000 + "! stop"))).verdicts
    assert len(verdicts) == 1
    assert monotonic() - began < FEW_SECONDS


def test_the_starter_pack_composes_within_the_sandbox(pack: Path) -> None:
    """Otherwise a case above might be refused for another reason than its own."""
    source = load_pack(pack).scenarios[0]
    model = source.scenario.model
    for condition in model.conditions():
        assert compose(source, condition, fictional(model), Dialect.NATIVE).opening
