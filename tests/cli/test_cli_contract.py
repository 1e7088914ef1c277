"""What people script against: documents, streams, exit codes, messages."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands import BUILDING, EXAMPLES, MAIL, RETAIL, Command, MakeProfile, counts

PROFILE = EXAMPLES / MAIL / "agent.yaml"
COMMANDS = [
    ("check",),
    ("plan",),
    ("run",),
    ("judge",),
    ("report",),
    ("demo",),
    ("runs",),
    ("runs", "list"),
    ("runs", "show"),
    ("scenarios",),
    ("scenarios", "list"),
    ("scenarios", "show"),
    ("scenarios", "check"),
    ("scenarios", "new"),
    ("scenarios", "realism"),
    ("runs", "matrix"),
    ("import",),
    ("import", "study-prompts"),
    ("import", "study-results"),
    ("replicate",),
]
HEAVY = {"litellm", "scipy", "matplotlib", "weasyprint", "sqlalchemy", "numpy", "httpx", "jinja2", "openai"}


@pytest.fixture
def stored(command: Command) -> str:
    """A finished run of a simulated model."""
    return command("run", PROFILE, "--scenario", "leak", "--trials", 1, "--json").run_id


# One document


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("check", PROFILE), "capabilities"),
        (("plan", PROFILE, "--trials", 1), "selections"),
        (("run", PROFILE, "--scenario", "leak", "--trials", 1), "headline"),
        (("run", "--resume", "latest"), "headline"),
        (("judge", "latest"), "headline"),
        (("runs", "list"), "runs"),
        (("runs", "show", "latest"), "headline"),
        (("report", "latest", "--output", "OUTPUT", "--format", "html"), "written"),
        (("demo", "--output", "OUTPUT", "--trials", 1), "headline"),
        (("scenarios", "list"), "scenarios"),
        (("scenarios", "show", "leak"), "harmful_act"),
        (("scenarios", "show", "leak", "--condition", "twin"), "prompt"),
        (("scenarios", "check", "leak"), "proved"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(str(part) for part in value[:2]).replace("/", "-"),
)
def test_json_is_one_document_and_nothing_else(
    arguments: tuple[object, ...], key: str, stored: str, command: Command, tmp_path: Path
) -> None:
    given = [tmp_path / "output" if part == "OUTPUT" else part for part in arguments]
    ran = command(*given, "--json")
    assert ran.code == 0, ran.err
    assert key in ran.json
    assert ran.out.endswith("}\n")
    assert ran.out.isascii()
    if arguments[0] == "demo":
        return  # it prints its report's place in a test of its own
    plain = command(*given)
    assert plain.code == 0
    assert plain.out
    with pytest.raises(ValueError, match=r"Expecting value|Extra data"):
        json.loads(plain.out)


def test_progress_and_the_run_id_go_to_standard_error(command: Command) -> None:
    ran = command("run", PROFILE, "--scenario", "leak", "--trials", 1)
    assert ran.err.splitlines()[0].startswith(f"run {ran.run_id}: ")
    assert "trials: 7/7" in ran.err
    assert "trials: 7/7" not in ran.out
    assert ran.out.rstrip().endswith(f"Run {ran.run_id} (complete)")


def test_a_file_gets_plain_text_with_whole_ids(stored: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("NO_COLOR", "1"), ("COLUMNS", "40")):
        monkeypatch.setenv(name, value)
    for arguments in (("runs", "list"), ("runs", "show", stored), ("plan", PROFILE), ("scenarios", "list")):
        ran = command(*arguments)
        assert "\x1b" not in ran.out + ran.err
    assert stored in command("runs", "list").out
    assert "leak/replacement-explicit" in command("runs", "show", stored).out


def test_a_terminal_gets_a_bar_and_the_same_results(make_profile: MakeProfile) -> None:
    profile = make_profile(model="simulated/compliant")
    arguments = ["run", str(profile), "--design", "study", "--scenario", "leak", "--trials", "1"]
    master, slave = pty.openpty()
    with open(slave, "wb", closefd=False) as terminal:
        process = subprocess.Popen([sys.executable, "-m", "audit", *arguments], stdout=terminal, stderr=terminal)
    os.close(slave)
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody holds the other end any more
        while part := os.read(master, 65536):
            seen += part
    os.close(master)
    assert process.wait(timeout=60) == 3
    text = seen.decode()
    assert "SIMULATED MODEL" in text
    assert "7/7" in text
    assert "0 harmful, 7 harmless, 0 inconclusive" in text
    assert "Traceback" not in text


# Help and start


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...], command: Command) -> None:
    ran = command(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage:")
    assert "--help" in ran.out


def test_the_documented_commands_are_there(command: Command) -> None:
    out = command("--help").out
    assert all(f"  {words[0]} " in out for words in COMMANDS)
    assert command("--version").out == f"insider-audit {_version()}\n"


def _version() -> str:
    from audit import __version__

    return __version__


def test_help_and_check_load_no_heavy_library() -> None:
    code = (
        "import sys, io, contextlib\n"
        "from audit.cli.main import run\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert run(['--help']) == 0 and run(['run', '--help']) == 0\n"
        "    first = sorted(set(sys.modules))\n"
        f"    assert run(['check', {str(PROFILE)!r}]) == 0\n"
        "import json\n"
        "print(json.dumps([first, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    help_only, check = (set(names) for names in json.loads(done.stdout))
    assert not HEAVY & help_only
    assert not {"ruamel.yaml", "rich.table", "audit.store.repository", "audit.reporting.render"} & help_only
    assert not {"litellm", "scipy", "matplotlib", "weasyprint"} & check


def test_the_module_can_be_run() -> None:
    done = subprocess.run([sys.executable, "-m", "audit", "runs"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "list" in done.stdout + done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "audit", "check", "x.yaml"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


# Bad input


def _bad(tmp_path: Path) -> dict[str, Path]:
    places = {name: tmp_path / name for name in ("missing.yaml", "folder", "text.yaml", "binary.db", "file")}
    places["folder"].mkdir()
    places["text.yaml"].write_text("just: [some, text")
    places["binary.db"].write_bytes(b"\x00\x01 not a database, and long enough to look at")
    places["file"].write_text("a file where a folder should be")
    return places


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check", "{missing.yaml}"), "missing.yaml"),
        (("check", "{folder}"), "folder"),
        (("check", "{text.yaml}"), "text.yaml:1"),
        (("plan", "{missing.yaml}"), "missing.yaml"),
        (("plan", PROFILE, "--scenario", "nonsense"), "there is no scenario 'nonsense'; there are: "),
        (("plan", PROFILE, "--trials", 0), "--trials"),
        (("plan", PROFILE, "--packs", "{folder}"), "pack.yaml"),
        (("plan", PROFILE, "--packs", "{missing.yaml}"), "missing.yaml"),
        (("run",), "give either an agent profile, or --resume"),
        (("run", PROFILE, "--resume", "latest"), "give either an agent profile, or --resume"),
        (("run", PROFILE, "--retry-errors"), "--retry-errors goes with --resume"),
        (("run", "{missing.yaml}"), "missing.yaml"),
        (("run", "{folder}"), "folder"),
        (("run", "{text.yaml}"), "text.yaml:1"),
        (("run", PROFILE, "--trials", 0), "--trials"),
        (("run", PROFILE, "--trials", "many"), "--trials"),
        (("run", PROFILE, "--concurrency", 0), "--concurrency"),
        (("run", PROFILE, "--budget-usd", -1), "--budget-usd"),
        (("run", PROFILE, "--error-budget", 2), "--error-budget"),
        (("run", PROFILE, "--model", ""), "--model"),
        (("run", PROFILE, "--model", "two words"), "--model"),
        (("run", PROFILE, "--api-base", "not-a-url"), "--api-base"),
        (("run", PROFILE, "--api-key-env", "sk-aaaaaaaaaaaaaaaaaaaaaaaa"), "--api-key-env"),
        (("run", PROFILE, "--judge", "simulated/compliant"), "cannot judge"),
        (("run", PROFILE, "--scenario", "lethal_action"), "no scenario fits this agent"),
        (("run", "--resume", "no-such-run"), "no runs are stored"),
        (("run", PROFILE, "--db", "{folder}"), "this is a folder"),
        (("run", PROFILE, "--db", "{binary.db}"), "not a SQLite file"),
        (("run", PROFILE, "--db", "{file}/runs.sqlite"), "cannot be opened"),
        (("run", PROFILE, "--db", "oracel://x"), "no kind of database is called 'oracel'"),
        (("run", PROFILE, "--db", "postgresql://user:hunter22@"), "postgresql"),
        (("judge", "no-such-run"), "no runs are stored"),
        (("judge", "latest", "--db", "{folder}"), "this is a folder"),
        (("judge",), "RUN"),
        (("report", "no-such-run"), "no runs are stored"),
        (("report",), "RUN"),
        (("runs", "show", "no-such-run"), "no runs are stored"),
        (("runs", "list", "--db", "{binary.db}"), "not a SQLite file"),
        (("runs", "nonsense"), "nonsense"),
        (("scenarios", "show", "nonsense"), "there is no scenario 'nonsense'"),
        (("scenarios", "show", "leak", "--condition", "nonsense"), "leak has no condition 'nonsense'; it has"),
        (("scenarios", "check", "nonsense"), "there is no scenario 'nonsense'"),
        (("scenarios", "list", "--packs", "{folder}"), "pack.yaml"),
        (("demo", "--model", "openai/gpt-4.1"), "the demo runs simulated models only"),
        (("demo", "--model", "simulated/nobody", "--output", "{folder}"), "there is no simulated model"),
        (("demo", "--output", "{file}"), "the folder cannot be made"),
        (("demo", "--output", "{file}/below"), "the folder cannot be made"),
        (("nonsense",), "nonsense"),
        (("run", PROFILE, "--nonsense"), "--nonsense"),
    ],
    ids=lambda value: " ".join(str(part) for part in value).replace("/", "-") if isinstance(value, tuple) else None,
)
def test_bad_input_is_one_message_and_exit_code_2(
    arguments: tuple[object, ...], told: str, command: Command, tmp_path: Path
) -> None:
    places = _bad(tmp_path)
    given = [_placed(part, places) for part in arguments]
    ran = command(*given)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert "Traceback" not in ran.err
    assert "hunter22" not in ran.err
    assert "sk-aaaa" not in ran.err
    assert 0 < len(ran.err.splitlines()) < 8
    assert not (tmp_path / "report.pdf").exists()


def _placed(part: object, places: dict[str, Path]) -> object:
    for name, path in places.items():
        if isinstance(part, str):
            part = part.replace("{" + name + "}", str(path))
    return part


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "docx"), "there is no report format 'docx'; choose among pdf, html, json"),
        (("--format", ""), "no format is given"),
        (("--format", "html", "--output", "{file}/report.html"), "cannot be written"),
        (("--format", "html", "--output", "report.pdf"), "change one of the two"),
    ],
)
def test_a_report_that_cannot_be_written_is_said(
    options: tuple[str, ...], told: str, stored: str, command: Command, tmp_path: Path
) -> None:
    places = _bad(tmp_path)
    ran = command("report", stored, *(_placed(part, places) for part in options))
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert command("report", "nobody", "--format", "html").err.startswith("error: no run 'nobody' in ")


def test_all_problems_of_a_profile_are_told_at_once_with_their_places(
    command: Command, make_profile: MakeProfile
) -> None:
    profile = make_profile(replace=(("effect: communicate", "effect: nonsense"), ("level: acts_alone", "level: maybe")))
    ran = command("check", profile)
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert lines[-1] == f"{len(lines) - 1} problems found"
    assert len(lines) >= 3
    assert all("agent.yaml:" in line for line in lines[:-1])


# Hostile and awkward text


def test_control_characters_of_a_profile_do_not_reach_the_terminal(command: Command, make_profile: MakeProfile) -> None:
    name = '"Halden \\e[31m\\a\\u202e\\x9b1m & Voss"'
    profile = make_profile(model="simulated/compliant", replace=(("name: Halden & Voss Freight", f"name: {name}"),))
    for arguments in (
        ("check", profile),
        ("plan", profile),
        ("run", profile, "--scenario", "leak", "--trials", 1),
        ("runs", "list"),
        ("runs", "show", "latest"),
    ):
        for ran in (command(*arguments), command(*arguments, "--json")):
            assert not _controls(ran.out + ran.err)
            assert ("Halden" in ran.out) is (arguments[0] != "plan")


def _controls(text: str) -> set[str]:
    return set("\x1b\x07\u202e\x9b") & set(text)


# Database


def test_the_database_variable_is_respected_and_db_goes_first(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "below" / "second.sqlite"
    monkeypatch.setenv("INSIDER_AUDIT_DB", str(first))
    small = (PROFILE, "--scenario", "leak", "--trials", 1, "--json")
    one = command("run", *small)
    assert f": {first}" in one.err
    two = command("run", *small, "--db", f"sqlite:///{second}")
    assert f": {second}" in two.err
    assert [run["id"] for run in command("runs", "list", "--json").json["runs"]] == [one.run_id]
    assert [run["id"] for run in command("runs", "list", "--json", "--db", second).json["runs"]] == [two.run_id]
    missing = command("runs", "show", two.run_id)
    assert missing.code == 2
    assert f"no run '{two.run_id}' in {first}" in missing.err


def test_without_a_word_runs_are_kept_in_the_users_data_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSIDER_AUDIT_DB")
    assert command("runs", "list", "--json").json == {"runs": []}
    assert list((tmp_path / "data-home").rglob("runs.sqlite"))


# The whole flow


def test_check_plan_and_run_agree(command: Command) -> None:
    for example, selected in (
        (MAIL, {"blackmail", "leak"}),
        (RETAIL, {"leak", "refund_approval"}),
        (BUILDING, {"blackmail", "lethal_action"}),
    ):
        profile = EXAMPLES / example / "agent.yaml"
        checked = command("check", profile, "--json").json
        assert checked["valid"] is True
        planned = command("plan", profile, "--trials", 2, "--json").json
        chosen = {s["scenario"] for s in planned["selections"] if s["selected"]}
        assert selected <= chosen
        assert "lethal_action" not in chosen - selected
        assert all(s["reason"] for s in planned["selections"])
        assert planned["trials"] == 2 * len(planned["conditions"]) == 14 * len(chosen)
        assert planned["forecast"]["cost_usd"] == 0.0


def test_runs_are_listed_newest_first_and_found_by_the_beginning_of_their_id(command: Command) -> None:
    small = (PROFILE, "--scenario", "leak", "--trials", 1, "--json")
    ids = [command("run", *small, "--seed", seed).run_id for seed in (1, 2)]
    assert [run["id"] for run in command("runs", "list", "--json").json["runs"]] == ids[::-1]
    assert command("runs", "show", ids[0][:-1], "--json").json["run_id"] == ids[0]
    assert command("runs", "show", "latest", "--json").json["run_id"] == ids[1]
    ambiguous = command("runs", "show", ids[0][:4])
    assert ambiguous.code == 2
    assert all(run in ambiguous.err for run in ids)


def test_a_report_in_three_formats(stored: str, command: Command, tmp_path: Path) -> None:
    base = tmp_path / "new" / "report"
    ran = command("report", stored, "--output", base, "--format", "pdf,html,json", "--json")
    assert ran.code == 0, ran.err
    written = [Path(path) for path in ran.json["written"]]
    assert [path.suffix for path in written] == [".pdf", ".html", ".json"]
    assert written[0].read_bytes().startswith(b"%PDF-")
    assert "Halden &amp; Voss Freight" in written[1].read_text("utf-8")
    kept: dict[str, Any] = json.loads(written[2].read_text("utf-8"))
    assert kept == command("runs", "show", stored, "--json").json


def test_the_demo_needs_nothing_and_leaves_a_report(command: Command, tmp_path: Path) -> None:
    ran = command("demo", "--output", tmp_path / "demo", "--trials", 1)
    assert ran.code == 0, ran.err
    assert "simulated model" in ran.err
    assert ran.out.startswith("SIMULATED MODEL")
    report = tmp_path / "demo" / "insider-audit-demo.pdf"
    assert ran.out.rstrip().endswith(f"Report: {report}")
    assert report.read_bytes().startswith(b"%PDF-")
    # Its runs are kept apart from real ones.
    assert command("runs", "list", "--json").json == {"runs": []}
    shown = command("runs", "show", "latest", "--db", tmp_path / "demo" / "demo.sqlite", "--json")
    scenarios = {behaviour["scenario"] for behaviour in shown.json["behaviours"]}
    assert {"blackmail", "leak"} <= scenarios
    assert sum(shown.json["counts"].values()) == shown.json["planned_trials"] == 7 * len(scenarios)


def test_too_little_evidence_is_exit_code_3(command: Command, make_profile: MakeProfile) -> None:
    profile = make_profile(model="simulated/compliant")
    ran = command("run", profile, "--scenario", "leak", "--trials", 1, "--json")
    assert (ran.code, ran.json["counts"]) == (3, counts(harmless=7))
    assert "there is no overall rating: insufficient evidence" in ran.err
    assert ran.json["headline"]["level"] is None


@pytest.mark.parametrize("arguments", [("plan", str(PROFILE), "--json"), ("--version",)], ids=["long", "short"])
def test_a_reader_that_goes_away_is_no_error(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "audit", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0
