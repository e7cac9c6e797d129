"""The class of each student's work, and an index by which claims take one class after the other.

Only adds: 0010's code works with it. It accepts every event as normal work and, where a student is known, leaves the class as it is: until
all replicas are upgraded, a suspension may wait in line with creations, or a creation overtake others.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("student", sa.Column("work_class", sa.SmallInteger(), nullable=False, server_default="1"))
    op.create_index(
        "student_due_by_class",
        "student",
        ["tenant_id", "work_class", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
