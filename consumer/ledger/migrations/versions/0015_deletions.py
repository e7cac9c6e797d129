"""When an account is to be deleted.

Only adds: the code of the revision before works with it. It can't read a student whose account was deleted or released, or whose event asks
for that, and sets them aside for a minute, as often as it takes until all replicas are of this version.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("delete_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "account_to_delete",
        "account",
        ["tenant_id", "student_id"],
        unique=False,
        postgresql_where=sa.text("delete_at IS NOT NULL"),
    )
