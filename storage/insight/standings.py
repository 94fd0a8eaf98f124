"""Where each loan stands today, kept as rows: only those that changed are written.

`rank` counts a portfolio's buckets from 0 (current), as ledger.standing finds them without pauses.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw


class Counting(msgspec.Struct, frozen=True):
    """How a portfolio counts in a currency. `starts`: days that the due date itself counts (0 or 1).

    `lows`: the first day of each bucket.
    """

    portfolio: int
    currency: str
    tolerance: int
    starts: int
    grace: int
    lows: tuple[int, ...]


# $1 now, $2 after, $3 through (ids of loans), $4.. columns of Counting.
_REFRESH: Final = """
WITH terms AS (
  SELECT t.*, ($1::timestamptz AT TIME ZONE f.zone)::date AS day
  FROM unnest($4::bigint[], $5::text[], $6::bigint[], $7::int[], $8::int[], $9::text[])
    t(portfolio_id, currency, tolerance, starts, grace, lows) JOIN portfolios f ON f.id = t.portfolio_id
), zones AS MATERIALIZED (
  SELECT zone, ($1::timestamptz AT TIME ZONE zone)::date AS today
  FROM (SELECT DISTINCT zone FROM loans WHERE id > $2 AND id <= $3) z
), counted AS (
  SELECT l.id AS loan_id, l.portfolio_id, l.currency, z.today, t.day, t.starts, t.grace, t.lows,
    min(i.due_on) FILTER (WHERE i.left_minor > t.tolerance AND i.due_on < z.today + t.starts) AS oldest_due,
    coalesce(sum(i.left_minor) FILTER (WHERE i.left_minor > t.tolerance AND i.due_on < z.today + t.starts), 0)
      AS arrears,
    coalesce(sum(i.left_minor), 0) AS outstanding
  FROM loans l JOIN zones z ON z.zone = l.zone
  JOIN terms t ON t.portfolio_id = l.portfolio_id AND t.currency = l.currency
  LEFT JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0
  WHERE l.id > $2 AND l.id <= $3 AND l.status NOT IN ('recalled', 'sold') AND l.made_on <= z.today
  GROUP BY l.id, z.today, t.day, t.starts, t.grace, t.lows
), stands AS (
  SELECT loan_id, portfolio_id, currency, oldest_due, arrears, outstanding, day,
    CASE WHEN oldest_due IS NULL THEN 0
         ELSE width_bucket(greatest(today - oldest_due + starts - grace, 0), lows::int[]) END AS rank
  FROM counted
)
INSERT INTO standings AS s
  (loan_id, portfolio_id, currency, oldest_due, rank, arrears_minor, outstanding_minor, changed_on)
SELECT n.loan_id, n.portfolio_id, n.currency, n.oldest_due, n.rank, n.arrears, n.outstanding, n.day
FROM stands n LEFT JOIN standings o ON o.loan_id = n.loan_id
WHERE o.loan_id IS NULL
   OR (o.oldest_due, o.rank, o.arrears_minor, o.outstanding_minor, o.portfolio_id, o.currency)
      IS DISTINCT FROM (n.oldest_due, n.rank, n.arrears, n.outstanding, n.portfolio_id, n.currency)
ON CONFLICT (loan_id) DO UPDATE SET
  portfolio_id = EXCLUDED.portfolio_id, currency = EXCLUDED.currency, oldest_due = EXCLUDED.oldest_due,
  rank = EXCLUDED.rank, arrears_minor = EXCLUDED.arrears_minor,
  outstanding_minor = EXCLUDED.outstanding_minor, changed_on = EXCLUDED.changed_on,
  before_rank = CASE WHEN s.changed_on = EXCLUDED.changed_on THEN s.before_rank ELSE s.rank END,
  before_minor = CASE WHEN s.changed_on = EXCLUDED.changed_on THEN s.before_minor
                      ELSE s.outstanding_minor END
"""
_GONE: Final = """
DELETE FROM standings s USING loans l
WHERE s.loan_id > $1 AND s.loan_id <= $2 AND l.id = s.loan_id AND l.status IN ('recalled', 'sold')
"""


async def currencies(raw: Raw) -> list[tuple[int, str]]:
    """(portfolio, currency) of all loans there are."""
    found = await raw.rows("SELECT DISTINCT portfolio_id, currency FROM loans ORDER BY 1, 2")
    return [(row[0], row[1]) for row in found]


async def last_loan(raw: Raw) -> int:
    """The highest id of a loan; 0: there is none."""
    return await raw.value("SELECT coalesce(max(id), 0) FROM loans")


async def refresh(raw: Raw, counting: Sequence[Counting], now: datetime, after: int, through: int) -> int:
    """Write what changed of the loans with ids after `after`, up to `through`; how many rows."""
    columns = (
        [one.portfolio for one in counting],
        [one.currency for one in counting],
        [one.tolerance for one in counting],
        [one.starts for one in counting],
        [one.grace for one in counting],
        ["{" + ",".join(map(str, one.lows)) + "}" for one in counting],
    )
    written = await raw.run(_REFRESH, now, after, through, *columns)
    return written + await raw.run(_GONE, after, through)
