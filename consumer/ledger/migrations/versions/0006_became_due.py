"""An index by which a replica finds who has become due since it last looked, and how many commits a lease has seen.

Only adds: 0005's code works with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("student", sa.Column("lease_writes", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "student_became_due",
        "student",
        ["due_at"],
        unique=False,
        postgresql_include=["tenant_id"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
