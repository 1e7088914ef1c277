"""Tokens of a trial that the provider's prompt cache served; unknown for trials stored before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trials", sa.Column("cached_tokens", sa.Integer()))


def downgrade() -> None:
    op.drop_column("trials", "cached_tokens")
