"""What became of each attempt, and indexes by which retention finds what is old. Only adds: 0004's code works with it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("replica", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "student_id", "provider", "step", "number", "state"),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index("attempt_ended", "attempt", ["tenant_id", "ended_at"], unique=False)
    op.add_column("step", sa.Column("replica", sa.Text(), nullable=True))
    op.create_index(
        "inbox_settled",
        "inbox",
        ["settled_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NOT NULL"),
    )
    op.add_column("outbox", sa.Column("recalled_at", _TIME, nullable=True))
    for table in ("inbox", "outbox"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02)")
