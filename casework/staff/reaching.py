"""Reaching a person: their number, shown for one call; a text of the library, or one's own words.

All of it passes the gate of the machine; a refusal says why and when. Every showing is on record.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from casework.delivery.stale import of_debt
from casework.errors import CaseworkInputError
from casework.may import Permission, Wish, permission
from casework.office import Office
from casework.say import AGAIN, HELD_FOR, Reason, Spoken, say_own_words
from casework.staff.access import allowed, call_of
from casework.staff.desk import mine
from casework.staff.people import Member
from casework.staff.rights import Action, require
from messages.lint import SENTENCES
from policy.calendar import local_day
from policy.values import Channel
from storage.answers import plan_answer, planned_before
from storage.audit import Datum, Event, write
from storage.contacts import lock_person
from storage.facts import load_facts
from storage.raw import Raw
from storage.sayings import recipient_at
from storage.staff import desk as stored
from storage.staff.unsent import keep_written

WRITTEN: Final[tuple[Channel, ...]] = ("sms", "email", "chat")
_NEUTRAL: Final = "get-in-touch"
TEXTS: Final = ("late", "upcoming", _NEUTRAL)
"""Texts of the library that somebody of the staff may send: what is late, else what comes due, and a neutral
request. Which of them fit the case: `texts_now`."""


class Shown(msgspec.Struct, frozen=True):
    """A number and whom to ask for, for one call; or why there is none now."""

    number: str | None
    name: str | None
    reasons: tuple[Reason, ...] = ()
    elsewhere: bool = False  # the lender's chat shows nothing personal: the console does
    zone: str = "UTC"  # the person's


class Way(msgspec.Struct, frozen=True):
    """A channel to write to the person on, which texts may go there, and whether own words may."""

    channel: Channel
    address: int
    texts: tuple[str, ...]
    own: bool


async def show_number(office: Office, member: Member, turn: int, now: datetime) -> Shown:
    """The number to call, if a call may be made now. Raises Denied, CaseworkInputError.

    Where nothing is entered of it, it counts as a call that nobody answered (storage/situations.py).
    """
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        row, spec = await allowed(raw, office, member, found.case, Action.CONTACT, now)
        require(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=member.name)
        asked = await permission(raw, await office.book(raw), row, await call_of(raw, found.case), now)
        if not asked.allowed:
            data = {"rules": [one["rule"] for one in asked.said["reasons"]]}
            await write(raw.connection, [_event(member, "call.refused", found.case, data, now)])
            return Shown(None, None, reasons_of(asked), zone=asked.zone)
        if spec.staff_chat == "codes" and not member.on_page:
            return Shown(None, None, elsewhere=True)
        person = await recipient_at(raw, office.keyring, found.case, asked.address, now)
        data = {"address": asked.address}
        await write(raw.connection, [_event(member, "number.shown", found.case, data, now)])
        await stored.number_shown(raw, found.id, found.case, asked.address, now)
    return Shown(person.to, person.name)


async def not_called(office: Office, member: Member, turn: int, now: datetime) -> None:
    """The number was shown and nobody called: it counts as no attempt. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        await allowed(raw, office, member, found.case, Action.CONTACT, now)
        if not await stored.not_called(raw, found.id):
            raise CaseworkInputError("the number was not shown")
        await write(raw.connection, [_event(member, "call.not_made", found.case, {}, now)])


def reasons_of(asked: Permission) -> tuple[Reason, ...]:
    """Why the gate said no, in words, and from when on it might say yes."""
    return tuple(Reason(no.rule, no.detail, no.until) for no in asked.noes)


async def ways(office: Office, member: Member, turn: int, now: datetime) -> Sequence[Way]:
    """How the person can be written to, whatever the hour. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        row, spec = await allowed(raw, office, member, found.case, Action.CONTACT, now)
        book = await office.book(raw)
        own = spec.staff_chat != "codes" or member.on_page
        made: list[Way] = []
        for channel in WRITTEN:
            asked = await permission(raw, book, row, Wish(channel), now)
            if asked.address:
                fitting = await _fitting(raw, office, found.case, now)
                if not asked.proved:
                    fitting = tuple(text for text in fitting if not of_debt(text))
                made.append(Way(channel, asked.address, fitting, own))
    return made


async def texts_now(office: Office, member: Member, turn: int, now: datetime) -> Sequence[str]:
    """The texts of the library that fit the case at hand. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        await allowed(raw, office, member, found.case, Action.SEE_LOAN, now)
        return await _fitting(raw, office, found.case, now)


