"""What is inferred about tools, against what a careful person says about them (tests/data/tool_labels/README.md)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from audit.profile.intake.models import Confidence, Inferred
from audit.profile.tools import Reach, Reversibility
from audit.world.capabilities import CAPABILITIES, Capability, Effect
from tests.profile.intake.labelled_tools import (
    FOLDERS,
    Judged,
    LabelFile,
    SetName,
    Verdict,
    judged,
    label_files,
    listed,
    score,
    set_of,
    silent_misses,
)

KNOWN_MISSES: dict[tuple[str, Capability], str] = {}
"""Risky capabilities that inference misses on the captured manifests without asking a person to look, and why that
stands."""


@dataclass(frozen=True)
class Bounds:
    """How bad a set may look: a little worse than measured. Better rules move these figures, not the labels."""

    recall: float
    """Least share of the risky labelled capabilities that is inferred."""
    precision: float
    """Least share of the inferred risky capabilities that is labelled; ``unknown`` claims nothing and is left out."""
    milder: int
    """Most tools with an effect milder than labelled."""
    silent: int
    """Most risky capabilities missed where nobody is asked to look."""
    asked: int
    """Most tools marked for a person to look at: asking about everything would miss nothing."""


BOUNDS: dict[SetName, Bounds] = {
    "development": Bounds(recall=0.96, precision=0.80, milder=2, silent=2, asked=34),
    "fresh": Bounds(recall=0.75, precision=0.60, milder=8, silent=14, asked=48),
    "unseen": Bounds(recall=0.48, precision=0.37, milder=2, silent=9, asked=50),
}
"""Measured with rules 1.2.0: development 99.3 %, 86.6 %, 0, 0, 29; fresh 79.8 %, 65.8 %, 7, 11, 46; unseen 51.7 %,
40.5 %, 1, 7, 47 of 73. The last is the figure to quote for rules 1.2.0: those tools were written after the rules and
without sight of them. The rules were written with the first set in view and watching the totals of the second, on which
version 1.1.0, which had not met it, came to 63.9 %, 62.5 %, 7, 20, 40."""


def needs(name: SetName) -> None:
    absent = [labels.list for labels in label_files() if labels.set == name and not labels.path.is_file()]
    if absent:
        pytest.skip(f"needs the captured tool lists in ../shared/data/manifests; absent: {', '.join(absent)}")


def where(name: SetName) -> str:
    """Failures name no tool, so that nobody reads the held-out ones by accident."""
    return f"see benchmarks.tool_inference --set {name}"


@pytest.mark.parametrize("labels", label_files(), ids=lambda labels: labels.list)
def test_labels_and_tools_answer_to_each_other(labels: LabelFile) -> None:
    if not labels.path.is_file():
        needs(labels.set)
    names = [tool.listed_as for tool in listed(labels.path)]
    assert sorted(names) == sorted(labels.tools)


@pytest.mark.parametrize("name", ["development", "fresh", "unseen"])
def test_every_list_of_ours_has_labels(name: SetName) -> None:
    lists = {path.name for path in FOLDERS[name].iterdir() if set_of(path.name) == name}
    assert {labels.list for labels in label_files() if labels.set == name} == lists


def test_the_sets_are_as_large_as_they_are_said_to_be() -> None:
    sizes = dict.fromkeys(FOLDERS, 0)
    for labels in label_files():
        sizes[labels.set] += len(labels.tools)
    assert sizes == {"manifests": 117, "development": 188, "fresh": 125, "unseen": 73}


@pytest.mark.parametrize("name", ["development", "fresh"])
def test_every_capability_is_asked_for_somewhere(name: SetName) -> None:
    asked = {
        capability
        for labels in label_files()
        if labels.set == name
        for label in labels.tools.values()
        for capability in label.capabilities
    }
    assert set(Capability) - asked == set()


@pytest.mark.parametrize("labels", label_files(), ids=lambda labels: labels.list)
def test_labels_are_coherent(labels: LabelFile) -> None:
    for name, label in labels.tools.items():
        named = [*label.capabilities, *label.one_of, *label.also_fine]
        assert label.capabilities or label.one_of, f"{name}: no capability"
        assert len(set(named)) == len(named), f"{name}: a capability stands twice"
        assert len(label.one_of) != 1, f"{name}: a choice of one is no choice"
        if label.effect is Effect.READ:
            assert Reversibility.REVERSIBLE in label.reversibility, f"{name}: reading changes nothing"


def test_no_risk_is_missed_in_silence_on_the_captured_manifests() -> None:
    needs("manifests")
    assert silent_misses(judged("manifests")).keys() == KNOWN_MISSES.keys()


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items(), ids=list(BOUNDS))
def test_risky_capabilities_are_found(name: SetName, bounds: Bounds) -> None:
    risky = score(judged(name)).pooled(risky=True)
    assert risky.recall is not None
    assert risky.recall >= bounds.recall, where(name)


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items(), ids=list(BOUNDS))
def test_what_is_found_is_mostly_there(name: SetName, bounds: Bounds) -> None:
    risky = score(judged(name)).pooled(risky=True, doubts=False)
    assert risky.precision is not None
    assert risky.precision >= bounds.precision, where(name)


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items(), ids=list(BOUNDS))
def test_few_risks_are_missed_in_silence(name: SetName, bounds: Bounds) -> None:
    missed = len(silent_misses(judged(name)))
    assert missed <= bounds.silent, where(name)


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items(), ids=list(BOUNDS))
def test_a_person_is_not_asked_about_everything(name: SetName, bounds: Bounds) -> None:
    asked = sum(bool(one.doubt) for one in judged(name))
    assert asked <= bounds.asked, where(name)


@pytest.mark.parametrize(("name", "bounds"), BOUNDS.items(), ids=list(BOUNDS))
def test_effects_are_seldom_milder_than_they_are(name: SetName, bounds: Bounds) -> None:
    milder = sum(one.effect is Verdict.MILDER for one in judged(name))
    assert milder <= bounds.milder, where(name)


@pytest.mark.parametrize(("name", "least"), [("development", 5), ("fresh", 2), ("unseen", 1)])
def test_a_tool_nobody_has_described_stays_unknown(name: SetName, least: int) -> None:
    silent = [one for one in judged(name) if one.label.capabilities == (Capability.UNKNOWN,)]
    assert len(silent) >= least
    stated = sum(Capability.UNKNOWN not in one.found for one in silent)
    assert stated == 0, where(name)


def blunted(one: Judged) -> Judged:
    """The same tool if all tools were taken for harmless helpers."""

    def sure(value: Capability | Effect | Reach | Reversibility) -> Inferred:  # type: ignore[type-arg]
        return Inferred(value=value, confidence=Confidence.HIGH, evidence=("none",))

    changed = {
        "capabilities": (sure(Capability.UTILITY),),
        "effect": sure(Effect.READ),
        "reach": sure(Reach.INTERNAL),
        "reversibility": sure(Reversibility.REVERSIBLE),
    }
    return Judged(one.list, one.tool.model_copy(update=changed), one.label)


@pytest.mark.parametrize("name", ["development", "fresh", "unseen"])
def test_the_measure_would_notice_rules_that_find_everything_harmless(name: SetName) -> None:
    tools = [blunted(one) for one in judged(name)]
    result = score(tools)
    assert result.pooled(risky=True).recall == 0
    assert result.unsure == 0
    for one in tools:
        risky = [c for c in one.label.capabilities if CAPABILITIES[c].risky]
        assert {c for place, c in silent_misses([one])} >= set(risky), one.place
        if one.label.effect is not Effect.READ:
            assert one.effect is Verdict.MILDER, one.place
        if set(one.label.reach) == {Reach.EXTERNAL}:
            assert one.reach is Verdict.MILDER, one.place
        if set(one.label.reversibility) == {Reversibility.IRREVERSIBLE}:
            assert one.reversibility is Verdict.MILDER, one.place
