"""What became of the rows of a tape, counted; and what follows for the feed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from storage.raw import Raw

# A row is loaded when what it is was not known, updated when anything it says is new or other than before,
# else unchanged. 4, 3, 1: the highest word on a row counts.
_OUTCOMES: Final = """
WITH said AS (
  SELECT s.file_no, s.row_no,
         CASE WHEN (s.file_no, s.row_no) <> (i.file_no, i.row_no) OR i.known_digest = i.digest THEN 1
              WHEN i.known_id IS NULL AND f.states = 'loan' THEN 4 ELSE 3 END AS word
  FROM s_loans s JOIN i_refs r USING (source, ext) JOIN i_loans i ON i.id = r.id
  JOIN s_files f ON f.file_no = s.file_no
  WHERE NOT i.bad
  UNION ALL
  SELECT s.file_no, s.row_no, 3
  FROM s_loans s JOIN i_refs r USING (source, ext) JOIN i_loans i ON i.id = r.id AND NOT i.bad
  JOIN i_persons p ON p.source = s.source AND p.ext = s.person_ext WHERE p.known_digest <> p.digest
  UNION ALL
  SELECT t.file_no, t.row_no,
         CASE WHEN t.n > 1 OR t.known_digest = t.digest THEN 1
              WHEN t.known_id IS NULL AND f.states = 'installment' THEN 4 ELSE 3 END
  FROM i_installments t JOIN s_files f USING (file_no)
  UNION ALL
  SELECT p.file_no, p.row_no,
         CASE WHEN p.n > 1 OR p.known_digest = p.digest THEN 1
              WHEN p.known_id IS NULL AND (f.alone OR i.known_id IS NULL) THEN 4 ELSE 3 END
  FROM i_payments p JOIN s_files f USING (file_no) JOIN i_loans i ON i.id = p.loan_id
  UNION ALL
  SELECT t.file_no, t.row_no, 3 FROM i_totals t
  WHERE t.n = 1 AND t.loan_id IN (SELECT loan_id FROM i_gone)
  UNION ALL
  SELECT s.file_no, s.row_no,
         CASE WHEN (s.file_no, s.row_no) <> (t.file_no, t.row_no) THEN 1 WHEN t.known_role IS NULL THEN 4
              WHEN t.known_role <> t.role OR p.known_digest <> p.digest THEN 3 ELSE 1 END
  FROM s_parties s JOIN i_refs r USING (source, ext)
  JOIN i_parties t ON t.loan_id = r.id AND t.person_ext = s.person_ext AND t.role = s.role
  JOIN i_persons p ON p.source = t.source AND p.ext = t.person_ext
)
SELECT word, count(*) FROM (SELECT max(word) AS word FROM said GROUP BY file_no, row_no) r GROUP BY word
"""
_SUMS: Final = """
SELECT 'due', l.currency, sum(t.principal + t.interest + t.fees + t.penalties)
FROM i_installments t JOIN i_loans l ON l.id = t.loan_id WHERE t.n = 1 GROUP BY 2
UNION ALL
SELECT 'paid', l.currency, sum(p.amount)
FROM i_payments p JOIN i_loans l ON l.id = p.loan_id WHERE p.n = 1 AND p.reverses IS NULL GROUP BY 2
UNION ALL
SELECT 'principal', currency, sum(principal)
FROM i_loans WHERE stated AND NOT bad AND principal IS NOT NULL GROUP BY 2
ORDER BY 1, 2
"""
# What the tape does not have any more is recalled; its digest is forgotten, so that its return is a change.
# A later feed knows better than an earlier one.
_RECALL: Final = """
WITH gone AS (
  UPDATE loans l SET status = 'recalled', feed_digest = ''
  FROM (SELECT DISTINCT portfolio_id, source FROM i_loans WHERE stated) t
  WHERE l.portfolio_id = t.portfolio_id AND l.source = t.source AND l.status = 'active'
    AND NOT EXISTS (SELECT 1 FROM feeds f
                    WHERE f.portfolio_id = l.portfolio_id AND f.source = l.source AND f.fed_at > $1)
    AND NOT EXISTS (SELECT 1 FROM s_loans s WHERE s.source = l.source AND s.ext = l.external_id)
    AND NOT EXISTS (SELECT 1 FROM i_later k WHERE k.source = l.source AND k.ext = l.external_id)
    AND l.external_id NOT IN (SELECT ext FROM s_rejects WHERE ext IS NOT NULL)
  RETURNING l.id
), concerned AS (
  INSERT INTO i_touched SELECT p.case_id FROM parties p JOIN gone ON gone.id = p.loan_id
)
SELECT count(*) FROM gone
"""
# Steps that waited for news of payments are looked at again when it comes.
_FED: Final = """
WITH fed AS (
  INSERT INTO feeds AS f (portfolio_id, source, fed_at)
  SELECT DISTINCT portfolio_id, source, $1::timestamptz FROM i_loans
  WHERE NOT bad AND (portfolio_id, source) NOT IN (SELECT * FROM unnest($3::bigint[], $4::text[]))
  UNION
  SELECT portfolio_id, source, $1::timestamptz FROM feeds
  WHERE portfolio_id = $2 AND (portfolio_id, source) NOT IN (SELECT * FROM unnest($3::bigint[], $4::text[]))
  ON CONFLICT (portfolio_id, source) DO UPDATE SET fed_at = EXCLUDED.fed_at WHERE f.fed_at < EXCLUDED.fed_at
  RETURNING portfolio_id, source
)
INSERT INTO i_touched
SELECT DISTINCT o.case_id
FROM occurrences o JOIN loans l ON l.id = o.loan_id JOIN fed USING (portfolio_id, source)
WHERE o.state = 'waiting' AND o.reason IN ('stale_feed', 'promise_undecided')
UNION
SELECT p.case_id
FROM promises p JOIN promise_loans m ON m.promise_id = p.id JOIN loans l ON l.id = m.loan_id
JOIN fed USING (portfolio_id, source)
WHERE p.state = 'open' AND p.until <= $1
"""
_FEED_UNKNOWN: Final = """
INSERT INTO feeds (portfolio_id, source, fed_at)
SELECT DISTINCT portfolio_id, source, 'epoch'::timestamptz FROM i_loans WHERE NOT bad ON CONFLICT DO NOTHING
"""


async def outcomes(raw: Raw) -> dict[str, int]:
    """Rows by what became of them: loaded, updated, unchanged, skipped, rejected."""
    words = {row[0]: row[1] for row in await raw.rows(_OUTCOMES)}
    skipped = await raw.value("SELECT count(*) FROM (SELECT DISTINCT file_no, row_no FROM s_skips) s")
    rejected = await raw.value("SELECT count(*) FROM (SELECT DISTINCT file_no, row_no FROM s_rejects) r")
    return {
        "loaded": words.get(4, 0),
        "updated": words.get(3, 0),
        "unchanged": words.get(1, 0),
        "skipped": skipped,
        "rejected": rejected,
    }


async def sums(raw: Raw) -> list[tuple[str, str, int]]:
    """(due, paid or principal; currency; minor units) over the rows taken."""
    return [(row[0], row[1], int(row[2])) for row in await raw.rows(_SUMS)]


async def recall_absent(raw: Raw, fed_at: datetime) -> int:
    """Recall the active loans of the tape's portfolios and sources that it does not have; how many."""
    return await raw.value(_RECALL, fed_at)


