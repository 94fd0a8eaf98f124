"""The audit record: what was done, by whom, and the seals that prove nobody edited it since.

Events are written unchained in the transaction of their change (storage/audit.py); one sealer chains what is
final (storage/seal.py). Both tables only grow: GUARDS, which the first migration executes, refuse all else.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import UserDefinedType

from storage.tables.base import metadata, moment


class Xid8(UserDefinedType[int]):
    """A transaction's number as PostgreSQL counts it: 64 bits, never reused within one cluster."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in SQL."""
        return "xid8"


events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=False), nullable=False),
    Column("xid", Xid8(), nullable=False, server_default=text("pg_current_xact_id()")),
    moment("at"),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text),
    Column("subject_id", BigInteger),
    # json, not jsonb: the text is kept as written, so it hashes to the same on any server. Codes, ids and
    # counts: never a name, address or text of a person.
    Column("data", JSON),
    # The order of the record, and its one index: every further one is paid by each look.
    PrimaryKeyConstraint("xid", "id"),
    CheckConstraint("at > '1970-01-01 00:00Z' AND at < '9999-12-31 00:00Z'", name="at_in_the_calendar"),
    CheckConstraint("(subject_id IS NULL) OR (subject_kind IS NOT NULL)", name="subject_has_kind"),
)

seals = Table(
    "seals",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3: none is missing
    # The cluster that gave the transaction numbers; its events are those with an id above the floor, up to
    # the floor of the next cluster (a dump restored elsewhere).
    Column("system", Text, nullable=False),
    Column("floor", BigInteger, nullable=False),
    # Sealed: the cluster's events after (after_xid, after_id), up to and with (through_xid, through_id).
    Column("after_xid", Xid8(), nullable=False),
    Column("after_id", BigInteger, nullable=False),
    Column("through_xid", Xid8(), nullable=False),
    Column("through_id", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    moment("sealed_at"),
    UniqueConstraint("hash"),
    UniqueConstraint("previous"),  # the chain never forks
    CheckConstraint("number > 0 AND events >= 0 AND floor >= 0", name="counts_not_negative"),
    CheckConstraint(
        "octet_length(root) = 32 AND octet_length(previous) = 32 AND octet_length(hash) = 32",
        name="hashes_whole",
    ),
    CheckConstraint("(after_xid, after_id) <= (through_xid, through_id)", name="range_forward"),
)

GUARDS: Final = [
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit record only grows: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    *(
        statement
        for table in ("events", "seals")
        for statement in (
            f"CREATE TRIGGER {table}_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            # also where a session calls itself a replica
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_grow",
        )
    ),
]
"""DDL, one statement each, after both tables exist. Undone by dropping the tables, then `refuse_change()`."""
