"""Persons and addresses of a tape: what is new or changed is read back, and written sealed."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from storage.raw import Raw

PERSONS: Final = (
    *("id", "source", "external_id", "name", "language", "zones", "country", "region"),
    "feed_digest",
)
ADDRESSES: Final = ("id", "person_id", "kind", "value", "token", "state", "basis", "seen_at")

_PERSONS: Final = """
CREATE TEMP TABLE i_persons ON COMMIT DROP AS
WITH needed AS (
  SELECT source, person_ext AS ext FROM i_loans WHERE stated AND NOT bad
  UNION SELECT source, person_ext FROM i_parties
), said AS (
  SELECT DISTINCT ON (source, ext, digest) *
  FROM (SELECT coalesce(l.source, s.source) AS source, s.ext, s.digest, s.place, s.content, l.zone
        FROM s_persons s
        LEFT JOIN i_refs f ON f.source = s.source AND f.ext = s.loan_ext
        LEFT JOIN i_loans l ON l.id = f.id) x
  ORDER BY source, ext, digest, place
), whole AS (
  SELECT source, ext, string_agg(digest, ''::bytea ORDER BY digest) AS digest,
         array_agg(place ORDER BY place) AS places, array_agg(content ORDER BY place) AS contents,
         min(zone) AS zone
  FROM said JOIN needed USING (source, ext) GROUP BY source, ext
)
SELECT w.*, coalesce(p.id, nextval('persons_id_seq')) AS id, p.id AS known_id, p.feed_digest AS known_digest
FROM whole w LEFT JOIN persons p ON p.source = w.source AND p.external_id = w.ext;
ANALYZE i_persons;
CREATE TEMP TABLE i_addresses (
    id bigint, person_id bigint NOT NULL, kind text NOT NULL, value bytea NOT NULL, token bytea NOT NULL,
    state text NOT NULL, basis text NOT NULL, seen_at timestamptz NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE i_changed_persons (
    id bigint, name bytea, language text, zones text[], country text, region text, feed_digest bytea
) ON COMMIT DROP;
CREATE TEMP TABLE i_tokens (token bigint, person_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE i_touched (case_id bigint NOT NULL) ON COMMIT DROP;
"""
_CHANGED: Final = """
SELECT id, known_id IS NULL AS is_new, source, ext, digest, places, contents, zone
FROM i_persons WHERE known_digest IS DISTINCT FROM digest ORDER BY id
"""
_UPDATE: Final = """
UPDATE persons p
SET name = c.name, language = CASE WHEN p.language_chosen THEN p.language ELSE c.language END,
    zones = c.zones, country = c.country, region = c.region, feed_digest = c.feed_digest
FROM i_changed_persons c WHERE c.id = p.id;
INSERT INTO i_touched SELECT c.id FROM cases c JOIN i_changed_persons p ON p.id = c.person_id;
"""
# What a person said of an address (confirmed, wrong, stopped) outweighs what the file says again; so does a
# register that says it has a new owner (storage/addresses.py).
_ADDRESSES: Final = """
INSERT INTO addresses AS a (id, person_id, kind, value, token, state, basis, seen_at)
SELECT id, person_id, kind, value, token, state, basis, seen_at FROM i_addresses
ON CONFLICT (person_id, kind, token) DO UPDATE
SET state = CASE WHEN a.state IN ('attested', 'unverified') AND a.basis <> 'reassigned'
                 THEN EXCLUDED.state ELSE a.state END,
    basis = CASE WHEN a.basis = 'reassigned' THEN a.basis ELSE EXCLUDED.basis END,
    seen_at = greatest(a.seen_at, EXCLUDED.seen_at), replaced_at = NULL
"""
# The file names another one of its kind: what it vouched for before, it vouches for no more.
_REPLACED: Final = """
UPDATE addresses a SET state = 'unverified', replaced_at = i.seen_at
FROM (SELECT person_id, kind, max(seen_at) AS seen_at FROM i_addresses GROUP BY 1, 2) i
WHERE a.person_id = i.person_id AND a.kind = i.kind AND a.seen_at <= i.seen_at AND a.replaced_at IS NULL
  AND a.state IN ('attested', 'unverified')
  AND NOT EXISTS (SELECT 1 FROM i_addresses x
                  WHERE x.person_id = a.person_id AND x.kind = a.kind AND x.token = a.token)
"""
# One is shared while two persons have it on file; two records of one person are no two.
_SHARED: Final = """
WITH spoken_of AS (
  SELECT token, kind FROM i_addresses
  UNION
  SELECT a.token, a.kind FROM addresses a
  WHERE a.replaced_at IS NOT NULL AND a.person_id IN (SELECT person_id FROM i_addresses)
), counted AS (
  SELECT a.token, a.kind,
         count(DISTINCT least(a.person_id, s.first))
           FILTER (WHERE a.replaced_at IS NULL AND a.state <> 'detached') > 1 AS several
  FROM addresses a JOIN spoken_of USING (token, kind)
  LEFT JOIN (SELECT person_id, min(other_id) AS first FROM same_persons WHERE ended_at IS NULL GROUP BY 1) s
    USING (person_id)
  GROUP BY a.token, a.kind
), marked AS (
  UPDATE addresses a SET shared = c.several FROM counted c
  WHERE c.token = a.token AND c.kind = a.kind AND a.shared <> c.several
  RETURNING a.person_id
)
INSERT INTO i_touched SELECT c.id FROM cases c WHERE c.person_id IN (SELECT person_id FROM marked)
"""
# In their own order: an index takes what is sorted in half the time.
_TOKENS: Final = """
INSERT INTO person_tokens (token, person_id) SELECT DISTINCT token, person_id FROM i_tokens ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""


async def resolve_persons(raw: Raw) -> None:
    """The persons of all loans that are taken: i_persons."""
    await raw.run(_PERSONS)


def changed_persons(raw: Raw) -> AsyncIterator[list[Any]]:
    """(id, is_new, source, ext, digest, places, contents, zone) of those new or said otherwise."""
    return raw.batches(_CHANGED)


async def insert_persons(raw: Raw, records: Sequence[tuple[object, ...]]) -> None:
    """Write new persons; the columns are PERSONS."""
    await raw.copy("persons", PERSONS, records)


async def hold_changed(raw: Raw, records: Sequence[tuple[object, ...]]) -> None:
    """Keep changed persons (id, name, language, zones, country, region, digest) for `write_persons`."""
    columns = ("id", "name", "language", "zones", "country", "region", "feed_digest")
    await raw.copy("i_changed_persons", columns, records)


async def hold_addresses(raw: Raw, records: Sequence[tuple[object, ...]]) -> None:
    """Keep addresses for `write_persons`; the columns are ADDRESSES."""
    await raw.copy("i_addresses", ADDRESSES, records)


async def hold_tokens(raw: Raw, records: Sequence[tuple[object, ...]]) -> None:
    """Keep (token, person) of names and numbers for `write_persons`."""
    await raw.copy("i_tokens", ("token", "person_id"), records)


async def write_persons(raw: Raw) -> None:
    """Update changed persons, write all addresses, mark those replaced and those that two persons have."""
    await raw.run(_UPDATE)
    await raw.run("ANALYZE i_addresses")
    await raw.run(_ADDRESSES)
    await raw.run(_REPLACED)
    await raw.run(_SHARED)
    await raw.run(_TOKENS)


async def address_ids(raw: Raw, count: int) -> list[int]:
    """Ids for addresses to come."""
    return await raw.ids("addresses", count)
