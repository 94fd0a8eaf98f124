"""Promises of cases and of their loans, with what came in towards them; and the last outcomes of cases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from storage.raw import Raw
from strategies.values import Promise

# How long what became of a promise is remembered.
PROMISES_REMEMBERED: Final = timedelta(days=365)

# By value date, from the day of the promise through its last day of grace; what was reversed is no payment.
PROMISES: Final = """
SELECT p.id, p.case_id, array_agg(l.loan_id ORDER BY l.loan_id) AS loans, p.amount_minor,
       (SELECT coalesce(sum(y.amount_minor), 0)::bigint
        FROM promise_loans m JOIN payments y ON y.loan_id = m.loan_id
        WHERE m.promise_id = p.id AND y.reverses_id IS NULL AND y.received_on BETWEEN p.made_on AND p.last_on
          AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = y.id)) AS paid,
       p.made_at, p.due_on, p.until, p.state, p.pauses
FROM promises p JOIN promise_loans l ON l.promise_id = p.id
WHERE p.id IN (SELECT id FROM promises WHERE case_id = ANY($1)
               UNION SELECT promise_id FROM promise_loans WHERE loan_id = ANY($2))
  AND p.state <> 'cancelled' AND p.until > $3
GROUP BY p.id ORDER BY p.id
"""
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
    for id_, of_case, named, amount, paid, made_at, due, until, state, pauses in rows:
        concerned = {case for loan in named for case in cases_of[loan]}
        for case in concerned | ({of_case} & loans_of.keys()):
            own = case == of_case
            found[case].append(
                Promise(id_, tuple(named), amount, paid, made_at, due, until, state, own, pauses)
            )
    return {case: tuple(promises) for case, promises in found.items()}


async def last_outcomes(raw: Raw, cases: Sequence[int]) -> Mapping[int, str]:
    """The code of the last outcome of each case that has one."""
    return dict(await raw.rows(_LAST_OUTCOMES, list(cases)))
