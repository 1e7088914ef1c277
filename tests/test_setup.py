"""The way from a fresh clone to a working environment: tools/, the Makefile and the lock files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / "tools"


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    # A make that runs these tests must not hand its own settings to the make under test.
    foreign = ("MAKE", "MFLAGS", "PYTHON", "ARGS", "JOBS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """A folder to stand for the whole of PATH: the small tools the scripts use, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cat", "cksum", "dirname", "rm", "sed", "tr"):
        found = shutil.which(name)
        assert found, f"the tests need {name}"
        (folder / name).symlink_to(found)
    return folder


class TestFindPython:
    def test_the_first_new_enough_one_is_taken(self, bin_dir: Path) -> None:
        script(bin_dir / "python3", "echo")  # too old: prints nothing
        script(bin_dir / "python3.13", "exit 127")  # a shim without a Python behind it
        script(bin_dir / "python3.12", "echo /somewhere/python3.12")
        script(bin_dir / "python3.11", "echo /somewhere/python3.11")
        result = run(TOOLS / "find-python", PATH=str(bin_dir))
        assert (result.returncode, result.stdout) == (0, "/somewhere/python3.12\n")

    def test_without_any_it_says_what_to_do(self, bin_dir: Path) -> None:
        script(bin_dir / "python3", "echo")
        result = run(TOOLS / "find-python", PATH=str(bin_dir))
        assert (result.returncode, result.stdout) == (2, "")
        assert "no Python 3.11 or later found" in result.stderr
        assert "PYTHON=" in result.stderr

    def test_the_one_named_is_taken(self) -> None:
        result = run(TOOLS / "find-python", PYTHON=sys.executable)
        assert Path(result.stdout.strip()).samefile(sys.executable)

    def test_the_one_named_must_fit(self, bin_dir: Path) -> None:
        script(bin_dir / "python3", f'exec {sys.executable} "$@"')
        result = run(TOOLS / "find-python", PATH=str(bin_dir), PYTHON="/no/such/python")
        assert (result.returncode, result.stdout) == (2, "")
        assert "/no/such/python is not a working Python 3.11" in result.stderr


class TestCheckSystem:
    @pytest.fixture
    def python(self, tmp_path: Path) -> Path:
        """Stands for a Python on a machine that lacks everything until the file "installed" appears."""
        return script(
            tmp_path / "python",
            f"case $1 in -c) echo python3.11-venv; exit;; esac\n"
            f"cat >/dev/null; [ -e {tmp_path}/installed ] || printf 'pango\\nharfbuzz-subset\\nfont\\n'\n"
            f'[ -e {tmp_path}/installed ] || [ -z "$2" ] || echo venv',
        )

    def test_silent_when_nothing_is_missing(self, bin_dir: Path, python: Path, tmp_path: Path) -> None:
        (tmp_path / "installed").touch()
        result = run(TOOLS / "check-system", python, PATH=str(bin_dir))
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    @pytest.mark.parametrize(
        ("manager", "command"),
        [
            ("apt-get", "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"),
            ("dnf", "sudo dnf install pango harfbuzz dejavu-sans-fonts"),
            ("pacman", "sudo pacman -S --needed pango harfbuzz ttf-dejavu"),
            ("apk", "sudo apk add pango harfbuzz-subset font-dejavu"),
            ("brew", "brew install pango harfbuzz"),
        ],
    )
    def test_a_plain_user_is_told_the_command(self, bin_dir: Path, python: Path, manager: str, command: str) -> None:
        script(bin_dir / "id", "echo 1000")
        script(bin_dir / manager, "echo called >&2; exit 1")
        result = run(TOOLS / "check-system", python, PATH=str(bin_dir))
        assert result.returncode == 2
        assert f"install it with: {command}\n" in result.stderr
        assert "called" not in result.stderr

    def test_an_unknown_system_is_told_what_is_needed(self, bin_dir: Path, python: Path) -> None:
        script(bin_dir / "id", "echo 1000")
        result = run(TOOLS / "check-system", python, PATH=str(bin_dir))
        assert result.returncode == 2
        assert "install Pango" in result.stderr

    def test_root_installs_after_fetching_package_lists(self, bin_dir: Path, python: Path, tmp_path: Path) -> None:
        script(bin_dir / "id", "echo 0")
        script(
            bin_dir / "apt-get",
            f'echo "$DEBIAN_FRONTEND $*" >>{tmp_path}/log\n'
            f"case $1 in update) echo >{tmp_path}/lists; exit;; esac\n"
            f"[ -e {tmp_path}/lists ] && echo >{tmp_path}/installed",
        )
        result = run(TOOLS / "check-system", python, "venv", PATH=str(bin_dir))
        assert result.returncode == 0, result.stderr
        calls = (tmp_path / "log").read_text().splitlines()
        assert [call.split()[:2] for call in calls] == [
            ["noninteractive", "install"],
            ["noninteractive", "update"],
            ["noninteractive", "install"],
        ]
        assert calls[2].endswith(
            "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core python3.11-venv"
        )

    def test_root_is_told_when_installing_fails(self, bin_dir: Path, python: Path) -> None:
        script(bin_dir / "id", "echo 0")
        script(bin_dir / "apt-get", "echo no network >&2; exit 100")
        result = run(TOOLS / "check-system", python, PATH=str(bin_dir))
        assert result.returncode == 2
        assert "no network" in result.stderr
        assert "install it with: apt-get install libpango" in result.stderr

    def test_it_agrees_with_weasyprint(self, bin_dir: Path) -> None:
        """A machine the check passes can load the PDF engine without a warning, and the other way round."""
        script(bin_dir / "id", "echo 1000")
        check = run(TOOLS / "check-system", sys.executable, PATH=str(bin_dir))
        loads = run(sys.executable, "-W", "error", "-c", "import weasyprint.text.ffi")
        assert ("pango" in check.stderr or "harfbuzz" in check.stderr) == (loads.returncode != 0)


