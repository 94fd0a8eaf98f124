"""A number that was shown in a chat goes from it when the turn ends: recorded, left, handed on, or over."""

from collections.abc import Sequence
from datetime import datetime

from casework.office import Office
from casework.staff.desk import turn_now
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, require
from storage.staff import shown as stored
from storage.staff.shown import Shown

__all__ = ["Shown", "number_said", "numbers_hidden", "numbers_to_hide"]


async def number_said(
    office: Office, member: Member, turn: int, chat: int, message: int, now: datetime
) -> None:
    """Their number was said in `message` of a chat: it is to go when the turn ends, or another says it."""
    async with office.transaction() as raw:
        found = await turn_now(raw, member, turn)
        if found is not None:
            await stored.keep_shown(raw, found.id, chat, message, now)


async def numbers_to_hide(office: Office, actor: Actor, now: datetime) -> Sequence[Shown]:
    """Messages that are to go from chats now; one that was tried in vain comes again a minute later. Raises
    Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await stored.to_hide(raw, office.keyring, now, 50)


async def numbers_hidden(office: Office, actor: Actor, gone: Sequence[Shown]) -> None:
    """They are gone, or nobody can take them away. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        for one in gone:
            await stored.hidden(raw, one.turn, one.message)
