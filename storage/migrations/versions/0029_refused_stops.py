"""Opt-outs and holds that were refused are kept: those of nobody in the book wait for them."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "refused_stops",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("borrower", sa.Text(), nullable=True),
        sa.Column("loan", sa.Text(), nullable=True),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("obeyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('consents', 'holds')", name=op.f("ck_refused_stops_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_stops")),
        sa.UniqueConstraint("digest", name=op.f("uq_refused_stops_digest")),
    )
    op.create_index(
        "ix_refused_stops_waiting",
        "refused_stops",
        ["borrower", "loan"],
        postgresql_where=sa.text("obeyed_at IS NULL"),
    )
