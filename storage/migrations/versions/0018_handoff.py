"""Conversations reach the staff: whom one was announced to, and which lines were passed on."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("talks", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("talks", sa.Column("told_staff_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_talks_told_staff_id_staff"), "talks", "staff", ["told_staff_id"], ["id"])
    op.create_index(op.f("ix_talks_told_staff_id"), "talks", ["told_staff_id"])
    op.add_column("talk_lines", sa.Column("passed_on_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_talk_lines_heard",
        "talk_lines",
        ["talk_id"],
        postgresql_where=sa.text("side = 'borrower' AND passed_on_at IS NULL"),
    )
