"""What a tape would change of the book, counted before anything is written: for the guard to judge."""

from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw

# Active loans of the tape's portfolios and sources, and those it has (refused and later ones are there too).
_LACKING: Final = """
SELECT l.portfolio_id, l.source, count(*) AS active,
       count(*) FILTER (
         WHERE EXISTS (SELECT 1 FROM s_loans s WHERE s.source = l.source AND s.ext = l.external_id)
            OR EXISTS (SELECT 1 FROM i_later k WHERE k.source = l.source AND k.ext = l.external_id)
            OR EXISTS (SELECT 1 FROM s_rejects r WHERE r.ext = l.external_id)) AS there
FROM loans l
JOIN (SELECT DISTINCT portfolio_id, source FROM i_loans WHERE stated) t USING (portfolio_id, source)
WHERE l.status = 'active' GROUP BY 1, 2
"""
# Each known loan that the tape states otherwise: by what factor its amounts, by how many days its dates.
_SHIFTS: Final = """
CREATE TEMP TABLE g_shifts ON COMMIT DROP AS
SELECT t.loan_id, sum(t.principal + t.interest + t.fees + t.penalties)::float8
         / nullif(sum(e.principal_minor + e.interest_minor + e.fees_minor + e.penalties_minor), 0) AS factor,
       mode() WITHIN GROUP (ORDER BY t.due_on - e.due_on) AS days
FROM i_installments t JOIN installments e ON e.id = t.known_id
WHERE t.n = 1 AND t.known_digest <> t.digest GROUP BY t.loan_id;
INSERT INTO g_shifts
SELECT l.id, l.principal::float8 / nullif(o.principal_minor, 0), 0
FROM i_loans l JOIN loans o ON o.id = l.known_id
WHERE l.stated AND NOT l.bad AND l.principal <> o.principal_minor
  AND l.id NOT IN (SELECT loan_id FROM g_shifts);
INSERT INTO g_shifts
SELECT p.loan_id, p.amount::float8 / nullif(e.amount_minor, 0), p.received_on - e.received_on
FROM i_payments p JOIN payments e ON e.id = p.known_id
WHERE p.n = 1 AND p.reverses IS NULL AND p.known_digest <> p.digest;
"""
# Payments without an id that are replaced (restate.py), each beside what takes its place: of the same day,
# else in order. What is new beside them is new money, and no shift.
_REPLACED: Final = """
INSERT INTO g_shifts
WITH gone AS (
  SELECT e.id, e.loan_id, e.received_on, e.amount_minor,
         row_number() OVER (PARTITION BY e.loan_id, e.received_on ORDER BY e.id) AS n
  FROM i_gone g JOIN payments e ON e.id = g.id WHERE e.external_id !~ '^so_far/'
), came AS (
  SELECT p.id, p.loan_id, p.received_on, p.amount,
         row_number() OVER (PARTITION BY p.loan_id, p.received_on ORDER BY p.file_no, p.row_no) AS n
  FROM i_payments p
  WHERE p.loan_id IN (SELECT loan_id FROM gone) AND p.n = 1 AND p.reverses IS NULL
    AND p.known_digest IS DISTINCT FROM p.digest AND p.key !~ '^so_far/'
), same_day AS (
  SELECT g.id AS gone, c.id AS came, g.loan_id, g.amount_minor, c.amount
  FROM gone g JOIN came c USING (loan_id, received_on, n)
), in_order AS (
  SELECT g.loan_id, g.amount_minor, c.amount
  FROM (SELECT *, row_number() OVER (PARTITION BY loan_id ORDER BY received_on, n) AS place FROM gone
        WHERE id NOT IN (SELECT gone FROM same_day)) g
  JOIN (SELECT *, row_number() OVER (PARTITION BY loan_id ORDER BY received_on, n) AS place FROM came
        WHERE id NOT IN (SELECT came FROM same_day)) c USING (loan_id, place)
)
SELECT loan_id, sum(amount)::float8 / nullif(sum(amount_minor), 0), 0
FROM (SELECT loan_id, amount_minor, amount FROM same_day UNION ALL TABLE in_order) r GROUP BY loan_id;
"""
# A sum of all that was paid beside what the book has of it. It grows with what is paid, so that only a leap
# is a shift.
_TOTALS: Final = """
INSERT INTO g_shifts
SELECT loan_id, total::float8 / (linked + others), 0 FROM i_chains
WHERE linked + others > 0 AND (total < linked + others OR total >= $1 * (linked + others));
"""
_KNOWN: Final = "SELECT count(*) FROM i_loans WHERE known_id IS NOT NULL AND NOT bad"
_FACTORS: Final = """
SELECT count(DISTINCT loan_id) AS loans, percentile_cont(0.5) WITHIN GROUP (ORDER BY factor) AS factor
FROM g_shifts WHERE factor >= $1 OR factor <= 1 / $1
"""
_DAYS: Final = """
SELECT days, count(DISTINCT loan_id) AS loans FROM g_shifts WHERE days <> 0
GROUP BY days ORDER BY 2 DESC, abs(days) LIMIT 1
"""
# What is new beside what is known, by currency: a whole tape of new loans or payments may be off as well.
# What a sum of all that was paid has grown by (totals.py) is small beside the sum that came first.
_SCALE: Final = """
SELECT 'installments' AS what, n.currency, n.rows, n.middle, o.rows AS book_rows, o.middle AS book_middle
FROM (SELECT l.currency, l.portfolio_id, count(*) AS rows,
             percentile_disc(0.5) WITHIN GROUP (
               ORDER BY t.principal + t.interest + t.fees + t.penalties) AS middle
      FROM i_installments t JOIN i_loans l ON l.id = t.loan_id
      WHERE t.n = 1 AND t.known_id IS NULL GROUP BY 1, 2) n
JOIN LATERAL (SELECT count(*) AS rows, percentile_disc(0.5) WITHIN GROUP (ORDER BY x.due) AS middle
      FROM (SELECT e.principal_minor + e.interest_minor + e.fees_minor + e.penalties_minor AS due
            FROM loans l JOIN installments e ON e.loan_id = l.id
            WHERE l.currency = n.currency AND l.portfolio_id = n.portfolio_id LIMIT 10000) x) o ON true
UNION ALL
SELECT 'payments', n.currency, n.rows, n.middle, o.rows, o.middle
FROM (SELECT l.currency, l.portfolio_id, count(*) AS rows,
             percentile_disc(0.5) WITHIN GROUP (ORDER BY p.amount) AS middle
      FROM i_payments p JOIN i_loans l ON l.id = p.loan_id
      WHERE p.n = 1 AND p.known_id IS NULL AND p.reverses IS NULL AND p.key !~ '^so_far/'
      GROUP BY 1, 2) n
JOIN LATERAL (SELECT count(*) AS rows, percentile_disc(0.5) WITHIN GROUP (ORDER BY x.amount_minor) AS middle
      FROM (SELECT y.amount_minor FROM loans l JOIN payments y ON y.loan_id = l.id
            WHERE l.currency = n.currency AND l.portfolio_id = n.portfolio_id AND y.amount_minor > 0
            LIMIT 10000) x) o ON true
"""
_PICTURED: Final = "SELECT factor, days FROM g_shifts LIMIT 20000"
_FEEDS: Final = """
SELECT portfolio_id, source FROM i_loans
UNION
SELECT l.portfolio_id, l.source
FROM loans l JOIN s_rejects r ON r.ext = l.external_id AND r.source IN ('', l.source)
WHERE l.portfolio_id = ANY($1)
ORDER BY 1, 2
"""
_HABIT: Final = """
SELECT (report->'coverage')::text::float8 FROM imports
WHERE kind = 'loans' AND report->'coverage' <> 'null' AND report->'portfolios' = $1::jsonb
ORDER BY id DESC LIMIT 2
"""
_LAST: Final = "SELECT at FROM imports WHERE kind = $1 AND content_digest = $2 ORDER BY id DESC LIMIT 1"


