"""What the people of each arm did since they were drawn: counted by intention to treat."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from storage.raw import Raw

# A person is counted where the days are over and the payments of those days are known; what is within the
# tolerance is paid. `paid`: the installment they were drawn with. `current`: all that was due of its loan.
# Whom a wider roll-out moved to the other version counts where their days were over by then, else nowhere.
_ANSWERS: Final = """
WITH drawn AS (
  SELECT e.arm, e.loan_id, e.installment_id, l.portfolio_id, l.currency,
         (e.at AT TIME ZONE l.zone)::date + $2::int AS on_day,
         ((e.at AT TIME ZONE l.zone)::date + $2::int + 1)::timestamp AT TIME ZONE l.zone
           <= least(f.fed_at, $3) AS known
  FROM enrolments e JOIN loans l ON l.id = e.loan_id
  JOIN feeds f ON f.portfolio_id = l.portfolio_id AND f.source = l.source
  WHERE e.experiment_id = $1 AND (e.moved_at IS NULL OR
    ((e.at AT TIME ZONE l.zone)::date + $2::int + 1)::timestamp AT TIME ZONE l.zone <= e.moved_at)
), tolerances AS (
  SELECT * FROM unnest($5::bigint[], $6::text[], $7::bigint[]) t(portfolio_id, currency, minor)
)
SELECT d.arm, count(*) AS people, count(*) FILTER (WHERE d.known) AS known,
       count(*) FILTER (WHERE d.known AND NOT EXISTS (
         SELECT 1 FROM installments i
         WHERE CASE WHEN $4 = 'paid' THEN i.id = d.installment_id
                    ELSE i.loan_id = d.loan_id AND i.due_on < d.on_day END
           AND i.principal_minor + i.interest_minor + i.fees_minor + i.penalties_minor - t.minor > (
             SELECT coalesce(sum(a.principal_minor + a.interest_minor + a.fees_minor + a.penalties_minor), 0)
             FROM allocations a JOIN payments p ON p.id = a.payment_id AND p.received_on <= d.on_day
             WHERE a.installment_id = i.id)
       )) AS did
FROM drawn d JOIN tolerances t USING (portfolio_id, currency)
GROUP BY d.arm
"""
# What would be a harm, of everybody who was drawn, from the draw on until the experiment ended.
_HARMS: Final = """
SELECT e.arm, count(*) AS people,
       count(*) FILTER (WHERE EXISTS (
         SELECT 1 FROM consents c WHERE c.person_id = e.person_id AND c.state = 'revoked'
           AND c.at > e.at AND c.at <= least($3, e.moved_at))) AS opt_outs,
       count(*) FILTER (WHERE 'complaint' = ANY(o.codes)) AS complaints,
       count(*) FILTER (WHERE o.codes && ARRAY['wrong_number', 'wrong_person', 'third_party']) AS wrong_party,
       count(*) FILTER (WHERE 'dispute' = ANY(o.codes)) AS disputes
FROM enrolments e
CROSS JOIN LATERAL (
  SELECT coalesce(array_agg(o.code), '{}') AS codes FROM cases b JOIN outcomes o ON o.case_id = b.id
  WHERE b.person_id = e.person_id AND o.undone_at IS NULL AND o.at > e.at AND o.at <= least($3, e.moved_at)
) o
JOIN loans l ON l.id = e.loan_id
WHERE e.experiment_id = $1 AND (e.moved_at IS NULL OR
    ((e.at AT TIME ZONE l.zone)::date + $2::int + 1)::timestamp AT TIME ZONE l.zone <= e.moved_at)
GROUP BY e.arm
"""
HARMS: Final = ("opt_outs", "complaints", "wrong_party", "disputes")


async def answers(
    raw: Raw,
    experiment: int,
    within_days: int,
    now: datetime,
    asks: str,
    tolerances: Sequence[tuple[int, str, int]],
) -> list[Any]:
    """(arm, people, known, did) of each arm: drawn, of whom the answer is known, who did what is asked.

    `tolerances`: (portfolio, currency, minor units) of every portfolio and currency there is.
    """
    portfolios = [portfolio for portfolio, _, _ in tolerances]
    currencies = [currency for _, currency, _ in tolerances]
    minor = [amount for _, _, amount in tolerances]
    return await raw.rows(_ANSWERS, experiment, within_days, now, asks, portfolios, currencies, minor)


async def harms(raw: Raw, experiment: int, within_days: int, now: datetime) -> list[Any]:
    """(arm, people, then those of HARMS) of each arm."""
    return await raw.rows(_HARMS, experiment, within_days, now)


async def eligible(raw: Raw, strategy: str) -> int:
    """The borrowers whom a strategy governs with something unpaid: who may be drawn."""
    return await raw.value(
        "SELECT count(DISTINCT p.person_id) FROM loans l JOIN parties p ON p.loan_id = l.id "
        "AND p.role = 'borrower' JOIN strategy_versions v ON v.id = l.strategy_version_id AND v.name = $1 "
        "WHERE l.status = 'active' AND EXISTS "
        "(SELECT 1 FROM installments i WHERE i.loan_id = l.id AND i.left_minor > 0)",
        strategy,
    )
