"""A loan of the book with refused rows is held: what was refused may be the payment that settles it.

The hold ends with the next tape that tells of its payments and has no refused row of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from storage.raw import Raw

KIND: Final = "refused_rows"

# Rows refused while reading name their loan where they could be read so far.
_NONE: Final = "CREATE TEMP TABLE i_refused (loan_id bigint) ON COMMIT DROP"
_REFUSED: Final = """
INSERT INTO i_refused
SELECT known_id AS loan_id FROM i_loans
WHERE known_id IS NOT NULL AND (bad OR id IN (SELECT loan_id FROM b_payments))
UNION
SELECT l.id FROM loans l JOIN s_rejects r ON r.ext = l.external_id AND r.source IN ('', l.source)
WHERE l.portfolio_id = ANY($1)
"""
_HOLD: Final = """
WITH made AS (
  INSERT INTO holds (person_id, loan_id, kind, starts_at, recorded_at, recorded_by)
  SELECT p.person_id, r.loan_id, $1, $2, $3, 'import' FROM i_refused r
  JOIN parties p ON p.loan_id = r.loan_id AND p.role = 'borrower'
  WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.loan_id = r.loan_id AND h.kind = $1 AND h.ends_at IS NULL)
  RETURNING loan_id
)
INSERT INTO i_touched SELECT p.case_id FROM parties p JOIN made USING (loan_id)
"""
_RELEASE: Final = """
WITH ended AS (
  UPDATE holds h SET ends_at = greatest(h.starts_at, $2)
  FROM i_loans l
  WHERE h.loan_id = l.known_id AND NOT l.bad AND h.kind = $1 AND h.ends_at IS NULL
    AND h.loan_id NOT IN (SELECT loan_id FROM i_refused)
  RETURNING h.loan_id
)
INSERT INTO i_touched SELECT p.case_id FROM parties p JOIN ended USING (loan_id)
"""


async def hold_refused(
    raw: Raw, since: datetime, now: datetime, portfolios: Sequence[int], *, tells_of_payments: bool
) -> int:
    """Hold what has refused rows from `since` on, release what has none any more; how many are refused.

    portfolios  those of which a row that could not be read may hold a loan
    """
    await raw.run(_NONE)
    await raw.run(_REFUSED, list(portfolios))
    await raw.run(_HOLD, KIND, since, now)
    if tells_of_payments:
        await raw.run(_RELEASE, KIND, since)
    return await raw.value("SELECT count(*) FROM i_refused")
