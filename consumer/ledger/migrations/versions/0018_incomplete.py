"""Whether an account was reported while a part of it was missing: it is reported once more when it is complete.

Only adds: the code of the revision before works with it, and takes that from the causes of waits.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("incomplete", sa.Boolean(), nullable=False, server_default=sa.text("false")))
