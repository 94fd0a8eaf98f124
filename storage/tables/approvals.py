"""What waits for a person's yes: a tape that a guard stopped, a version that four eyes must see."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from storage.tables.base import key, metadata, moment, one_of, ref

approvals = Table(
    "approvals",
    metadata,
    key(),
    Column("kind", Text, nullable=False),  # who knows what a yes does: casework/approvals.py
    ref("portfolio_id", "portfolios.id", nullable=True),  # null: every portfolio
    Column("about", Text, nullable=False),  # one line for people, without personal data
    Column("content", JSONB, nullable=False),  # what its kind needs to go on
    Column("picture", Text),  # a file that shows it
    Column("state", Text, nullable=False),
    moment("asked_at"),
    Column("asked_by", Text, nullable=False),
    moment("decided_at", nullable=True),
    Column("decided_by", Text),
    moment("told_at", nullable=True),  # whoever may answer was told, once
    Column("loans", ARRAY(BigInteger)),  # of a tape: the loans of the book that it speaks of
    Column("payments", ARRAY(LargeBinary)),  # of a tape of payments: digests of their keys
    one_of("state", "waiting", "approved", "refused", "superseded"),
    CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_with_its_state"),
    Index("ix_approvals_waiting", "id", postgresql_where=text("state = 'waiting'")),
)
