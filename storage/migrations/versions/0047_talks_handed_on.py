"""How often a conversation was announced, who of the staff ended it and that they were told; new owners told."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.add_column("talks", sa.Column("told_times", sa.Integer, nullable=False, server_default="0"))
    op.add_column("talks", sa.Column("closed_by", sa.Text, nullable=True))
    op.add_column("talks", sa.Column("goodbye_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_talks_closed",
        "talks",
        ["id"],
        postgresql_where=sa.text("closed_by IS NOT NULL AND goodbye_at IS NULL"),
    )
    op.add_column("assignments", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE assignments SET told_at = at")
    op.create_index(
        "ix_assignments_untold", "assignments", ["staff_id"], postgresql_where=sa.text("told_at IS NULL")
    )
