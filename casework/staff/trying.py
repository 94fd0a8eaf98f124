"""A text sent to oneself to look at: to an address that is one's own, marked as a test, never to a borrower.

It goes by the adapters that borrowers are reached by, with invented facts. An address that anybody in the
book has is refused, whoever's else it may be.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from casework.errors import CaseworkInputError
from casework.office import Clock, Office
from casework.previews import sent_as
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, require
from messages.body import Body
from messages.errors import MessageError
from messages.samples import Sample, shown
from messages.segments import segments
from notifiers.base import Notifier, Outgoing, SendError
from storage.audit import Event, write
from storage.crypt import normal_email
from storage.staff import trying as stored

MARKS: Final[Mapping[str, str]] = {"zh": "【测试】"}
MARK: Final = "[TEST]"
AN_HOUR: Final = 10  # tests by one person: an SMS costs something
_OLDEST: Final = timedelta(hours=1)  # what is older is not waited for any more
_BATCH: Final = 20
_KINDS: Final = {"sms": "phone", "email": "email", "chat": "chat"}

log: structlog.stdlib.BoundLogger = structlog.get_logger("staff")


class Ways(msgspec.Struct, frozen=True):
    """Where a test can go: the last digits of one's number, whether one works in a chat, and whether a
    mailbox was checked by single sign-on (which one, they write: it is not stored)."""

    sms: str | None
    chat: bool
    email: bool


async def ways(office: Office, member: Member) -> Ways:
    """Of somebody, for themselves."""
    async with office.glance() as raw:
        found = await stored.ways_of(raw, office.keyring, member.id)
    return Ways(found.sms and found.sms[-2:], found.chat is not None, found.mailbox is not None)


async def try_text(
    office: Office,
    member: Member,
    name: str,
    channel: str,
    language: str,
    sample: Sample,
    now: datetime,
    *,
    mailbox: str = "",
) -> None:
    """The text as it is sent now goes to oneself. `mailbox`: one's own, for mail.

    Raises Denied; CaseworkInputError: no such text, no address of one's own, too many tests.
    """
    actor = member.actor
    require(actor, Action.WRITE_TEXT)
    text = await sent_as(office, actor, name, channel, language)
    try:
        body = marked(shown(text, sample, now.date()), channel, language)
    except MessageError as error:
        raise CaseworkInputError(str(error)) from None
    async with office.transaction() as raw:
        found = await stored.ways_of(raw, office.keyring, member.id)
        to = _mailbox(office, found.mailbox, mailbox) if channel == "email" else getattr(found, channel)
        if to is None:
            raise CaseworkInputError(f"no address for {channel} is yours yet, so no test can go there")
        if await stored.is_customers(raw, office.keyring.token(_KINDS[channel], to)):
            raise CaseworkInputError("a borrower has this address on file: no test goes there")
        if await stored.planned_since(raw, member.id, now - timedelta(hours=1)) >= AN_HOUR:
            raise CaseworkInputError(f"{AN_HOUR} tests went out within the hour; try again later")
        encoded = msgspec.json.encode(body).decode()
        key = await stored.plan(raw, office.keyring, member.id, channel, language, to, encoded, now)
        data = {"text": name, "channel": channel, "language": language, "digest": text.digest}
        await write(
            raw.connection, [Event(now, actor.name, actor.role, "text.tried", "tried_text", key, data)]
        )


def _mailbox(office: Office, token: bytes | None, given: str) -> str | None:
    """The mailbox as written, if it is the one that single sign-on has checked. CaseworkInputError."""
    if token is None:
        return None
    try:
        normal = normal_email(given)
    except ValueError as error:
        raise CaseworkInputError(str(error)) from None
    if office.keyring.token("staff mailbox", normal) != token:
        raise CaseworkInputError("that is not the mailbox that your single sign-on has checked")
    return normal


def marked(body: Body, channel: str, language: str) -> Body:
    """The body with the mark of a test at its head; buttons as words, for nobody is to press them."""
    mark = MARKS.get(language, MARK)
    text = f"{mark} {body.text}"
    if channel == "sms":
        return Body(text, segments=segments(text))
    if channel == "chat":
        buttons = " ".join(f"[{label}]" for label, _ in body.buttons)
        return Body(f"{text}\n\n{buttons}" if buttons else text)
    html = None if body.html is None else body.html.replace("<p>", f"<p><strong>{mark}</strong></p>\n<p>", 1)
    return Body(text, subject=f"{mark} {body.subject}", html=html)


async def send_tried(office: Office, actor: Actor, notifiers: Mapping[str, Notifier], clock: Clock) -> int:
    """Hand over what waits; how many a provider took. Begun before: after a crash unsaid, never twice.

    Raises Denied.
    """
    require(actor, Action.SEND)
    taken = 0
    while True:
        now = clock.now()
        async with office.transaction() as raw:
            due = await stored.begin(raw, office.keyring, now, now - _OLDEST, _BATCH)
        for one in due:
            outgoing = Outgoing(
                contact=-one.id,
                key=f"{office.key_of(0)}-tried-{one.id}",
                to=one.recipient,
                body=msgspec.json.decode(one.body, type=Body),
                language=one.language,
                at=now,
            )
            code: str | None = None
            try:
                await notifiers[one.channel].send(outgoing)
                taken += 1
            except SendError as error:
                code = error.code
                log.warning("a test is not known to be taken", tried=one.id, code=code)
            async with office.transaction() as raw:
                await stored.handed(raw, one.id, code, clock.now())
        if len(due) < _BATCH:
            return taken
