"""Which records are one person: what somebody said of it, and what follows for each record.

A merge moves nothing. It is a row, and the reads that are about a person read all their records; so taking it
back leaves every record as it was written.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.raw import Raw

RECORDS: Final = (
    "SELECT unnest($1::bigint[]) UNION "
    "SELECT other_id FROM same_persons WHERE person_id = ANY($1::bigint[]) AND ended_at IS NULL"
)
"""The ids of $1 with the other records of the same persons."""


class Merge(msgspec.Struct, frozen=True):
    """That somebody said two records are one person. `person` is the lower id."""

    id: int
    person: int
    other: int
    made_at: datetime
    made_by: str


async def portfolios_of(raw: Raw, persons: Sequence[int]) -> list[int]:
    """The portfolios in which one of these records has a case, or a part in a loan."""
    rows = await raw.rows(
        "SELECT portfolio_id FROM cases WHERE person_id = ANY($1) "
        "UNION SELECT l.portfolio_id FROM parties t JOIN loans l ON l.id = t.loan_id "
        "WHERE t.person_id = ANY($1) ORDER BY 1",
        list(persons),
    )
    return [row[0] for row in rows]


_STANDING: Final = """
SELECT id, person_id, other_id, made_at, made_by FROM merges
WHERE ended_at IS NULL AND (person_id = ANY($1) OR other_id = ANY($1)) ORDER BY id
"""
_BETWEEN: Final = "SELECT id FROM merges WHERE person_id = $1 AND other_id = $2 AND ended_at IS NULL"
_END_PAIRS: Final = """
UPDATE same_persons SET ended_at = $3, ended_place = nextval('decisions_id_seq')
WHERE ended_at IS NULL AND (person_id, other_id) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))
"""
# An address is on file with another person where the other is not the same one (storage/intake/people.py).
_SHARE: Final = """
UPDATE addresses a SET shared = n.shared
FROM (SELECT b.id, EXISTS (
        SELECT 1 FROM addresses o WHERE o.token = b.token AND o.kind = b.kind AND o.person_id <> b.person_id
          AND o.state <> 'detached' AND o.replaced_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM same_persons s WHERE s.person_id = b.person_id
                          AND s.other_id = o.person_id AND s.ended_at IS NULL)) AS shared
      FROM addresses b
      WHERE (b.token, b.kind) IN (SELECT token, kind FROM addresses WHERE person_id = ANY($1))) n
WHERE a.id = n.id AND a.shared <> n.shared
RETURNING a.person_id
"""


async def records_of(raw: Raw, persons: Sequence[int]) -> list[int]:
    """`persons` and the other records of the same ones, by id."""
    return sorted(row[0] for row in await raw.rows(RECORDS, list(persons)))


async def lock_records(raw: Raw, persons: Sequence[int]) -> None:
    """Hold the records until the transaction ends: one merge of them at a time."""
    await raw.rows("SELECT id FROM persons WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(persons))


async def standing_merges(raw: Raw, persons: Sequence[int]) -> list[Merge]:
    """The merges that stand and name one of `persons`."""
    return [Merge(*row) for row in await raw.rows(_STANDING, list(persons))]


async def add_merge(
    raw: Raw, person: int, other: int, pairs: Sequence[tuple[int, int]], seen: str, by: str, now: datetime
) -> int:
    """Record that two are one, and the `pairs` of records (both ways) that are one person by it; its id.

    Touch their cases first: a place among decisions is drawn here (storage/tables/doors.py).
    """
    first, second = sorted((person, other))
    made = await raw.value(
        "INSERT INTO merges (person_id, other_id, made_at, made_by, seen) VALUES ($1, $2, $3, $4, $5) "
        "RETURNING id",
        first,
        second,
        now,
        by,
        seen,
    )
    await raw.run(
        "INSERT INTO same_persons (person_id, other_id, since) "
        "SELECT a, b, $3 FROM unnest($1::bigint[], $2::bigint[]) n(a, b)",
        [one for one, _ in pairs],
        [two for _, two in pairs],
        now,
    )
    return made


async def end_merge(raw: Raw, merge: int, pairs: Sequence[tuple[int, int]], by: str, now: datetime) -> None:
    """Take a merge back, and with it those `pairs` of records that were one person by it."""
    await raw.run("UPDATE merges SET ended_at = $2, ended_by = $3 WHERE id = $1", merge, now, by)
    await raw.run(_END_PAIRS, [one for one, _ in pairs], [two for _, two in pairs], now)


async def merge_between(raw: Raw, person: int, other: int) -> int | None:
    """The merge of just these two that stands; None where there is none."""
    return await raw.value(_BETWEEN, *sorted((person, other)))


async def share_addresses(raw: Raw, persons: Sequence[int]) -> list[int]:
    """Whether the addresses of `persons` are on file with somebody else, anew; the persons for whom it
    changed."""
    return sorted({row[0] for row in await raw.rows(_SHARE, list(persons))})


# --- what the facts read ----------------------------------------------------------------------------


class Other(msgspec.Struct, frozen=True):
    """Another record of the same person: since when it is known to be, and what it says of them."""

    person: int
    since: datetime
    flags: tuple[str, ...]
    zones: tuple[str, ...]
    own_hours: tuple[str, ...]


_OTHERS: Final = """
SELECT s.person_id, s.other_id, s.since, o.flags, o.zones, o.own_hours
FROM same_persons s JOIN persons o ON o.id = s.other_id
WHERE s.person_id = ANY($1) AND s.ended_at IS NULL ORDER BY s.person_id, s.other_id
"""
# What one record knows to be no good, another one of the same person does not use either.
_BARRED: Final = """
SELECT a.id FROM same_persons s JOIN addresses a ON a.person_id = s.person_id
JOIN addresses b ON b.person_id = s.other_id AND b.kind = a.kind AND b.token = a.token
 AND b.state IN ('suspended', 'detached')
