"""Other systems at our door: their tokens, and what was answered to whom under which key.

A token's secret is never stored, only its keyed digest. Names of tokens are in clear, as those of staff.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from storage.tables.base import key, metadata, moment, ref

api_tokens = Table(
    "api_tokens",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # keyed digest
    Column("scopes", ARRAY(Text), nullable=False),
    Column("portfolios", ARRAY(Text)),  # null: every one
    ref("staff_id", "staff.id", nullable=True, index=True),  # whose it is; null: a system's
    Column("per_minute", Integer, nullable=False),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    moment("expires_at", nullable=True),
    moment("used_at", nullable=True),  # to the minute
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
    CheckConstraint("per_minute > 0", name="some_requests"),
    Index("ix_api_tokens_of_name", "name", unique=True, postgresql_where=text("ended_at IS NULL")),
)

# Written in the transaction of what it answers, so `status` is there whenever the row is seen by others.
api_answers = Table(
    "api_answers",
    metadata,
    Column("token_id", BigInteger, ForeignKey("api_tokens.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # keyed, of the request
    Column("status", Integer),
    Column("body", LargeBinary),
    moment("at"),
    Index("ix_api_answers_at", "at"),
)
