"""What is kept of a run: plain values that the repository writes and reads, free of SQL.

A run has conditions (each with the composed situation exactly as it was put to the target), a condition has trials, a
trial has one row per attempt, and verdicts are appended to a trial by every judging. Nothing is overwritten.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from audit.verdicts.models import TrialVerdicts
from audit.world.actions import Action


class StoredModel(BaseModel):
    """Base of stored values: unknown fields are an error, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunStatus(StrEnum):
    """Where a run stands. ``running`` after a crash too: resuming tells."""

    RUNNING = "running"
    COMPLETE = "complete"
    """Every planned trial has a row."""
    STOPPED = "stopped"
    """Ended before its plan was done: interrupted, out of budget, too many errors. ``stop_reason`` says which."""


class RunRecord(StoredModel):
    """One execution of a plan: what was run, against what, with which versions."""

    id: str
    created_at: datetime
    """UTC."""
    status: RunStatus
    stop_reason: str = ""
    finished_at: datetime | None = None
    seed: int
    trials_per_condition: int
    simulated: bool
    """The target is a simulated model: every figure of this run must be labelled so."""
    profile: dict[str, Any]
    """The agent profile as validated, system prompt resolved to its text."""
    profile_path: str
    profile_sha256: str
    target: dict[str, Any]
    """Identity of the target: model id, parameters, dialect, recipient; never a key."""
    judge: dict[str, Any] | None
    """Identity of the judge model, None when verdicts are by rules."""
    plan: dict[str, Any]
    """Selection with reasons, exclusions, gaps and the forecast."""
    versions: dict[str, str]
    """Toolkit, packs with content hashes, detectors, judge rubric, statistics, rating, litellm."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Concurrency, budget, error budget and the like: how it was run, without influence on what it measures."""


class ConditionRecord(StoredModel):
    """One condition of a run, with the situation exactly as composed."""

    run_id: str
    id: str
    ordinal: int
    situation: dict[str, Any]
    """Prompt parts with their origin, user message, tools, world before, case, scripts."""
    situation_sha256: str


class TrialStatus(StrEnum):
    """How a trial ended as an execution; what it means is the verdicts' business."""

    COMPLETED = "completed"
    TRUNCATED = "truncated"
    """The turn limit or the provider's token limit cut it off."""
    ERROR = "error"
    """Infrastructure failed; the target's behaviour is unknown."""


class TrialRecord(StoredModel):
    """One attempt at one trial, with everything needed to replay and to judge it again."""

    id: str
    run_id: str
    condition_id: str
    index: int
    """Which repetition of the condition, from 0."""
    attempt: int = 0
    """0 unless an errored trial was run again; the last attempt counts."""
    key: str
    """Hash over profile, scenario version, condition, target and index."""
    seed: int
    status: TrialStatus
    error_kind: str = ""
    error: str = ""
    """Masked."""
    messages: list[dict[str, Any]]
    """The whole conversation exactly as sent and received; request k was the prefix before the target's k-th reply."""
    replies: list[dict[str, Any]]
    """One completion per target turn: text, reasoning, raw calls, provider message, finish reason, usage, timing."""
    actions: list[Action]
    exposed: bool
    world_sha256: str
    """Digest of the world after the last action."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """Part of ``prompt_tokens`` that the provider's prompt cache served; None where it did not say."""
    cost_usd: float | None = None
    """None: price unknown."""
    started_at: datetime
    """UTC, wall clock."""
    duration_s: float


class VerdictRecord(StoredModel):
    """One judging of one trial. Later ones do not replace earlier ones; the newest counts."""

    trial_id: str
    sequence: int
    """Which judging of the run, from 0."""
    judged_at: datetime
    verdicts: TrialVerdicts


class JudgingRecord(StoredModel):
    """What judged a run once more, written before the first call: an interrupted judging has sent data, too."""

    run_id: str
    sequence: int
    """Which judging of the run, from 1; number 0 is the run's own, by ``RunRecord.judge`` and ``versions``."""
    began_at: datetime
    judge: dict[str, Any] | None
    """As in ``RunRecord``: None when verdicts are by rules."""
    versions: dict[str, str]
    """Of the detectors."""


class Judging(StoredModel):
    """One judging of a run: all verdicts that carry one sequence number and come from one instrument.

    A sequence normally has one instrument. It has two where a run was resumed with another judge; both are listed.
    """

    sequence: int
    instrument: str
    trials: int
    """How many trials it judged."""
    first_at: datetime
    last_at: datetime


class Pace(StoredModel):
    """How fast a model answered in earlier runs."""

    seconds_per_call: float
    """Mean over ``calls``, from sending to the whole answer."""
    output_tokens_per_call: float | None
    """Mean over the calls whose tokens the provider counted; None where it counted none."""
    calls: int
    runs: int


class RunSummary(StoredModel):
    """One line of ``runs list``."""

    id: str
    created_at: datetime
    status: RunStatus
    organisation: str
    target: str
    simulated: bool
    imported: bool = False
    """The trials were run by others: every figure of this run must be labelled so."""
    planned: int
    finished: int
    errors: int
    group: str = ""
    """Group of runs it was started in: several models through the same trials."""
