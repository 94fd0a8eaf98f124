"""What the staged rows are to the book: known, new or changed; and what cannot be taken, with its reason.

A loan is taken whole or not at all: with a row of its own data or of its schedule refused, a balance could
not be right, so `b_loans` names the loan with the row and the reason, and all its rows are refused with it.
A payment in a file of payments is refused alone.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from storage.raw import Raw

# Loans that are not made yet by the as-of day: what other files say of them is for a later day too.
_LATER: Final = """
CREATE TEMP TABLE i_later ON COMMIT DROP AS
SELECT DISTINCT s.source, s.ext
FROM s_skips s JOIN s_files f USING (file_no) WHERE f.loans AND s.ext IS NOT NULL;
INSERT INTO i_later SELECT DISTINCT '', ext FROM i_later WHERE source <> '';
ANALYZE i_later;
"""
_LOANS: Final = """
CREATE TEMP TABLE i_loans ON COMMIT DROP AS
SELECT d.*, coalesce(l.id, nextval('loans_id_seq')) AS id, l.id AS known_id, l.feed_digest AS known_digest,
       l.portfolio_id AS known_portfolio_id, l.currency AS known_currency, p.id AS portfolio_id,
       true AS stated, false AS bad
FROM (SELECT DISTINCT ON (source, ext) * FROM s_loans ORDER BY source, ext, file_no, row_no) d
LEFT JOIN loans l ON l.source = d.source AND l.external_id = d.ext
JOIN portfolios p ON p.code = d.portfolio
"""
# Loans of the book that the tape speaks of without stating them.
_LOANS_OF_THE_BOOK: Final = """
INSERT INTO i_loans (source, ext, id, known_id, known_digest, currency, zone, portfolio_id, stated, bad)
SELECT l.source, l.external_id, l.id, l.id, l.feed_digest, l.currency, l.zone, l.portfolio_id, false, false
FROM loans l
WHERE l.external_id IN (
    SELECT ext FROM s_installments UNION SELECT ext FROM s_payments UNION SELECT ext FROM s_parties)
  AND EXISTS (
    SELECT 1 FROM (SELECT source, ext FROM s_installments UNION SELECT source, ext FROM s_payments
                   UNION SELECT source, ext FROM s_parties) r
    WHERE r.ext = l.external_id AND r.source IN (l.source, ''))
  AND ($1::bigint[] IS NULL OR l.portfolio_id = ANY($1))
  AND NOT EXISTS (SELECT 1 FROM i_loans i WHERE i.ext = l.external_id)
  AND NOT EXISTS (SELECT 1 FROM i_later k WHERE k.ext = l.external_id AND k.source = l.source)
