"""Texts that somebody of the staff sent to themselves to look at."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "tried_texts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('sms', 'email', 'chat')", name=op.f("ck_tried_texts_channel_known")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tried_texts_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tried_texts")),
    )
    op.create_index("ix_tried_texts_of_staff", "tried_texts", ["staff_id", "planned_at"], unique=False)
    op.create_index(
        "ix_tried_texts_waiting",
        "tried_texts",
        ["id"],
        unique=False,
        postgresql_where=sa.text("begun_at IS NULL"),
    )
