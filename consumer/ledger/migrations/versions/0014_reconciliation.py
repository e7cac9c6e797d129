"""What a reconciliation lists of a directory, how far it has come, and which accounts it wants looked at again; what operators adopted.

Only adds: the code of the revision before works with it. It may claim a student whose account is to be looked at again, and then does
nothing: the next reconciliation finds the same difference.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("revisit", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("account_marker", "account", ["provider", "marker"], unique=False)
    op.create_table(
        "reconciliation",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "provider"),
    )
    op.create_table(
        "listed_account",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("marker", sa.Text(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("synchronised", sa.Boolean(), nullable=False),
        sa.Column("licences", ARRAY(sa.Text()), nullable=True),
        sa.Column("groups", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("org_unit", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "provider", "object_id"),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index(
        "listed_account_marker",
        "listed_account",
        ["tenant_id", "provider", "marker"],
        unique=False,
        postgresql_where=sa.text("marker IS NOT NULL"),
    )
    op.create_table(
        "adoption",
        sa.Column("tenant_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("adopted_by", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "student_id", "provider"),
    )
