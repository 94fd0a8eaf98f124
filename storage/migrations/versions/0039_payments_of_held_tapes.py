"""With a tape of payments that waits for approval stands which payments are on it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.add_column("approvals", sa.Column("payments", ARRAY(sa.LargeBinary())))
