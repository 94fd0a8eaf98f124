"""A town with a staff: people invited by a link that they open in the bot, over real HTTP."""

from collections.abc import Sequence
from datetime import datetime

from casework.staff.people import Invited, invite
from casework.staff.rights import Actor, Role
from storage.staff.people import assign
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

    async def task(
        self,
        case: int,
        queue: str = "desk",
        *,
        kind: str = "call",
        priority: int = 5,
        finish_by: datetime | None = None,
    ) -> int:
        """Work that waits for somebody."""
        rows = await self.book.sql(
            "INSERT INTO tasks (case_id, kind, queue, priority, state, opened_at, finish_by) "
            "VALUES ($1, $2, $3, $4, 'open', $5, $6) RETURNING id",
            case,
            kind,
            queue,
            priority,
            self.now,
            finish_by,
        )
        return rows[0][0]

    async def assign(self, case: int, name: str) -> None:
        """The case is somebody's."""
        async with self.office.transaction() as raw:
            await assign(raw, [case], await self.staff(name), "oda", self.now)
        await self.book.sql("UPDATE assignments SET told_at = at")  # and was told so

    async def staff(self, name: str) -> int:
        return (await self.book.sql("SELECT id FROM staff WHERE name = $1", name))[0][0]


async def opened(guest: Guest, made: Invited) -> str:
    """Open the link of an invitation, as tapping it does."""
    return await guest.says("/start " + made.link.rpartition("=")[2])
