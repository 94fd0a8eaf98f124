"""Who answers a caller has the case at hand beside whoever works at it: a turn at a case is one, but for those."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.drop_index("ix_turns_of_case", "turns")
    op.create_index(
        "ix_turns_of_case",
        "turns",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND why <> 'caller'"),
    )
