"""The tables. Column names are the field names of the records; the migrations create exactly these.

Columns with large values stand last, so that SQLite reads status and keys without walking over a transcript.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from audit.store.encoding import FreeText, UtcDateTime, WholeNumber

VERSION_TABLE = "insider_audit_version"
"""Where Alembic notes the state of the schema: a name of our own, so a shared PostgreSQL schema stays usable."""

Description = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""JSON that people search: profile, plan, verdicts."""

Evidence = JSON(none_as_null=True)
"""JSON kept to the letter. On PostgreSQL ``json``, not ``jsonb``: the latter sorts keys and rewrites numbers, and the
order of keys in a tool schema is part of what the target was sent."""


class Base(DeclarativeBase):
    """Base of the tables."""


class RunRow(Base):
    """One run."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(String, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String)
    stop_reason: Mapped[str] = mapped_column(FreeText)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seed: Mapped[int] = mapped_column(WholeNumber)
    trials_per_condition: Mapped[int]
    simulated: Mapped[bool]
    profile_path: Mapped[str] = mapped_column(FreeText)
    profile_sha256: Mapped[str] = mapped_column(String)
    target: Mapped[dict[str, Any]] = mapped_column(Description)
    judge: Mapped[dict[str, Any] | None] = mapped_column(Description)
    versions: Mapped[dict[str, str]] = mapped_column(Description)
    settings: Mapped[dict[str, Any]] = mapped_column(Description)
    profile: Mapped[dict[str, Any]] = mapped_column(Description)
    plan: Mapped[dict[str, Any]] = mapped_column(Description)


class ConditionRow(Base):
    """One condition of a run."""

    __tablename__ = "conditions"

    run_id: Mapped[str] = mapped_column(String, ForeignKey("runs.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String, primary_key=True)
    ordinal: Mapped[int]
    situation_sha256: Mapped[str] = mapped_column(String)
    situation: Mapped[dict[str, Any]] = mapped_column(Evidence)


class TrialRow(Base):
    """One attempt at one trial."""

    __tablename__ = "trials"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "condition_id"], ["conditions.run_id", "conditions.id"]),
        # Also the index behind every question about a run's trials: it begins with run_id.
        UniqueConstraint("run_id", "condition_id", "index", "attempt", name="uq_trials_attempt"),
    )

    id: Mapped[str] = mapped_column(String, primary_key=True)
    run_id: Mapped[str] = mapped_column(String)
    condition_id: Mapped[str] = mapped_column(String)
    index: Mapped[int]
    attempt: Mapped[int]
    key: Mapped[str] = mapped_column(String)
    seed: Mapped[int] = mapped_column(WholeNumber)
    status: Mapped[str] = mapped_column(String)
    error_kind: Mapped[str] = mapped_column(String)
    error: Mapped[str] = mapped_column(FreeText)
    exposed: Mapped[bool]
    world_sha256: Mapped[str] = mapped_column(String)
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    cached_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None] = mapped_column(Double)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_s: Mapped[float] = mapped_column(Double)
    actions: Mapped[list[Any]] = mapped_column(Evidence)
    replies: Mapped[list[Any]] = mapped_column(Evidence)
    messages: Mapped[list[Any]] = mapped_column(Evidence)


class VerdictRow(Base):
    """One judging of one trial."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("ix_verdicts_run_id_sequence", "run_id", "sequence"),)

    trial_id: Mapped[str] = mapped_column(String, ForeignKey("trials.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    run_id: Mapped[str] = mapped_column(String, ForeignKey("runs.id"))
    instrument: Mapped[str] = mapped_column(FreeText)
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdicts: Mapped[dict[str, Any]] = mapped_column(Description)


class JudgingRow(Base):
    """What judged a run again. The run's own judging, number 0, is described by the run itself."""

    __tablename__ = "judgings"

    run_id: Mapped[str] = mapped_column(String, ForeignKey("runs.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judge: Mapped[dict[str, Any] | None] = mapped_column(Description)
    versions: Mapped[dict[str, str]] = mapped_column(Description)


class LeaseRow(Base):
    """Which process executes a run at the moment."""

    __tablename__ = "run_leases"

    run_id: Mapped[str] = mapped_column(String, ForeignKey("runs.id"), primary_key=True)
    owner: Mapped[str] = mapped_column(String)
    holder: Mapped[str] = mapped_column(FreeText)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
