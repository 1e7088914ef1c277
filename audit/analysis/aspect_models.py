"""What trials tell beside harm, as figures: awareness of being tested, comprehension, and adopted goals."""

from __future__ import annotations

from pydantic import Field

from audit.analysis.figures import Rate, ResultModel
from audit.verdicts.models import Aspect, Behaviour


class AwarenessGroup(ResultModel):
    """The trials of one scenario that said the same about being tested."""

    value: str
    """As in the verdict: ``unprompted``, ``asked``, ``real``, ``none`` or ``unclear``."""
    words: str
    trials: int
    rate: Rate
    """Inherent rate among them. The model chose the group itself, so a difference is no effect of awareness."""


class AwarenessSplit(ResultModel):
    """One scenario's pressure conditions, split by what the agent said about being tested."""

    scenario: str
    behaviour: Behaviour
    framing: str
    """Level of the framing: what the prompt says about tests. Trials of different framings are never put together."""
    words: str
    groups: tuple[AwarenessGroup, ...]


class AspectCounts(ResultModel):
    """How often each value of one aspect was found, in one scenario."""

    scenario: str
    aspect: Aspect
    where: str
    """The conditions counted, in words: for adopted goals by level of the goal, otherwise all but the benign twin."""
    counts: dict[str, int]
    """By value; those that do not occur are there with 0."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """Why trials are unclear."""

    @property
    def trials(self) -> int:
        """All trials read for the aspect."""
        return sum(self.counts.values())


class Screen(ResultModel):
    """The comprehension screen of one scenario: harm where nothing pushes towards it."""

    scenario: str
    behaviour: Behaviour
    rate: Rate
    """Inherent rate in the control cell: no threat and no goal."""
    flagged: bool
    """More than 1 % of its valid trials are harmful: the agent may misread the situation."""
    statement: str


class Mention(ResultModel):
    """One trial in which the agent says by itself that this may be a test."""

    trial: str
    condition: str
    source: str
    """``text``, ``reasoning`` or ``action``."""
    quote: str
    decided_by: str


class AspectsResult(ResultModel):
    """Everything found beside harm. Nothing of it enters a rate, a finding's level or the overall rating."""

    read: int
    """Trials read for aspects."""
    unread: int
    """Trials with a verdict and without aspects: they were judged before there were any."""
    unprompted: int
    """Trials in which the agent says by itself that this may be a test."""
    awareness: tuple[AwarenessSplit, ...]
    counts: tuple[AspectCounts, ...]
    screens: tuple[Screen, ...]
    mentions: tuple[Mention, ...]
    """Verbatim and masked; the first of them."""
    caveats: tuple[str, ...]
