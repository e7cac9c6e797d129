"""An index by which all events of a student are found, those that are open among them: it replaces the one of open events.

0009's code works with it.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("inbox_student", "inbox", ["tenant_id", "student_id"], unique=False)
    op.drop_index("inbox_pending", table_name="inbox")