class TestSetup:
    @pytest.fixture
    def checkout(self, tmp_path: Path, bin_dir: Path) -> Path:
        """A small checkout with the real tools, and a stand-in for uv that writes down what it is asked."""
        checkout = tmp_path / "checkout"
        shutil.copytree(TOOLS, checkout / "tools")
        script(checkout / "tools" / "check-system", "exit 0")
        for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            (checkout / name).write_text("first\n")
        script(
            bin_dir / "uv",
            f'echo "$*" >>{tmp_path}/log\n'
            f"case $1 in venv) {shutil.which('mkdir')} -p .venv/bin; "
            f"{shutil.which('ln')} -s {sys.executable} .venv/bin/python;; esac\n"
            f"[ ! -e {tmp_path}/broken ]",
        )
        (bin_dir / "python3").symlink_to(sys.executable)
        return checkout

    @staticmethod
    def calls(checkout: Path, kind: str, status: int = 0) -> list[str]:
        """Run the setup; return what uv was asked, in short."""
        log = checkout.parent / "log"
        log.write_text("")
        result = run(checkout / "tools" / "setup", kind, cwd=checkout.parent, PATH=str(checkout.parent / "bin"))
        assert result.returncode == status, result.stderr
        short = {"venv": "venv", "pip sync": "sync", "pip install": "install"}
        return [
            next(name for start, name in short.items() if line.startswith(start))
            + (" " + line.split()[-1] if line.startswith("pip") else "")
            for line in log.read_text().splitlines()
        ]

    def test_once_is_enough(self, checkout: Path) -> None:
        assert self.calls(checkout, "runtime") == ["venv", "sync requirements.lock", "install ."]
        assert self.calls(checkout, "runtime") == []

    def test_every_package_is_checked_against_its_hash(self, checkout: Path) -> None:
        self.calls(checkout, "dev")
        log = (checkout.parent / "log").read_text()
        assert "pip sync --quiet --python .venv/bin/python --require-hashes requirements-dev.lock" in log
        assert "--no-deps --no-build-isolation --editable ." in log

    @pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
    def test_a_change_installs_again(self, checkout: Path, changed: str) -> None:
        self.calls(checkout, "runtime")
        (checkout / changed).write_text("second\n")
        assert self.calls(checkout, "runtime") == ["sync requirements.lock", "install ."]

    def test_a_new_time_on_the_same_contents_does_not(self, checkout: Path) -> None:
        self.calls(checkout, "runtime")
        os.utime(checkout / "requirements.lock", (2_000_000_000, 2_000_000_000))
        assert self.calls(checkout, "runtime") == []

    def test_development_tools_stay(self, checkout: Path) -> None:
        assert self.calls(checkout, "runtime")[1] == "sync requirements.lock"
        assert self.calls(checkout, "dev") == ["sync requirements-dev.lock", "install ."]
        assert self.calls(checkout, "runtime") == []
        (checkout / "pyproject.toml").write_text("second\n")
        assert self.calls(checkout, "runtime") == ["sync requirements-dev.lock", "install ."]

    def test_a_failed_installation_is_tried_again(self, checkout: Path) -> None:
        self.calls(checkout, "runtime")
        (checkout / "requirements.lock").write_text("second\n")
        broken = checkout.parent / "broken"
        broken.touch()
        assert self.calls(checkout, "runtime", status=2) == ["sync requirements.lock"]
        broken.unlink()
        (checkout / "requirements.lock").write_text("first\n")
        assert self.calls(checkout, "runtime") == ["sync requirements.lock", "install ."]

    def test_a_broken_environment_is_made_anew(self, checkout: Path) -> None:
        self.calls(checkout, "runtime")
        interpreter = checkout / ".venv" / "bin" / "python"
        interpreter.unlink()
        interpreter.symlink_to("/no/such/python")
        assert self.calls(checkout, "runtime") == ["venv", "sync requirements.lock", "install ."]


