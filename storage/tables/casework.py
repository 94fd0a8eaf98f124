"""What people record of a case: outcomes, promises, what was done about holds; and strategies in force."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from storage.tables.base import key, metadata, minor, moment, one_of, ref

outcomes = Table(
    "outcomes",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    Column("code", Text, nullable=False),  # strategies/outcomes.py
    moment("at"),  # when it happened
    moment("received_at"),  # when it reached us
    Column("key", Text, nullable=False, unique=True),  # of whoever entered it: twice is once
    Column("recorded_by", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text),
    ref("address_id", "addresses.id", nullable=True),
    Column("loan_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("amount_minor", BigInteger),
    Column("due_on", Date),  # the promised day
    moment("starts_at", nullable=True),  # of a callback
    Column("note", LargeBinary),  # sealed
    moment("undone_at", nullable=True),
    Column("undone_by", Text),
    CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone_by_somebody"),
    Index("ix_outcomes_at", "at"),
)

promises = Table(
    "promises",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    ref("outcome_id", "outcomes.id", nullable=True),  # null: it came with the book
    minor("amount_minor"),
    moment("made_at"),
    Column("made_on", Date, nullable=False),  # in the person's zone: payments count from here on
    Column("due_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),  # the last day of grace: payments count up to it
    moment("until"),  # when that day is over
    Column("pauses", Boolean, nullable=False),  # one below the limits silences nothing
    Column("state", Text, nullable=False),
    moment("settled_at", nullable=True),  # when its state was last learnt
    moment("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    # a payment of an agreed plan: what comes in counts for it beyond the payments before it
    ref("plan_id", "plans.id", nullable=True),
    Column("before_minor", BigInteger, nullable=False, server_default=text("0")),
    ref("replaced_by_id", "promises.id", nullable=True, index=True),  # the one that took its place
    one_of("state", "open", "kept", "partly_kept", "broken", "cancelled"),
    CheckConstraint("amount_minor > 0", name="amount_of_something"),
    CheckConstraint("made_on <= due_on AND due_on <= last_on", name="in_order"),
    Index("ix_promises_due_on", "due_on"),
    Index("ix_promises_settled_at", "settled_at"),
)

# An agreed plan, as somebody else approved it. Its payments are promises.
plans = Table(
    "plans",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    ref("outcome_id", "outcomes.id"),
    moment("agreed_at"),
    Column("agreed_by", Text, nullable=False),
    moment("approved_at"),
    Column("approved_by", Text, nullable=False),
)

promise_loans = Table(
    "promise_loans",
    metadata,
    Column("promise_id", BigInteger, ForeignKey("promises.id"), nullable=False),
    Column("loan_id", BigInteger, ForeignKey("loans.id"), nullable=False),
    PrimaryKeyConstraint("promise_id", "loan_id"),
    Index("ix_promise_loans_loan_id", "loan_id"),
)

# What was ever done about a hold: only ever added to. `holds` is what follows from it.
hold_actions = Table(
    "hold_actions",
    metadata,
    key(),
    ref("hold_id", "holds.id", index=True),
    Column("action", Text, nullable=False),
    moment("starts_at", nullable=True),
    moment("ends_at", nullable=True),
    moment("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    Column("reason", Text, nullable=False),  # in words of the desk; nothing personal
    ref("outcome_id", "outcomes.id", nullable=True, index=True),
    one_of("action", "place", "change", "lift"),
)

# Which version of a strategy is in force, and since when: only ever added to.
releases = Table(
    "releases",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    ref("strategy_version_id", "strategy_versions.id"),
    Column("action", Text, nullable=False),
    Column("share", SmallInteger, nullable=False, server_default=text("100")),
    moment("at"),
    Column("by", Text, nullable=False),
    Index("ix_releases_name_id", "name", "id"),
    one_of("action", "publish", "rollback"),
    CheckConstraint("share BETWEEN 1 AND 100", name="share_in_percent"),
)
