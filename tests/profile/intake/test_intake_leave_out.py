"""What is inferred about things that no rule knows: the words of one subject at a time are taken out of the rules.

The tools are those of the development set, with which the rules were written. Without its words a subject is as
strange to the rules as those of a list that nobody has seen, so this says how inference does there.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from audit.profile.intake.inference.infer import infer
from audit.profile.intake.inference.rules import ToolRules, shipped_rules
from audit.profile.intake.models import Confidence
from audit.world.capabilities import Capability
from tests.profile.intake.labelled_tools import Judged, Verdict, judged, label_files, listed

FEW = 4
"""Tools up to which a share says nothing about one subject: there one may go wrong."""


class LeftOut(NamedTuple):
    """What changes on tools of the development set when the words of one subject are taken out.

    Attributes:
        lost: tools that lose a capability which they were rightly said to have.
        changed: tools about which anything else is said than before.
    """

    lost: tuple[Judged, ...]
    changed: tuple[Judged, ...]


def without(subject: str) -> ToolRules:
    rules = shipped_rules()
    left = rules.subjects[subject].model_copy(update={"words": ()})
    return rules.model_copy(update={"subjects": {**rules.subjects, subject: left}})


@cache
def left_out(subject: str) -> LeftOut:
    rules = without(subject)
    own = [labels for labels in label_files() if labels.set == "development"]
    inferred = {(labels.list, tool.name): tool for labels in own for tool in infer(listed(labels.path), rules)}
    lost, changed = [], []
    for before in judged_in_full():
        after = Judged(before.list, inferred[before.list, before.tool.name], before.label)
        if before.label.right(before.found) - after.found - {Capability.UNKNOWN}:
            lost.append(after)
        if after.tool != before.tool:
            changed.append(after)
    return LeftOut(tuple(lost), tuple(changed))


@cache
def judged_in_full() -> tuple[Judged, ...]:
    return judged("development")


def all_left_out() -> list[LeftOut]:
    return [left_out(subject) for subject in shipped_rules().subjects]


def test_a_tool_whose_thing_no_rule_knows_is_in_doubt() -> None:
    lost = [one for found in all_left_out() for one in found.lost]
    assert len(lost) > 90  # the measure is about something
    assert sum(bool(one.doubt) for one in lost) >= 0.85 * len(lost)  # measured: 0.90


@pytest.mark.parametrize("subject", shipped_rules().subjects)
def test_it_is_for_most_tools_of_every_subject(subject: str) -> None:
    lost = left_out(subject).lost
    silent = [one.place for one in lost if not one.doubt]
    assert len(silent) <= (1 if len(lost) <= FEW else 0.4 * len(lost)), silent


def test_what_is_stated_high_holds_where_no_rule_knows_the_thing() -> None:
    high = [
        (one, found.value)
        for left in all_left_out()
        for one in left.changed
        for found in one.tool.capabilities
        if found.confidence is Confidence.HIGH
    ]
    assert len(high) > 30
    wrong = [f"{one.place}: {value}" for one, value in high if one.label.wrong({value})]
    assert len(wrong) <= 0.1 * len(high), wrong


def test_no_effect_is_stated_high_and_milder_where_no_rule_knows_the_thing() -> None:
    sure = [one for left in all_left_out() for one in left.lost if one.tool.effect.confidence is Confidence.HIGH]
    assert [one.place for one in sure if one.effect is Verdict.MILDER] == []
