"""Records that may be one person: found by keyed tokens of what both say. Nobody is merged here."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from storage.raw import Raw

_BATCH: Final = 2000

# Of each pair the lower id first; those that are one person already are none. An address that half the book
# has on file (an office's number) says nothing: more than so many records are passed over.
_CROWD: Final = 10
_TOKENS: Final = """
CREATE TEMP TABLE t_alike (person_id bigint NOT NULL, what text NOT NULL, token bytea NOT NULL) ON COMMIT DROP
"""
_OF_ADDRESSES: Final = """
INSERT INTO t_alike SELECT person_id, kind, token FROM addresses
WHERE kind IN ('phone', 'email') AND state <> 'detached'
  AND (token, kind) IN (SELECT token, kind FROM addresses GROUP BY 1, 2 HAVING count(*) > 1)
"""
# Names are sealed: opened one after the other, and only those of who has one of these attributes.
_NAMED: Final = """
SELECT DISTINCT p.id, p.name, k.key, k.value
FROM persons p JOIN parties pa ON pa.person_id = p.id AND pa.role = 'borrower'
JOIN loans l ON l.id = pa.loan_id
CROSS JOIN LATERAL jsonb_each_text(l.attributes) k
WHERE p.name IS NOT NULL AND k.key = ANY($1) AND k.value <> '' ORDER BY p.id
"""
_PAIRS: Final = """
WITH kept AS (
  SELECT DISTINCT person_id, what, token FROM t_alike
), few AS (
  SELECT what, token FROM kept GROUP BY 1, 2 HAVING count(*) BETWEEN 2 AND $3
)
SELECT a.person_id, b.person_id, array_agg(DISTINCT a.what ORDER BY a.what)
FROM kept a JOIN few USING (what, token)
JOIN kept b USING (what, token)
JOIN cases x ON x.person_id = a.person_id JOIN cases y ON y.person_id = b.person_id
WHERE a.person_id < b.person_id AND x.portfolio_id = ANY($1) AND y.portfolio_id = ANY($1)
  AND NOT EXISTS (SELECT 1 FROM same_persons s WHERE s.person_id = a.person_id
                  AND s.other_id = b.person_id AND s.ended_at IS NULL)
GROUP BY 1, 2 ORDER BY count(DISTINCT a.what) DESC, 1, 2 LIMIT $2
"""


class Pair(msgspec.Struct, frozen=True):
    """Two records, and what they have in common: phone, email, name."""

    person: int
    other: int
    by: tuple[str, ...]


async def pairs_alike(
    raw: Raw,
    portfolios: Sequence[int],
    attributes: Sequence[str],
    token: Callable[[int, bytes, str, str], bytes],
    limit: int,
) -> list[Pair]:
    """Pairs of records in `portfolios` that share a phone, an email, or their name and one of `attributes`.

    `token`: of (person, sealed name, attribute, its value), equal where both are.
    """
    await raw.run(_TOKENS)
    await raw.run(_OF_ADDRESSES)
    async for rows in raw.batches(_NAMED, list(attributes), size=_BATCH):
        named = [(row[0], "name", token(row[0], row[1], row[2], row[3])) for row in rows]
        await raw.copy("t_alike", ("person_id", "what", "token"), named)
    rows = await raw.rows(_PAIRS, list(portfolios), limit, _CROWD)
    return [Pair(row[0], row[1], tuple(row[2])) for row in rows]
