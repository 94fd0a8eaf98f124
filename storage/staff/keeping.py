"""What somebody keeps for later: tags of a case, filters, and the places of visits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.desk import MAY
from storage.staff.ended import ENDED
from storage.staff.theirs import THEIRS


class Filter(msgspec.Struct, frozen=True):
    """A search that somebody keeps, opened."""

    id: int
    name: str
    wanted: str


class Visit(msgspec.Struct, frozen=True):
    """A case that waits to be visited. `place`: "latitude,longitude" of the last note of one, opened."""

    case: int
    finish_by: datetime | None
    place: str | None


async def tags_of(raw: Raw, case: int) -> list[str]:
    """The tags of a case, set by the staff, and those that came with its loans."""
    rows = await raw.rows(
        "SELECT tag FROM case_tags WHERE case_id = $1 UNION SELECT unnest(l.tags) FROM loans l "
        "JOIN parties pa ON pa.loan_id = l.id WHERE pa.case_id = $1 ORDER BY 1",
        case,
    )
    return [row[0] for row in rows]


async def set_tag(raw: Raw, case: int, tag: str, by: str, now: datetime) -> bool:
    """Whether it is new."""
    return bool(
        await raw.run(
            'INSERT INTO case_tags (case_id, tag, at, "by") VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
            case,
            tag,
            now,
            by,
        )
    )


async def drop_tag(raw: Raw, case: int, tag: str) -> bool:
    """Whether it was there. What came with a loan stays."""
    return bool(await raw.run("DELETE FROM case_tags WHERE case_id = $1 AND tag = $2", case, tag))


async def add_filter(raw: Raw, keyring: Keyring, staff: int, name: str, wanted: str, now: datetime) -> None:
    """Keep a search; one of the same name gives way."""
    await raw.run("DELETE FROM filters WHERE staff_id = $1 AND name = $2", staff, name)
    (id_,) = await raw.ids("filters", 1)
    await raw.run(
        "INSERT INTO filters (id, staff_id, name, wanted, at) VALUES ($1, $2, $3, $4, $5)",
        id_,
        staff,
        name,
        keyring.seal("filters", "wanted", id_, wanted),
        now,
    )


async def filters_of(raw: Raw, keyring: Keyring, staff: int) -> list[Filter]:
    """Their searches, by name."""
    rows = await raw.rows("SELECT id, name, wanted FROM filters WHERE staff_id = $1 ORDER BY name", staff)
    return [Filter(id_, name, keyring.open("filters", "wanted", id_, wanted)) for id_, name, wanted in rows]


async def drop_filter(raw: Raw, staff: int, filter_: int) -> bool:
    """Whether it was theirs."""
    return bool(await raw.run("DELETE FROM filters WHERE id = $1 AND staff_id = $2", filter_, staff))


_VISITS: Final = f"""
SELECT v.case_id, v.finish_by, n.id AS note, n.body FROM (
  SELECT DISTINCT ON (t.case_id) t.case_id, t.finish_by
  FROM tasks t JOIN cases c ON c.id = t.case_id LEFT JOIN assignments a ON a.case_id = c.id
  WHERE t.state = 'open' AND t.kind = 'visit' AND (t.starts_at IS NULL OR t.starts_at < $5)
    AND c.portfolio_id = ANY($2)
    AND (a.staff_id = $1 OR t.queue = ANY($4) AND NOT {THEIRS.format(roles="$6")})
    AND NOT EXISTS (SELECT 1 FROM rests r WHERE r.case_id = c.id AND r.until > $3
                    AND (r.staff_id IS NULL OR r.staff_id = $1))
    AND NOT EXISTS (SELECT 1 FROM turns u WHERE u.case_id = c.id AND u.ended_at IS NULL AND u.until > $3
                    AND u.staff_id <> $1)
    AND {MAY} AND NOT {ENDED.format(now="$3")}
  ORDER BY t.case_id, t.finish_by NULLS LAST) v
LEFT JOIN LATERAL (SELECT n.id, n.body FROM notes n WHERE n.case_id = v.case_id AND n.kind = 'place'
                   ORDER BY n.id DESC LIMIT 1) n ON true
ORDER BY v.finish_by NULLS LAST, v.case_id LIMIT 40
"""  # noqa: S608, constants


async def visits_of(
    raw: Raw,
    keyring: Keyring,
    staff: int,
    portfolios: Sequence[int],
    queues: Sequence[str],
    of_roles: str,
    until: datetime,
    now: datetime,
) -> list[Visit]:
    """Visits of theirs, or in their queues and nobody's, that begin before `until`, the most pressing first.

    `of_roles`: the queues of roles, as JSON.
    """
    rows: list[Any] = await raw.rows(_VISITS, staff, list(portfolios), now, list(queues), until, of_roles)
    return [
        Visit(case, finish, None if note is None else keyring.open("notes", "body", note, body))
        for case, finish, note, body in rows
    ]
