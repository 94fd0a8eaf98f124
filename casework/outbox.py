"""The sandbox's outbox: where its messages are stored, and how they are read, by those who may.

Every look at it is on record: it shows names, addresses and what was said.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages.body import Body
from notifiers.base import Outgoing
from notifiers.sandbox import Store
from storage.audit import Event, write
from storage.crypt import normal_email, normal_phone
from storage.outbox import About, Entry, Listed, Loan, about, newest, newest_to, one, put

__all__ = ["About", "Letter", "Loan", "Opened", "Page", "address_token", "browse", "open_letter", "store"]

_BETWEEN_DIGITS = str.maketrans("", "", " -().\u00a0\u2011/")


class Letter(msgspec.Struct, frozen=True):
    """A delivered message as a list shows it: its recipient masked. `zone` is the borrower's."""

    id: int
    channel: str
    recipient: str
    body: Body
    at: datetime
    language: str | None
    zone: str


class Page(msgspec.Struct, frozen=True):
    """A part of the outbox, newest first. `older` is the cursor of what comes next; None at the end."""

    letters: tuple[Letter, ...]
    older: int | None


class Opened(msgspec.Struct, frozen=True):
    """A delivered message with its whole recipient, and what it was for."""

    letter: Letter
    contact: int
    about: About


def store(office: Office) -> Store:
    """Where the sandbox adapters deliver to."""
    encode = msgspec.json.Encoder().encode

    async def put_all(batch: Sequence[Outgoing]) -> None:
        entries = [
            Entry(sent.contact, sent.to, encode(sent.body).decode(), sent.at, _channel_of(sent.to))
            for sent in batch
        ]
        async with office.transaction() as raw:
            await put(raw, office.keyring, entries)

    return put_all


async def browse(
    office: Office,
    actor: Actor,
    now: datetime,
    *,
    channel: str | None = None,
    token: str | None = None,
    before: int | None = None,
    limit: int,
) -> Page:
    """The newest messages before a cursor, of a channel, to one address (`address_token`). Raises Denied,
    and CaseworkInputError where `token` is none."""
    require(actor, Action.READ_PERSONAL_DATA)
    try:
        address = None if token is None else bytes.fromhex(token)
    except ValueError:
        raise CaseworkInputError("this is no token of an address: search for the address again") from None
    async with office.transaction() as raw:
        if address is None:
            found = await newest(raw, office.keyring, channel=channel, before=before, limit=limit + 1)
        else:
            found = await newest_to(
                raw, office.keyring, address, channel=channel, before=before, limit=limit + 1
            )
        read = Event(
            now, actor.name, actor.role, Action.READ_PERSONAL_DATA, "outbox", None, {"messages": len(found)}
        )
        await write(raw.connection, [read])
    letters = tuple(_letter(listed, masked(listed.recipient)) for listed in found[:limit])
    return Page(letters, letters[-1].id if len(found) > limit else None)


async def open_letter(office: Office, actor: Actor, letter: int, now: datetime) -> Opened | None:
    """One message as a whole; None where there is none. Raises Denied."""
    require(actor, Action.READ_PERSONAL_DATA)
    async with office.transaction() as raw:
        listed = await one(raw, office.keyring, letter)
        if listed is None:
            return None
        what = await about(raw, office.keyring, listed.contact)
        read = Event(now, actor.name, actor.role, Action.READ_PERSONAL_DATA, "contact", listed.contact)
        await write(raw.connection, [read])
    return Opened(_letter(listed, listed.recipient), listed.contact, what)


def address_token(office: Office, actor: Actor, text: str) -> str:
    """What stands for an address in `browse`, so that no link holds the address itself.

    `text` is a mailbox, a phone number with its +, or a chat id. Raises Denied and CaseworkInputError.
    """
    require(actor, Action.READ_PERSONAL_DATA)
    text = text.strip()
    try:
        if "@" in text:
            return office.keyring.token("email", normal_email(text)).hex()
        if text.startswith("+"):
            return office.keyring.token("phone", normal_phone(text.translate(_BETWEEN_DIGITS))).hex()
    except ValueError as error:
        raise CaseworkInputError(str(error)) from None
    if text.lstrip("-").isdecimal():
        return office.keyring.token("chat", text).hex()
    raise CaseworkInputError(
        "an address is a mailbox (name@example.org), a number with its country (+1...), or a chat id"
    )


def _channel_of(recipient: str) -> str:
    """By the look of an address: a mailbox, a number with its plus, else a chat's id."""
    return "email" if "@" in recipient else "sms" if recipient.startswith("+") else "chat"


def masked(recipient: str) -> str:
    """Enough of an address to tell it from others, not enough to write to it."""
    if "@" in recipient:
        local, _, domain = recipient.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    if recipient.startswith("+"):
        return f"{recipient[:3]}•••{recipient[-2:]}"
    return f"•••{recipient[-2:]}"


def _letter(listed: Listed, recipient: str) -> Letter:
    body = msgspec.json.decode(listed.body, type=Body)
    return Letter(listed.id, listed.channel, recipient, body, listed.at, listed.language, listed.zone)
