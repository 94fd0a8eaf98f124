"""Who writes? Two ways to prove it, and nothing is said of a loan, not even that there is one, before.

A link, sent to an address on file, opened once. Or the sender's own contact, whose number is on file, and
then a code, sent to another address on file: a number alone may have changed hands. Where there is no other
address, a person decides. What is answered is the same whether a number is known or not.

The secrets are keyed digests of the proof's id: nothing is stored that would open a chat.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
import structlog

from casework.borrower.chats import Chat
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.say import say
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chat import chats, proofs
from storage.chat.door import door, set_door
from storage.chat.proofs import Candidate, Proof
from storage.chat.talks import open_talk
from storage.crypt import Keyring, normal_phone
from storage.raw import Raw, touch

FAILURES: Final = 5
LOCKED_FOR: Final = timedelta(hours=24)
LINK_LASTS: Final = timedelta(days=14)
CODE_LASTS: Final = timedelta(minutes=15)
CODES_A_DAY: Final = 5

_CODE_DIGITS: Final = 6
_PAYLOAD: Final = re.compile(r"([0-9a-f]{1,15})-([0-9a-f]{32})")

log: structlog.stdlib.BoundLogger = structlog.get_logger("identity")

Proved = Literal["linked", "wrong", "locked"]


class Answer(msgspec.Struct, frozen=True):
    """What came of a proof: the chat is somebody's now (`person`), or it failed, or none is taken."""

    how: Proved
    person: int | None = None


async def invite(office: Office, actor: Actor, person: int, address: int, now: datetime) -> int:
    """Send the person a link to the chat, to an address of theirs; the proof's id.

    Raises Denied, and CaseworkInputError where the address may not carry it.
    """
    async with office.transaction() as raw:
        book = await office.book(raw)
        found = await raw.rows(
            "SELECT a.kind, c.id, c.portfolio_id FROM addresses a JOIN cases c ON c.person_id = a.person_id "
            "WHERE a.id = $1 AND a.person_id = $2 AND a.kind IN ('phone', 'email') "
            "AND a.state IN ('attested', 'confirmed') AND NOT a.shared ORDER BY c.id",
            address,
            person,
        )
        if not found:
            require(actor, Action.LINK_CHAT)
            raise CaseworkInputError("a link goes only to a number or mailbox that is the person's alone")
        kind, case, portfolio = found[0]
        require(actor, Action.LINK_CHAT, book.portfolios[portfolio].portfolio)
        begins = await door(raw)
        if begins is None:
            raise CaseworkInputError("no bot has run on this book yet: `kept bot` says where its chat is")
        proof = await proofs.add(raw, "link", person, address, now, now + LINK_LASTS)
        given = {"link": begins + payload(office.keyring, proof)}
        channel = "sms" if kind == "phone" else "email"
        # Nobody asked for it: the hours and caps of a reminder bind it.
        expires = now + LINK_LASTS
        await say(
            raw, office, case, person, address, channel, "chat-link", given, now, expires, purpose="dunning"
        )
        sent = Event(now, actor.name, actor.role, "chat.invited", "person", person, {"proof": proof})
        await write(raw.connection, [sent])
    return proof


async def open_link(office: Office, actor: Actor, chat: Chat, given: str, now: datetime) -> Answer:
    """The chat was opened by a link: whose it is, if the link is good. Raises Denied."""
    require(actor, Action.LINK_CHAT)
    read = _PAYLOAD.fullmatch(given.strip())
    async with office.transaction() as raw:
        if await _is_locked(raw, chat, now):
            return Answer("locked")
        proof = None
        if read and hmac.compare_digest(payload(office.keyring, int(read[1], 16)), given.strip()):
            proof = await proofs.lock_link(raw, int(read[1], 16), now)
        if proof is None:
            return await _failed(raw, actor, chat, now)
        return await _link(raw, office, actor, chat, proof, now)


async def show_number(
    office: Office, actor: Actor, chat: Chat, number: str, of: int | None, sender: int, now: datetime
) -> Literal["asked", "not_yours", "locked"]:
    """Somebody shared a contact: codes go out, if its number is on file. Raises Denied.

    of       whose contact it is, by the messenger's own word; None where it says nothing
    sender   who sent it
    `asked` is all that anybody learns of a number: known or not, and where the code went.
    """
    require(actor, Action.LINK_CHAT)
    async with office.transaction() as raw:
        if await _is_locked(raw, chat, now):
            return "locked"
        if of is None or of != sender:
            return "not_yours"
        try:
            normal = normal_phone("+" + re.sub(r"\D", "", number))
        except ValueError:
            return "not_yours"
        found = await proofs.candidates(raw, office.keyring.token("phone", normal))
        await proofs.replace(raw, chat.id, now)
        for candidate in found:
            await _send_code(raw, office, actor, chat, candidate, now)
    return "asked"


