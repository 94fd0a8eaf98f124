"""The number from which somebody of the staff sends late entries by SMS: theirs once its code came back.

A number of a customer is none of the staff's, and one that is somebody's is nobody else's: who asks learns no
more than that it cannot be used.
"""

import hmac
from datetime import datetime, timedelta
from typing import Final, Literal

import structlog

from casework.borrower.numbers import number_in
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.desk import portfolios_for
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action
from messages.typed.read_back import read_back
from storage.audit import Event, write
from storage.crypt import Keyring
from storage.staff import numbers as stored

CODE_LASTS: Final = timedelta(minutes=15)
FAILURES: Final = 5
CODES_A_DAY: Final = 5  # an SMS costs something
_DIGITS: Final = 6

log: structlog.stdlib.BoundLogger = structlog.get_logger("staff")


async def offer_number(office: Office, member: Member, text: str, language: str, now: datetime) -> str:
    """A code goes to the number in `text`; its last digits. Raises Denied, CaseworkInputError."""
    number = number_in(text)
    if number is None:
        raise CaseworkInputError("a number is written with its country, like +44 7700 900123")
    async with office.transaction() as raw:
        if (
            Action.WRITE_TEXT not in RIGHTS[member.actor.role]
        ):  # who tries texts on themselves has a number too
            await portfolios_for(raw, office, member, Action.TAKE_CASE)
        token = office.keyring.token("phone", number)
        if await stored.is_taken(raw, token, member.id):
            raise CaseworkInputError("this number cannot be used; take one that is yours alone")
        if await stored.planned_since(raw, member.id, ("code",), now - timedelta(days=1)) >= CODES_A_DAY:
            raise CaseworkInputError("too many codes went out today; try again tomorrow")
        id_ = await stored.add(raw, office.keyring, member.id, number, token, now, now + CODE_LASTS)
        body = read_back(language).code.format(code=code_of(office.keyring, id_))
        (text_id,) = await raw.ids("staff_texts", 1)
        await stored.plan(raw, office.keyring, text_id, id_, "code", body, now)
        await write(raw.connection, [_event(member, "staff_number.asked", now)])
    return number[-2:]


async def confirm_number(
    office: Office, member: Member, given: str, now: datetime
) -> Literal["confirmed", "wrong", "locked", "none"]:
    """They typed the code. `locked`: too often a wrong one; `none`: no number waits for a code."""
    digits = "".join(sign for sign in given if sign.isascii() and sign.isdigit())
    async with office.transaction() as raw:
        waits = await stored.open_of(raw, member.id)
        if waits is None or waits.confirmed or waits.expires_at <= now:
            return "none"
        if hmac.compare_digest(code_of(office.keyring, waits.id), digits):
            await stored.confirm(raw, waits.id, now)
            await write(raw.connection, [_event(member, "staff_number.confirmed", now)])
            return "confirmed"
        await stored.count_failure(raw, waits.id)
        if waits.failures + 1 < FAILURES:
            return "wrong"
        await stored.end(raw, member.id, now)
        await write(raw.connection, [_event(member, "staff_number.locked", now)])
    log.error("a number of the staff is locked after failed codes", staff=member.id)
    return "locked"


async def drop_number(office: Office, member: Member, now: datetime) -> bool:
    """Their number is theirs no more; whether there was one."""
    async with office.transaction() as raw:
        had = await stored.end(raw, member.id, now) > 0
        if had:
            await write(raw.connection, [_event(member, "staff_number.dropped", now)])
    return had


def code_of(keyring: Keyring, number: int) -> str:
    """The code that goes to a number: six digits, of the row's id and the book's own key."""
    drawn = int.from_bytes(keyring.token("staff number code", str(number)), "big")
    return f"{drawn % 10**_DIGITS:0{_DIGITS}}"


def _event(member: Member, action: str, now: datetime) -> Event:
    return Event(now, member.name, member.actor.role, action, "staff", member.id)
