"""What a simulation reads of the book beside the facts: which cases, how they hang together, how people paid.

Nothing here writes.
"""

from array import array
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from storage.raw import Raw
from strategies.payers import EARLIEST, Watched

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = -(1 << 62)
_MICROSECOND: Final = timedelta(microseconds=1)

# Cases that may come to a decision: by their time, by a message that is planned, because what governs them
# would change ($2, $3), or because somebody may pay ($4).
_CASES: Final = """
WITH touched AS (
  SELECT p.case_id FROM loans l JOIN parties p ON p.loan_id = l.id
  JOIN strategy_versions v ON v.id = l.strategy_version_id AND v.name = $2
  UNION SELECT id FROM cases WHERE portfolio_id = ANY($3)
)
SELECT c.id, c.person_id, (extract(epoch FROM c.next_look_at) * 1000000)::bigint, t.case_id IS NOT NULL
FROM cases c LEFT JOIN touched t ON t.case_id = c.id
WHERE c.next_look_at <= $1 OR t.case_id IS NOT NULL
  OR c.id IN (SELECT case_id FROM contacts WHERE state IN ('planned', 'claimed'))
  OR $4 AND c.id IN (SELECT p.case_id FROM parties p JOIN installments i ON i.loan_id = p.loan_id
                     WHERE i.left_minor > 0)
ORDER BY c.id
"""
_SHARED: Final = """
SELECT p.loan_id, p.person_id FROM parties p
WHERE p.loan_id IN (SELECT loan_id FROM parties GROUP BY loan_id HAVING count(*) > 1)
UNION ALL SELECT -id, person_id FROM same_persons WHERE ended_at IS NULL
UNION ALL SELECT -id, other_id FROM same_persons WHERE ended_at IS NULL
"""
# Installments of two years, and those that fall due soon: watched from `EARLIEST` days before due, or since
# the loan was made, to the day they were paid in full, or today. One paid by no payment we know says nothing.
_WATCHED: Final = """
WITH paid AS (
  SELECT a.installment_id, max(p.received_on) AS day
  FROM allocations a JOIN payments p ON p.id = a.payment_id GROUP BY 1
), each AS (
  SELECT l.portfolio_id, greatest(l.made_on - i.due_on, $2) AS start, i.left_minor = 0 AS paid,
         CASE WHEN i.left_minor = 0 THEN paid.day ELSE $1 END - i.due_on AS through
  FROM installments i JOIN loans l ON l.id = i.loan_id LEFT JOIN paid ON paid.installment_id = i.id
  WHERE l.status IN ('active', 'closed') AND i.due_on BETWEEN $1 - 730 AND $1 - $2
)
SELECT portfolio_id, start, greatest(through, start), paid, count(*) FROM each
WHERE through IS NOT NULL GROUP BY 1, 2, 3, 4
"""
_NAMES: Final = "SELECT id, external_id FROM persons WHERE id = ANY($1)"


class Cases(msgspec.Struct, frozen=True):
    """The cases that may come to a decision, by id, as columns: a book of a million has to fit."""

    case: "array[int]"
    person: "array[int]"
    looked: "array[int]"  # next_look_at as microseconds since 1970
    touched: bytearray  # 1: what is to be simulated has it looked at anew

    def next_look(self, place: int) -> datetime | None:
        """When it is looked at next, as it stands."""
        at = self.looked[place]
        return None if at == _NEVER else _EPOCH + at * _MICROSECOND


async def cases_ahead(
    raw: Raw, until: datetime, strategy: str | None, portfolios: Sequence[int], *, payers: bool
) -> Cases:
    """Cases that may come to a decision by `until`.

    Those whose loans `strategy` governs, and all of `portfolios`, are touched. `payers`: who owes may pay.
    """
    found = Cases(array("q"), array("q"), array("q"), bytearray())
    async for rows in raw.batches(_CASES, until, strategy, list(portfolios), payers, size=10_000):
        for case, person, looked, touched in rows:
            found.case.append(case)
            found.person.append(person)
            found.looked.append(_NEVER if looked is None else looked)
            found.touched.append(touched)
    return found


async def shared_loans(raw: Raw) -> list[tuple[int, int]]:
    """(loan, person) of every loan that several persons are party to."""
    return [(row[0], row[1]) for row in await raw.rows(_SHARED)]


async def watched(raw: Raw, today: date) -> dict[int, list[Watched]]:
    """By portfolio (id), what became of its installments."""
    found: dict[int, list[Watched]] = {}
    for portfolio, *row in await raw.rows(_WATCHED, today, EARLIEST):
        found.setdefault(portfolio, []).append(Watched(*row))
    return found


async def names_of(raw: Raw, persons: Sequence[int]) -> dict[int, str]:
    """The external ids of persons."""
    return {row[0]: row[1] for row in await raw.rows(_NAMES, persons)}
