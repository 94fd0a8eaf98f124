"""What a person on file asks by SMS: figures for a PIN, what they paid, a promise, a person.

Whoever holds the phone reads the answer: without the PIN it says nothing of a loan. A number that is on file
with several persons, or that nobody has vouched for, is answered by a person. A word has no effect that a
person has not seen, but one: who says that they paid is not reminded while somebody looks. The word PAID says
so; a sentence that reads like it is asked back. So is what may be a stop, or a wrong person: nothing is sent
and nobody calls until they answer (casework/borrower/asking.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec.structs import replace

from casework.borrower.asking import go_on, rest
from casework.borrower.pins import check_pin
from casework.borrower.promising import (
    PAID,
    SETTLED,
    STOP,
    WHEN,
    WRONG,
    Heard,
    echo_of,
    hear_promise,
    names_a_day,
    settle,
)
from casework.office import Office
from casework.outcomes import Details, record_in
from casework.staff.rights import Actor, Role
from messages.typed.plain import yes_or_no
from messages.typed.sms import Texted, Wish, read_sms
from storage.answers import answered_since, last_said, plan_answer, said_since
from storage.audit import Event, write
from storage.facts import load_facts
from storage.raw import Raw
from storage.replies import Holder, Stored
from storage.tasks import open_tasks, outcome_since

ANSWER_WITHIN: Final = timedelta(hours=1)
AGAIN: Final = timedelta(days=14)  # the same claim pauses nothing anew before
ANSWERS_A_DAY: Final = 20  # to one number: whoever answers by machine would ask for ever

_LEFT: Final = "sms-promise-left"
_PASSED_ON: Final = "sms-passed-on"
_ONCE_AN_HOUR: Final = frozenset({_PASSED_ON, "sms-unclear"})


async def answer_text(
    raw: Raw, office: Office, actor: Actor, stored: Stored, text: str, found: Sequence[Holder], now: datetime
) -> Wish | None:
    """Do what an SMS asks and plan its answer, in the caller's transaction; None: it is nobody's."""
    theirs = _open(found)
    if not theirs:
        return None
    texting = _Texting(raw, office, actor, stored, now)
    if not _is_known(found, theirs):
        await texting.pass_on(theirs, "review")
        return "human"
    texted = read_sms(text)
    if texted.wish == "unclear" and names_a_day(text, now.date()):
        echo = await echo_of(raw, office, theirs[0].address, now)
        if echo is not None and echo.template == WHEN:
            texted = replace(texted, wish="promise")
    await texting.do(texted, theirs)
    return texted.wish


async def answer_echo(
    raw: Raw, office: Office, actor: Actor, stored: Stored, text: str, found: Sequence[Holder], now: datetime
) -> Wish | Literal["wrong_person"] | None:
    """A YES or NO to what was asked back; None: the text is none, or nothing waits for one.

    `stop` and `wrong_person` are for the caller to obey. Asked before keywords: YES is a word for START to
    some providers.
    """
    yes = yes_or_no(text)
    theirs = _open(found)
    if yes is None or not _is_known(found, theirs):
        return None
    echo = await echo_of(raw, office, theirs[0].address, now)
    if echo is None or echo.template == WHEN:
        return None
    if echo.settled:  # said twice
        return "thanks"
    texting = _Texting(raw, office, actor, stored, now)
    if echo.template in (STOP, WRONG):
        await go_on(raw, actor, [theirs[0].person], now)
        if yes:
            return "stop" if echo.template == STOP else "wrong_person"
        await texting.say(_LEFT, theirs[0], always=True)
        return "may_stop" if echo.template == STOP else "may_be_wrong"
    if echo.template == PAID:
        if await texting.is_passed_on(theirs[0]):  # said twice
            return "thanks"
        if yes:
            await texting.paid(theirs)
        else:
            await texting.say(_LEFT, theirs[0], always=True)
        return "paid"
    holder = next((one for one in theirs if str(one.case) == echo.given.get("case")), theirs[0])
    await texting.told(await settle(raw, office, stored, holder, echo, yes, now), theirs)
    return "promise"


def _open(found: Sequence[Holder]) -> list[Holder]:
    return [one for one in found if one.case is not None and one.state not in ("suspended", "detached")]


def _is_known(found: Sequence[Holder], theirs: Sequence[Holder]) -> bool:
    """Whether the number is one person's alone, and somebody has vouched for it."""
    alone = bool(theirs) and {one.person for one in found} == {theirs[0].person}
    return alone and theirs[0].state in ("attested", "confirmed")


