"""What people write to us: stored first, then obeyed.

A stop is obeyed for everybody who has the sender's address on file, whatever their loans; the claim reads
consents again, so nothing that is planned goes out after it. It is confirmed once. Who says that they are not
the person has the address suspended, for every loan, and a task asks somebody to trace it. A sender whom
nobody has on file learns nothing and changes nothing. What comes from a number of the staff is theirs, and
never a customer's.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import structlog

from casework.borrower.asking import go_on
from casework.borrower.distress import rest_and_call
from casework.borrower.texting import answer_echo, answer_text
from casework.confirm import CONFIRM_WITHIN
from casework.office import Office
from casework.staff.late_sms import answer_staff
from casework.staff.rights import Action, Actor, require
from messages.intents.reading import beside_a_stop
from messages.keywords import Keyword
from messages.meanings import Meaning, meaning_of, says_stop
from messages.typed.sms import Wish, read_sms
from notifiers.base import Media, Reply
from storage.addresses import open_traces, suspend
from storage.answers import plan_answer, said_since
from storage.audit import Event, write
from storage.consents import Evidence, set_consent, stopped
from storage.crypt import CryptError, normal_email, normal_phone
from storage.engine import AWAY
from storage.raw import Raw, touch
from storage.replies import Holder, Stored, holders, lock_unworked, mark_worked, store, unworked
from storage.staff import numbers
from storage.tasks import open_tasks

KINDS = {"sms": "phone", "email": "email", "chat": "chat"}
_BATCH = 200

ANSWER_WITHIN = timedelta(hours=1)
_DISTRESS = "sms-distress"

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


async def work_reply(
    office: Office, actor: Actor, reply: int, now: datetime
) -> Meaning | Wish | Literal["staff"] | None:
    """Do what a stored reply asks, in one transaction; what it was. Nothing where it was done before.

    Raises Denied.
    """
    require(actor, Action.TAKE_REPLY)
    async with office.transaction() as raw:
        stored = await lock_unworked(raw, office.keyring, reply)
        return None if stored is None else await _obey(office, raw, actor, stored, now)


async def work_replies(office: Office, actor: Actor, now: datetime) -> Counter[str]:
    """Work every reply that its webhook left; counts by what they were: a Meaning, a Wish, `staff`, `other`.

    One that cannot be worked fails alone (`failed`) and stays. Raises Denied.
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
            except AWAY:
                raise
            except Exception as error:
                # Foreign exceptions carry texts and addresses: no more of it than its kind.
                log.error("reply cannot be worked", reply=reply, error=type(error).__name__)  # noqa: TRY400
                counts["failed"] += 1
        after = waiting[-1]


async def _obey(
    office: Office, raw: Raw, actor: Actor, stored: Stored, now: datetime
) -> Meaning | Wish | Literal["staff"] | None:
    said = msgspec.json.decode(stored.body, type=Said)
    meant = meaning_of(said.text)
    # Where the provider already stopped, believing otherwise would be no use.
    by_provider = said.keyword == "stop" and meant not in ("wrong_person", "distress")
    meaning: Meaning | None = "stop" if by_provider else meant or said.keyword
    found = await holders(raw, KINDS[stored.channel], stored.token)
    work = _Work(office, raw, actor, stored, now, answered_by_provider=said.keyword is not None)
    colleague = await numbers.writer(raw, stored.token) if stored.channel == "sms" else None
    if colleague is not None:
        if meaning == "stop" and found:  # obeyed whoever it is
            await work.stop(found)
        elif not by_provider:
            await answer_staff(raw, office, colleague, stored.id, said.text, stored.received_at, now)
        await mark_worked(raw, stored.id, "staff", now)
        return "staff"
    if stored.channel == "sms" and meant is None and not by_provider:
        promised = await answer_echo(raw, office, actor, stored, said.text, found, now)
        if promised == "stop":
            await work.stop(found)
        elif promised == "wrong_person":
            await work.wrong_person(found)
        elif promised is not None and said.keyword == "start":  # to the provider, YES is that
            await work.start(found)
        if promised is not None:
            await mark_worked(raw, stored.id, promised, now)
            return promised
        if meaning is None and read_sms(said.text).wish == "stop":
            # Said in words that only the classifier knows: an unwanted silence is mended by one word.
            meaning = "stop"
    if meaning == "wrong_person":
        await work.wrong_person(found)
        if said.keyword == "stop":
            await work.consent("revoked", found)
    elif meaning == "distress":
        if said.keyword == "stop" or says_stop(said.text):
            await work.stop(found)
        await work.distress(said.text, found)
    elif meaning == "stop":
        await work.stop(found)
        if beside_a_stop(said.text) is not None:
            await work.read_too(found)
    elif meaning == "start":
        await work.start(found)
    elif meaning == "help":
        await work.help(found)
    elif stored.channel == "sms":
        wish = await answer_text(raw, office, actor, stored, said.text, found, now)
        await mark_worked(raw, stored.id, wish, now)
        return wish
    await mark_worked(raw, stored.id, meaning, now)
    return meaning