async def write_text(
    office: Office, member: Member, turn: int, channel: Channel, text: str, now: datetime
) -> Spoken:
    """Send a text of the library, if it may go now; refused with every reason. Raises Denied."""
    if text not in TEXTS:
        raise CaseworkInputError(f"{text!r} is no text that the staff sends; there are: {', '.join(TEXTS)}")
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        row, spec = await allowed(raw, office, member, found.case, Action.CONTACT, now)
        require(member.actor, Action.SAY, spec.portfolio)
        await lock_person(raw, row.person)  # two at once: the second counts what the first planned
        if text not in await _fitting(raw, office, found.case, now):
            raise CaseworkInputError("that text does not fit the case any more; tap Message again")
        loans = await _owing(raw, office, found.case, now)
        given = {"loans": ",".join(map(str, loans)), "by": member.name}
        same = (row.case, row.person, channel, text, given, now - AGAIN)
        before = await planned_before(raw, office.keyring, *same, gone=False)
        if before is not None:
            return Spoken(before)
        wish = Wish(channel, neutral=not of_debt(text))
        asked = await permission(raw, await office.book(raw), row, wish, now)
        reasons = reasons_of(asked)
        if asked.address and not asked.proved and of_debt(text):
            reasons = (*reasons, Reason("may_not_carry", SENTENCES["debt"]))
        if not asked.allowed or not asked.address or reasons:
            data = {"channel": channel, "codes": [one.code for one in reasons]}
            await write(raw.connection, [_event(member, "message.refused", found.case, data, now)])
            return Spoken(None, reasons, asked.zone)
        before = await planned_before(raw, office.keyring, *same)
        if before is not None:
            return Spoken(before)
        contact = await plan_answer(
            raw,
            office.keyring,
            row.case,
            row.person,
            asked.address,
            channel,
            text,
            given,
            now,
            now + HELD_FOR,
            purpose="dunning",
        )
        data = {"case": row.case, "text": text}
        event = Event(now, member.name, member.actor.role, "message.written", "contact", contact, data)
        await write(raw.connection, [event])
        await keep_written(raw, contact, member.id, now)
    return Spoken(contact)


async def write_words(
    office: Office, member: Member, turn: int, channel: Channel, words: str, now: datetime
) -> Spoken:
    """Send their own words, asked of the gate and linted before. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        row, spec = await allowed(raw, office, member, found.case, Action.CONTACT, now)
        if spec.staff_chat == "codes" and not member.on_page:
            raise CaseworkInputError(
                "this lender keeps what is said to people out of the chat: use the console"
            )
        asked = await permission(raw, await office.book(raw), row, Wish(channel), now)
        loans = await _owing(raw, office, found.case, now)
    if not asked.address:
        return Spoken(None, reasons_of(asked), asked.zone)
    return await say_own_words(
        office, member.actor, row.case, asked.address, channel, words, loans, now, staff=member.id
    )


async def _fitting(raw: Raw, office: Office, case: int, now: datetime) -> tuple[str, ...]:
    """What is late is not said where nothing is."""
    book = await office.book(raw)
    (facts,) = await load_facts(raw, [case], now, book.tolerance)
    unpaid = [loan for loan in facts.loans if loan.unpaid and loan.status == "active"]
    if any(loan.unpaid[0].due < local_day(now, loan.zone) for loan in unpaid):
        return ("late", _NEUTRAL)
    return ("upcoming", _NEUTRAL) if unpaid else (_NEUTRAL,)


async def _owing(raw: Raw, office: Office, case: int, now: datetime) -> list[int]:
    """The loans of the case on which something is owed."""
    book = await office.book(raw)
    (facts,) = await load_facts(raw, [case], now, book.tolerance)
    return [loan.id for loan in facts.loans if loan.unpaid and loan.status == "active"]


def _event(member: Member, action: str, case: int, data: Mapping[str, Datum], now: datetime) -> Event:
    return Event(now, member.name, member.actor.role, action, "case", case, data)
