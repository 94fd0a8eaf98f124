"""Strategies as they are being written: nothing reads these rows but who writes them."""

from sqlalchemy import Column, Table, Text, UniqueConstraint

from storage.tables.base import key, metadata, moment, ref

strategy_drafts = Table(
    "strategy_drafts",
    metadata,
    key(),
    Column("name", Text, nullable=False),  # of the strategy
    Column("author", Text, nullable=False),
    Column("source", Text, nullable=False),  # as far as it is written: it need not be a strategy yet
    ref("base_id", "strategy_versions.id", nullable=True),  # that it began from; null: there was none
    moment("saved_at"),
    UniqueConstraint("name", "author"),
)
