"""Indexes by which students who are held, and steps with an unknown outcome, are counted.

Only adds: 0018's code works with it. The columns of `step_unsure` change when a step becomes unsure and when its account is verified, and
not with each attempt, so that those stay HOT updates.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "student_wait_held",
        "student_wait",
        ["tenant_id", "reason", "student_id"],
        unique=False,
        postgresql_include=["since"],
        postgresql_where=sa.text("held"),
    )
    op.create_index("step_unsure", "step", ["provider"], unique=False, postgresql_where=sa.text("unsure"))
