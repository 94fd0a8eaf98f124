"""My day and my promises; for who leads, the promises that were broken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from casework.office import Office
from casework.staff.desk import portfolios_for
from casework.staff.people import OF_ROLES, Member
from casework.staff.rights import Action
from policy.calendar import day_start, local_day
from storage.staff import views as stored
from storage.staff.views import Callback, Day, Promised

__all__ = ["Callback", "Day", "Promised", "broken_promises", "my_callbacks", "my_day", "my_promises"]

_MOST: Final = 20
_BACK: Final = timedelta(days=30)


async def my_day(office: Office, member: Member, now: datetime) -> Day:
    """What they did since midnight (of their first portfolio), and what waits for them. Raises Denied."""
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
        zone = (await office.book(raw)).portfolios[mine[0]].zone
        since = day_start(local_day(now, zone), zone)
        return await stored.day(raw, member.id, member.name, member.queues, OF_ROLES, mine, since, now)


async def my_callbacks(office: Office, member: Member) -> Sequence[Callback]:
    """The calls that were agreed on their cases, those that are due first. Raises Denied."""
    async with office.transaction() as raw:
        await portfolios_for(raw, office, member, Action.TAKE_CASE)
        return await stored.callbacks(raw, member.id, _MOST)


async def my_promises(office: Office, member: Member, now: datetime) -> Sequence[Promised]:
    """Open promises on their cases, and those broken lately, by their day. Raises Denied."""
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
        states = ("open", "broken", "partly_kept")
        return await stored.promises(raw, member.id, mine, states, (now - _BACK).date(), _MOST)


async def broken_promises(office: Office, member: Member, now: datetime) -> Sequence[Promised]:
    """Promises broken lately in the portfolios they lead, whoever's the case is. Raises Denied."""
    async with office.transaction() as raw:
        led = await portfolios_for(raw, office, member, Action.ASSIGN_CASE)
        return await stored.promises(raw, None, led, ("broken", "partly_kept"), (now - _BACK).date(), _MOST)
