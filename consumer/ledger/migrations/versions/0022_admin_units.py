"""Administrative units that accounts were put into, and those that a call with an unknown outcome may have put them into.

Only adds: the code of the revision before works with it, and leaves both as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("admin_units", "admin_units_in_doubt"):
        op.add_column("account", sa.Column(name, sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
