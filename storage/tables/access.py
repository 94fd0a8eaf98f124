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

from storage.tables.base import key, metadata, moment, one_of, ref

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

# Where we tell others what happened. Two secrets while one takes the other's place: both sign then.
hooks = Table(
    "hooks",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("old_secret", LargeBinary),  # sealed
    moment("old_until", nullable=True),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
    CheckConstraint("(old_secret IS NULL) = (old_until IS NULL)", name="old_secret_ends"),
    Index("ix_hooks_of_name", "name", unique=True, postgresql_where=text("ended_at IS NULL")),
)

# The outbox: written in the transaction of the change, delivered at least once.
hook_calls = Table(
    "hook_calls",
    metadata,
    key(),
    ref("hook_id", "hooks.id", index=True),
    Column("kind", Text, nullable=False),
    Column("subject_id", BigInteger, nullable=False),  # of the payment, promise, outcome or person
    Column("detail", Text),  # of a consent: its channel
    moment("at"),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    moment("next_at"),
    moment("ended_at", nullable=True),
    Column("error", Text),  # of the last try: a status, or the kind of failure
    one_of("state", "waiting", "delivered", "dead"),
    Index("ix_hook_calls_due", "next_at", postgresql_where=text("state = 'waiting'")),
)