async def nameless_rejects(raw: Raw) -> int:
    """Rows of loans that were refused without telling which loan they are."""
    return await raw.value(
        "SELECT count(*) FROM s_rejects r JOIN s_files f USING (file_no) "
        "WHERE r.ext IS NULL AND r.rank = 0 AND f.states = 'loan'"
    )


async def feed_known(
    raw: Raw, fed_at: datetime, portfolio_id: int | None, silent: Sequence[tuple[int, str]]
) -> None:
    """Payments are known up to `fed_at`, for all loans of the feeds the tape speaks of (and all of
    `portfolio_id`), but not for those (portfolio, source) that it is `silent` about: it lacks loans of them,
    or an earlier tape of their payments waits for approval."""
    await raw.run(_FED, fed_at, portfolio_id, [one[0] for one in silent], [one[1] for one in silent])


async def feed_unknown(raw: Raw) -> None:
    """The tape told nothing of payments: a feed without any news is known up to no moment yet."""
    await raw.run(_FEED_UNKNOWN)


async def keep_import(
    raw: Raw,
    kind: str,
    file_name: str,
    mapping: str,
    portfolio_id: int | None,
    at: datetime,
    fed_at: datetime,
    report: bytes,
    content_digest: bytes | None,
) -> int:
    """The row that says that this import happened; its id."""
    return await raw.value(
        "INSERT INTO imports (kind, file_name, mapping, portfolio_id, at, fed_at, report, content_digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8) RETURNING id",
        kind,
        file_name,
        mapping,
        portfolio_id,
        at,
        fed_at,
        report.decode(),
        content_digest,
    )
