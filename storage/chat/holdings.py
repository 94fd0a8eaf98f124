"""What a person is party to: their loans with what is unpaid of each, and a loan's whole schedule."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from ledger.standing import Unpaid
from storage.people import RECORDS
from storage.raw import Raw


class LoanRow(msgspec.Struct, frozen=True):
    """A loan of a person. Amounts in minor units. `fed_at`: payments are known up to there."""

    id: int
    external_id: str
    product: str | None
    currency: str
    zone: str
    status: str
    portfolio: int
    case: int
    role: str
    credit: int
    fed_at: datetime | None
    unpaid: tuple[Unpaid, ...]


class Rate(msgspec.Struct, frozen=True):
    """One installment: what is due of each part, and what is paid of the whole. Minor units."""

    number: int
    due: date
    principal: int
    interest: int
    fees: int
    penalties: int
    paid: int


# By all records of each person; of a loan that several of them are on, as this one has it, else the first.
_HOLDINGS = """
SELECT pa.person_id, l.id, l.external_id, l.product, l.currency, l.zone, l.status, l.portfolio_id,
       pa.case_id, pa.role, l.credit_minor, f.fed_at, i.id AS installment, i.due_on, i.left_minor
FROM (SELECT DISTINCT ON (r.person_id, p.loan_id) r.person_id, p.loan_id, p.case_id, p.role
      FROM (SELECT unnest($1::bigint[]) AS person_id, unnest($1::bigint[]) AS record_id
            UNION SELECT person_id, other_id FROM same_persons
            WHERE person_id = ANY($1) AND ended_at IS NULL) r
      JOIN parties p ON p.person_id = r.record_id
      ORDER BY r.person_id, p.loan_id, p.person_id <> r.person_id, p.person_id) pa
JOIN loans l ON l.id = pa.loan_id
LEFT JOIN feeds f ON f.portfolio_id = l.portfolio_id AND f.source = l.source
LEFT JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0
WHERE l.status IN ('active', 'written_off', 'closed')
ORDER BY pa.person_id, l.id, i.due_on, i.number, i.id
"""


async def loans_of(raw: Raw, person: int) -> list[LoanRow]:
    """The loans that the person is party to and that are ours, by id; those of nobody else."""
    return (await loans_of_each(raw, [person]))[person]


async def loans_of_each(raw: Raw, persons: Sequence[int]) -> dict[int, list[LoanRow]]:
    """The same of each of `persons`, by person."""
    heads: dict[tuple[int, int], Any] = {}
    unpaid: dict[tuple[int, int], list[Unpaid]] = {}
    for row in await raw.rows(_HOLDINGS, persons):
        key = row[0], row[1]
        heads[key] = row
        rest = unpaid.setdefault(key, [])
        if row["installment"] is not None:
            rest.append(Unpaid(row["installment"], row["due_on"], row["left_minor"]))
    found: dict[int, list[LoanRow]] = {person: [] for person in persons}
    for key, head in heads.items():
        loan = LoanRow(
            id=head["id"],
            external_id=head["external_id"],
            product=head["product"],
            currency=head["currency"],
            zone=head["zone"],
            status=head["status"],
            portfolio=head["portfolio_id"],
            case=head["case_id"],
            role=head["role"],
            credit=head["credit_minor"],
            fed_at=head["fed_at"],
            unpaid=tuple(unpaid[key]),
        )
        found[key[0]].append(loan)
    return found


async def schedule_of(raw: Raw, person: int, loan: int) -> list[Rate]:
    """The schedule of a loan that the person is party to, by due date; nothing of any other."""
    rows = await raw.rows(
        "SELECT i.number, i.due_on, i.principal_minor, i.interest_minor, i.fees_minor, "  # noqa: S608
        "i.penalties_minor, i.paid_minor "
        "FROM installments i WHERE i.loan_id = $2 AND EXISTS (SELECT 1 FROM parties pa "
        f"WHERE pa.loan_id = i.loan_id AND pa.person_id = ANY(ARRAY({RECORDS}))) "
        "ORDER BY i.due_on, i.number, i.id",
        [person],
        loan,
    )
    return [Rate(*row) for row in rows]


async def who(raw: Raw, person: int) -> tuple[bytes | None, tuple[str, ...], str | None]:
    """(sealed name, zones, country) of a person."""
    row = (await raw.rows("SELECT name, zones, country FROM persons WHERE id = $1", person))[0]
    return row[0], tuple(row[1]), row[2]
