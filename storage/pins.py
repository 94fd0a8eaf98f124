"""PINs of persons: a keyed digest, how often a wrong one was given, and until when none is taken."""

from datetime import datetime

import msgspec

from storage.raw import Raw


class Pin(msgspec.Struct, frozen=True):
    """The PIN of a person, its row locked."""

    digest: bytes
    failures: int
    locked_until: datetime | None


async def lock_pin(raw: Raw, person: int) -> Pin | None:
    """The person's PIN; None where they have none."""
    rows = await raw.rows(
        "SELECT digest, failures, locked_until FROM pins WHERE person_id = $1 FOR UPDATE", person
    )
    return Pin(*rows[0]) if rows else None


async def keep_pin(raw: Raw, person: int, digest: bytes, by: str, now: datetime) -> None:
    """A new PIN, in place of any; it is not locked."""
    await raw.run(
        "INSERT INTO pins (person_id, digest, set_at, set_by) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (person_id) DO UPDATE SET digest = EXCLUDED.digest, set_at = EXCLUDED.set_at, "
        "set_by = EXCLUDED.set_by, failures = 0, locked_until = NULL",
        person,
        digest,
        now,
        by,
    )


async def count_pin(raw: Raw, person: int, failures: int, locked_until: datetime | None) -> None:
    """How many wrong ones were given one after the other, and until when none is taken."""
    await raw.run(
        "UPDATE pins SET failures = $2, locked_until = $3 WHERE person_id = $1",
        person,
        failures,
        locked_until,
    )


async def portfolios_of(raw: Raw, person: int) -> list[str]:
    """The codes of the portfolios that the person has a case with."""
    rows = await raw.rows(
        "SELECT DISTINCT f.code FROM cases c JOIN portfolios f ON f.id = c.portfolio_id "
        "WHERE c.person_id = $1 ORDER BY 1",
        person,
    )
    return [row[0] for row in rows]


async def persons_named(raw: Raw, external_id: str, source: str | None) -> list[tuple[int, str]]:
    """(id, source) of the persons of that id, one a source."""
    rows = await raw.rows(
        "SELECT id, source FROM persons WHERE external_id = $1 AND ($2::text IS NULL OR source = $2) "
        "ORDER BY source",
        external_id,
        source,
    )
    return [(row[0], row[1]) for row in rows]
