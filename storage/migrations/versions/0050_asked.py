"""Whoever may answer a question that waits for a yes is told of it, once."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
