"""When the number was shown in a turn: what came of the call is entered, or it counts as one that was tried."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.add_column("turns", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_turns_shown", "turns", ["case_id", "shown_at"], postgresql_where=sa.text("shown_at IS NOT NULL")
    )
