"""How a conversation ends for whoever led it: with what came of it, at once or as work that waits."""

from datetime import datetime
from typing import Final

from casework.office import Office
from casework.staff.card import Card
from casework.staff.finding import answer_caller
from casework.staff.people import Member
from casework.staff.talking import Taken, close
from policy.calendar import DAY
from storage.recorded import open_task
from storage.staff.desk import at_hand

_QUEUE: Final = "desk"
_PRIORITY: Final = 3


async def end_talk(office: Office, member: Member, talk: int, now: datetime) -> tuple[Taken, Card | None]:
    """The conversation is over, and its case at their hand, as if the person were on the line.

    No card: nobody knows whose chat it is. What came of a conversation that ended before, where nothing was
    entered of it yet, is work of the queue. Raises Denied, CaseworkInputError.
    """
    over = await close(office, member, talk, now)
    if over.case is None or not over.linked:
        return over, None
    async with office.transaction() as raw:
        before = await at_hand(raw, member.id)
        if before is not None and before.why == "caller" and before.case != over.case:
            await open_task(raw, before.case, None, "review", _QUEUE, _PRIORITY, now, now + DAY)
    return over, await answer_caller(office, member, over.case, "other", now)
