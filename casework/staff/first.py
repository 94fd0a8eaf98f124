"""The first administrator: a one-time link, for as long as nobody could manage the staff in the console."""

from datetime import datetime
from typing import Final

from casework.office import Office
from casework.staff.people import invite, join_url, payload
from casework.staff.rights import Actor, Role
from storage.staff import accounts
from storage.staff import people as stored

NAME: Final = "admin"


async def first_link(office: Office, actor: Actor, now: datetime) -> str | None:
    """The link of the first administrator; None once one has joined. A link that is open still is told again.

    Raises Denied.
    """
    async with office.transaction() as raw:
        if await accounts.anybody_may_enter(raw, Role.ADMINISTRATOR):
            return None
        found = await stored.named(raw, NAME)
        if found is not None and found.removed_at is None and found.role == Role.ADMINISTRATOR:
            link = await accounts.open_link_of(raw, found.id, now)
            if link is not None:
                return join_url(office, payload(office.keyring, link[0]))
    return (await invite(office, actor, NAME, Role.ADMINISTRATOR, now)).join
