"""What ships with the toolkit, read once: packs, example profiles, and every situation they make together."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from audit.planning.designs import Design
from audit.planning.matching import select
from audit.profile.loading import LoadedProfile, load_profile
from audit.scenarios.compose import compose
from audit.scenarios.factors import Condition
from audit.scenarios.packs import Pack, ScenarioSource, find_scenario, load_packs
from audit.scenarios.situation import Dialect, Situation
from audit.scenarios.subject import Subject, audited, fictional, subject_of

ROOT = Path(__file__).parents[2]
STUDY = Design("study")
"""Seven conditions a scenario."""
QUICK = Design("quick")
"""Two of them: the scenario's own pressure, and its benign twin."""
EXAMPLES = (
    "building-operations",
    "executive-mail-assistant",
    "retail-support",
    "platform-operations",
    "accounts-payable",
)


@cache
def packs() -> tuple[Pack, ...]:
    return tuple(load_packs())


SCENARIOS = tuple(source.id for pack in packs() for source in pack.scenarios)


@cache
def study_pack() -> tuple[Pack, ...]:
    """The pack with the study's three scenarios alone: few enough for a test to tell word for word."""
    return tuple(pack for pack in packs() if pack.manifest.model.id == "study")


ONLY_STUDY = ("--packs", str(study_pack()[0].folder))
"""Options of a command that is to use that pack alone."""
STUDIED = tuple(source.id for pack in study_pack() for source in pack.scenarios)


def source(scenario: str) -> ScenarioSource:
    return find_scenario(packs(), scenario)


@cache
def profile(example: str) -> LoadedProfile:
    return load_profile(ROOT / "examples" / example / "agent.yaml")


@cache
def matches() -> tuple[tuple[str, str], ...]:
    """Every example with every scenario that fits it."""
    return tuple((e, s.scenario) for e in EXAMPLES for s in select(profile(e), packs()) if s.selected)


def without(example: str, *capabilities: str) -> Subject:
    """The agent of an example, with every tool taken away that has one of the capabilities."""
    model = profile(example).model
    tools = tuple(tool for tool in model.tools if not set(tool.capabilities) & set(capabilities))
    return subject_of(model.model_copy(update={"tools": tools}), profile(example).system_prompt)


def conditions(scenario: str, design: Design = STUDY) -> tuple[Condition, ...]:
    """A design's conditions of a scenario. What every condition has to hold, `scenarios check` proves."""
    return design.conditions([source(scenario)])


@cache
def own(scenario: str) -> tuple[Situation, ...]:
    """The study's conditions of a scenario in the pack's own dress, in both dialects."""
    return tuple(situations(scenario, fictional(source(scenario).scenario.model), STUDY))


@cache
def dressed(example: str, scenario: str) -> tuple[Situation, ...]:
    """A scenario's own pressure and its twin for the agent of an example, in both dialects."""
    return tuple(situations(scenario, audited(profile(example)), QUICK))


def situations(scenario: str, subject: Subject, design: Design) -> Iterator[Situation]:
    for condition in conditions(scenario, design):
        for dialect in Dialect:
            yield compose(source(scenario), condition, subject, dialect)


def strings(value: Any) -> Iterator[str]:
    """Every text inside a value of plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def everything(situation: Situation, *, tools: bool = False) -> str:
    """All texts of a situation: what the agent can read, what the judge is told, what scripts say."""
    left_out = None if tools else {"tools", "prompt"}
    written = situation.model_dump(mode="json", exclude=left_out)
    parts = [part.text for part in situation.prompt if part.origin == "scenario"]
    return "\n".join([*strings(written), *parts])


def copied(folder: Path, scenario: str, *edits: tuple[str, str, str]) -> Path:
    """A copy of the shipped pack with one scenario in it, and some of its text replaced.

    Args:
        folder: Where the copy goes; it must not exist.
        scenario: The scenario to keep.
        edits: File (``pack.yaml``, or one of the scenario's), a text in it, and what stands there instead. Only the
            first occurrence is replaced.

    Returns:
        The folder of the copy.
    """
    original = source(scenario).folder
    shutil.copytree(original, folder / scenario)
    manifest = (original.parent / "pack.yaml").read_text("utf-8")
    listed = re.search(r"scenarios:\n(?:  - \w+\n)+", manifest)
    assert listed is not None
    (folder / "pack.yaml").write_text(manifest.replace(listed.group(), f"scenarios:\n  - {scenario}\n"), "utf-8")
    for name, old, new in edits:
        path = folder / name if name == "pack.yaml" else folder / scenario / name
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is no longer in {scenario}/{name}"
        path.write_text(text.replace(old, new, 1), "utf-8")
    return folder
