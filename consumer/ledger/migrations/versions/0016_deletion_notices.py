"""When the deletion of an account is announced, and for which date it was.

Only adds: the code of the revision before works with it, and announces nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("notice_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("noticed_for", sa.DateTime(timezone=True), nullable=True))
