"""What somebody who leads is told unasked: alerts while they stand, and the morning's figures."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, moment, one_of, ref

# Raised once a `key`; over when what it says is over, or somebody says that they have seen to it.
alerts = Table(
    "alerts",
    metadata,
    key(),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    ref("portfolio_id", "portfolios.id", nullable=True),  # null: it concerns every one
    ref("case_id", "cases.id", nullable=True),
    ref("task_id", "tasks.id", nullable=True),
    Column("said", JSONB, nullable=False, server_default=text("'{}'")),  # names and counts, nothing personal
    moment("raised_at"),
    moment("ended_at", nullable=True),
    Column("ended_by", Text),  # null of one that is over by itself
    UniqueConstraint("key"),
    one_of("kind", "harm", "feed", "check", "locked", "deadline", "broken_again"),
    CheckConstraint("ended_by IS NULL OR ended_at IS NOT NULL", name="ended_by_somebody"),
    Index("ix_alerts_open", "id", postgresql_where=text("ended_at IS NULL")),
)

# Who was told: begun before it is said, so that nothing is said twice. `again_at`: asked to be told then.
alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("alert_id", BigInteger, ForeignKey("alerts.id"), nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False),
    moment("begun_at"),
    moment("handed_at", nullable=True),
    moment("again_at", nullable=True),
    PrimaryKeyConstraint("alert_id", "staff_id"),
)

# A morning's figures for somebody, as they stood when they were read.
digests = Table(
    "digests",
    metadata,
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column("day", Date, nullable=False),  # in their zone
    Column("figures", JSONB, nullable=False),
    moment("made_at"),
    moment("begun_at", nullable=True),
    moment("handed_at", nullable=True),
    PrimaryKeyConstraint("staff_id", "day"),
    Index("ix_digests_waiting", "staff_id", postgresql_where=text("begun_at IS NULL")),
)