async def _send_code(
    raw: Raw, office: Office, actor: Actor, chat: Chat, to: Candidate, now: datetime
) -> None:
    """A code to the candidate's other address; without one, a person has to look."""
    if to.address is None or to.channel is None:
        event = Event(now, actor.name, actor.role, "chat.no_other_address", "person", to.person)
        await write(raw.connection, [event])
        await open_talk(raw, chat.id, to.person, "identity", now)
        return
    if await proofs.made_since(raw, to.person, chat.id, now - timedelta(days=1)) >= CODES_A_DAY:
        log.warning("codes asked for too often", chat_row=chat.id)
        return
    case = min(await chats.cases_of(raw, [to.person]), default=None)
    if case is None:
        return
    expires = now + CODE_LASTS
    proof = await proofs.add(raw, "code", to.person, to.address, now, expires, chat=chat.id, number=to.number)
    given = {"code": code(office.keyring, proof)}
    await say(raw, office, case, to.person, to.address, to.channel, "chat-code", given, now, expires)
    event = Event(now, actor.name, actor.role, "chat.code_sent", "person", to.person, {"proof": proof})
    await write(raw.connection, [event])


async def give_code(office: Office, actor: Actor, chat: Chat, given: str, now: datetime) -> Answer:
    """Somebody typed a code. Raises Denied."""
    require(actor, Action.LINK_CHAT)
    async with office.transaction() as raw:
        if await _is_locked(raw, chat, now):
            return Answer("locked")
        digits = "".join(str(int(sign)) for sign in given if sign.isdecimal())
        for proof in await proofs.awaited(raw, chat.id, now):
            if hmac.compare_digest(code(office.keyring, proof.id), digits):
                return await _link(raw, office, actor, chat, proof, now)
        return await _failed(raw, actor, chat, now)


def looks_like_code(text: str) -> bool:
    """Whether a text can only be meant as a code: its digits, whatever stands between them."""
    return len(re.sub(r"\D", "", text)) == _CODE_DIGITS and not re.search(r"[^\W\d_]", text)


def payload(keyring: Keyring, proof: int) -> str:
    """What a link carries."""
    return f"{proof:x}-{keyring.token('chat link', str(proof)).hex()}"


def code(keyring: Keyring, proof: int) -> str:
    """What a code's message says: six digits."""
    number = int.from_bytes(keyring.token("chat code", str(proof)), "big") % 10**_CODE_DIGITS
    return str(number).rjust(_CODE_DIGITS, "0")


async def _link(raw: Raw, office: Office, actor: Actor, chat: Chat, proof: Proof, now: datetime) -> Answer:
    token = office.keyring.token("chat", str(chat.telegram))
    await proofs.use(raw, proof, chat.id, now)
    if chat.person is not None and chat.person != proof.person:
        await chats.unlink(raw, chat.id, "unverified")
    await chats.link(raw, office.keyring, chat.id, token, proof.person, proof.id, now)
    # A chat to write to is news: the next reminder may go there.
    await touch(raw, await chats.cases_of(raw, [proof.person]), now)
    linked = {"proof": proof.id, "person": proof.person, "by": proof.kind}
    await write(raw.connection, [Event(now, actor.name, actor.role, "chat.linked", "chat", chat.id, linked)])
    return Answer("linked", proof.person)


async def _is_locked(raw: Raw, chat: Chat, now: datetime) -> bool:
    _, until = await chats.lock(raw, chat.id)
    return until is not None and until > now


async def _failed(raw: Raw, actor: Actor, chat: Chat, now: datetime) -> Answer:
    """One more; the fifth locks the chat, and somebody is told."""
    failures, until = await chats.lock(raw, chat.id)
    failures = 1 if until is not None else failures + 1  # a lock that is over begins anew
    locked = failures >= FAILURES
    await chats.set_failures(raw, chat.id, failures, now + LOCKED_FOR if locked else None)
    word = "chat.locked" if locked else "chat.refused"
    await write(raw.connection, [Event(now, actor.name, actor.role, word, "chat", chat.id)])
    if locked:
        await open_talk(raw, chat.id, None, "locked", now)
        log.error("a chat is locked after failed proofs", chat_row=chat.id, failures=failures)
    return Answer("wrong")


async def announce(office: Office, actor: Actor, begins: str, now: datetime) -> None:
    """Where the chat is: a link to it is `begins` and a payload. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await set_door(raw, begins, now)
