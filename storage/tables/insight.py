"""What reports read: where each loan stands, and the figures of each day. Made from the book by a job.

Nothing decides by these rows: a look reads the book itself. They may be emptied, and are made again; only the
figures of days that are past are lost then.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from storage.tables.base import metadata, minor, moment

standings = Table(
    "standings",
    metadata,
    Column("loan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("portfolio_id", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("oldest_due", Date),  # of what is past due; null: nothing is
    Column("rank", SmallInteger, nullable=False),  # of the bucket among its portfolio's; 0: current
    minor("arrears_minor"),
    minor("outstanding_minor"),
    # How it stood when that day began, where anything has changed since; null: nothing ever did.
    Column("changed_on", Date),
    Column("before_rank", SmallInteger),
    minor("before_minor", nullable=True),  # outstanding
    Index(
        "ix_standings_late",
        "portfolio_id",
        "oldest_due",
        "loan_id",
        postgresql_where=text("oldest_due IS NOT NULL"),
    ),
    Index("ix_standings_moved", "changed_on", postgresql_where=text("before_rank <> rank")),
)

# Hits of so many, by count and by balance. `part`: a provider, a feed, an arm; empty where there is none.
day_figures = Table(
    "day_figures",
    metadata,
    Column("figure", Text, nullable=False),
    Column("day", Date, nullable=False),  # in the portfolio's zone
    Column("portfolio_id", BigInteger, ForeignKey("portfolios.id"), nullable=False),
    Column("part", Text, nullable=False),
    Column("currency", Text, nullable=False),  # empty: counts alone
    Column("hits", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    minor("hits_minor"),
    minor("base_minor"),
    moment("made_at"),
    PrimaryKeyConstraint("figure", "day", "portfolio_id", "part", "currency"),
)
