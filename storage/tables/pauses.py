"""When nothing is claimed: of a portfolio, or of the whole book."""

from sqlalchemy import Column, Index, Table, Text, text

from storage.tables.base import key, metadata, moment, ref

pauses = Table(
    "pauses",
    metadata,
    key(),
    ref("portfolio_id", "portfolios.id", nullable=True),  # null: every portfolio
    moment("paused_at"),
    Column("paused_by", Text, nullable=False),
    moment("resumed_at", nullable=True),
    Column("resumed_by", Text),
    Index(
        "ix_pauses_open",
        text("coalesce(portfolio_id, 0)"),
        unique=True,
        postgresql_where=text("resumed_at IS NULL"),
    ),
)
