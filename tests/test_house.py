"""Rules of the house that no single module can keep: what imports what, and what a tracked file may say."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from audit.world.capabilities import CAPABILITIES, Capability, Effect

ROOT = Path(__file__).parents[1]

HEAVY = ["litellm", "matplotlib", "mcp", "questionary", "scipy", "weasyprint"]

# __main__ starts the command when it is imported; what it needs, audit.cli brings.
WALK = """
import importlib, pkgutil, sys
import audit

names = ["audit"] + [
    module.name for module in pkgutil.walk_packages(audit.__path__, "audit.")
    if not module.name.endswith(".__main__")
]
for name in names:
    importlib.import_module(name)
print(len(names), *sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


@cache
def tracked() -> list[Path]:
    """Files that are under version control or would be added to it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so what is tracked is not known")
    # A file deleted but not yet committed is still listed.
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def offences(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    """Places in text files where the pattern occurs, as file:line: text."""
    found = []
    for path in files:
        raw = path.read_bytes()
        if b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def test_imports_run_one_way() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", checked.stdout)


def test_heavy_libraries_load_only_where_they_are_used() -> None:
    walked = python("-c", WALK, *HEAVY)
    assert walked.returncode == 0, walked.stderr
    count, *loaded = walked.stdout.split()
    assert int(count) > 20
    assert loaded == [], "imported at module level; import inside the function that needs it"


def test_the_walk_would_notice_a_heavy_library() -> None:
    walked = python("-c", "import scipy\n" + WALK, *HEAVY)
    assert walked.stdout.split()[1:] == ["scipy"], walked.stderr


def test_every_capability_is_documented() -> None:
    assert list(CAPABILITIES) == list(Capability)
    for capability, info in CAPABILITIES.items():
        assert re.fullmatch(r"[a-z].*[a-z]", info.phrase), f"{capability}: the phrase completes 'the agent can ...'"
        assert info.effect in Effect
    phrases = [info.phrase for info in CAPABILITIES.values()]
    assert len(set(phrases)) == len(phrases)


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    # Put together from parts, so that this file does not offend.
    folders = ["/" + "work", "/" + "farm", "/" + "root/.pyenv", "/" + "root/.cache"]
    # Single names such as /app or /src are too common in texts to say anything.
    folders += [str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2]
    pattern = re.compile(r"(?<![\w.])(?:" + "|".join(map(re.escape, folders)) + r")/")
    assert pattern.search("see " + folders[0] + "/x")
    assert offences(pattern, tracked()) == []


def test_no_tracked_file_names_a_package_index() -> None:
    pattern = re.compile(r"\bpypi\." + r"org\b|python" + r"hosted\.org|\b(?:extra-)?index-" + r"url (?:=|http)")
    assert offences(pattern, tracked()) == []


def test_lock_files_say_what_to_install_but_not_from_where() -> None:
    locks = [path for path in tracked() if path.name.endswith(".lock")]
    assert {path.name for path in locks} == {"requirements.lock", "requirements-dev.lock", "requirements-uv.lock"}
    pattern = re.compile(r"://|^--?(?:extra-)?index|^-i |find-links|trusted-host")
    assert offences(pattern, locks) == []