class _Work:
    """What one reply has done, in the transaction that marks it worked."""

    def __init__(
        self,
        office: Office,
        raw: Raw,
        actor: Actor,
        stored: Stored,
        now: datetime,
        *,
        answered_by_provider: bool,
    ) -> None:
        self.office, self.raw, self.actor, self.stored, self.now = office, raw, actor, stored, now
        self.answered_by_provider = answered_by_provider

    async def stop(self, found: Sequence[Holder]) -> None:
        """For everybody with that address, whatever its state; confirmed once, to who was not stopped yet."""
        before = await stopped(self.raw, [holder.person for holder in found], self.stored.channel)
        await go_on(self.raw, self.actor, [holder.person for holder in found], self.now)
        await self.consent("revoked", found)
        await self.answer(
            "stop-confirmed",
            [holder for holder in found if holder.person not in before],
            self.stored.received_at + CONFIRM_WITHIN,
            purpose="opt_out_confirmation",
        )

    async def read_too(self, found: Sequence[Holder]) -> None:
        """A person reads what was said beside a stop, that they paid for one."""
        theirs = [one for one in found if one.state not in ("suspended", "detached")]
        cases = sorted({one.case for one in theirs if one.case is not None})
        opened = await open_tasks(self.raw, cases, "review", self.stored.id, self.now)
        await self.write([("task.opened", "task", task) for task in opened])

    async def start(self, found: Sequence[Holder]) -> None:
        """Who lost the number has nothing to grant there, nor its new owner for them."""
        theirs = [holder for holder in found if holder.state not in ("suspended", "detached")]
        before = await stopped(self.raw, [holder.person for holder in theirs], self.stored.channel)
        await go_on(self.raw, self.actor, [holder.person for holder in theirs], self.now)
        await self.consent("granted", theirs)
        again = [holder for holder in theirs if holder.person in before]
        await self.answer("start-confirmed", again, self.now + ANSWER_WITHIN)

    async def help(self, found: Sequence[Holder]) -> None:
        """Once a day: whoever answers by machine would ask for ever."""
        for holder in found:
            yesterday = self.now - timedelta(days=1)
            if holder.case is not None and await said_since(self.raw, holder.case, "help", yesterday):
                return
        await self.answer("help", found, self.now + ANSWER_WITHIN)

    async def distress(self, text: str, found: Sequence[Holder]) -> None:
        """Of everybody who may have written it, reminders rest and somebody calls; answered once an hour."""
        theirs = [one for one in found if one.state not in ("suspended", "detached")]
        cases = {one.person: one.case for one in sorted(theirs, key=_by_case) if one.case is not None}
        for person, case in sorted(cases.items()):
            key = f"reply {self.stored.id} case {case}"
            await rest_and_call(self.raw, self.office, person, case, self.stored.channel, text, key, self.now)
        hour = self.now - timedelta(hours=1)
        said = [await said_since(self.raw, case, _DISTRESS, hour) for case in cases.values()]
        if self.stored.channel == "sms" and not any(said):
            await self.answer(_DISTRESS, theirs, self.now + ANSWER_WITHIN)

    async def wrong_person(self, found: Sequence[Holder]) -> None:
        """That address is suspended for every loan of everybody who has it, and somebody traces it."""
        if not found:
            return
        cases = sorted({holder.case for holder in found if holder.case is not None})
        await touch(self.raw, cases, self.now)
        suspended = await suspend(self.raw, KINDS[self.stored.channel], self.stored.token)
        traced = await open_traces(self.raw, cases, self.stored.id, self.now)
        await self.write(
            [("address.suspended", "address", address) for address in suspended]
            + [("task.opened", "task", task) for task in traced]
        )

    async def consent(self, state: str, found: Sequence[Holder]) -> None:
        """Recorded for every portfolio: who says stop to a number means whoever writes from it."""
        await touch(self.raw, [holder.case for holder in found if holder.case is not None], self.now)
        persons = sorted({holder.person for holder in found})
        stored = self.stored
        await set_consent(
            self.raw,
            persons,
            stored.channel,
            state,
            stored.received_at,
            "reply",
            Evidence(reply=stored.id),
        )
        await self.write([(f"consent.{state}", "person", person) for person in persons])

    async def answer(
        self, text: str, found: Sequence[Holder], expires_at: datetime, purpose: str = "answer"
    ) -> None:
        """To the address that wrote, once, however many have it; unless the provider answers by itself."""
        open_ = [one for one in found if one.case is not None and one.state not in ("suspended", "detached")]
        if not open_ or self.answered_by_provider:
            return
        first = min(open_, key=lambda one: (one.state != "confirmed", one.state != "attested", one.person))
        assert first.case is not None
        await plan_answer(
            self.raw,
            self.office.keyring,
            first.case,
            first.person,
            first.address,
            self.stored.channel,
            text,
            {},
            self.now,
            expires_at,
            purpose=purpose,
        )

    async def write(self, done: Sequence[tuple[str, str, int]]) -> None:
        data = {"channel": self.stored.channel, "reply": self.stored.id}
        await write(
            self.raw.connection,
            [
                Event(self.now, self.actor.name, self.actor.role, action, subject, id_, data)
                for action, subject, id_ in done
            ],
        )


def _by_case(holder: Holder) -> int:
    """The first case of a person comes last: it is the one that stays."""
    return -(holder.case or 0)


def _token(office: Office, channel: str, sender: str) -> bytes:
    """Of the sender's address as a tape would give it; a sender that is none (a short code) finds nobody."""
    kind = KINDS[channel]
    try:
        normal = {"phone": normal_phone, "email": normal_email}.get(kind, str)(sender.strip())
    except ValueError:
        normal = sender
    return office.keyring.token(kind, normal)
