"""Steps that are unsure until they are verified; expired credentials found by an index. Only adds: 0001's code works with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("step", sa.Column("unsure", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("credential_expiry", "credential", ["expires_at"], unique=False)
