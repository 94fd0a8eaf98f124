"""The book itself: cases, loans, parties, schedules, payments and their allocations."""

from datetime import datetime
from typing import Final

from storage.raw import Raw

_CASES: Final = """
CREATE TEMP TABLE i_members ON COMMIT DROP AS
SELECT l.id AS loan_id, l.portfolio_id, p.id AS person_id, 'borrower' AS role
FROM i_loans l JOIN i_persons p ON p.source = l.source AND p.ext = l.person_ext
WHERE l.stated AND NOT l.bad AND l.known_digest IS DISTINCT FROM l.digest
UNION ALL
SELECT t.loan_id, l.portfolio_id, p.id, t.role
FROM i_parties t JOIN i_loans l ON l.id = t.loan_id
JOIN i_persons p ON p.source = t.source AND p.ext = t.person_ext;
ANALYZE i_members;
INSERT INTO cases (person_id, portfolio_id, opened_at, next_look_at)
SELECT DISTINCT person_id, portfolio_id, '{at}'::timestamptz, '{at}'::timestamptz
FROM i_members ORDER BY person_id, portfolio_id
ON CONFLICT DO NOTHING;
"""
_LOANS: Final = """
INSERT INTO loans (id, portfolio_id, source, external_id, product, currency, principal_minor, made_on, status,
                   zone, core_outstanding_minor, core_dpd, attributes, tags, strategy_version_id,
                   governed_since, credit_minor, feed_digest)
SELECT l.id, l.portfolio_id, l.source, l.ext, l.product, l.currency, l.principal,
       coalesce(l.made_on, d.first_due),
       l.status, l.zone, l.core_outstanding, l.core_dpd, l.attributes::jsonb, l.tags, v.id, l.fed_at,
       coalesce(c.credit, 0), l.digest
FROM i_loans l
LEFT JOIN (SELECT p.id AS portfolio_id, max(s.id) AS id
           FROM portfolios p JOIN LATERAL (
             SELECT r.strategy_version_id AS id FROM releases r
             WHERE r.name = p.strategy ORDER BY r.id DESC LIMIT 1) s ON true GROUP BY p.id) v
  USING (portfolio_id)
LEFT JOIN i_credits c ON c.loan_id = l.id
LEFT JOIN (SELECT loan_id, min(due_on) AS first_due FROM i_installments GROUP BY loan_id) d
  ON d.loan_id = l.id
WHERE l.known_id IS NULL AND NOT l.bad ORDER BY l.id
"""
_CHANGED_LOANS: Final = """
UPDATE loans o
SET product = l.product, principal_minor = l.principal, made_on = coalesce(l.made_on, o.made_on),
    status = l.status, zone = l.zone, core_outstanding_minor = l.core_outstanding, core_dpd = l.core_dpd,
    attributes = l.attributes::jsonb, tags = l.tags, feed_digest = l.digest
FROM i_loans l
WHERE o.id = l.known_id AND l.stated AND NOT l.bad AND l.known_digest <> l.digest;
UPDATE loans o SET credit_minor = coalesce(c.credit, 0)
FROM i_moved m LEFT JOIN i_credits c ON c.loan_id = m.id
WHERE m.known AND o.id = m.id AND o.credit_minor <> coalesce(c.credit, 0);
"""
_PARTIES: Final = """
WITH gone AS (
  DELETE FROM parties p USING i_loans l, i_members m
  WHERE l.known_id IS NOT NULL AND m.loan_id = l.id AND m.role = 'borrower'
    AND p.loan_id = l.id AND p.role = 'borrower' AND p.person_id <> m.person_id
  RETURNING p.case_id
)
INSERT INTO i_touched SELECT case_id FROM gone;
WITH made AS (
  INSERT INTO parties AS p (loan_id, person_id, role, case_id)
  SELECT m.loan_id, m.person_id, m.role, c.id
  FROM i_members m JOIN cases c ON c.person_id = m.person_id AND c.portfolio_id = m.portfolio_id
  ORDER BY m.loan_id, m.person_id
  ON CONFLICT (loan_id, person_id) DO UPDATE SET role = EXCLUDED.role WHERE p.role <> EXCLUDED.role
  RETURNING p.case_id
)
INSERT INTO i_touched SELECT case_id FROM made;
"""
_INSTALLMENTS: Final = """
CREATE TEMP TABLE i_paid ON COMMIT DROP AS
SELECT installment_id, sum(penalties + fees + interest + principal)::bigint AS paid
FROM i_allocations GROUP BY 1;
ANALYZE i_paid;
INSERT INTO installments (id, loan_id, external_id, number, due_on, principal_minor, interest_minor,
                          fees_minor, penalties_minor, paid_minor, feed_digest)
SELECT t.id, t.loan_id, t.key, t.number, t.due_on, t.principal, t.interest, t.fees, t.penalties,
       coalesce(p.paid, 0), t.digest
FROM i_installments t LEFT JOIN i_paid p ON p.installment_id = t.id
WHERE t.n = 1 AND t.known_id IS NULL ORDER BY t.loan_id, t.id;
-- Of a loan that was known without them, nothing was owed by these until now.
INSERT INTO installment_versions (installment_id, loan_id, number, due_on, principal_minor, interest_minor,
                                  fees_minor, penalties_minor, until)
SELECT t.id, t.loan_id, t.number, t.due_on, 0, 0, 0, 0, '{now}'::timestamptz
FROM i_installments t JOIN i_loans l ON l.id = t.loan_id
WHERE t.n = 1 AND t.known_id IS NULL AND l.known_id IS NOT NULL ORDER BY t.loan_id, t.id;
"""
_CHANGED_INSTALLMENTS: Final = """
UPDATE installments e
SET number = t.number, due_on = t.due_on, principal_minor = t.principal, interest_minor = t.interest,
    fees_minor = t.fees, penalties_minor = t.penalties, feed_digest = t.digest,
    paid_minor = coalesce(p.paid, 0)
FROM i_installments t LEFT JOIN i_paid p ON p.installment_id = t.id
WHERE e.id = t.known_id AND t.n = 1 AND t.known_digest <> t.digest;
UPDATE installments e SET paid_minor = n.paid
FROM (SELECT o.id, coalesce(p.paid, 0) AS paid FROM i_moved m JOIN installments o ON o.loan_id = m.id
      LEFT JOIN i_paid p ON p.installment_id = o.id WHERE m.known) n
WHERE e.id = n.id AND e.paid_minor <> n.paid;
"""
_PAYMENTS: Final = """
INSERT INTO payments (id, loan_id, external_id, received_on, recorded_at, amount_minor, installment_id,
                      reverses_id, feed_digest)
SELECT p.id, p.loan_id, p.key, p.received_on, '{now}'::timestamptz,
       CASE WHEN p.reverses IS NULL THEN p.amount ELSE 0 END, d.installment_id, p.reverses_id, p.digest
FROM i_payments p LEFT JOIN i_directed d ON d.payment_id = p.id
WHERE p.n = 1 AND p.known_id IS NULL ORDER BY p.loan_id, p.id;
"""
_CHANGED_PAYMENTS: Final = """
UPDATE payments e
SET received_on = p.received_on, amount_minor = CASE WHEN p.reverses IS NULL THEN p.amount ELSE 0 END,
    installment_id = d.installment_id, reverses_id = p.reverses_id, feed_digest = p.digest
FROM i_payments p LEFT JOIN i_directed d ON d.payment_id = p.id
WHERE e.id = p.known_id AND p.n = 1 AND p.known_digest <> p.digest;
DELETE FROM allocations a USING i_moved m WHERE m.known AND a.loan_id = m.id;
"""
_ALLOCATIONS: Final = """
INSERT INTO allocations (payment_id, installment_id, loan_id, penalties_minor, fees_minor,
                         interest_minor, principal_minor)
SELECT payment_id, installment_id, loan_id, penalties, fees, interest, principal FROM i_allocations
"""
# A loan's parties are all concerned by what changed of it. Cases that are due already are locked as well: a
# look or a claim that is at one has read it without this change, and would write over the touch.
_TOUCH: Final = """
INSERT INTO i_touched
SELECT p.case_id FROM parties p JOIN i_loans l ON l.id = p.loan_id
WHERE NOT l.bad
  AND (l.stated AND l.known_digest IS DISTINCT FROM l.digest OR l.id IN (SELECT id FROM i_moved));
-- What is news of one record of a person is news of the others.
INSERT INTO i_touched
SELECT DISTINCT o.id FROM same_persons s JOIN cases o ON o.person_id = s.other_id
WHERE s.ended_at IS NULL
  AND EXISTS (SELECT 1 FROM cases c JOIN i_touched t ON t.case_id = c.id WHERE c.person_id = s.person_id);
WITH chosen AS (
  SELECT id FROM cases WHERE id IN (SELECT case_id FROM i_touched) ORDER BY id FOR NO KEY UPDATE
)
UPDATE cases c SET next_look_at = least(c.next_look_at, '{at}'::timestamptz)
FROM chosen WHERE chosen.id = c.id;
"""
# What was noted of these persons before their cases were held takes its place among decisions now.
_PLACE: Final = """
UPDATE {table} n SET place = DEFAULT
WHERE n.xmin = pg_current_xact_id()::xid
  AND n.person_id IN (SELECT c.person_id FROM cases c JOIN i_touched t ON t.case_id = c.id)
"""


async def write_book(raw: Raw, at: datetime, now: datetime) -> None:
    """Write what is new and what changed, in the order of keys; persons and balances are resolved by then.

    `at` is the feed's moment, from which new cases are due; `now` is when the payments became known.
    """
    moments = {"at": at.isoformat(), "now": now.isoformat()}
    for sql in (_CASES, _LOANS, _CHANGED_LOANS, _PARTIES, _INSTALLMENTS, _PAYMENTS):
        await raw.run(sql.format(**moments))
    # Where every loan is new these change nothing, and took ten minutes of a million rows to find that out: a
    # filter that nothing passes is planned as one row, and its table is read anew for each row of the other.
    if await raw.value("SELECT EXISTS (SELECT 1 FROM i_loans WHERE known_id IS NOT NULL)"):
        await raw.run(_CHANGED_INSTALLMENTS)
        await raw.run(_CHANGED_PAYMENTS)
    await raw.run(_ALLOCATIONS)


async def touch_changed(raw: Raw, at: datetime) -> None:
    """Have every case looked at that a change concerns, from `at` on."""
    await raw.run(_TOUCH.format(at=at.isoformat()))
    for table in ("consents", "holds"):
        await raw.run(_PLACE.format(table=table))
