"""What waits in the queues of those who lead, by its deadline: whose it is, and how late."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.card import masked
from casework.staff.desk import portfolios_for
from casework.staff.people import Member
from casework.staff.rights import Action, may
from storage.staff import work as stored
from storage.staff.work import FAR, Narrow

__all__ = ["Narrow", "Work", "Works", "open_work"]


class Work(msgspec.Struct, frozen=True):
    """Open work. `name` masked, None where it is not for who reads this; `came_of` as on a card."""

    task: int
    case: int
    portfolio: str
    name: str | None
    kind: str
    queue: str
    came_of: str
    opened_at: datetime
    finish_by: datetime | None
    late: bool
    owner: str | None


class Works(msgspec.Struct, frozen=True):
    """Some work, and the place of what follows; None at the end."""

    rows: Sequence[Work]
    older: str | None


async def open_work(
    office: Office, member: Member, narrow: Narrow, now: datetime, after: str | None, limit: int
) -> Works:
    """Open work of the portfolios they lead. Raises Denied, CaseworkInputError."""
    place = _place(after)
    async with office.transaction() as raw:
        led = await portfolios_for(raw, office, member, Action.ASSIGN_CASE)
        specs = (await office.book(raw)).portfolios
        found = await stored.waits(raw, led, narrow, now, place, limit + 1)
    rows: list[Work] = []
    for one in found[:limit]:
        code = specs[one.portfolio].portfolio
        name = None
        if one.name is not None and may(member.actor, Action.READ_PERSONAL_DATA, code):
            name = masked(office.keyring.open("persons", "name", one.person, one.name))
        late = one.finish_by is not None and one.finish_by < now
        rows.append(
            Work(
                one.task,
                one.case,
                code,
                name,
                one.kind,
                one.queue,
                one.came_of,
                one.opened_at,
                one.finish_by,
                late,
                one.owner,
            )
        )
    if len(found) <= limit:
        return Works(rows, None)
    last = found[limit - 1]
    at = last.finish_by or datetime.fromisoformat(FAR)
    return Works(rows, f"{at.astimezone(UTC).isoformat()}_{last.task}")


def _place(after: str | None) -> tuple[datetime, int] | None:
    if after is None:
        return None
    at, _, task = after.rpartition("_")
    try:
        moment, last = datetime.fromisoformat(at), int(task)
    except ValueError:
        moment, last = datetime.max.replace(tzinfo=UTC), 0
    if moment.tzinfo is None or not 0 < last < 1 << 63:
        raise CaseworkInputError("there is no such place in the list")
    return moment, last
