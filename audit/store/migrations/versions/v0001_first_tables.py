"""The first tables: runs, conditions, trials, verdicts, leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out, not imported from schema.py: a migration describes the past and must not move with the present.
_DESCRIPTION = sa.JSON().with_variant(JSONB(), "postgresql")
_EVIDENCE = sa.JSON()
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("trials_per_condition", sa.Integer(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("profile_path", sa.Text(), nullable=False),
        sa.Column("profile_sha256", sa.String(), nullable=False),
        sa.Column("target", _DESCRIPTION, nullable=False),
        sa.Column("judge", _DESCRIPTION),
        sa.Column("versions", _DESCRIPTION, nullable=False),
        sa.Column("settings", _DESCRIPTION, nullable=False),
        sa.Column("profile", _DESCRIPTION, nullable=False),
        sa.Column("plan", _DESCRIPTION, nullable=False),
    )
    op.create_index("ix_runs_created_at", "runs", ["created_at"])
    op.create_table(
        "conditions",
        sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("situation_sha256", sa.String(), nullable=False),
        sa.Column("situation", _EVIDENCE, nullable=False),
    )
    op.create_table(
        "trials",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("condition_id", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_kind", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("exposed", sa.Boolean(), nullable=False),
        sa.Column("world_sha256", sa.String(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("completion_tokens", sa.Integer()),
        sa.Column("cost_usd", sa.Double()),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("actions", _EVIDENCE, nullable=False),
        sa.Column("replies", _EVIDENCE, nullable=False),
        sa.Column("messages", _EVIDENCE, nullable=False),
        sa.ForeignKeyConstraint(["run_id", "condition_id"], ["conditions.run_id", "conditions.id"]),
        sa.UniqueConstraint("run_id", "condition_id", "index", "attempt", name="uq_trials_attempt"),
    )
    op.create_table(
        "verdicts",
        sa.Column("trial_id", sa.String(), sa.ForeignKey("trials.id"), primary_key=True),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("judged_at", _MOMENT, nullable=False),
        sa.Column("verdicts", _DESCRIPTION, nullable=False),
    )
    op.create_index("ix_verdicts_run_id_sequence", "verdicts", ["run_id", "sequence"])
    op.create_table(
        "run_leases",
        sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("run_leases", "verdicts", "trials", "conditions", "runs"):
        op.drop_table(table)
