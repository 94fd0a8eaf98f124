"""What finds people and cases: tokens of names and numbers, tags of the staff, saved filters."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from storage.tables.base import key, metadata, moment, ref
from storage.tables.work import points_to

# Keyed, of parts of a name or of the last figures of a number (storage/names.py). Written in bulk with a
# book, so without a foreign key.
person_tokens = Table(
    "person_tokens",
    metadata,
    Column("token", BigInteger, nullable=False),
    points_to("person_id"),
    PrimaryKeyConstraint("token", "person_id"),
)

case_tags = Table(
    "case_tags",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), nullable=False),
    Column("tag", Text, nullable=False),
    moment("at"),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("case_id", "tag"),
    Index("ix_case_tags_tag", "tag"),
)

filters = Table(
    "filters",
    metadata,
    key(),
    ref("staff_id", "staff.id", index=True),
    Column("name", Text, nullable=False),
    Column("wanted", LargeBinary, nullable=False),  # sealed: a value may be somebody's
    moment("at"),
)
