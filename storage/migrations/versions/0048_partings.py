"""Whoever had a case that somebody took from them is told."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "partings",
        sa.Column("case_id", sa.BigInteger, nullable=False),
        sa.Column("staff_id", sa.BigInteger, nullable=False),
        sa.Column("heir_id", sa.BigInteger, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "staff_id", name=op.f("pk_partings")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_partings_case_id_cases")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_partings_staff_id_staff")),
        sa.ForeignKeyConstraint(["heir_id"], ["staff.id"], name=op.f("fk_partings_heir_id_staff")),
    )
    op.create_index(op.f("ix_partings_staff_id"), "partings", ["staff_id"])
