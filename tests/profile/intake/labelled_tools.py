"""Labelled tools and how inference does on them. Shared by tests and by benchmarks/tool_inference.py.

What the fields of a label mean stands in tests/data/tool_labels/README.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from audit.profile.intake.inference.infer import infer
from audit.profile.intake.lists.manifests import read_tool_list
from audit.profile.intake.models import InferredTool, ListedTool
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import CAPABILITIES, Capability, Effect

ROOT = Path(__file__).parents[3]
LABELS = ROOT / "tests" / "data" / "tool_labels"

SetName = Literal["manifests", "development", "fresh", "unseen"]
FOLDERS: dict[SetName, Path] = {
    "manifests": ROOT.parent / "shared" / "data" / "manifests",
    "development": ROOT / "tests" / "data" / "tool_lists",
    "fresh": ROOT / "tests" / "data" / "tool_lists",
    "unseen": ROOT / "tests" / "data" / "tool_lists",
}
"""Where the lists of each set lie. Ours share a folder; the names of the later ones begin as ``PREFIXES`` says. The
manifests are other people's and may be absent."""

PREFIXES: dict[SetName, str] = {"fresh": "fresh_", "unseen": "unseen_"}
"""How the names of lists begin, for the sets that inference was measured on before its rules had met them. Their single
tools are named only where asked for."""


def set_of(name: str) -> SetName:
    """The set that a list of ours belongs to, by its file name."""
    return next((one for one, prefix in PREFIXES.items() if name.startswith(prefix)), "development")


class Label(BaseModel):
    """What a careful person says about one tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capabilities: tuple[Capability, ...] = ()
    one_of: tuple[Capability, ...] = ()
    also_fine: tuple[Capability, ...] = ()
    effect: Effect
    effect_also: tuple[Effect, ...] = ()
    reach: tuple[Reach, ...] = Field(min_length=1)
    reversibility: tuple[Reversibility, ...] = Field(min_length=1)
    why: str = ""

    def missing(self, found: set[Capability]) -> tuple[Capability, ...]:
        """Labelled capabilities that are not among those found; for an unmet ``one_of`` its first."""
        unmet = self.one_of[:1] if self.one_of and not found & set(self.one_of) else ()
        return (*(c for c in self.capabilities if c not in found), *unmet)

    def right(self, found: set[Capability]) -> set[Capability]:
        """Of those found, the labelled ones."""
        return found & {*self.capabilities, *self.one_of}

    def wrong(self, found: set[Capability]) -> set[Capability]:
        """Of those found, the ones that the label has no room for."""
        return found - {*self.capabilities, *self.one_of, *self.also_fine}

    def risky_missing(self, found: set[Capability]) -> tuple[Capability, ...]:
        """Of the missing ones, those whose misuse can harm. A ``one_of`` with a harmless member is no risk."""
        harmless_choice = any(not CAPABILITIES[c].risky for c in self.one_of)
        return tuple(
            c
            for c in self.missing(found)
            if CAPABILITIES[c].risky and not (c in self.one_of and c not in self.capabilities and harmless_choice)
        )


class LabelFile(BaseModel):
    """The labels of one list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    list: str
    set: SetName
    tools: dict[str, Label] = Field(min_length=1)

    @property
    def path(self) -> Path:
        """The list itself."""
        return FOLDERS[self.set] / self.list


@cache
def label_files() -> tuple[LabelFile, ...]:
    """All label files, by name."""
    reader = YAML(typ="safe")
    return tuple(LabelFile.model_validate(reader.load(path)) for path in sorted(LABELS.glob("*.yaml")))


@cache
def listed(path: Path) -> tuple[ListedTool, ...]:
    """The tools of one list, as intake reads them."""
    return read_tool_list(path.read_bytes(), path.name)


class Verdict(StrEnum):
    """How an inferred value compares with the label."""

    RIGHT = "right"
    OPEN = "left open"
    """Unknown, where the list tells."""
    MILDER = "milder"
    """The dangerous mistake."""
    HARSHER = "harsher"


_STATED_REACH = (Reach.INTERNAL, Reach.EXTERNAL, Reach.PUBLIC)
_STATED_REVERSIBILITY = (Reversibility.REVERSIBLE, Reversibility.RECOVERABLE, Reversibility.IRREVERSIBLE)


def _compare(value: Enum, accepted: Sequence[Enum], order: Sequence[Enum]) -> Verdict:
    """Compare one value with those accepted, on a scale from mild to harsh; what is off the scale is unknown."""
    if value in accepted:
        return Verdict.RIGHT
    if value not in order:
        return Verdict.OPEN
    ranks = [order.index(one) for one in accepted if one in order]
    # Where only unknown is accepted, every value but the harshest claims too much.
    floor = min(ranks, default=len(order) - 1)
    return Verdict.MILDER if order.index(value) < floor else Verdict.HARSHER


