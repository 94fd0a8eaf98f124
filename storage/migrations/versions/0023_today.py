"""Where each loan stands and the figures of each day, for reports; and what finds the events of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "standings",
        sa.Column("loan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("oldest_due", sa.Date(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("arrears_minor", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_minor", sa.BigInteger(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("before_rank", sa.SmallInteger(), nullable=True),
        sa.Column("before_minor", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("loan_id", name=op.f("pk_standings")),
    )
    op.create_index(
        "ix_standings_late",
        "standings",
        ["portfolio_id", "oldest_due", "loan_id"],
        postgresql_where=sa.text("oldest_due IS NOT NULL"),
    )
    op.create_index(
        "ix_standings_moved",
        "standings",
        ["changed_on"],
        postgresql_where=sa.text("before_rank <> rank"),
    )
    op.create_table(
        "day_figures",
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("hits_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["portfolio_id"], ["portfolios.id"], name=op.f("fk_day_figures_portfolio_id_portfolios")
        ),
        sa.PrimaryKeyConstraint(
            "figure", "day", "portfolio_id", "part", "currency", name=op.f("pk_day_figures")
        ),
    )
    op.create_index("ix_promises_due_on", "promises", ["due_on"])
    op.create_index("ix_promises_settled_at", "promises", ["settled_at"])
    op.create_index("ix_outcomes_at", "outcomes", ["at"])
    op.create_index("ix_consents_revoked", "consents", ["at"], postgresql_where=sa.text("state = 'revoked'"))
    # They come in the order of their days, so a summary of each range of pages is enough, and costs nothing.
    op.create_index("ix_payments_received_on", "payments", ["received_on"], postgresql_using="brin")
    op.create_index("ix_contacts_sent_at", "contacts", ["sent_at"], postgresql_using="brin")
