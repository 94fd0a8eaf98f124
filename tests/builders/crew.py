"""A town with a staff: people invited by a link that they open in the bot, over real HTTP."""

from collections.abc import Sequence

from casework.staff.people import Invited, invite
from casework.staff.rights import Actor, Role
from tests.builders.chatroom import Chatroom, Guest

OPS = Actor("oda", Role.OPERATIONS)


class Crew(Chatroom):
    """A chatroom in which some of the guests are of the staff."""

    async def invited(
        self,
        name: str = "carl",
        role: Role = Role.COLLECTOR,
        portfolios: Sequence[str] | None = ("acme",),
        queues: Sequence[str] | None = None,
    ) -> Invited:
        return await invite(self.office, OPS, name, role, self.now, portfolios=portfolios, queues=queues)

    async def hired(
        self,
        name: str = "carl",
        role: Role = Role.COLLECTOR,
        portfolios: Sequence[str] | None = ("acme",),
        queues: Sequence[str] | None = None,
        language: str = "en",
    ) -> Guest:
        """Somebody of the staff in a chat of their own, what was said so far read."""
        made = await self.invited(name, role, portfolios, queues)
        guest = await self.guest(language=language, name=name)
        await opened(guest, made)
        return guest

    async def staff(self, name: str) -> int:
        return (await self.book.sql("SELECT id FROM staff WHERE name = $1", name))[0][0]


async def opened(guest: Guest, made: Invited) -> str:
    """Open the link of an invitation, as tapping it does."""
    return await guest.says("/start " + made.link.rpartition("=")[2])