class Scale(msgspec.Struct, frozen=True):
    """The middle amount of what is new (installments, payments) beside that of the book, in minor units."""

    what: str
    currency: str
    rows: int
    middle: int
    book_rows: int
    book_middle: int


class Covered(msgspec.Struct, frozen=True):
    """Active loans of a feed in the book, and how many of them the tape has."""

    portfolio_id: int
    source: str
    active: int
    there: int


class Measured(msgspec.Struct, frozen=True):
    """What a tape would change. `factor` and `days` are those of the loans that moved most alike.

    feeds           the feeds (portfolio, source) of which it states loans
    known           loans of the book that it speaks of
    """

    feeds: tuple[Covered, ...]
    known: int
    off_by_factor: int
    factor: float | None
    moved: int
    days: int
    scales: tuple[Scale, ...]
    shifts: tuple[tuple[float | None, int], ...]

    @property
    def active(self) -> int:
        """Active loans of its feeds in the book."""
        return sum(one.active for one in self.feeds)

    @property
    def there(self) -> int:
        """How many of them it has."""
        return sum(one.there for one in self.feeds)


async def measure(raw: Raw, least_factor: float, leap: float, *, totals: bool) -> Measured:
    """Compare what is resolved (i_loans, i_installments, i_payments) with the book.

    leap    by what factor no sum of what was paid grows from one tape to the next
    totals  the tape has such sums (totals.py)
    """
    feeds = [Covered(*row) for row in await raw.rows(_LACKING)]
    await raw.run(_SHIFTS)
    await raw.run(_REPLACED)
    if totals:
        await raw.run(_TOTALS, leap)
    factors = (await raw.rows(_FACTORS, least_factor))[0]
    days = await raw.rows(_DAYS)
    scales = [Scale(*row) for row in await raw.rows(_SCALE)]
    return Measured(
        feeds=tuple(feeds),
        known=await raw.value(_KNOWN),
        off_by_factor=factors["loans"],
        factor=factors["factor"],
        moved=days[0]["loans"] if days else 0,
        days=days[0]["days"] if days else 0,
        scales=tuple(scales),
        shifts=tuple((row[0], row[1]) for row in await raw.rows(_PICTURED)),
    )


