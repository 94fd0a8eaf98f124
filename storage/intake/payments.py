"""The payments of a tape against the book: known, new, directed, reversing, refused."""

from typing import Final

from storage.intake.resolve import FACTORS, Shape
from storage.raw import Raw

_PAYMENTS: Final = """
CREATE TEMP TABLE i_payments ON COMMIT DROP AS
SELECT y.*, CASE WHEN y.n = 1 THEN coalesce(y.known_id, nextval('payments_id_seq')) END AS id,
       NULL::bigint AS reverses_id
FROM (
  SELECT x.*, e.id AS known_id, e.feed_digest AS known_digest, row_number() OVER same AS n,
         first_value(x.digest) OVER same <> x.digest AS differs, first_value(x.row_no) OVER same AS first_row
  FROM (
    SELECT s.file_no, s.row_no, f.id AS loan_id, {key} AS key, s.received_on, {amount}, s.installment,
           s.reverses, s.digest, {exact} AS exact
    FROM s_payments s JOIN i_refs f USING (source, ext) {factors} {rows}
  ) x
  LEFT JOIN payments e ON e.loan_id = x.loan_id AND e.external_id = x.key
  WINDOW same AS (PARTITION BY x.loan_id, x.key ORDER BY x.file_no, x.row_no)
) y
"""
# Without an id of the feed a payment is known by what it is, and by its place among equals in the tape; in
# the row of a loan by its place in that row, for the row said twice says the same payment.
_ROWS: Final = "JOIN s_files w ON w.file_no = s.file_no"
_DERIVED_KEY: Final = """coalesce(
      s.key, s.received_on || '/' || coalesce(s.amount, 0) || '/' || coalesce(s.installment, '') || '#' ||
      row_number() OVER (PARTITION BY f.id, s.received_on, s.amount, s.installment, s.key,
                                      CASE WHEN w.states = 'loan' THEN s.file_no END,
                                      CASE WHEN w.states = 'loan' THEN s.row_no END
                         ORDER BY s.file_no, s.row_no))"""
