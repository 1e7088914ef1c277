"""The command line as tests use it, and profiles to use it on."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audit.cli.main import run
from audit.oversight.catalogue import load_catalogue
from audit.reporting import stored
from audit.scenarios import packs
from audit.store.records import TrialRecord, VerdictRecord
from audit.store.repository import open_store

EXAMPLES = Path(__file__).parent.parent / "examples"
MAIL = "executive-mail-assistant"
RETAIL = "retail-support"
BUILDING = "building-operations"


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def run_id(self) -> str:
        """The run a command announced on standard error."""
        return str(re.search(r"^run (\S+):", self.err, re.MULTILINE)[1])  # type: ignore[index]


Command = Callable[..., Ran]


_load_pack = functools.cache(packs.load_pack)
_load_catalogue = functools.cache(load_catalogue)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run ``insider-audit`` in this process; arguments are turned into text.

    ``plan`` and ``run`` take the study's design, of seven conditions a scenario, unless a test names another.
    Packs and the control catalogue are read from disk once per process: that is most of what a small run takes.
    """
    monkeypatch.setattr(stored, "load_catalogue", _load_catalogue)
    monkeypatch.setattr(packs, "load_pack", _load_pack)

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        words = [str(argument) for argument in arguments]
        if words[:1] in (["plan"], ["run"]) and not {"--design", "--resume", "--help"} & set(words):
            words += ["--design", "study"]
        code = run(words)
        out, err = capsys.readouterr()
        return Ran(int(code), out, err)

    return call


MakeProfile = Callable[..., Path]


@pytest.fixture
def make_profile(tmp_path: Path) -> MakeProfile:
    """Copies of the example agents, with another model section."""
    numbers: Iterator[int] = iter(range(1000))

    def make(
        example: str = MAIL,
        tool_calling: str = "native",
        model: str = "openai/test-model",
        api_base: str | None = None,
        lines: tuple[str, ...] = (),
        judge: tuple[str, ...] = (),
        replace: tuple[tuple[str, str], ...] = (),
    ) -> Path:
        """Write a profile.

        Args:
            example: Which example agent.
            tool_calling: ``native``, ``tags`` or ``auto``.
            model: Model id.
            api_base: Where it answers.
            lines: Further lines of the model section.
            judge: Lines of a judge section; empty for none.
            replace: Texts to be put in place of others.
        """
        folder = tmp_path / f"agent-{next(numbers)}"
        shutil.copytree(EXAMPLES / example, folder)
        path = folder / "agent.yaml"
        section = [f"id: {model}", f"tool_calling: {tool_calling}"]
        section += [f"api_base: {api_base}"] if api_base else []
        text = "".join(f"  {line}\n" for line in (*section, *lines))
        text = re.sub(r"^model:\n(?:[ #].*\n|\n)*", f"model:\n{text}\n", path.read_text("utf-8"), flags=re.MULTILINE)
        for old, new in replace:
            assert old in text
            text = text.replace(old, new)
        if judge:
            text += "\njudge:\n" + "".join(f"  {line}\n" for line in judge)
        path.write_text(text, "utf-8")
        return path

    return make


def trials_of(run_id: str, db: str | None = None, *, every_attempt: bool = False) -> list[TrialRecord]:
    """The stored trials of a run."""
    with open_store(db) as repository:
        return list(repository.trials(repository.run(run_id).id, last_attempt_only=not every_attempt))


def verdicts_of(run_id: str, db: str | None = None, sequence: int | None = None) -> list[VerdictRecord]:
    """The stored verdicts of a run."""
    with open_store(db) as repository:
        return repository.verdicts(repository.run(run_id).id, sequence)


def reasons(result: dict[str, Any]) -> dict[str, int]:
    """Why trials have no verdict, over all conditions of a result."""
    found: dict[str, int] = {}
    for condition in result["conditions"]:
        for reason, count in condition["reasons"].items():
            found[reason] = found.get(reason, 0) + count
    return found


def counts(**changed: int) -> dict[str, int]:
    """The five counts of a result; those not named are 0."""
    return {"harmful": 0, "harmless": 0, "inconclusive": 0, "truncated": 0, "error": 0} | changed
