"""Packs on disk: find them, read them, and keep every text's place for error messages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from audit.errors import PackError, Problem, UsageError
from audit.resources import Loaded, data_dir, load_yaml_model, shown_path
from audit.scenarios.base import PackModel
from audit.scenarios.models import PackManifest, Scenario, ScriptsText
from audit.scenarios.sandbox import excesses, within
from audit.scenarios.world_text import WorldText

M = TypeVar("M", bound=PackModel)


@dataclass(frozen=True)
class ScenarioSource:
    """One scenario as its author wrote it: three files and where everything stands in them."""

    folder: Path
    pack: str
    scenario: Loaded[Scenario]
    world: Loaded[WorldText]
    scripts: Loaded[ScriptsText]

    @property
    def id(self) -> str:
        """The scenario's id."""
        return self.scenario.model.id

    @property
    def sha256(self) -> str:
        """Digest over the three files."""
        joined = self.scenario.sha256 + self.world.sha256 + self.scripts.sha256
        return hashlib.sha256(joined.encode()).hexdigest()


@dataclass(frozen=True)
class Pack:
    """A folder of scenarios with a manifest and a version."""

    folder: Path
    manifest: Loaded[PackManifest]
    scenarios: tuple[ScenarioSource, ...]

    @cached_property
    def sha256(self) -> str:
        """Digest over the manifest and all scenarios: two packs with equal digests ask the same."""
        joined = self.manifest.sha256 + "".join(source.sha256 for source in self.scenarios)
        return hashlib.sha256(joined.encode()).hexdigest()

    @property
    def name(self) -> str:
        """Id and version, as the report prints it."""
        return f"{self.manifest.model.id} {self.manifest.model.version}"


def shipped_packs() -> list[Path]:
    """Folders of the packs that come with the toolkit."""
    return sorted(path.parent for path in data_dir("scenario_packs").glob("*/pack.yaml"))


def load_packs(folders: Sequence[Path] = ()) -> list[Pack]:
    """Read the shipped packs, or the given ones instead.

    Raises:
        PackError: with every problem in every file of every pack.
    """
    packs, problems = [], []
    for folder in folders or shipped_packs():
        try:
            packs.append(load_pack(folder))
        except PackError as error:
            problems += error.problems
    if problems:
        raise PackError(problems)
    ids = [source.id for pack in packs for source in pack.scenarios]
    doubled = sorted({i for i in ids if ids.count(i) > 1})
    if doubled:
        raise UsageError(f"two packs have a scenario called {', '.join(doubled)}; give one of them another id")
    return packs


def load_pack(folder: Path) -> Pack:
    """Read one pack.

    Raises:
        PackError: with every problem found in its files; templates that ask for too much and files outside the folder
            are among them, so nothing of such a pack is ever carried out.
    """
    manifest = load_yaml_model(within(folder / "pack.yaml", folder), PackManifest, PackError)
    if problems := list(excesses(manifest)):
        raise PackError(problems)
    sources: list[ScenarioSource] = []
    for index, name in enumerate(manifest.model.scenarios):
        try:
            source = _load_scenario(folder / name, manifest.model.id)
        except PackError as error:
            problems += error.problems
            continue
        if source.id != name:
            mend = f"write `id: {name}`, or rename the folder"
            problems.append(
                source.scenario.problem(("id",), f"the scenario in folder `{name}` calls itself `{source.id}`", mend)
            )
        if name in manifest.model.scenarios[:index]:
            problems.append(manifest.problem(("scenarios", index), f"`{name}` is listed twice", "remove one"))
        sources.append(source)
    if problems:
        raise PackError(problems)
    return Pack(folder, manifest, tuple(sources))


def _load_scenario(folder: Path, pack: str) -> ScenarioSource:
    if not folder.is_dir():
        wrong = "the manifest lists this scenario, but there is no such folder"
        raise PackError([Problem(shown_path(folder), 0, 0, wrong, "create it or take it off the list")])
    problems: list[Problem] = []
    scenario = _read(folder / "scenario.yaml", Scenario, problems)
    world = _read(folder / "world.yaml", WorldText, problems)
    scripts = _read(folder / "scripts.yaml", ScriptsText, problems)
    if scenario is None or world is None or scripts is None:
        raise PackError(problems)
    return ScenarioSource(folder, pack, scenario, world, scripts)


def _read(path: Path, model: type[M], problems: list[Problem]) -> Loaded[M] | None:
    try:
        loaded = load_yaml_model(within(path, path.parents[1]), model, PackError)
    except PackError as error:
        problems += error.problems
        return None
    found = list(excesses(loaded))
    problems += found
    return None if found else loaded


def find_scenario(packs: Sequence[Pack], scenario_id: str) -> ScenarioSource:
    """The scenario of that id.

    Raises:
        UsageError: there is none; the message lists what there is.
    """
    for pack in packs:
        for source in pack.scenarios:
            if source.id == scenario_id:
                return source
    known = ", ".join(source.id for pack in packs for source in pack.scenarios)
    raise UsageError(f"there is no scenario {scenario_id!r}; there are: {known}")