_DIRECTED: Final = """
ANALYZE i_payments;
CREATE TEMP TABLE i_directed ON COMMIT DROP AS
SELECT p.id AS payment_id, coalesce(t.id, e.id) AS installment_id
FROM i_payments p
LEFT JOIN i_installments t ON t.loan_id = p.loan_id AND t.key = p.installment AND t.n = 1
LEFT JOIN installments e ON t.id IS NULL AND e.loan_id = p.loan_id AND e.external_id = p.installment
WHERE p.n = 1 AND p.installment IS NOT NULL;
ANALYZE i_directed;
"""
_REVERSALS: Final = """
CREATE TEMP TABLE i_reversals ON COMMIT DROP AS
SELECT b.id, b.file_no, b.row_no, b.loan_id, b.amount, coalesce(o.id, e.id) AS of_id,
       coalesce(o.amount, e.amount_minor) AS of_amount, o.file_no AS of_file_no, o.row_no AS of_row_no
FROM i_payments b
LEFT JOIN i_payments o ON o.loan_id = b.loan_id AND o.key = b.reverses AND o.n = 1 AND o.reverses IS NULL
LEFT JOIN payments e ON o.id IS NULL AND e.loan_id = b.loan_id AND e.external_id = b.reverses
                     AND e.reverses_id IS NULL
WHERE b.n = 1 AND b.reverses IS NOT NULL;
ANALYZE i_reversals;
UPDATE i_payments p SET reverses_id = r.of_id FROM i_reversals r WHERE r.id = p.id;
"""
_BAD_PAYMENTS: Final = """
INSERT INTO b_payments
SELECT p.loan_id, p.file_no, p.row_no,
       'payment ' || p.key || ' stands on row ' || q.row_no || ' with other content'
FROM i_payments q JOIN i_payments p USING (loan_id, key)
WHERE q.differs AND (p.file_no, p.row_no) <> (q.file_no, q.row_no);
INSERT INTO b_payments
SELECT loan_id, file_no, row_no,
       'payment ' || key || ' stands on row ' || first_row || ' with other content'
FROM i_payments WHERE differs;
INSERT INTO b_payments
SELECT loan_id, file_no, row_no, 'has more decimals than the currency of its loan'
FROM i_payments WHERE NOT exact;
INSERT INTO b_payments
SELECT p.loan_id, p.file_no, p.row_no, 'the loan has no installment ' || p.installment
FROM i_payments p JOIN i_directed d ON d.payment_id = p.id WHERE d.installment_id IS NULL;
"""
_BAD_REVERSALS: Final = """
INSERT INTO b_payments
SELECT loan_id, file_no, row_no, 'takes back a payment that the loan does not have'
FROM i_reversals WHERE of_id IS NULL;
INSERT INTO b_payments
SELECT r.loan_id, r.file_no, r.row_no, 'takes back a payment that another row takes back too'
FROM i_reversals r
WHERE r.of_id IN (SELECT of_id FROM i_reversals GROUP BY of_id HAVING count(*) > 1)
  OR EXISTS (SELECT 1 FROM payments e WHERE e.reverses_id = r.of_id AND e.id <> r.id
             AND e.id NOT IN (SELECT id FROM i_reversals));
INSERT INTO b_payments
SELECT loan_id, file_no, row_no, 'takes back ' || abs(amount) || ' minor units of a payment of ' || of_amount
                                 || ': a payment is taken back whole'
FROM i_reversals WHERE abs(amount) NOT IN (0, of_amount);
INSERT INTO b_payments
SELECT r.loan_id, r.file_no, r.row_no, 'takes back a payment that is refused itself'
FROM i_reversals r JOIN b_payments b ON b.file_no = r.of_file_no AND b.row_no = r.of_row_no;
"""
# A row that moves a payment says it of two loans: refused for one, it is refused for the other. Back on the
# loan that it was moved from, it would stand there as taken back.
_BAD_MOVES: Final = """
INSERT INTO b_payments
SELECT p.loan_id, p.file_no, p.row_no,
       'payment ' || p.key || ' was moved from this loan before: give it another id'
FROM i_payments p JOIN payments r ON r.reverses_id = p.known_id AND r.external_id = 'moved:' || p.key
WHERE p.n = 1 AND EXISTS (SELECT 1 FROM i_payments m WHERE m.file_no = p.file_no AND m.row_no = p.row_no
                          AND m.key = 'moved:' || p.key AND m.known_id IS NULL);
INSERT INTO b_payments
SELECT m.loan_id, m.file_no, m.row_no,
       'moves ' || p.amount || ' minor units of a payment of ' || r.of_amount || ': it is moved whole'
FROM i_reversals r JOIN i_payments m ON m.id = r.id AND m.key LIKE 'moved:%'
JOIN i_payments p ON p.file_no = m.file_no AND p.row_no = m.row_no AND m.key = 'moved:' || p.key
WHERE p.amount <> r.of_amount;
INSERT INTO b_payments
SELECT m.loan_id, m.file_no, m.row_no, 'moves a payment to a loan of another currency'
FROM i_payments m JOIN i_payments p ON p.file_no = m.file_no AND p.row_no = m.row_no
                                   AND m.key = 'moved:' || p.key
JOIN i_loans a ON a.id = m.loan_id JOIN i_loans b ON b.id = p.loan_id WHERE a.currency <> b.currency;
"""
# A row that is said again goes the way of the first; a payment in the row of its loan or installment takes
# the loan with it, for a row is taken whole.
_REFUSED: Final = """
INSERT INTO b_payments
SELECT q.loan_id, q.file_no, q.row_no, 'repeats row ' || p.row_no || ', which is refused'
FROM i_payments p JOIN b_payments b ON b.file_no = p.file_no AND b.row_no = p.row_no
JOIN i_payments q ON q.loan_id = p.loan_id AND q.key = p.key AND q.n > 1
WHERE p.n = 1;
INSERT INTO b_loans
SELECT b.* FROM b_payments b JOIN s_files f USING (file_no) WHERE NOT f.alone;
INSERT INTO s_rejects
SELECT file_no, row_no, '', reason, '', NULL, false, 1 FROM b_payments;
DELETE FROM i_payments p USING b_payments b WHERE b.file_no = p.file_no AND b.row_no = p.row_no;
"""


async def resolve_payments(raw: Raw, shape: Shape) -> None:
    """The payments of the tape: i_payments, i_directed (payment, installment). The refused are taken out."""
    sql = _PAYMENTS.format(
        key=_DERIVED_KEY if shape.unnamed else "s.key",
        amount="s.amount / k.by AS amount" if shape.coarse else "s.amount",
        exact="coalesce(s.amount, 0) % k.by = 0" if shape.coarse else "true",
        factors=FACTORS if shape.coarse else "",
        rows=_ROWS if shape.unnamed else "",
    )
    await raw.run(sql)
    await raw.run(_DIRECTED)
    await raw.run(_BAD_PAYMENTS)
    if await raw.value("SELECT EXISTS (SELECT 1 FROM i_payments WHERE reverses IS NOT NULL)"):
        await raw.run(_REVERSALS)
        await raw.run(_BAD_REVERSALS)
        await raw.run(_BAD_MOVES)
    if await raw.value("SELECT EXISTS (SELECT 1 FROM b_payments)"):
        await raw.run(_REFUSED)
