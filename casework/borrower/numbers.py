"""A borrower's number has changed: the new one is theirs when a code that went there comes back in the chat.

What else is on file is asked about: a number that no longer reaches them is suspended, for every loan.
"""

import re
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from casework.borrower.chats import Chat, borrower
from casework.borrower.identity import CODE_LASTS, CODES_A_DAY, code
from casework.borrower.tell import tell
from casework.office import Office
from casework.say import say
from casework.staff.rights import Action, Actor, require
from storage.addresses import add_unverified, held_by, numbers_of, share_anew
from storage.audit import Event, write
from storage.chat import chats, proofs
from storage.crypt import normal_phone

Offered = Literal["asked", "known", "locked", "too_often", "closed", "unclear"]


class Known(msgspec.Struct, frozen=True):
    """A number of theirs on file: the address, and how it ends."""

    address: int
    ends: str


def number_in(text: str) -> str | None:
    """The number that `text` is, as +491701234567; None where it has no country, or is none."""
    digits = re.sub(r"[\s().\-/]", "", text)
    try:
        return normal_phone(re.sub(r"^00", "+", digits))
    except ValueError:
        return None


async def offer_number(office: Office, actor: Actor, chat: Chat, text: str, now: datetime) -> Offered:
    """A code goes to the number in `text`, unless that is theirs already. Raises Denied.

    `closed`: it was reported as somebody else's, so a person has to look.
    """
    require(actor, Action.LINK_CHAT)
    number = number_in(text)
    if number is None:
        return "unclear"
    assert chat.person is not None
    async with office.transaction() as raw:
        _, until = await chats.lock(raw, chat.id)
        if until is not None and until > now:
            return "locked"
        if await proofs.made_since(raw, chat.person, chat.id, now - timedelta(days=1)) >= CODES_A_DAY:
            return "too_often"
        address = await add_unverified(raw, office.keyring, chat.person, "phone", number, now)
        held = await held_by(raw, address)
        if held[0].state in ("attested", "confirmed"):
            return "known"
        if held[0].state != "unverified":
            return "closed"
        await share_anew(raw, "phone", held[0].token)
        case = min(await chats.cases_of(raw, [chat.person]), default=None)
        if case is None:
            return "closed"
        await proofs.replace(raw, chat.id, now)
        expires = now + CODE_LASTS
        proof = await proofs.add(
            raw, "code", chat.person, address, now, expires, chat=chat.id, number=address
        )
        given = {"code": code(office.keyring, proof)}
        await say(raw, office, case, chat.person, address, "sms", "chat-code", given, now, expires)
        who = borrower(chat.person)
        sent = Event(now, who.name, who.role, "address.offered", "address", address, {"proof": proof})
        await write(raw.connection, [sent])
    return "asked"


async def numbers(office: Office, chat: Chat) -> list[Known]:
    """Their own numbers on file. Raises Denied."""
    assert chat.person is not None
    who = borrower(chat.person)
    require(who, Action.READ_PERSONAL_DATA, owner=who.name)
    async with office.transaction() as raw:
        found = await numbers_of(raw, office.keyring, chat.person)
    return [Known(address, number[-2:]) for address, number in found]


async def drop_number(office: Office, chat: Chat, address: int, update: int | None, now: datetime) -> None:
    """It does not reach them any more: suspended, and traced. Raises Denied, CaseworkInputError."""
    await tell(office, chat, "wrong_number", update, now, address=address)
