"""What borrowers say of how it was, once a loan is settled."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("rating IN ('good', 'fair', 'poor')", name=op.f("ck_feedback_rating_known")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_feedback_case_id_cases")),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_feedback_loan_id_loans")),
        sa.ForeignKeyConstraint(
            ["update_id"], ["chat_updates.id"], name=op.f("fk_feedback_update_id_chat_updates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("case_id", "loan_id", name=op.f("uq_feedback_case_id_loan_id")),
    )
    op.create_index(op.f("ix_feedback_loan_id"), "feedback", ["loan_id"], unique=False)
