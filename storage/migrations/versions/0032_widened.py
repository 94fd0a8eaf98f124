"""Who was moved to the new version while its roll-out is measured: their answer is read no further."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
