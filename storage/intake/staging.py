"""The temporary tables that hold a tape while it is loaded, and COPY into them.

A `source` of '' means that the row names its loan by id alone. Persons are sealed here too: temporary tables
are files on disk.
"""

from collections.abc import Sequence
from typing import Final

from storage.raw import Raw

LOANS: Final = (
    *("file_no", "row_no", "source", "ext", "person_ext", "portfolio", "product", "currency", "principal"),
    *("made_on", "status", "zone", "core_outstanding", "core_dpd", "attributes", "tags", "fed_at", "digest"),
)
INSTALLMENTS: Final = (
    *("file_no", "row_no", "source", "ext", "key", "number", "due_on"),
    *("principal", "interest", "fees", "penalties", "digest"),
)
PAYMENTS: Final = (
    *("file_no", "row_no", "source", "ext", "key", "received_on", "amount", "installment", "reverses"),
    "digest",
)
TOTALS: Final = ("file_no", "row_no", "source", "ext", "paid_by", "amount")
PARTIES: Final = ("file_no", "row_no", "source", "ext", "person_ext", "role")
PERSONS: Final = ("source", "loan_ext", "ext", "digest", "place", "content")
REJECTS: Final = ("file_no", "row_no", "column_name", "reason", "source", "ext", "breaks_loan")
SKIPS: Final = ("file_no", "row_no", "source", "ext")
# states: what a row of the file is (loan, installment, payment, party); loans: it says what its loan is;
# alone: it is nothing but payments; coarse: amounts are in ten-thousandths, whatever the loan's currency.
FILES: Final = ("file_no", "name", "states", "loans", "alone", "coarse")

_TABLES: Final = """
CREATE TEMP TABLE s_loans (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text NOT NULL,
    person_ext text NOT NULL, portfolio text NOT NULL, product text, currency text NOT NULL, principal bigint,
    made_on date, status text NOT NULL, zone text NOT NULL, core_outstanding bigint, core_dpd int,
    attributes text NOT NULL, tags text[] NOT NULL, fed_at timestamptz NOT NULL, digest bytea NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_installments (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text NOT NULL, key text NOT NULL,
    number int NOT NULL, due_on date NOT NULL, principal bigint NOT NULL, interest bigint NOT NULL,
    fees bigint NOT NULL, penalties bigint NOT NULL, digest bytea NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_payments (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text NOT NULL, key text,
    received_on date NOT NULL, amount bigint, installment text, reverses text, digest bytea NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_totals (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text NOT NULL, paid_by date NOT NULL,
    amount bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_parties (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text NOT NULL,
    person_ext text NOT NULL, role text NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_persons (
    source text NOT NULL, loan_ext text, ext text NOT NULL, digest bytea NOT NULL, place bigint NOT NULL,
    content bytea NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_rejects (
    file_no int NOT NULL, row_no int NOT NULL, column_name text NOT NULL, reason text NOT NULL,
    source text NOT NULL, ext text, breaks_loan boolean NOT NULL, rank int NOT NULL DEFAULT 0
) ON COMMIT DROP;
CREATE TEMP TABLE s_skips (
    file_no int NOT NULL, row_no int NOT NULL, source text NOT NULL, ext text
) ON COMMIT DROP;
CREATE TEMP TABLE s_files (
    file_no int NOT NULL, name text NOT NULL, states text NOT NULL, loans boolean NOT NULL,
    alone boolean NOT NULL, coarse boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE s_currencies (currency text NOT NULL, factor int NOT NULL) ON COMMIT DROP;
"""

# One import at a time: two tapes that name the same persons and loans would wait for each other, or collide.
_LOCK: Final = 0x6B657074  # "kept"


async def alone(raw: Raw) -> None:
    """Take the place of the one import at a time, until the transaction ends."""
    await raw.run("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def begin(raw: Raw) -> None:
    """Take the place of the one import at a time, and make the tables."""
    await alone(raw)
    await raw.run("SET LOCAL work_mem = '96MB'; SET LOCAL jit = off;" + _TABLES)


async def stage(raw: Raw, table: str, columns: Sequence[str], records: Sequence[tuple[object, ...]]) -> None:
    """COPY records into one of the tables above."""
    await raw.copy(table, columns, records)


async def staged(raw: Raw) -> None:
    """Everything is staged: let the planner know how much there is."""
    for table in (
        "s_loans",
        "s_installments",
        "s_payments",
        "s_totals",
        "s_parties",
        "s_persons",
        "s_rejects",
    ):
        await raw.run(f"ANALYZE {table}")