WHERE s.person_id = ANY($1) AND s.ended_at IS NULL
"""


async def others_of(raw: Raw, persons: Sequence[int]) -> dict[int, tuple[Other, ...]]:
    """By record, the other ones of the same person."""
    found: dict[int, tuple[Other, ...]] = {}
    for person, other, since, flags, zones, hours in await raw.rows(_OTHERS, list(persons)):
        one = Other(other, since, tuple(flags), tuple(zones), tuple(hours))
        found[person] = (*found.get(person, ()), one)
    return found


async def barred_addresses(raw: Raw, persons: Sequence[int]) -> set[int]:
    """Addresses of `persons` that another record of theirs knows to be no good."""
    return {row[0] for row in await raw.rows(_BARRED, list(persons))}


# --- both records, to be shown ----------------------------------------------------------------------

_PERSON: Final = """
SELECT id, source, external_id, name, language, zones, country, region, flags, own_hours
FROM persons WHERE id = ANY($1) ORDER BY id
"""
_ADDRESSES: Final = """
SELECT person_id, id, kind, value, token, state, basis, shared, replaced_at IS NOT NULL AS replaced
FROM addresses WHERE person_id = ANY($1) AND kind <> 'chat' ORDER BY person_id, kind, id
"""
_LOANS: Final = """
SELECT pa.person_id, l.external_id AS loan, f.code AS portfolio, pa.role, l.status, l.currency, l.attributes,
       coalesce((SELECT sum(i.left_minor) FROM installments i WHERE i.loan_id = l.id), 0)::bigint
         AS left_minor
FROM parties pa JOIN loans l ON l.id = pa.loan_id JOIN portfolios f ON f.id = l.portfolio_id
WHERE pa.person_id = ANY($1) ORDER BY pa.person_id, l.id
"""
_HOLDS: Final = """
SELECT person_id, kind, ends_at FROM holds
WHERE person_id = ANY($1) AND loan_id IS NULL AND (ends_at IS NULL OR ends_at > $2) ORDER BY person_id, id
"""
_STOPS: Final = """
SELECT person_id, channel FROM (
  SELECT DISTINCT ON (person_id, channel) person_id, channel, state FROM consents
  WHERE person_id = ANY($1) ORDER BY person_id, channel, at DESC, id DESC) last
WHERE state = 'revoked' ORDER BY 1, 2
"""


class Shown(msgspec.Struct, frozen=True):
    """The rows that a record of a person is shown from, by table; values still sealed."""

    person: Any
    addresses: list[Any]
    loans: list[Any]
    holds: list[Any]
    stops: list[str]
    chat: bool


async def shown(raw: Raw, persons: Sequence[int], now: datetime) -> list[Shown]:
    """Everything that is shown of `persons` before somebody says that they are one."""
    ids = list(persons)
    addresses, loans = await raw.rows(_ADDRESSES, ids), await raw.rows(_LOANS, ids)
    holds, stops = await raw.rows(_HOLDS, ids, now), await raw.rows(_STOPS, ids)
    chats = {row[0] for row in await raw.rows("SELECT person_id FROM chats WHERE person_id = ANY($1)", ids)}

    def of(rows: Sequence[Any], person: int) -> list[Any]:
        return [row for row in rows if row["person_id"] == person]

    return [
        Shown(
            row,
            of(addresses, row["id"]),
            of(loans, row["id"]),
            of(holds, row["id"]),
            [one["channel"] for one in of(stops, row["id"])],
            row["id"] in chats,
        )
        for row in await raw.rows(_PERSON, ids)
    ]


async def person_ids(raw: Raw, external_id: str, source: str | None) -> list[tuple[int, str]]:
    """(id, source) of the records of that external id."""
    rows = await raw.rows(
        "SELECT id, source FROM persons WHERE external_id = $1 AND ($2::text IS NULL OR source = $2) "
        "ORDER BY source",
        external_id,
        source,
    )
    return [(row[0], row[1]) for row in rows]
