"""A tape that is uploaded may be said to have no more than what changed."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column(
        "uploads", sa.Column("changes", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
