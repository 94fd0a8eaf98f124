"""Simulations that were asked for on a page: how far each is, and what it found. Nothing decides by them."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, moment, one_of

simulations = Table(
    "simulations",
    metadata,
    key(),
    Column("name", Text, nullable=False),  # of the strategy
    Column("label", Text, nullable=False),  # v3, or whose draft
    Column("source", Text, nullable=False),
    Column("days", SmallInteger, nullable=False),
    Column("share", SmallInteger, nullable=False),  # percent of the people
    Column("prices", Text),  # a file of prices; null: nothing is known of costs
    moment("asked_at"),
    Column("asked_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    moment("beat_at", nullable=True),  # when who plays it was last heard of
    Column("done", Integer, nullable=False, server_default=text("0")),  # cases
    Column("cases", Integer),
    moment("ended_at", nullable=True),
    Column("found", JSONB),  # casework/simulation/document.py
    Column("wrong", Text),
    one_of("state", "waiting", "running", "done", "failed", "stopped"),
    CheckConstraint("(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="ended_with_its_state"),
    CheckConstraint("(state = 'done') = (found IS NOT NULL)", name="found_when_done"),
    Index("ix_simulations_name", "name", "id"),
    Index("ix_simulations_open", "id", postgresql_where=text("ended_at IS NULL")),
)
