"""What is odd about a tape and was taken all the same, row by row: each oddity once, with what was done.

Refused rows have their own file. Here stand repetitions, payments that look like one paid twice, what was
paid over or under, and dates that moved.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

from storage.raw import Raw

# A loan's row that is said again says its schedule and its payments again: told once.
_REPEATS: Final = """
CREATE TEMP TABLE i_repeats ON COMMIT DROP AS
SELECT s.file_no, s.row_no, s.ext, i.row_no AS first_row, i.currency
FROM s_loans s JOIN i_loans i USING (source, ext)
JOIN s_files f ON f.file_no = s.file_no AND f.states = 'loan'
WHERE NOT i.bad AND (s.file_no, s.row_no) <> (i.file_no, i.row_no);
ANALYZE i_repeats;
"""
_FAULTS: Final = """
CREATE TEMP TABLE i_faults ON COMMIT DROP AS
SELECT p.file_no, p.row_no, l.ext, 'repeated' AS what, 'payment ' || p.key || ' stands on row ' || p.first_row
       AS detail, 'counted once' AS done, NULL::bigint AS minor, l.currency
FROM i_payments p JOIN i_loans l ON l.id = p.loan_id
WHERE p.n > 1 AND NOT EXISTS (SELECT 1 FROM i_repeats r WHERE r.file_no = p.file_no AND r.row_no = p.row_no)
UNION ALL
SELECT t.file_no, t.row_no, l.ext, 'repeated', 'installment ' || t.key || ' stands on row ' || t.first_row,
       'counted once', NULL, l.currency
FROM i_installments t JOIN i_loans l ON l.id = t.loan_id
WHERE t.n > 1 AND NOT EXISTS (SELECT 1 FROM i_repeats r WHERE r.file_no = t.file_no AND r.row_no = t.row_no)
UNION ALL
SELECT file_no, row_no, ext, 'repeated', 'the loan stands on row ' || first_row, 'taken once', NULL, currency
FROM i_repeats
UNION ALL
SELECT d.file_no, d.row_no, l.ext, 'paid_twice',
       'payment ' || d.key || ' is of the day and amount of payment ' || d.before,
       'both counted: ask the payer', d.amount, l.currency
FROM (SELECT p.*, lag(p.key) OVER w AS before FROM i_payments p WHERE p.n = 1 AND p.reverses IS NULL
      WINDOW w AS (PARTITION BY p.loan_id, p.received_on, p.amount ORDER BY p.file_no, p.row_no)) d
JOIN i_loans l ON l.id = d.loan_id WHERE d.before IS NOT NULL AND d.known_id IS NULL
UNION ALL
SELECT p.file_no, p.row_no, l.ext, 'stands_elsewhere',
       'payment ' || p.key || ' of this day and amount stands with loan ' || o.ext || ' too',
       'both counted: say moved_from where it was moved', p.amount, l.currency
FROM i_loans o JOIN payments e ON e.loan_id = o.id
JOIN i_payments p ON p.key = e.external_id AND p.amount = e.amount_minor AND p.received_on = e.received_on
                 AND p.loan_id <> o.id
JOIN i_loans l ON l.id = p.loan_id AND l.source = o.source AND l.portfolio_id = o.portfolio_id
WHERE o.known_id IS NOT NULL AND o.stated AND NOT o.bad AND p.n = 1 AND p.known_id IS NULL
  AND p.reverses IS NULL AND p.file_no >= 0 AND p.key !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}/'
  AND NOT EXISTS (SELECT 1 FROM i_payments q WHERE q.known_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id)
UNION ALL
SELECT file_no, row_no, ext, 'overpaid', 'more was paid than the loan owes', 'kept as a credit', credit,
       currency
FROM (SELECT DISTINCT ON (c.loan_id) p.file_no, p.row_no, l.ext, c.credit, l.currency
      FROM i_credits c JOIN i_loans l ON l.id = c.loan_id
      JOIN i_payments p ON p.loan_id = c.loan_id AND p.n = 1 AND p.reverses IS NULL AND p.known_id IS NULL
      ORDER BY c.loan_id, p.received_on DESC, p.file_no DESC, p.row_no DESC) over
UNION ALL
SELECT file_no, row_no, ext, 'underpaid', 'installment ' || number || ' is paid in part', 'the rest is owed',
       left_minor, currency
FROM (SELECT DISTINCT ON (i.id) p.file_no, p.row_no, l.ext, i.number, i.left_minor, l.currency
      FROM i_allocations a
      JOIN i_payments p ON p.id = a.payment_id AND p.n = 1 AND p.known_id IS NULL AND p.file_no >= 0
      JOIN installments i ON i.id = a.installment_id AND i.left_minor > 0
      JOIN i_loans l ON l.id = a.loan_id
      ORDER BY i.id, p.received_on DESC, p.row_no DESC) under
UNION ALL
SELECT file_no, row_no, ext, 'date_moved',
       'installment ' || key || ' was due on ' || before || ', and is on ' || due_on,
       'taken; the earlier date is kept', NULL, currency
FROM (SELECT DISTINCT ON (t.id) t.file_no, t.row_no, l.ext, t.key, v.due_on AS before, t.due_on, l.currency
      FROM i_installments t JOIN i_loans l ON l.id = t.loan_id
      JOIN installment_versions v ON v.loan_id = t.loan_id AND v.installment_id = t.known_id
      WHERE t.n = 1 AND t.known_digest <> t.digest
      ORDER BY t.id, v.id DESC) moved
WHERE before <> due_on
"""
_ANALYZE: Final = "ANALYZE i_payments; ANALYZE i_credits; ANALYZE i_allocations"


async def find_faults(raw: Raw) -> int:
    """Find what is odd of what was written: i_faults; how many."""
    await raw.run(_ANALYZE + ";" + _REPEATS)
    await raw.run(_FAULTS)
    return await raw.value("SELECT count(*) FROM i_faults")


def faults(raw: Raw) -> AsyncIterator[list[Any]]:
    """(file, row, loan, what, detail, done, minor units, currency), in order of the tape, in batches."""
    return raw.batches("SELECT * FROM i_faults ORDER BY file_no, row_no, what, detail")
