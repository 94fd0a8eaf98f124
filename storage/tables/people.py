"""Records of several sources that are one person, as somebody said who saw both. They stay as they are."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text

from storage.tables.base import key, metadata, moment, ref
from storage.tables.doors import place
from storage.tables.work import decisions

# What somebody said: these two are one. Taken back, it ends; the next one is a row of its own.
merges = Table(
    "merges",
    metadata,
    key(),
    ref("person_id", "persons.id", index=True),
    ref("other_id", "persons.id", index=True),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    Column("seen", Text, nullable=False),  # names what both records said when they were shown
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("person_id < other_id", name="two_in_order"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
    Index(
        "ix_merges_standing",
        "person_id",
        "other_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# What follows from the merges: each record with each other one of the same person, both ways.
# `place` and `ended_place` say which claims knew of it (storage/tables/doors.py).
same_persons = Table(
    "same_persons",
    metadata,
    key(),
    ref("person_id", "persons.id"),
    ref("other_id", "persons.id"),
    moment("since"),
    moment("ended_at", nullable=True),
    place(),
    Column("ended_place", BigInteger),
    CheckConstraint("person_id <> other_id", name="two"),
    CheckConstraint("(ended_at IS NULL) = (ended_place IS NULL)", name="ended_with_its_place"),
    Index(
        "ix_same_persons_standing",
        "person_id",
        "other_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
)
same_persons.add_is_dependent_on(decisions)  # for the sequence
