"""What operators did by commands; indexes by which people find whose an object id or a Message-Id is, and which events failed.

Only adds: 0019's code works with it. `account.object_id` changes once, when the account was made; `step.request_hash` changes with what
is asked for, and not with each attempt, so that those stay HOT updates.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.Text(), nullable=True),
        sa.Column("acted_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("about", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("operator_act_at", "operator_act", ["at", "id"], unique=False)
    op.create_index("operator_act_tenant", "operator_act", ["tenant_id", "at", "id"], unique=False)
    op.create_table(
        "operator_act_student",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("act_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "student_id", "act_id"),
    )
    op.create_index("operator_act_student_act", "operator_act_student", ["act_id"], unique=False)
    op.create_index(
        "account_object", "account", ["object_id"], unique=False, postgresql_where=sa.text("object_id IS NOT NULL")
    )
    op.create_index(
        "step_mail",
        "step",
        ["request_hash"],
        unique=False,
        postgresql_where=sa.text("name IN ('welcome', 'notice')"),
    )
    op.create_index(
        "inbox_failed",
        "inbox",
        ["tenant_id", "settled_at", "student_id"],
        unique=False,
        postgresql_where=sa.text("disposition = 'failed'"),
    )
