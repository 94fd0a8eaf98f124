"""What people write to us: stored first, then obeyed.

A stop is obeyed for everybody who has the sender's address on file, whatever their loans; the claim reads
consents again, so nothing that is planned goes out after it. A sender whom nobody has on file learns nothing
and changes nothing.
"""

from collections import Counter
from datetime import datetime

import msgspec
import structlog

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages.keywords import Keyword, keyword_of
from notifiers.base import Media, Reply
from storage.audit import Event, write
from storage.consents import set_consent
from storage.crypt import CryptError, normal_email, normal_phone
from storage.raw import Raw, touch
from storage.replies import Stored, holders, lock_unworked, mark_worked, store, unworked

_KINDS = {"sms": "phone", "email": "email", "chat": "chat"}
_CONSENTS: dict[Keyword | None, str] = {"stop": "revoked", "start": "granted"}
_BATCH = 200

log: structlog.stdlib.BoundLogger = structlog.get_logger("inbound")


class Said(msgspec.Struct, frozen=True):
    """What is sealed of a reply. `to` is which of our addresses it came to."""

    text: str
    to: str
    keyword: Keyword | None = None  # what the provider itself took it for
    media: tuple[Media, ...] = ()


async def take_reply(office: Office, actor: Actor, reply: Reply, now: datetime) -> int | None:
    """Store a reply; its id, or None where it was stored before. Raises Denied."""
    require(actor, Action.TAKE_REPLY)
    said = msgspec.json.encode(Said(reply.text, reply.recipient, reply.keyword, reply.media)).decode()
    async with office.transaction() as raw:
        return await store(
            raw,
            office.keyring,
            reply.provider,
            reply.provider_id,
            reply.channel,
            _token(office, reply.channel, reply.sender),
            reply.sender,
            said,
            now,
        )


async def work_reply(office: Office, actor: Actor, reply: int, now: datetime) -> Keyword | None:
    """Do what a stored reply asks, in one transaction; what it was. Nothing where it was done before.

    Raises Denied.
    """
    require(actor, Action.TAKE_REPLY)
    async with office.transaction() as raw:
        stored = await lock_unworked(raw, office.keyring, reply)
        return None if stored is None else await _obey(raw, actor, stored, now)


async def work_replies(office: Office, actor: Actor, now: datetime) -> Counter[str]:
    """Work every reply that its webhook left; counts by what they were: `stop`, `start`, `help`, `other`.

    One that cannot be opened fails alone (`failed`) and stays. Raises Denied.
    """
    require(actor, Action.TAKE_REPLY)
    counts: Counter[str] = Counter()
    after = 0
    while True:
        async with office.transaction() as raw:
            waiting = await unworked(raw, after, _BATCH)
        if not waiting:
            return counts
        for reply in waiting:
            try:
                counts[await work_reply(office, actor, reply, now) or "other"] += 1
            except CryptError as error:
                log.error("reply cannot be opened", reply=reply, reason=str(error))  # noqa: TRY400, no secret
                counts["failed"] += 1
        after = waiting[-1]


async def _obey(raw: Raw, actor: Actor, stored: Stored, now: datetime) -> Keyword | None:
    said = msgspec.json.decode(stored.body, type=Said)
    meant = keyword_of(said.text)
    # Where the provider already stopped, believing otherwise would be no use.
    keyword: Keyword | None = "stop" if "stop" in (said.keyword, meant) else meant or said.keyword
    state = _CONSENTS.get(keyword)
    if state is not None:
        found = await holders(raw, _KINDS[stored.channel], stored.token)
        if state == "granted":  # who lost the number has nothing to grant there, nor its new owner for them
            found = [holder for holder in found if holder.state not in ("suspended", "detached")]
        persons = sorted({holder.person for holder in found})
        await touch(raw, [holder.case for holder in found if holder.case is not None], now)
        await set_consent(raw, persons, stored.channel, state, stored.received_at, "reply", stored.id)
        await write(
            raw.connection,
            [
                Event(
                    now,
                    actor.name,
                    actor.role,
                    f"consent.{state}",
                    "person",
                    person,
                    {"channel": stored.channel, "reply": stored.id},
                )
                for person in persons
            ],
        )
    await mark_worked(raw, stored.id, keyword, now)
    return keyword


def _token(office: Office, channel: str, sender: str) -> bytes:
    """Of the sender's address as a tape would give it; a sender that is none (a short code) finds nobody."""
    kind = _KINDS[channel]
    try:
        normal = {"phone": normal_phone, "email": normal_email}.get(kind, str)(sender.strip())
    except ValueError:
        normal = sender
    return office.keyring.token(kind, normal)
