"""Borrowers' conversations on pages: which wait, what was said, what is new since, and how one ends there.

They are taken and answered by casework/staff/talking.py, as in the chat.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from casework.borrower import conversation
from casework.borrower.conversation import Line, Talk
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.access import own_name
from casework.staff.people import Member
from casework.staff.rights import Action, Denied, may
from casework.staff.talk_ends import end_talk
from storage.audit import Event, write
from storage.chat import talks
from storage.raw import Raw
from storage.staff import talk_pages as stored
from storage.staff.talk_pages import Stand

__all__ = ["Ended", "Line", "Opened", "Stand", "Talk", "Waits", "end", "is_readable", "look", "open_talks"]


class Waits(msgspec.Struct, frozen=True):
    """An open conversation in the list.

    portfolio  its code; None: nobody knows which
    sees       whether the case is theirs to see: who talks may talk of a colleague's, too
    """

    talk: Talk
    stand: Stand
    portfolio: str | None
    sees: bool


class Opened(msgspec.Struct, frozen=True):
    """A conversation on its page: as above, and all its lines, or those that are new."""

    talk: Talk
    stand: Stand
    portfolio: str | None
    sees: bool
    lines: Sequence[Line]


class Ended(msgspec.Struct, frozen=True):
    """It is over. `case`: on which what came of it is entered; `at_hand`: it is at their hand for that."""

    case: int | None
    at_hand: bool


async def open_talks(office: Office, member: Member, now: datetime) -> Sequence[Waits]:
    """The open conversations of the portfolios that they talk for, the oldest first. Raises Denied."""
    found = await conversation.waiting(office, member.actor)
    async with office.transaction() as raw:
        stands = await stored.stands_of(raw, [one.id for one in found])
        codes = {id_: spec.portfolio for id_, spec in (await office.book(raw)).portfolios.items()}
        waits: list[Waits] = []
        for one in found:
            stand, code = stands[one.id], codes.get(one.portfolio or 0)
            waits.append(Waits(one, stand, code, await _sees(raw, member, stand, code, now)))
    return waits


async def _sees(raw: Raw, member: Member, stand: Stand, code: str | None, now: datetime) -> bool:
    """Whether they may open the page of its case."""
    if stand.case is None or code is None:
        return False
    owner = await own_name(raw, member, stand.case, now)
    return may(member.actor, Action.SEE_LOAN, code, owner=owner)


async def look(office: Office, member: Member, talk: int, now: datetime, after: int | None = None) -> Opened:
    """What was said, or what is new since the line `after`; a look at any words is on record.

    Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        found = await conversation.readable(raw, office, member.actor, talk)
        stand = (await stored.stands_of(raw, [talk]))[talk]
        lines = await talks.lines_of(raw, office.keyring, talk, after or 0)
        spec = (await office.book(raw)).portfolios.get(found.portfolio or 0)
        code = None if spec is None else spec.portfolio
        sees = await _sees(raw, member, stand, code, now)
        if lines or after is None:
            seen = Event(now, member.name, member.actor.role, "talk.read", "talk", talk)
            await write(raw.connection, [seen])
    return Opened(found, stand, code, sees, lines)


async def is_readable(office: Office, member: Member, talk: int | None) -> bool:
    """Whether a page may lead them to that conversation."""
    if talk is None:
        return False
    async with office.transaction() as raw:
        try:
            await conversation.readable(raw, office, member.actor, talk)
        except (Denied, CaseworkInputError):
            return False
    return True


async def end(office: Office, member: Member, talk: int, now: datetime) -> Ended:
    """The conversation is over, and its case at their hand for what came of it, or work of the queue.

    Raises Denied, CaseworkInputError.
    """
    over, card = await end_talk(office, member, talk, now)
    if card is None:
        return Ended(None, False)
    return Ended(over.case, card.turn is not None)