"""
_REFERENCES: Final = """
CREATE TEMP TABLE i_refs ON COMMIT DROP AS
SELECT source, ext, id FROM i_loans
UNION ALL
SELECT '', ext, min(id) FROM i_loans GROUP BY ext HAVING count(*) = 1;
CREATE TEMP TABLE b_loans (
    loan_id bigint NOT NULL, file_no int NOT NULL, row_no int NOT NULL, reason text NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE b_payments (LIKE b_loans) ON COMMIT DROP;
ANALYZE i_loans; ANALYZE i_refs;
"""
_BAD_LOANS: Final = """
INSERT INTO b_loans
SELECT f.id, r.file_no, r.row_no, r.reason
FROM s_rejects r JOIN i_refs f USING (source, ext) WHERE r.breaks_loan;
INSERT INTO b_loans
SELECT i.id, s.file_no, s.row_no, 'says other things of its loan than row ' || i.row_no || ' does'
FROM s_loans s JOIN i_loans i USING (source, ext) WHERE s.digest <> i.digest;
INSERT INTO b_loans
SELECT i.id, i.file_no, i.row_no,
       'the loan is in portfolio ' || {code} || ' of the book, not in ' || i.portfolio
FROM i_loans i JOIN portfolios p ON p.id = i.known_portfolio_id
WHERE i.stated AND i.known_portfolio_id <> i.portfolio_id;
INSERT INTO b_loans
SELECT i.id, i.file_no, i.row_no,
       'the loan is in ' || i.known_currency || ' in the book, not in ' || i.currency
FROM i_loans i WHERE i.stated AND i.known_currency <> i.currency;
"""
_DENIED: Final = """
SELECT p.code, count(DISTINCT (s.file_no, s.row_no))
FROM (SELECT file_no, row_no, source, ext FROM s_installments
      UNION SELECT file_no, row_no, source, ext FROM s_payments
      UNION SELECT file_no, row_no, source, ext FROM s_parties) s
JOIN loans l ON l.external_id = s.ext AND s.source IN ('', l.source)
JOIN portfolios p ON p.id = l.portfolio_id
WHERE l.portfolio_id <> ALL($1)
  AND NOT EXISTS (SELECT 1 FROM i_refs f WHERE f.source = s.source AND f.ext = s.ext)
GROUP BY 1 ORDER BY 1
"""
_INSTALLMENTS: Final = """
CREATE TEMP TABLE i_installments ON COMMIT DROP AS
SELECT x.*, CASE WHEN x.n = 1 THEN coalesce(x.known_id, nextval('installments_id_seq')) END AS id
FROM (
  SELECT s.file_no, s.row_no, f.id AS loan_id, s.key, s.number, s.due_on, {amounts}, s.digest,
         {exact} AS exact,
         row_number() OVER same AS n, first_value(s.digest) OVER same <> s.digest AS differs,
         first_value(s.row_no) OVER same AS first_row, e.id AS known_id, e.feed_digest AS known_digest
  FROM s_installments s JOIN i_refs f USING (source, ext) {factors}
  LEFT JOIN installments e ON e.loan_id = f.id AND e.external_id = s.key
  WINDOW same AS (PARTITION BY f.id, s.key ORDER BY s.file_no, s.row_no)
) x
"""
FACTORS: Final = """
JOIN i_loans il ON il.id = f.id JOIN s_currencies c ON c.currency = il.currency
JOIN s_files sf ON sf.file_no = s.file_no
CROSS JOIN LATERAL (SELECT CASE WHEN sf.coarse THEN c.factor ELSE 1 END AS by) k
"""
_BAD_INSTALLMENTS: Final = """
ANALYZE i_installments;
INSERT INTO b_loans
SELECT loan_id, file_no, row_no,
       'installment ' || key || ' says other things than row ' || first_row || ' does'
FROM i_installments WHERE differs;
INSERT INTO b_loans
SELECT loan_id, file_no, row_no, 'installment ' || key || ' has more decimals than the currency of its loan'
FROM i_installments WHERE NOT exact;
INSERT INTO b_loans
SELECT id, file_no, row_no, 'no installment of the loan is on the tape: nothing says what is due when'
FROM i_loans i
WHERE known_id IS NULL AND NOT EXISTS (SELECT 1 FROM i_installments t WHERE t.loan_id = i.id);
"""


class Shape(msgspec.Struct, frozen=True):
    """What a tape is made of, where that spares work.

    many_files     rows may speak of loans that other files, or only the book, state
    coarse         some amounts are in ten-thousandths, until the currency of their loan is known
    unnamed        some payments have no id of the feed
    portfolios     only loans of these portfolios of the book are meant by an id; None: of all
    """

    many_files: bool
    coarse: bool
    unnamed: bool
    portfolios: Sequence[int] | None


async def resolve_loans(raw: Raw, shape: Shape) -> None:
    """Which loans the tape states, and which of the book it speaks of: i_loans, i_refs."""
    await raw.run(_LATER)
    await raw.run(_LOANS)
    if shape.many_files:
        await raw.run(_LOANS_OF_THE_BOOK, shape.portfolios)
    await raw.run(_REFERENCES)
    mine = "true" if shape.portfolios is None else f"p.id = ANY('{{{','.join(map(str, shape.portfolios))}}}')"
    await raw.run(_BAD_LOANS.format(code=f"CASE WHEN {mine} THEN p.code ELSE '(another)' END"))


async def denied(raw: Raw, theirs: Sequence[int]) -> list[tuple[str, int]]:
    """(portfolio, rows) of rows that speak of loans of portfolios that are not `theirs`, and of no others."""
    rows = await raw.rows(_DENIED, list(theirs))
    return [(row[0], row[1]) for row in rows]


class SpokenOf(msgspec.Struct, frozen=True):
    """The portfolios (codes), currencies and zones of the loans that the tape states or speaks of."""

    portfolios: list[str]
    currencies: list[str]
    zones: list[str]


async def spoken_of(raw: Raw) -> SpokenOf:
    """What the loans of i_loans have in common."""
    found = await raw.rows(
        "SELECT array_agg(DISTINCT p.code), array_agg(DISTINCT i.currency), array_agg(DISTINCT i.zone) "
        "FROM i_loans i JOIN portfolios p ON p.id = i.portfolio_id"
    )
    codes, currencies, zones = found[0]
    return SpokenOf(codes or [], currencies or [], zones or [])


async def resolve_installments(raw: Raw, shape: Shape) -> None:
    """The schedules of the tape: i_installments."""
    amounts = ("principal", "interest", "fees", "penalties")
    if shape.coarse:
        sql = _INSTALLMENTS.format(
            amounts=", ".join(f"s.{name} / k.by AS {name}" for name in amounts),
            exact=" AND ".join(f"s.{name} % k.by = 0" for name in amounts),
            factors=FACTORS,
        )
    else:
        sql = _INSTALLMENTS.format(
            amounts=", ".join(f"s.{name}" for name in amounts), exact="true", factors=""
        )
    await raw.run(sql)
    await raw.run(_BAD_INSTALLMENTS)
