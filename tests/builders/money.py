"""Money that comes in, or is taken back, as an import of payments leaves it in the book."""

from datetime import UTC, date, datetime
from hashlib import sha256

import msgspec

from casework.office import Office
from casework.portfolios import spec_of, terms_of
from ledger.allocate import Allocation, Payment, Reversal, allocate
from ledger.schedule import Installment
from storage.portfolios import all_portfolios
from storage.raw import Raw, touch


class Money(msgspec.Struct, frozen=True):
    """A payment in minor units, or (`reverses`, its id) one that is taken back."""

    loan: int
    amount: int
    on: date
    external_id: str
    installment: int | None = None
    reverses: int | None = None


async def receive(office: Office, money: Money, at: datetime | None) -> int:
    """Record it at `at` (else at noon of its day), spread everything anew, touch the cases; its id."""
    at = at or datetime(money.on.year, money.on.month, money.on.day, 12, tzinfo=UTC)
    async with office.transaction() as raw:
        payment = await raw.value(
            "INSERT INTO payments (loan_id, external_id, received_on, recorded_at, amount_minor, "
            "installment_id, reverses_id, feed_digest) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
            money.loan,
            money.external_id,
            money.on,
            at,
            money.amount,
            money.installment,
            money.reverses,
            digest("payment", money.external_id),
        )
        await raw.run(
            "INSERT INTO imports (kind, file_name, mapping, at, fed_at, report) "
            "VALUES ('payments', 'test.csv', 'kept', $1, $1, '{}')",
            at,
        )
        await _allocate(raw, money.loan)
        cases = await raw.rows("SELECT case_id FROM parties WHERE loan_id = $1", money.loan)
        await touch(raw, [row[0] for row in cases], at)
    return payment


async def _allocate(raw: Raw, loan: int) -> None:
    specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
    ((portfolio, currency),) = await raw.rows("SELECT portfolio_id, currency FROM loans WHERE id = $1", loan)
    schedule = [
        Installment(*row)
        for row in await raw.rows(
            "SELECT id, due_on, penalties_minor, fees_minor, interest_minor, principal_minor "
            "FROM installments WHERE loan_id = $1 ORDER BY number, id",
            loan,
        )
    ]
    received = [
        Payment(id_, on, amount, installment) if reverses is None else Reversal(id_, on, reverses)
        for id_, on, amount, installment, reverses in await raw.rows(
            "SELECT id, received_on, amount_minor, installment_id, reverses_id FROM payments "
            "WHERE loan_id = $1 ORDER BY received_on, id",
            loan,
        )
    ]
    spread = allocate(terms_of(specs[portfolio], currency), schedule, received)
    await raw.run("DELETE FROM allocations WHERE loan_id = $1", loan)
    await raw.copy(
        "allocations",
        (
            "payment_id",
            "installment_id",
            "loan_id",
            "penalties_minor",
            "fees_minor",
            "interest_minor",
            "principal_minor",
        ),
        [(part.payment, part.installment, loan, *_amounts(part)) for part in spread.allocations],
    )
    for paid in spread.paid:
        await raw.run("UPDATE installments SET paid_minor = $2 WHERE id = $1", paid.installment, paid.total)
    await raw.run("UPDATE loans SET credit_minor = $2 WHERE id = $1", loan, spread.credit)


def _amounts(part: Allocation) -> tuple[int, int, int, int]:
    """The components of an allocation, in the order of the table."""
    return part.penalties, part.fees, part.interest, part.principal


def digest(kind: str, key: str) -> bytes:
    """What tells a row of a feed from a changed one."""
    return sha256(f"{kind} {key}".encode()).digest()[:16]
