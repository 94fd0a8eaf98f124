"""What was paid in all, where a tape says no more than that: growth is booked, what shrank is taken back.

The payments that come of it are a chain: each is known by the sum of them when it came ("so_far/66000#1"),
and what the tape says next is reached by taking back the links above it and booking what is then lacking.
Payments that came otherwise (pushed, or one by one) are part of the total, and stay as they are.
"""

from typing import Final

from storage.raw import Raw

_STATED: Final = """
CREATE TEMP TABLE i_totals ON COMMIT DROP AS
SELECT s.file_no, s.row_no, f.id AS loan_id, s.paid_by, s.amount AS total,
       row_number() OVER same AS n, first_value(s.row_no) OVER same AS first_row,
       first_value(s.amount) OVER same <> s.amount OR first_value(s.paid_by) OVER same <> s.paid_by AS differs
FROM s_totals s JOIN i_refs f USING (source, ext)
WINDOW same AS (PARTITION BY f.id ORDER BY s.file_no, s.row_no);
ANALYZE i_totals;
INSERT INTO b_loans
SELECT loan_id, file_no, row_no, 'says another sum of what was paid than row ' || first_row
FROM i_totals WHERE differs;
"""
# What the total says of the chain: `wanted` is what is left for it beside the other payments of the loan.
_CHAINS: Final = """
DELETE FROM i_totals t USING i_loans l WHERE l.id = t.loan_id AND l.bad;
CREATE TEMP TABLE i_links ON COMMIT DROP AS
SELECT e.id, e.loan_id, e.received_on, e.amount_minor AS amount,
       substring(e.external_id FROM '^so_far/([0-9]+)#')::bigint AS reached
FROM i_totals t JOIN payments e ON e.loan_id = t.loan_id
WHERE t.n = 1 AND e.reverses_id IS NULL AND e.external_id ~ '^so_far/[0-9]+#[0-9]+$'
  AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id);
ANALYZE i_links;
CREATE TEMP TABLE i_chains ON COMMIT DROP AS
SELECT t.loan_id, t.file_no, t.row_no, t.paid_by, t.total, greatest(t.total - o.paid, 0) AS wanted,
       o.paid AS others, c.paid AS linked
FROM i_totals t
CROSS JOIN LATERAL (SELECT coalesce(sum(x.amount), 0)::bigint AS paid FROM (
  SELECT e.amount_minor AS amount FROM payments e
  WHERE e.loan_id = t.loan_id AND e.reverses_id IS NULL AND e.received_on <= t.paid_by
    AND e.external_id !~ '^so_far/[0-9]+#[0-9]+$'
    AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id)
    AND NOT EXISTS (SELECT 1 FROM i_payments q WHERE q.reverses_id = e.id)
  UNION ALL
  SELECT p.amount FROM i_payments p
  WHERE p.loan_id = t.loan_id AND p.n = 1 AND p.known_id IS NULL AND p.reverses IS NULL
    AND p.received_on <= t.paid_by) x) o
CROSS JOIN LATERAL (
  SELECT coalesce(sum(k.amount), 0)::bigint AS paid FROM i_links k WHERE k.loan_id = t.loan_id) c
WHERE t.n = 1;
ANALYZE i_chains;
CREATE TEMP TABLE i_shrunk ON COMMIT DROP AS
SELECT k.* FROM i_chains c JOIN i_links k ON k.loan_id = c.loan_id AND k.reached > c.wanted
JOIN i_restated l ON l.id = c.loan_id;
INSERT INTO i_gone (id, loan_id) SELECT id, loan_id FROM i_shrunk;
INSERT INTO i_payments (file_no, row_no, loan_id, key, received_on, reverses, digest, exact, n, id,
                        reverses_id)
SELECT -1, -1, loan_id, 'gone:' || id, received_on, id::text, ''::bytea, true, 1,
       nextval('payments_id_seq'), id
FROM i_shrunk;
"""
# What stays of a sum that shrank was paid when the sum was; the money stays as old as it was.
_GROWN: Final = """
INSERT INTO i_payments (file_no, row_no, loan_id, key, received_on, amount, digest, exact, n, id)
SELECT c.file_no, c.row_no, c.loan_id, k.key, least(c.paid_by, s.received_on), c.wanted - coalesce(b.paid, 0),
       sha256(convert_to(k.key, 'UTF8')), true, 1, nextval('payments_id_seq')
FROM i_chains c
LEFT JOIN (SELECT DISTINCT ON (loan_id) loan_id, received_on FROM i_shrunk ORDER BY loan_id, reached) s
  USING (loan_id)
LEFT JOIN (SELECT k.loan_id, sum(k.amount)::bigint AS paid FROM i_links k
           WHERE k.id NOT IN (SELECT id FROM i_shrunk) GROUP BY 1) b USING (loan_id)
CROSS JOIN LATERAL (
  SELECT 'so_far/' || c.wanted || '#' || 1 + count(*) AS key FROM payments e
  WHERE e.loan_id = c.loan_id AND e.external_id LIKE 'so_far/' || c.wanted || '#%') k
WHERE c.wanted > coalesce(b.paid, 0);
ANALYZE i_payments;
"""


async def resolve_totals(raw: Raw) -> None:
    """What the tape says was paid in all: i_totals. A loan of which it says two sums is refused."""
    await raw.run(_STATED)


async def book_totals(raw: Raw) -> None:
    """What the totals say of the payments of their loans: added to i_payments and i_gone; i_chains."""
    await raw.run(_CHAINS)
    await raw.run(_GROWN)
