"""Which address an account is being renamed to, and which it had before.

Only adds: the code of the revision before works with it, and never gives a former address back to its student.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("next_address", sa.Text(), nullable=True))
    op.add_column("address", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "address_retired",
        "address",
        ["tenant_id", "retired_at"],
        unique=False,
        postgresql_where=sa.text("retired_at IS NOT NULL"),
    )
