"""What a tape that states a loan no longer has of it: installments withdrawn, payments taken back.

A tape that has the loan's own row states its schedule whole, and all its payments of each day that it speaks
of. Files of installments or payments alone correct single rows, and take nothing away. An earlier tape than
the last one takes nothing away either.
"""

from datetime import datetime
from typing import Final

from storage.intake.totals import book_totals
from storage.raw import Raw

_LATEST: Final = """
CREATE TEMP TABLE i_restated ON COMMIT DROP AS
SELECT l.id FROM i_loans l
LEFT JOIN feeds f ON f.portfolio_id = l.portfolio_id AND f.source = l.source
WHERE l.known_id IS NOT NULL AND l.stated AND NOT l.bad AND l.fed_at >= coalesce(f.fed_at, '-infinity');
ANALYZE i_restated;
CREATE TEMP TABLE i_withdrawn ON COMMIT DROP AS
SELECT e.id, e.loan_id FROM i_restated l JOIN installments e ON e.loan_id = l.id
WHERE e.principal_minor + e.interest_minor + e.fees_minor + e.penalties_minor > 0
  AND EXISTS (SELECT 1 FROM i_installments t WHERE t.loan_id = l.id)
  AND NOT EXISTS (SELECT 1 FROM i_installments t WHERE t.known_id = e.id);
ANALYZE i_withdrawn;
"""
# Without an id of the feed a corrected payment looks like a new one. It replaces one of the same day; or one
# of another day, where the tape has an earlier payment that is known, and so tells of the days since. Of
# equals that the tape has fewer times than before, those that are too many are gone.
_GONE: Final = """
CREATE TEMP TABLE i_gone ON COMMIT DROP AS
WITH absent AS (
  SELECT e.id, e.loan_id, e.received_on, e.external_id FROM i_restated l JOIN payments e ON e.loan_id = l.id
  WHERE e.reverses_id IS NULL AND e.external_id ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]+/.*#[0-9]+$'
    AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id)
    AND NOT EXISTS (SELECT 1 FROM i_payments p WHERE p.known_id = e.id)
)
SELECT id, loan_id, received_on FROM absent e
WHERE EXISTS (SELECT 1 FROM i_payments p
              WHERE p.loan_id = e.loan_id AND p.n = 1 AND p.known_digest IS DISTINCT FROM p.digest)
  AND (EXISTS (SELECT 1 FROM i_payments p WHERE p.loan_id = e.loan_id AND p.received_on = e.received_on)
    OR EXISTS (SELECT 1 FROM i_payments p
               WHERE p.loan_id = e.loan_id AND p.known_id IS NOT NULL AND p.received_on < e.received_on))
UNION
SELECT id, loan_id, received_on FROM absent e
WHERE EXISTS (SELECT 1 FROM i_payments p
              WHERE p.loan_id = e.loan_id AND p.received_on = e.received_on
                AND regexp_replace(p.key, '#[0-9]+$', '') = regexp_replace(e.external_id, '#[0-9]+$', ''));
INSERT INTO i_payments (file_no, row_no, loan_id, key, received_on, reverses, digest, exact, n, id,
                        reverses_id)
SELECT -1, -1, loan_id, 'gone:' || id, received_on, id::text, ''::bytea, true, 1,
       nextval('payments_id_seq'), id
FROM i_gone;
"""
# What is on the tape again was not gone.
_BACK: Final = """
DELETE FROM payments r USING i_payments p
WHERE r.reverses_id = p.known_id AND p.n = 1 AND r.external_id = 'gone:' || p.known_id
"""
# Each version of a row is kept, with the moment until which it was the one that was known.
_VERSIONS: Final = """
INSERT INTO installment_versions (installment_id, loan_id, number, due_on, principal_minor, interest_minor,
                                  fees_minor, penalties_minor, until)
SELECT e.id, e.loan_id, e.number, e.due_on, e.principal_minor, e.interest_minor, e.fees_minor,
       e.penalties_minor, $1
FROM installments e
WHERE e.id IN (SELECT id FROM i_withdrawn
               UNION SELECT known_id FROM i_installments WHERE n = 1 AND known_digest <> digest)
"""
_PAYMENT_VERSIONS: Final = """
INSERT INTO payment_versions (payment_id, loan_id, received_on, amount_minor, until)
SELECT e.id, e.loan_id, e.received_on, e.amount_minor, $1
FROM payments e JOIN i_payments p ON p.known_id = e.id
WHERE p.n = 1 AND p.known_digest <> p.digest AND e.feed_digest <> ''
"""
_WITHDRAW: Final = """
UPDATE installments e
SET principal_minor = 0, interest_minor = 0, fees_minor = 0, penalties_minor = 0, paid_minor = 0,
    feed_digest = ''
FROM i_withdrawn w WHERE w.id = e.id;
UPDATE payments e SET feed_digest = '' FROM i_gone g WHERE g.id = e.id;
"""


async def restate(raw: Raw, *, unnamed: bool, totals: bool) -> None:
    """Find what the tape no longer has: i_withdrawn (installments), i_gone (payments, reversed here)."""
    await raw.run(_LATEST)
    await raw.run(_BACK)
    if unnamed:
        await raw.run(_GONE)
    else:
        await raw.run("CREATE TEMP TABLE i_gone (id bigint, loan_id bigint) ON COMMIT DROP")
    if totals:
        await book_totals(raw)


async def keep_versions(raw: Raw, now: datetime) -> None:
    """Keep what is about to change as it was known until `now`."""
    await raw.run(_VERSIONS, now)
    await raw.run(_PAYMENT_VERSIONS, now)


async def withdraw(raw: Raw) -> None:
    """Nothing is owed by what was withdrawn; what was paid on it is spread anew."""
    await raw.run(_WITHDRAW)