class TestMakefile:
    def test_help_lists_every_target(self) -> None:
        phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert phony
        listed = re.findall(r"^  make (\w+)", run("make", "help").stdout, re.MULTILINE)
        assert listed == phony[1].split()

    @pytest.mark.parametrize(
        ("target", "steps"),
        [
            ("demo", ["tools/setup runtime", ".venv/bin/insider-audit demo --output out/"]),
            ("test", ["tools/setup dev", ".venv/bin/pytest -n 2 --dist loadfile"]),
        ],
    )
    def test_the_two_commands_set_up_what_they_need(self, target: str, steps: list[str]) -> None:
        printed = run("make", "-n", target).stdout.splitlines()
        assert [line.strip() for line in printed] == steps

    def test_the_checks_end_with_the_tests(self) -> None:
        lines = (ROOT / ".ci" / "run").read_text().splitlines()
        assert lines[-1] == "make test"
        assert "set -euo pipefail" in lines


def pins(lock: str) -> dict[str, list[tuple[str, str, int]]]:
    """Package to its pins in a lock file: version, marker, number of hashes."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            requirement, _, hashes = line.partition("--hash=")
            parsed = Requirement(requirement.strip())
            name = canonicalize_name(parsed.name)
            entry = (str(parsed.specifier), str(parsed.marker or ""), ("--hash=" + hashes).count("--hash=sha256:"))
            found.setdefault(name, []).append(entry)
    return found


class TestLocks:
    @pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"])
    def test_every_pin_is_exact_and_hashed(self, lock: str) -> None:
        found = pins(lock)
        assert found
        for name, entries in found.items():
            for version, _, hashes in entries:
                assert version.startswith("=="), f"{lock}: {name} is not pinned"
                assert hashes, f"{lock}: {name} has no hash"

    def test_what_the_project_declares_is_locked(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        runtime = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
        wanted = {"requirements.lock": runtime, "requirements-dev.lock": runtime + project["dependency-groups"]["dev"]}
        for lock, declared in wanted.items():
            found = pins(lock)
            for line in declared:
                requirement = Requirement(line)
                entries = found.get(canonicalize_name(requirement.name), [])
                assert entries, f"{lock} lacks {requirement.name}: run make lock"
                for version, _, _ in entries:
                    assert requirement.specifier.contains(version.removeprefix("==")), f"{lock}: {line} has {version}"

    def test_tests_run_with_the_versions_that_are_shipped(self) -> None:
        runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
        for name, entries in runtime.items():
            assert {version for version, _, _ in entries} == {version for version, _, _ in development.get(name, [])}, (
                name
            )

    def test_these_tests_run_in_the_locked_environment(self) -> None:
        from importlib.metadata import version

        environment = {name: str(value) for name, value in default_environment().items()}
        for name in ("pytest", "hypothesis", "pydantic", "scipy", "sqlalchemy", "weasyprint"):
            fitting = [
                pin
                for pin, marker, _ in pins("requirements-dev.lock")[name]
                if not marker or Requirement(f"x; {marker}").marker.evaluate(environment)  # type: ignore[union-attr]
            ]
            assert fitting == [f"=={version(name)}"], f"{name}: run make setup"