async def feeds(raw: Raw, portfolios: list[int]) -> list[tuple[int, str]]:
    """(portfolio, source) of the loans that the tape speaks of, be it in rows that are refused.

    portfolios  those of which a row that could not be read may mean a loan
    """
    return [(row[0], row[1]) for row in await raw.rows(_FEEDS, portfolios)]


async def coverage_before(raw: Raw, portfolios: list[str]) -> list[float]:
    """What share of the active loans the last two tapes of these portfolios had, the latest first."""
    rows = await raw.rows(_HABIT, msgspec.json.encode(portfolios).decode())
    return [row[0] for row in rows]


async def last_with(raw: Raw, kind: str, content: bytes) -> datetime | None:
    """When a tape of the kind with the very same content came last."""
    return await raw.value(_LAST, kind, content)


async def hold_feeds(raw: Raw, pairs: list[tuple[int, str]], since: datetime) -> None:
    """Nothing is said of the loans of these feeds from now on."""
    await raw.run(
        "UPDATE feeds f SET held_since = coalesce(held_since, $3) FROM unnest($1::bigint[], $2::text[]) "
        "h(portfolio_id, source) WHERE f.portfolio_id = h.portfolio_id AND f.source = h.source",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
        since,
    )


# Which payments a tape has, told apart by their loans and ids.
_PAYMENT_KEYS: Final = """
SELECT DISTINCT substring(sha256(convert_to(loan_id || ' ' || key, 'UTF8')) FOR 12) AS digest
FROM i_payments WHERE n = 1 AND file_no >= 0
"""
# Tapes that wait and speak of one of these feeds; how many of their loans (where the book had none of them:
# of all loans of their feeds) are active still and not on this one; of one of payments: how many of its
# payments are not on this one (NULL: nobody kept which they are).
_WAITS: Final = """
WITH mine AS MATERIALIZED ({mine})
SELECT a.id, coalesce(a.content->>'fed_at', a.content->>'now')::timestamptz AS fed_at, (
  SELECT count(*)
  FROM unnest(coalesce(nullif(a.loans, '{{}}'), ARRAY(
    SELECT o.id FROM loans o
    WHERE a.content->'feeds' @> jsonb_build_array(jsonb_build_array(o.portfolio_id, o.source))))) u(id)
  JOIN loans l USING (id)
  WHERE l.status = 'active'
    AND NOT EXISTS (SELECT 1 FROM i_loans i WHERE i.known_id = l.id)
    AND NOT EXISTS (SELECT 1 FROM i_later k WHERE k.source = l.source AND k.ext = l.external_id)
    AND NOT EXISTS (SELECT 1 FROM s_rejects r WHERE r.ext = l.external_id AND r.source IN ('', l.source))
) AS lacks,
CASE WHEN $1 <> 'payments' THEN 0 WHEN a.payments IS NOT NULL THEN (
  SELECT count(*) FROM unnest(a.payments) u(digest) WHERE u.digest NOT IN (SELECT digest FROM mine)
) END AS lacks_payments,
ARRAY(SELECT (f->>0)::bigint FROM jsonb_array_elements(a.content->'feeds') f) AS portfolios,
ARRAY(SELECT f->>1 FROM jsonb_array_elements(a.content->'feeds') f) AS sources
FROM approvals a
WHERE a.kind = 'import' AND a.state = 'waiting' AND a.content->>'tape' = $1 AND EXISTS (
  SELECT 1 FROM unnest($2::bigint[], $3::text[]) h(portfolio_id, source)
  WHERE a.content->'feeds' @> jsonb_build_array(jsonb_build_array(h.portfolio_id, h.source)))
ORDER BY 1
"""
_SPOKEN_OF: Final = """
SELECT known_id FROM i_loans WHERE known_id IS NOT NULL
UNION
SELECT l.id FROM loans l JOIN s_rejects r ON r.ext = l.external_id AND r.source IN ('', l.source)
WHERE l.portfolio_id = ANY($1)
"""


