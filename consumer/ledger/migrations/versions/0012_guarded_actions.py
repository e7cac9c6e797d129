"""A table of actions that take something away: which were counted, which wait for a person, and who decided what.

Only adds: 0011's code works with it, and guards nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guarded_action",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "student_id", "action", "version"),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    for state in ("counted", "parked"):
        op.create_index(
            f"guarded_action_{state}",
            "guarded_action",
            ["tenant_id", "action", "number"],
            unique=False,
            postgresql_where=sa.text(f"state = '{state}'"),
        )