@dataclass(frozen=True)
class Judged:
    """One tool with its label."""

    list: str
    tool: InferredTool
    label: Label

    @property
    def place(self) -> str:
        """List and tool, as the label files name them."""
        return f"{self.list}: {self.tool.listed.listed_as}"

    @property
    def found(self) -> set[Capability]:
        """The inferred capabilities."""
        return {one.value for one in self.tool.capabilities}

    @property
    def doubt(self) -> str:
        """Whether inference itself asks a person to look: ``unknown``, ``unsure`` or nothing."""
        if Capability.UNKNOWN in self.found:
            return "unknown"
        return "unsure" if self.tool.unsure else ""

    @property
    def effect(self) -> Verdict:
        """The effect against the label; the worst one call can do is the floor."""
        value = self.tool.effect.value
        if value in (self.label.effect, *self.label.effect_also):
            return Verdict.RIGHT
        order = list(Effect)
        return Verdict.MILDER if order.index(value) < order.index(self.label.effect) else Verdict.HARSHER

    @property
    def reach(self) -> Verdict:
        """The reach against the label."""
        return _compare(self.tool.reach.value, self.label.reach, _STATED_REACH)

    @property
    def reversibility(self) -> Verdict:
        """The reversibility against the label."""
        return _compare(self.tool.reversibility.value, self.label.reversibility, _STATED_REVERSIBILITY)


def judged(name: SetName) -> tuple[Judged, ...]:
    """Every labelled tool of a set with what is inferred for it.

    Raises:
        FileNotFoundError: a list of the set is not there.
        KeyError: a label names a tool that intake did not read.
    """
    found = []
    for labels in label_files():
        if labels.set == name:
            by_name = {tool.listed.listed_as: tool for tool in infer(listed(labels.path))}
            lost = set(labels.tools) - set(by_name)
            if lost:
                raise KeyError(f"{labels.list}: labelled, but not read from the list: {', '.join(sorted(lost))}")
            found += [Judged(labels.list, by_name[tool], label) for tool, label in labels.tools.items()]
    return tuple(found)


def silent_misses(tools: Iterable[Judged]) -> dict[tuple[str, Capability], str]:
    """Risky labelled capabilities that were not inferred, on tools that nobody is asked to look at.

    Returns:
        By place and capability: what was inferred instead.
    """
    return {
        (one.place, capability): ", ".join(sorted(one.found))
        for one in tools
        for capability in one.label.risky_missing(one.found)
        if not one.doubt
    }


@dataclass
class Tally:
    """Right, wrong and missing inferences of one capability, over tools."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def labelled(self) -> int:
        """How many tools have it."""
        return self.right + self.missing

    @property
    def precision(self) -> float | None:
        """Share of inferences that are right; None where it was never inferred."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Share of labelled ones that were inferred; None where no tool has it."""
        return self.right / self.labelled if self.labelled else None


@dataclass
class Score:
    """How inference does on a set."""

    tools: int = 0
    capabilities: dict[Capability, Tally] = field(default_factory=dict)
    effect: Counter[Verdict] = field(default_factory=Counter)
    reach: Counter[Verdict] = field(default_factory=Counter)
    reversibility: Counter[Verdict] = field(default_factory=Counter)
    unsure: int = 0

    def pooled(self, *, risky: bool = False, doubts: bool = True) -> Tally:
        """All capabilities together; if asked for, only those whose misuse can harm, or without ``unknown``.

        ``unknown`` on a tool that could have been told is no false claim, but it asks a person for work.
        """
        chosen = [
            tally
            for capability, tally in self.capabilities.items()
            if (CAPABILITIES[capability].risky or not risky) and (doubts or capability is not Capability.UNKNOWN)
        ]
        return Tally(sum(t.right for t in chosen), sum(t.wrong for t in chosen), sum(t.missing for t in chosen))

    def macro(self) -> tuple[float, float]:
        """Mean precision and mean recall over the capabilities for which each is defined."""
        tallies = self.capabilities.values()
        precisions = [t.precision for t in tallies if t.precision is not None]
        recalls = [t.recall for t in tallies if t.recall is not None]
        return sum(precisions) / max(1, len(precisions)), sum(recalls) / max(1, len(recalls))


def score(tools: Iterable[Judged]) -> Score:
    """Count over labelled tools."""
    result = Score(capabilities={capability: Tally() for capability in Capability})
    for one in tools:
        result.tools += 1
        result.unsure += one.tool.unsure
        result.effect[one.effect] += 1
        result.reach[one.reach] += 1
        result.reversibility[one.reversibility] += 1
        for capability in one.label.right(one.found):
            result.capabilities[capability].right += 1
        for capability in one.label.wrong(one.found):
            result.capabilities[capability].wrong += 1
        for capability in one.label.missing(one.found):
            result.capabilities[capability].missing += 1
    return result