class Waits(msgspec.Struct, frozen=True):
    """A tape that waits for approval: its moment, and how many of its active loans and of its payments the
    tape at hand lacks (None: nobody knows); the portfolios and sources of its feeds, in pairs."""

    id: int
    fed_at: datetime
    lacks: int
    lacks_payments: int | None
    portfolios: list[int]
    sources: list[str]


async def waiting(raw: Raw, kind: str, pairs: list[tuple[int, str]]) -> list[Waits]:
    """Tapes of the kind that wait for approval and speak of one of these feeds, beside the tape at hand."""
    columns = ([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return [Waits(*row) for row in await raw.rows(_WAITS.format(mine=_PAYMENT_KEYS), kind, *columns)]


async def known_loans(raw: Raw, portfolios: list[int]) -> list[int]:
    """The loans of the book that the tape at hand speaks of, be it in rows that are refused (`feeds`)."""
    return [row[0] for row in await raw.rows(_SPOKEN_OF, portfolios)]


async def supersede(raw: Raw, keys: list[int], by: str, at: datetime) -> None:
    """A later tape takes the place of these, which wait for approval."""
    await raw.run(
        "UPDATE approvals SET state = 'superseded', decided_by = $2, decided_at = $3 "
        "WHERE id = ANY($1) AND state = 'waiting'",
        keys,
        by,
        at,
    )


async def payment_keys(raw: Raw) -> list[bytes]:
    """Digests of the payments of the tape at hand, by which a later one is asked for them."""
    return [row[0] for row in await raw.rows(_PAYMENT_KEYS)]


async def keep_said(raw: Raw, key: int, loans: list[int], payments: list[bytes] | None) -> None:
    """Keep with a question which loans of the book its tape speaks of, and which payments it has."""
    await raw.run("UPDATE approvals SET loans = $2, payments = $3 WHERE id = $1", key, loans, payments)


async def release_feeds(raw: Raw, at: datetime) -> None:
    """Feeds of which no tape waits for approval any more are free; what waited for that is looked at."""
    await raw.run(
        "WITH freed AS ("
        "  UPDATE feeds f SET held_since = NULL WHERE held_since IS NOT NULL AND NOT EXISTS ("
        "    SELECT 1 FROM approvals a WHERE a.kind = 'import' AND a.state = 'waiting'"
        "    AND a.content->'feeds' @> jsonb_build_array(jsonb_build_array(f.portfolio_id, f.source)))"
        "  RETURNING portfolio_id, source"
        "), concerned AS ("
        "  SELECT DISTINCT o.case_id FROM occurrences o JOIN loans l ON l.id = o.loan_id"
        "  JOIN freed USING (portfolio_id, source) WHERE o.state = 'waiting' AND o.reason = 'held_tape'"
        "), chosen AS ("
        "  SELECT id FROM cases WHERE id IN (SELECT case_id FROM concerned) ORDER BY id FOR NO KEY UPDATE"
        ") UPDATE cases c SET next_look_at = least(c.next_look_at, $1) FROM chosen WHERE chosen.id = c.id",
        at,
    )
