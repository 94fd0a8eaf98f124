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
from casework.staff.finding import answer_caller
from casework.staff.people import Member
from casework.staff.rights import Denied
from casework.staff.talking import close
from storage.audit import Event, write
from storage.chat import talks
from storage.staff import talk_pages as stored
from storage.staff.talk_pages import Stand

__all__ = ["Ended", "Line", "Opened", "Stand", "Talk", "Waits", "end", "is_readable", "look", "open_talks"]


class Waits(msgspec.Struct, frozen=True):
    """An open conversation in the list. `portfolio`: its code; None: nobody knows which."""

    talk: Talk
    stand: Stand
    portfolio: str | None


class Opened(msgspec.Struct, frozen=True):
    """A conversation on its page. `portfolio`: as above; `lines`: all, or those that are new."""

    talk: Talk
    stand: Stand
    portfolio: str | None
    lines: Sequence[Line]


class Ended(msgspec.Struct, frozen=True):
    """It is over. `case`: on which what came of it is entered; `at_hand`: it is at their hand for that."""

    case: int | None
    at_hand: bool


async def open_talks(office: Office, member: Member) -> Sequence[Waits]:
    """The open conversations of the portfolios that they talk for, the oldest first. Raises Denied."""
    found = await conversation.waiting(office, member.actor)
    async with office.transaction() as raw:
        stands = await stored.stands_of(raw, [one.id for one in found])
        specs = (await office.book(raw)).portfolios
    return [
        Waits(one, stands[one.id], None if one.portfolio is None else specs[one.portfolio].portfolio)
        for one in found
    ]


async def look(office: Office, member: Member, talk: int, now: datetime, after: int | None = None) -> Opened:
    """What was said, or what is new since the line `after`; a look at any words is on record.

    Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        found = await conversation.readable(raw, office, member.actor, talk)
        stand = (await stored.stands_of(raw, [talk]))[talk]
        lines = await talks.lines_of(raw, office.keyring, talk, after or 0)
        specs = (await office.book(raw)).portfolios
        if lines or after is None:
            seen = Event(now, member.name, member.actor.role, "talk.read", "talk", talk)
            await write(raw.connection, [seen])
    code = None if found.portfolio is None else specs[found.portfolio].portfolio
    return Opened(found, stand, code, lines)


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
    """The conversation is over, and its case at their hand, as if the person were on the line.

    A case that somebody else has at hand, or that is not proved to be whose chat it is, is not. Raises
    Denied, CaseworkInputError.
    """
    over = await close(office, member, talk, now)
    if over.case is None or not over.linked:
        return Ended(None, False)
    try:
        card = await answer_caller(office, member, over.case, "other", now)
    except (Denied, CaseworkInputError):
        return Ended(over.case, False)
    return Ended(over.case, card.turn is not None)
