"""A borrower's conversation in the chat of whoever takes it: announced, passed on, answered, ended.

What is answered passes the gate and the lint like everything that is said to a borrower.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.borrower import conversation
from casework.borrower.conversation import Line
from casework.delivery.compose import own_hosts
from casework.errors import CaseworkInputError
from casework.may import Wish, permission
from casework.office import Book, Office
from casework.portfolios import PortfolioSpec
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, Role, require
from casework.whom import case_of
from messages.context import Context
from messages.lint import SENTENCES, lint
from storage.raw import Raw
from storage.staff import talks as stored
from storage.staff.talks import Call, Heard, Side
from storage.whom import CaseRow

__all__ = [
    "Call",
    "ElsewhereError",
    "Having",
    "Heard",
    "Taken",
    "answer",
    "begin_calls",
    "begin_heard",
    "close",
    "having",
    "not_heard",
    "take",
]

AGAIN: Final = timedelta(minutes=10)
AT_LONGEST: Final = timedelta(hours=6)
LEFT_FOR: Final = timedelta(hours=1)  # a customer waits for an answer: whoever took it is not there
ANSWERS_FOR: Final = timedelta(days=1)  # after what the borrower said last
IN_A_ROW: Final = 6  # lines, while the borrower says nothing
_ROLES: Final = (Role.COLLECTOR.value, Role.CUSTOMER_SERVICE.value, Role.SUPERVISOR.value)


class ElsewhereError(CaseworkInputError):
    """The words of this conversation stay out of the chat: the console has them."""


class Taken(msgspec.Struct, frozen=True):
    """A conversation that somebody has: what was said, the case (None: nobody knows yet whose chat it is).

    `unread`: ids of the lines that nobody of the staff had read before.
    """

    talk: int
    case: int | None
    linked: bool
    language: str
    lines: Sequence[Line]
    unread: Sequence[int] = ()


class Having(msgspec.Struct, frozen=True):
    """A conversation that somebody has; `since`: the customer was heard there after a moment."""

    talk: int
    case: int | None
    since: bool


async def begin_calls(office: Office, actor: Actor, now: datetime) -> Sequence[Call]:
    """Conversations to announce to somebody now, marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await stored.begin_calls(raw, office.keyring, _ROLES, now, AGAIN, AT_LONGEST, LEFT_FOR, 20)


async def begin_heard(office: Office, actor: Actor, now: datetime) -> Sequence[Heard]:
    """What borrowers said to whoever has their conversation, marked as passed on. Raises Denied.

    Where a lender keeps what is personal out of the chat, the words are not given.
    """
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        found = await stored.begin_heard(raw, office.keyring, now, 50)
        if not found:
            return ()
        specs = (await office.book(raw)).portfolios
        return [
            msgspec.structs.replace(one, text="") if _hides(specs, one.portfolios) else one for one in found
        ]


def _hides(specs: Mapping[int, PortfolioSpec], portfolios: Sequence[int]) -> bool:
    """Whether a lender of the person keeps what is personal out of the chat; of a stranger, any lender."""
    return any(specs[one].staff_chat == "codes" for one in portfolios or specs)


async def take(office: Office, member: Member, talk: int, now: datetime) -> Taken:
    """They have the conversation from now on, and see what was said. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        side, _ = await side_here(raw, office, member, talk)
    await conversation.take(office, member.actor, talk, now)
    lines = await conversation.lines(office, member.actor, talk, now)
    last = lines[-1].id if lines else 0
    async with office.transaction() as raw:
        unread = await stored.passed_on(raw, talk, last, now)
    return Taken(talk, side.case, side.linked, side.language, lines, unread)


async def having(office: Office, member: Member, since: datetime) -> Sequence[Having]:
    """The conversations that they have, the one heard last the first: what they type goes to one of them."""
    async with office.transaction() as raw:
        found = await stored.had_by(raw, member.name)
    return [Having(one, case, shown is not None and shown > since) for one, case, shown in found]


async def not_heard(office: Office, actor: Actor, line: int) -> None:
    """A line of a borrower could not be shown: it is tried again. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await stored.not_passed_on(raw, line)


async def answer(office: Office, member: Member, talk: int, text: str, now: datetime) -> tuple[str, ...]:
    """Say something to the borrower; what the gate or the lint finds refuses it, and is returned in words.

    It answers what the person asked, so hours and caps leave it alone, and a mark (represented, ceased...)
    does not; nor is an amount named that may not be owed any more. Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        side, spec = await side_here(raw, office, member, talk)
        heed = await stored.heed_of(raw, talk, now)
        past = _no_answer(heed, now)
        if past:
            return past
        if side.linked and side.case is not None:
            book = await office.book(raw)
            row = await case_of(raw, side.case)
            asked = await permission(raw, book, row, Wish("chat", "answer"), now)
            if not asked.allowed:
                return tuple(dict.fromkeys(one["detail"] for one in asked.said["reasons"]))
            unknown = await _amounts_in_doubt(raw, book, row, text, now)
            if unknown:
                return unknown
    context = Context(
        channel="chat",
        may_carry_amounts=side.linked,
        brand=spec.brand if spec else "",
        given=tuple(spec.pay.values()) if spec else (),
        hosts=own_hosts(spec) if spec else frozenset(),
    )
    found = [SENTENCES.get(one.code, one.code) for one in lint(text, context)]
    if found:
        return tuple(dict.fromkeys(found))
    await conversation.reply(office, member.actor, talk, text, now)
    return ()


def _no_answer(heed: stored.Heed, now: datetime) -> tuple[str, ...]:
    """Why what is typed would answer nothing any more: then the rules for what nobody asked for hold."""
    if heed.ended:
        return ("the customer is to be left alone: deceased, bankrupt, represented, or asked for no contact",)
    if heed.stopped:
        return ("the customer stopped the chat after they wrote last",)
    if now - heed.last > ANSWERS_FOR:
        return ("the customer wrote last more than a day ago; Message on the card asks the rules for it",)
    if heed.since >= IN_A_ROW:
        return (f"{heed.since} lines went since the customer wrote last; wait for their answer",)
    return ()


async def _amounts_in_doubt(raw: Raw, book: Book, row: CaseRow, text: str, now: datetime) -> tuple[str, ...]:
    """Why no amount may be named: nobody knows by now what is owed. All else may be said, and what was paid
    where it is known.
    """
    if not any(one.code == "amount" for one in lint(text, Context(channel="chat", may_carry_amounts=False))):
        return ()
    asked = await permission(raw, book, row, Wish("chat"), now)
    figures = [no.detail for no in asked.noes if no.pack == "book" and no.rule != "nothing_owed"]
    return tuple(dict.fromkeys([*figures, *([asked.stale] if asked.stale else [])]))


async def close(office: Office, member: Member, talk: int, now: datetime) -> Taken:
    """The conversation is over; what came of it is entered on its case. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        side, _ = await side_here(raw, office, member, talk)
    await conversation.close(office, member.actor, talk, now)
    return Taken(talk, side.case, side.linked, side.language, ())


async def side_here(raw: Raw, office: Office, member: Member, talk: int) -> tuple[Side, PortfolioSpec | None]:
    side = await stored.side_of(raw, talk)
    if side is None:
        raise CaseworkInputError(f"there is no conversation {talk}")
    specs = (await office.book(raw)).portfolios
    if not member.on_page and _hides(specs, side.portfolios):
        raise ElsewhereError("this lender keeps what is said to people out of the chat: use the console")
    return side, specs.get(side.portfolio or 0)