class _Texting:
    """One SMS, and what comes of it."""

    def __init__(self, raw: Raw, office: Office, actor: Actor, stored: Stored, now: datetime) -> None:
        self.raw, self.office, self.actor, self.stored, self.now = raw, office, actor, stored, now

    async def do(self, texted: Texted, theirs: Sequence[Holder]) -> None:
        if texted.wish in ("figures", "pay"):
            await self.figures(texted.pin, theirs)
        elif texted.wish == "real":
            await self.say("sms-real", theirs[0])
        elif texted.wish == "unclear":
            await self.open("review", theirs)
            await self.say("sms-unclear", theirs[0])
        elif texted.wish == "paid" and texted.guessed:
            await self.say(PAID, theirs[0])
        elif texted.wish == "paid":
            await self.paid(theirs)
        elif texted.wish == "promise":
            echo = await echo_of(self.raw, self.office, theirs[0].address, self.now)
            heard = await hear_promise(self.raw, self.office, theirs[0], texted.rest, echo, self.now)
            await self.told(heard, theirs)
        elif texted.wish == "may_stop":
            await self.ask(STOP, theirs[0])
        elif texted.wish == "may_be_wrong":
            await self.open("review", theirs)
            await self.ask(WRONG, theirs[0])
        elif texted.wish == "review":
            await self.pass_on(theirs, "review")
        elif texted.wish != "thanks":
            await self.pass_on(theirs, "call")

    async def ask(self, text: str, holder: Holder) -> None:
        """YES or NO; until then they are left alone."""
        assert holder.case is not None
        await rest(self.raw, self.actor, holder.person, holder.case, self.now)
        await self.say(text, holder)

    async def told(self, heard: Heard, theirs: Sequence[Holder]) -> None:
        """What became of a promise: said back to them, and to a person where it is for one."""
        if heard.template is None:
            await self.pass_on(theirs, "call")
            return
        if heard.person_too:
            await self.open("call", theirs)
        holder = next((one for one in theirs if one.case == heard.case), theirs[0])
        given = {**heard.given, "case": str(heard.case)}
        await self.say(heard.template, holder, given, always=heard.template in SETTLED)

    async def figures(self, pin: str | None, theirs: Sequence[Holder]) -> None:
        """What is owed, to whoever knows the PIN: a message for each lender."""
        first = theirs[0]
        assert first.case is not None
        given = "none"
        if pin is not None:
            given = await check_pin(
                self.raw, self.office, self.actor, first.person, pin, first.case, self.stored.id, self.now
            )
        if given == "right":
            for holder in theirs:
                await self.say("sms-figures" if await self._owes(holder) else "sms-nothing", holder)
        else:
            texts = {"none": "sms-pin", "wrong": "sms-pin-wrong", "locked": "sms-pin-locked"}
            await self.say(texts[given], first)

    async def paid(self, theirs: Sequence[Holder]) -> None:
        """Who says that they paid is not reminded while somebody looks; saying it again pauses nothing."""
        themselves = Actor(f"borrower {theirs[0].person}", Role.BORROWER)
        for case in sorted({one.case for one in theirs if one.case is not None}):
            if await outcome_since(self.raw, case, "claims_paid", self.now - AGAIN):
                await self.open("review", [one for one in theirs if one.case == case])
                continue
            await record_in(
                self.raw,
                self.office,
                themselves,
                case,
                "claims_paid",
                at=self.stored.received_at,
                received=self.now,
                key=f"reply {self.stored.id} case {case}",
                details=Details(channel=self.stored.channel, address=theirs[0].address),
                owner=themselves.name,
            )
        await self.say(_PASSED_ON, theirs[0], always=True)

    async def is_passed_on(self, holder: Holder) -> bool:
        """Whether, after they were asked if they paid, they were told that a person reads it."""
        since = self.now - timedelta(days=1)
        found = await last_said(self.raw, self.office.keyring, holder.address, (PAID, _PASSED_ON), since)
        return found is not None and found[1] == _PASSED_ON

    async def pass_on(self, theirs: Sequence[Holder], kind: str) -> None:
        """A person reads it."""
        await self.open(kind, theirs)
        await self.say(_PASSED_ON, theirs[0])

    async def open(self, kind: str, theirs: Sequence[Holder]) -> None:
        cases = sorted({one.case for one in theirs if one.case is not None})
        opened = await open_tasks(self.raw, cases, kind, self.stored.id, self.now)
        await self.write([("task.opened", "task", task) for task in opened])

    async def say(
        self, text: str, to: Holder, given: Mapping[str, str] | None = None, *, always: bool = False
    ) -> None:
        """To the number that wrote; not again and again to a machine, but (`always`) to settle a matter."""
        assert to.case is not None
        hour = self.now - timedelta(hours=1)
        if not always and text in _ONCE_AN_HOUR and await said_since(self.raw, to.case, text, hour):
            return
        day = self.now - timedelta(days=1)
        if not always and await answered_since(self.raw, to.address, day) >= ANSWERS_A_DAY:
            return
        await plan_answer(
            self.raw,
            self.office.keyring,
            to.case,
            to.person,
            to.address,
            self.stored.channel,
            text,
            given or {},
            self.now,
            self.now + ANSWER_WITHIN,
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

    async def _owes(self, holder: Holder) -> bool:
        assert holder.case is not None
        book = await self.office.book(self.raw)
        facts = await load_facts(self.raw, [holder.case], self.now, book.tolerance)
        return any(loan.unpaid for one in facts for loan in one.loans)
