"""Where the core system states other balances than the payments make: found, settled, listed.

Both figures are kept, and the rule that makes them equal to the minor unit, or to the day, where there is
one: fees that the tape states beside the schedule, a balance of the principal alone, a credit that was
netted, another convention of days, the same balance spread in another order. What only may be so explains
nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from storage.raw import Raw

_TERMS: Final = ("portfolio_id", "currency", "tolerance", "first_day", "grace", "factor")
# The feed's moment is the end of its day (midnight), or the moment itself.
_FIGURES: Final = """
CREATE TEMP TABLE d_terms (
    portfolio_id bigint NOT NULL, currency text NOT NULL, tolerance bigint NOT NULL, first_day int NOT NULL,
    grace int NOT NULL, factor bigint NOT NULL
) ON COMMIT DROP;
"""
_FOUND: Final = """
CREATE TEMP TABLE d_found ON COMMIT DROP AS
WITH ours AS (
  SELECT l.id, o.credit_minor AS credit, l.core_outstanding, l.core_dpd, t.grace, t.first_day, x.*, f.fees,
         ((l.fed_at - interval '1 microsecond') AT TIME ZONE l.zone)::date AS day
  FROM i_loans l JOIN loans o ON o.id = l.id
  JOIN d_terms t ON t.portfolio_id = l.portfolio_id AND t.currency = l.currency
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(i.left_minor), 0)::bigint AS outstanding,
           min(i.due_on) FILTER (WHERE i.left_minor > t.tolerance) AS oldest,
           coalesce(sum(i.total - i.left_minor), 0)::bigint AS paid,
           (sum(i.principal_minor) - coalesce((SELECT sum(a.principal_minor) FROM allocations a
                                               WHERE a.loan_id = l.id), 0))::bigint AS principal_left,
           array_agg(i.due_on) AS dues, array_agg(i.total) AS totals
    FROM (SELECT *, principal_minor + interest_minor + fees_minor + penalties_minor AS total
          FROM installments) i WHERE i.loan_id = l.id) x
  -- What the tape says of fees beside the schedule, which has none of them: each amount, and their sum.
  CROSS JOIN LATERAL (
    SELECT array_agg(a.amount) || sum(a.amount)::bigint AS fees
    FROM (SELECT (n.value::numeric * t.factor)::bigint AS amount
          FROM jsonb_each_text(l.attributes::jsonb) n(key, value)
          WHERE n.key ~* '(fee|penalt|charge)' AND n.value ~ '^[0-9]{1,12}([.][0-9]{1,4})?$') a
    WHERE a.amount > 0) f
  WHERE l.stated AND NOT l.bad AND l.status = 'active'
    AND (l.core_outstanding IS NOT NULL OR l.core_dpd IS NOT NULL)
), figures AS (
  SELECT *, CASE WHEN oldest IS NULL OR day < oldest THEN 0 ELSE day - oldest + first_day END AS dpd,
         CASE WHEN oldest IS NULL OR day < oldest THEN 0 ELSE day - oldest + 1 - first_day END AS otherwise
  FROM ours
)
SELECT id AS loan_id, 'outstanding' AS what, outstanding AS ours, core_outstanding AS theirs,
       CASE WHEN core_outstanding = outstanding - credit THEN 'credit_netted'
            WHEN core_outstanding = principal_left THEN 'principal_only'
            WHEN core_outstanding - outstanding = ANY(fees) THEN 'fees_not_fed'
       END AS explained_by
FROM figures WHERE core_outstanding IS NOT NULL
UNION ALL
SELECT id, 'dpd', dpd, core_dpd,
       CASE WHEN core_dpd = otherwise THEN 'convention'
            WHEN grace > 0 AND core_dpd = greatest(0, dpd - grace) THEN 'grace'
            -- What is paid in all covers what fell due before the day from which they count.
            WHEN core_dpd > 0 AND core_outstanding = outstanding AND day - core_dpd + first_day = ANY(dues)
             AND paid >= (SELECT coalesce(sum(d.total), 0) FROM unnest(dues, totals) d(due_on, total)
                          WHERE d.due_on < day - core_dpd + first_day) THEN 'allocation_order' END
