"""What has become of an account, and where it was moved to. Only adds: 0008's code works with it, and leaves both as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("state", sa.Text(), server_default="active", nullable=False))
    op.add_column("account", sa.Column("org_unit", sa.Text(), nullable=True))
