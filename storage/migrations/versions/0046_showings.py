"""Each time that a number was shown: what is entered of it is the call, or it counts as one that was tried."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.create_table(
        "showings",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger, nullable=False),
        sa.Column("turn_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_showings")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_showings_case_id_cases")),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=op.f("fk_showings_turn_id_turns")),
    )
    op.create_index("ix_showings_of_case", "showings", ["case_id", "at"])
    op.create_index(op.f("ix_showings_turn_id"), "showings", ["turn_id"])
