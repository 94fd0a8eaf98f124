"""Nothing is sent by itself, and nobody calls, while a borrower is asked whether we are to be silent.

Who may have written a stop, or that they are not the person, is asked by SMS (YES or NO); who may have
written a stop in the chat, there, by buttons. Until they answer, for three days at most, a hold of the kind
`asked` rests what is planned for them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from casework.borrower.chats import Chat
from casework.holds import lifted, placed
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.chat.chats import cases_of
from storage.raw import Raw
from storage.recorded import lock_case, open_holds

ASKED: Final = "asked"
RESTS: Final = timedelta(days=3)


async def rest(raw: Raw, actor: Actor, person: int, case: int, now: datetime) -> None:
    """In the caller's transaction; while they are asked already, nothing more."""
    if await open_holds(raw, [person], ASKED, now):
        return
    row = await lock_case(raw, case)
    assert row is not None
    await placed(raw, actor, row, ASKED, (), now, now + RESTS, now, "asked what they mean", None)


async def go_on(raw: Raw, actor: Actor, persons: Sequence[int], now: datetime) -> None:
    """They answered."""
    for hold in await open_holds(raw, persons, ASKED, now):
        await lifted(raw, actor, hold, now, now, "they answered")


async def rest_in_chat(office: Office, actor: Actor, chat: Chat, now: datetime) -> None:
    """Whoever writes in the chat is asked there, by buttons, whether they want silence. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    if chat.person is None:
        return
    async with office.transaction() as raw:
        cases = await cases_of(raw, [chat.person])
        if cases:
            await rest(raw, actor, chat.person, cases[0], now)


async def answered_in_chat(office: Office, actor: Actor, chat: Chat, now: datetime) -> None:
    """They tapped what they meant. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    if chat.person is None:
        return
    async with office.transaction() as raw:
        await go_on(raw, actor, [chat.person], now)
