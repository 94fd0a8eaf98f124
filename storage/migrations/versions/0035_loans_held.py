"""The loans of a tape that waits for approval: only a tape that has them takes its place."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("loans", postgresql.ARRAY(sa.BigInteger()), nullable=True))
