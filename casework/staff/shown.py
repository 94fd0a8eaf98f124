"""A number that was shown in a chat goes from it when the turn ends: recorded, left, handed on, or over."""

from collections.abc import Sequence
from datetime import datetime

from casework.office import Office
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, require
from storage.staff import shown as stored
from storage.staff.desk import turn_of
from storage.staff.shown import Shown

__all__ = ["Shown", "number_said", "numbers_hidden", "numbers_to_hide"]


async def number_said(
    office: Office, member: Member, turn: int, chat: int, message: int, now: datetime
) -> int | None:
    """Their number was said in `message` of a chat; the message that said it before, which is to go."""
    async with office.transaction() as raw:
        found = await turn_of(raw, turn)
        if found is None or found.staff != member.id:
            return None
        return await stored.keep_shown(raw, turn, chat, message, now)


async def numbers_to_hide(office: Office, actor: Actor, now: datetime) -> Sequence[Shown]:
    """Messages that are to go from chats now. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await stored.to_hide(raw, office.keyring, now, 50)


async def numbers_hidden(office: Office, actor: Actor, gone: Sequence[Shown]) -> None:
    """They are gone. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        for one in gone:
            await stored.hidden(raw, one.turn, one.message)
