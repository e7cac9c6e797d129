"""Licences and groups that a call with an unknown outcome may have given. Only adds: 0012's code works with it, and leaves both empty."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("licences_in_doubt", "groups_in_doubt"):
        op.add_column("account", sa.Column(name, sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
