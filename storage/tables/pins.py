"""PINs: what lets figures be said by SMS."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, text

from storage.tables.base import metadata, moment

pins = Table(
    "pins",
    metadata,
    Column("person_id", BigInteger, ForeignKey("persons.id"), primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # keyed, of the person and the PIN
    moment("set_at"),
    Column("set_by", Text, nullable=False),
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),  # one after the other
    moment("locked_until", nullable=True),
    Index("ix_pins_locked", "locked_until", postgresql_where=text("locked_until IS NOT NULL")),
)
