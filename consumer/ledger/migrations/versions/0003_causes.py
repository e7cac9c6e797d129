"""Causes of waits, next offsets, lost answers, rows of another version. Only adds: 0002's code works with it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_FALSE = sa.text("false")


def upgrade() -> None:
    op.add_column("partition_epoch", sa.Column("next_offset", sa.BigInteger(), nullable=True))
    op.create_index(
        "student_open",
        "student",
        ["tenant_id", "student_id"],
        unique=False,
        postgresql_where=sa.text("desired_version > settled_version"),
    )
    op.create_table(
        "student_wait",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "student_id", "provider", "step"),
    )
    op.add_column("step", sa.Column("lost_at", _TIME, nullable=True))
    op.add_column("outbox", sa.Column("unreadable", sa.Boolean(), server_default=_FALSE, nullable=False))
    op.add_column("tenant_wait", sa.Column("held", sa.Boolean(), server_default=_FALSE, nullable=False))
    op.add_column("tenant_wait", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("tenant_wait", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("tenant_wait", sa.Column("step", sa.Text(), nullable=True))
    op.add_column("tenant_wait", sa.Column("since", _TIME, nullable=True))
    op.create_table(
        "tenant_configuration",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id"),
    )
