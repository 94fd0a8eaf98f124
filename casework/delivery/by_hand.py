"""Unknown contacts for a person to settle: which there are, what is known of each, what was found out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from casework.delivery.unknown import NOT_TAKEN, settled_event
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, may, require
from notifiers.mail import mailbox, message_id
from storage.audit import write
from storage.contacts import lock_cases_of
from storage.receipts import Settled, settle
from storage.unknown import list_unknown, state_of, still_unknown


class Unknown(msgspec.Struct, frozen=True):
    """An unknown contact, for a person to settle. `why` is a sentence; `message_id` is that of a mail."""

    contact: int
    portfolio: str
    borrower: str
    loans: Sequence[str]
    channel: str
    provider: str | None
    message_id: str | None
    sent_at: datetime
    code: str | None
    asked_at: datetime | None
    finding: str | None
    why: str


async def unknown_contacts(office: Office, actor: Actor, mail_from: str | None = None) -> list[Unknown]:
    """All that are unknown in the portfolios that `actor` settles for, the oldest first.

    `mail_from`: the sender of mails where a portfolio names none.
    """
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        mine = [id_ for id_, spec in specs.items() if may(actor, Action.SETTLE_UNKNOWN, spec.portfolio)]
        if not mine:
            require(actor, Action.SETTLE_UNKNOWN)
        listed = await list_unknown(raw, mine)
    found: list[Unknown] = []
    for one in listed:
        spec = specs[one.portfolio]
        sender = spec.senders.get("email") or mail_from
        key = office.key_of(one.contact)
        by_mail = one.channel == "email"
        found.append(
            Unknown(
                contact=one.contact,
                portfolio=spec.portfolio,
                borrower=one.borrower,
                loans=one.loans,
                channel=one.channel,
                provider=one.provider,
                message_id=None if not by_mail else message_id(key, mailbox(sender)) if sender else key,
                sent_at=one.sent_at,
                code=one.code,
                asked_at=one.asked_at,
                finding=one.finding,
                why=_why(one.code, one.finding, by_mail),
            )
        )
    return found


async def settle_by_hand(
    office: Office, actor: Actor, contact: int, how: Literal["delivered", "not_taken"], now: datetime
) -> None:
    """A person found out: it was delivered, or never taken, and then the next channel carries the message.

    Raises Denied; CaseworkInputError where there is no such contact or it is not unknown: what is settled
    stays so.
    """
    async with office.transaction() as raw:
        row = await state_of(raw, contact) if contact < 1 << 63 else None
        specs = (await office.book(raw)).portfolios
        require(actor, Action.SETTLE_UNKNOWN, specs[row[1]].portfolio if row else None)
        if row is None:
            raise CaseworkInputError(f"there is no contact {contact}; kept unknown lists those to settle")
        await lock_cases_of(raw, [contact])
        if contact not in await still_unknown(raw, [contact]):
            raise CaseworkInputError(
                f"contact {contact} is {row[0]}, not unknown: what is settled stays so; "
                "kept unknown lists those to settle"
            )
        taken = how == "delivered"
        settled = Settled(contact, "delivered", row[2], None, None)
        if not taken:
            settled = Settled(contact, "failed", row[2], None, NOT_TAKEN)
        await settle(raw, [settled], now)
        await write(raw.connection, [settled_event(actor, settled, now, "person")])


_FOUND = {
    "no_answer": "the provider does not answer when asked",
    "nothing": "the provider has nothing of it so far",
    "several": "the provider has several messages that could be it",
    "another_text": "the provider has a message of that time with another text",
    "another_time": "the provider has its text at another time",
    "unreadable": "what the provider has of it cannot be read",
}


def _why(code: str | None, finding: str | None, by_mail: bool) -> str:
    lost = "the sender was cut off before the answer was recorded"
    begun = lost if code == "no_answer_recorded" else f"the provider's answer was lost ({code})"
    if by_mail:
        return f"{begun}; look for the Message-ID in the mail server's log"
    return f"{begun}; {_FOUND[finding]}" if finding else f"{begun}; nobody was asked yet"
