"""Promises of cases and of their loans, with what came in towards them; and the last outcomes of cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ledger.promises import verdict
from storage.raw import Raw
from strategies.values import Promise

# How long what became of a promise is remembered.
PROMISES_REMEMBERED: Final = timedelta(days=365)

# By value date, from the day of the promise through its last day of grace; what was reversed is no payment.
_PAID: Final = """
(SELECT greatest(coalesce(sum(y.amount_minor), 0)::bigint - p.before_minor, 0)
 FROM promise_loans m JOIN payments y ON y.loan_id = m.loan_id
 WHERE m.promise_id = p.id AND y.reverses_id IS NULL AND y.received_on BETWEEN p.made_on AND p.last_on
   AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = y.id))
"""
PROMISES: Final = f"""
SELECT p.id, p.case_id, array_agg(l.loan_id ORDER BY l.loan_id) AS loans, p.amount_minor,
       {_PAID} AS paid,
       p.made_at, p.due_on, p.until, p.state, p.pauses, coalesce(p.plan_id, 0) AS plan
FROM promises p JOIN promise_loans l ON l.promise_id = p.id
WHERE p.id IN (SELECT id FROM promises WHERE case_id = ANY($1)
               UNION SELECT promise_id FROM promise_loans WHERE loan_id = ANY($2))
  AND p.state <> 'cancelled' AND p.until > $3
GROUP BY p.id ORDER BY p.id
"""  # noqa: S608, constants
# Those that are over, and whose payments are all known.
_OVER: Final = f"""
SELECT p.id, p.amount_minor, {_PAID} AS paid FROM promises p
WHERE p.id = ANY($1) AND p.until <= $2 AND NOT EXISTS (
  SELECT 1 FROM promise_loans m JOIN loans l ON l.id = m.loan_id
  JOIN feeds f ON f.portfolio_id = l.portfolio_id AND f.source = l.source
  WHERE m.promise_id = p.id AND f.fed_at < p.until)
"""  # noqa: S608, constants
_LAST_OUTCOMES: Final = """
SELECT DISTINCT ON (case_id) case_id, code FROM outcomes
WHERE case_id = ANY($1) AND undone_at IS NULL ORDER BY case_id, at DESC, id DESC
"""


def promises_of(
    rows: Sequence[Any], loans_of: Mapping[int, Sequence[int]]
) -> Mapping[int, tuple[Promise, ...]]:
    """The promises (rows of PROMISES) that concern each case: its own, and those on its loans (ids)."""
    found: dict[int, list[Promise]] = defaultdict(list)
    cases_of: dict[int, list[int]] = defaultdict(list)
    for case, loans in loans_of.items() if rows else ():
        for loan in loans:
            cases_of[loan].append(case)
    for id_, of_case, named, amount, paid, made_at, due, until, state, pauses, plan in rows:
        concerned = {case for loan in named for case in cases_of[loan]}
        for case in concerned | ({of_case} & loans_of.keys()):
            own = case == of_case
            found[case].append(
                Promise(id_, tuple(named), amount, paid, made_at, due, until, state, own, pauses, plan)
            )
    return {case: tuple(promises) for case, promises in found.items()}


async def settle_past(raw: Raw, promises: Sequence[int], now: datetime) -> None:
    """Write what had become of promises (ids) that were over when they came in."""
    rows = await raw.rows(_OVER, list(promises), now) if promises else ()
    states = [(key, verdict(amount, paid, over=True, known=True)) for key, amount, paid in rows]
    if states:
        await raw.run(
            "UPDATE promises p SET state = n.state, settled_at = $3 "
            "FROM unnest($1::bigint[], $2::text[]) n(id, state) WHERE p.id = n.id",
            [key for key, _ in states],
            [state for _, state in states],
            now,
        )


async def last_outcomes(raw: Raw, cases: Sequence[int]) -> Mapping[int, str]:
    """The code of the last outcome of each case that has one."""
    return dict(await raw.rows(_LAST_OUTCOMES, list(cases)))