FROM figures WHERE core_dpd IS NOT NULL
"""
# An accepted difference stays accepted while it is the same; one that is gone is resolved.
_KEEP: Final = """
WITH settled AS (
  UPDATE differences d
  SET ours = f.ours, theirs = f.theirs, explained_by = f.explained_by,
      state = CASE WHEN f.ours = f.theirs THEN 'resolved'
                   WHEN d.state = 'accepted' AND f.theirs - f.ours = d.theirs - d.ours THEN 'accepted'
                   ELSE 'open' END,
      found_at = CASE WHEN d.state = 'open' THEN d.found_at ELSE $1 END,
      settled_at = CASE WHEN f.ours = f.theirs THEN coalesce(d.settled_at, $1)
                        WHEN d.state = 'accepted' AND f.theirs - f.ours = d.theirs - d.ours
                        THEN d.settled_at END,
      settled_by = CASE WHEN f.ours = f.theirs THEN coalesce(d.settled_by, 'import')
                        WHEN d.state = 'accepted' AND f.theirs - f.ours = d.theirs - d.ours
                        THEN d.settled_by END
  FROM d_found f
  WHERE d.loan_id = f.loan_id AND d.what = f.what
    AND (d.ours, d.theirs) IS DISTINCT FROM (f.ours, f.theirs)
  RETURNING d.loan_id
), made AS (
  INSERT INTO differences (loan_id, what, ours, theirs, explained_by, state, found_at)
  SELECT loan_id, what, ours, theirs, explained_by, 'open', $1 FROM d_found f
  WHERE ours <> theirs
    AND NOT EXISTS (SELECT 1 FROM differences d WHERE d.loan_id = f.loan_id AND d.what = f.what)
  RETURNING loan_id
)
INSERT INTO i_touched
SELECT p.case_id FROM parties p
WHERE p.loan_id IN (SELECT loan_id FROM settled UNION SELECT loan_id FROM made)
"""
_OPEN: Final = """
SELECT count(DISTINCT d.loan_id) FROM differences d JOIN i_loans l ON l.id = d.loan_id WHERE d.state = 'open'
"""
_LISTED: Final = """
SELECT d.id, l.external_id, l.source, p.code, l.currency, d.what, d.ours, d.theirs, d.explained_by, d.state,
       d.found_at, d.settled_by, l.core_outstanding_minor AS core_outstanding
FROM differences d JOIN loans l ON l.id = d.loan_id JOIN portfolios p ON p.id = l.portfolio_id
WHERE d.state = ANY($1) ORDER BY p.code, l.external_id, d.what
"""
_ACCEPT: Final = """
WITH accepted AS (
  UPDATE differences d SET state = 'accepted', settled_at = $2, settled_by = $3
  FROM loans l WHERE l.id = d.loan_id AND d.state = 'open' AND ($1::text[] IS NULL OR l.external_id = ANY($1))
  RETURNING d.id, d.loan_id
), chosen AS (
  SELECT c.id FROM cases c WHERE c.id IN (
    SELECT case_id FROM parties WHERE loan_id IN (SELECT loan_id FROM accepted))
  ORDER BY c.id FOR NO KEY UPDATE
), woken AS (
  UPDATE cases c SET next_look_at = least(c.next_look_at, $2) FROM chosen WHERE chosen.id = c.id
)
SELECT id FROM accepted
"""


async def compare(raw: Raw, terms: Sequence[tuple[object, ...]], now: datetime) -> int:
    """Compare what the tape says the core system has; how many of its loans differ and wait.

    terms  (portfolio, currency, tolerance, the first day past due: 0 or 1, days of grace, minor units of one)
    """
    stated = await raw.value(
        "SELECT EXISTS (SELECT 1 FROM i_loans WHERE core_outstanding IS NOT NULL OR core_dpd IS NOT NULL)"
    )
    if not stated:
        return 0
    await raw.run(_FIGURES)
    await raw.copy("d_terms", _TERMS, terms)
    await raw.run(_FOUND)
    await raw.run(_KEEP, now)
    return await raw.value(_OPEN)


async def listed(raw: Raw, states: Sequence[str]) -> list[Any]:
    """(id, loan, source, portfolio, currency, what, ours, theirs, explained by, state, found, settled by, the
    outstanding that the core system stated last)."""
    return await raw.rows(_LISTED, list(states))


async def accept(raw: Raw, loans: Sequence[str] | None, by: str, at: datetime) -> list[int]:
    """Accept the open differences of these loans (None: of all); their ids. Their cases are looked at."""
    rows = await raw.rows(_ACCEPT, None if loans is None else list(loans), at, by)
    return [row[0] for row in rows]
