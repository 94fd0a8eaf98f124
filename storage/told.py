"""What people tell us of a person that the gate reads: contacts made elsewhere, notices, marks, hours.

Always news: the person's cases are touched.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.raw import Raw, touch


class Elsewhere(msgspec.Struct, frozen=True):
    """A contact that did not go through our deliverers. Ids; `loans` empty: not known which it was about."""

    person: int
    at: datetime
    channel: str
    inbound: bool
    result: str
    loans: tuple[int, ...] = ()
    address: int | None = None


async def add_elsewhere(raw: Raw, contacts: Sequence[Elsewhere], by: str, now: datetime) -> list[bool]:
    """Record them; which are new. The same contact told again is the one that is there."""
    added: list[bool] = []
    for one in contacts:
        made = await raw.value(
            "INSERT INTO contacts_elsewhere (person_id, at, channel, inbound, result, loan_ids, address_id, "
            "recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
            "ON CONFLICT (person_id, at, channel, inbound) DO NOTHING RETURNING id",
            one.person,
            one.at,
            one.channel,
            one.inbound,
            one.result,
            list(one.loans),
            one.address,
            now,
            by,
        )
        added.append(made is not None)
    fresh = {one.person for one, new in zip(contacts, added, strict=True) if new}
    await touch_persons(raw, sorted(fresh), now)
    return added


async def add_notice(
    raw: Raw, person: int, portfolio: int, name: str, at: datetime, by: str, now: datetime
) -> bool:
    """Record that a notice was sent; whether that is new."""
    made = await raw.value(
        "INSERT INTO notices (person_id, portfolio_id, name, at, recorded_at, recorded_by) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
        person,
        portfolio,
        name,
        at,
        now,
        by,
    )
    await touch_persons(raw, [person], now)
    return made is not None


async def set_marks(
    raw: Raw,
    person: int,
    now: datetime,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    hours_agreed: bool | None = None,
    own_hours: Sequence[str] | None = None,
) -> None:
    """Change the marks of a person and the hours they asked for; None leaves what is there."""
    await raw.run(
        "UPDATE persons SET flags = ARRAY(SELECT f FROM unnest(flags || $2::text[]) f WHERE f <> ALL($3) "
        "GROUP BY f ORDER BY f), hours_agreed = coalesce($4, hours_agreed), "
        "own_hours = coalesce($5, own_hours) WHERE id = $1",
        person,
        list(add),
        list(remove),
        hours_agreed,
        None if own_hours is None else list(own_hours),
    )
    await touch_persons(raw, [person], now)


async def touch_persons(raw: Raw, persons: Sequence[int], now: datetime) -> None:
    """Have every case of `persons` looked at."""
    if persons:
        rows = await raw.rows("SELECT id FROM cases WHERE person_id = ANY($1)", list(persons))
        await touch(raw, [row[0] for row in rows], now)
