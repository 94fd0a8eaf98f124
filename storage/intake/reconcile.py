"""What the rows of a tape said in money, and where it is now: each read by itself, from where it stands.

On the tape: the staged rows. Booked: the rows of the book itself, after they were written. Refused, for a
later day, said twice: the staged rows, by what became of them. Amounts are ten-thousandths of a unit.
"""

from typing import Any, Final

from storage.raw import Raw

_STAGED: Final = """
SELECT '{what}' AS what, coalesce(l.currency, CASE WHEN f.coarse THEN '' ELSE $1 END) AS currency,
       CASE WHEN EXISTS (SELECT 1 FROM s_rejects r WHERE r.file_no = s.file_no AND r.row_no = s.row_no)
            THEN 'rejected'
            WHEN EXISTS (SELECT 1 FROM s_skips k WHERE k.file_no = s.file_no AND k.row_no = s.row_no)
            THEN 'skipped' ELSE '' END AS became,
       sum({amount} * CASE WHEN f.coarse THEN 1 ELSE coalesce(c.factor, 1) END) AS amount
FROM {table} s JOIN s_files f USING (file_no)
LEFT JOIN i_refs n ON n.source = s.source AND n.ext = s.ext LEFT JOIN i_loans l ON l.id = n.id
LEFT JOIN s_currencies c ON c.currency = coalesce(l.currency, $1)
WHERE {amount} IS NOT NULL {only} GROUP BY 1, 2, 3
"""
_DUE: Final = "(s.principal + s.interest + s.fees + s.penalties)"
_STAGED_OF_BOTH: Final = " UNION ALL ".join(
    (
        _STAGED.format(what="due", amount=_DUE, table="s_installments", only=""),
        _STAGED.format(what="paid", amount="s.amount", table="s_payments", only="AND s.reverses IS NULL"),
        _STAGED.format(what="paid", amount="s.amount", table="s_totals", only=""),
    )
)
_REPEATED: Final = """
SELECT 'due', l.currency, sum((t.principal + t.interest + t.fees + t.penalties) * c.factor)
FROM i_installments t JOIN i_loans l ON l.id = t.loan_id JOIN s_currencies c ON c.currency = l.currency
WHERE t.n > 1 GROUP BY 2
UNION ALL
SELECT 'paid', l.currency, sum(p.amount * c.factor)
FROM i_payments p JOIN i_loans l ON l.id = p.loan_id JOIN s_currencies c ON c.currency = l.currency
WHERE p.n > 1 AND p.reverses IS NULL GROUP BY 2
UNION ALL
SELECT 'paid', l.currency, sum(t.total * c.factor)
FROM i_totals t JOIN i_loans l ON l.id = t.loan_id JOIN s_currencies c ON c.currency = l.currency
WHERE t.n > 1 AND NOT l.bad GROUP BY 2
"""
# Of a sum of all that was paid is booked what of it the loan's payments make by now.
_BOOKED: Final = """
SELECT 'due', o.currency,
       sum((e.principal_minor + e.interest_minor + e.fees_minor + e.penalties_minor) * c.factor)
FROM i_installments t JOIN installments e ON e.id = t.id JOIN loans o ON o.id = e.loan_id
JOIN s_currencies c ON c.currency = o.currency
WHERE t.n = 1 GROUP BY 2
UNION ALL
SELECT 'paid', o.currency, sum(e.amount_minor * c.factor)
FROM i_payments t JOIN payments e ON e.id = t.id JOIN loans o ON o.id = e.loan_id
JOIN s_currencies c ON c.currency = o.currency
WHERE t.n = 1 AND t.file_no >= 0 AND t.key !~ '^so_far/[0-9]+#[0-9]+$' GROUP BY 2
UNION ALL
SELECT 'paid', l.currency, sum(least(t.total, b.paid) * c.factor)
FROM i_totals t JOIN i_loans l ON l.id = t.loan_id JOIN s_currencies c ON c.currency = l.currency
CROSS JOIN LATERAL (
  SELECT coalesce(sum(e.amount_minor), 0)::bigint AS paid FROM payments e
  WHERE e.loan_id = t.loan_id AND e.reverses_id IS NULL
    AND (e.received_on <= t.paid_by OR e.external_id ~ '^so_far/[0-9]+#[0-9]+$')
    AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id)) b
WHERE t.n = 1 AND NOT l.bad GROUP BY 2
"""
# Rows that could not be read say no amount.
_UNREAD: Final = "SELECT count(*) FROM (SELECT DISTINCT file_no, row_no FROM s_rejects WHERE rank = 0) r"


async def staged(raw: Raw, currency: str | None) -> list[Any]:
    """(due or paid, currency, rejected or skipped or '', ten-thousandths) of all rows that could be read.

    `currency`: of rows that name no loan of the tape or the book; '' where nobody knows it.
    """
    return await raw.rows(_STAGED_OF_BOTH, currency or "")


async def repeated(raw: Raw) -> list[Any]:
    """(due or paid, currency, ten-thousandths) of what was said again and counted once."""
    return await raw.rows(_REPEATED)


async def booked(raw: Raw) -> list[Any]:
    """(due or paid, currency, ten-thousandths) of the rows of the book that the tape speaks of."""
    return await raw.rows(_BOOKED)


async def unread(raw: Raw) -> int:
    """How many rows could not be read, and so say no amount."""
    return await raw.value(_UNREAD)
