"""Every message that shows a number is kept until it is gone, and when that was tried last."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("shown_numbers", sa.Column("tried_at", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("pk_shown_numbers"), "shown_numbers")
    op.create_primary_key(op.f("pk_shown_numbers"), "shown_numbers", ["turn_id", "message"])
