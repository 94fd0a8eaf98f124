"""Late entries by SMS: lines from a number of the staff, read back, saved on a yes with its figures.

Who may send an SMS may write any sender on it. So a yes carries figures that only who got the answer knows.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.office import Office
from casework.staff.card import code_of
from casework.staff.late import Line, Saved, read_late_in, save_late_in
from casework.staff.people import Member, member_in
from casework.staff.rights import Denied
from messages.typed.entries import looks_like_entries, names_of
from messages.typed.plain import yes_or_no
from messages.typed.read_back import ReadBack, read_back, what_of, when_of
from policy.calendar import local_day
from storage.audit import Event, write
from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff import numbers as stored
from storage.staff.numbers import Echo, Writer

WAITS: Final = timedelta(days=1)  # for a yes
FAILURES: Final = 5  # of one text that was read back
GUESSES: Final = 10  # in a row, over all of them
ANSWERS_A_DAY: Final = 200  # to one person: whoever answers by machine would ask for ever
TOGETHER: Final = 5  # texts that were read back and may still be answered
_YES: Final = re.compile(r"^(?P<word>\D*?)[\s.,:#]*(?P<figures>\d{3})[\s.!]*$")


class _Asked(msgspec.Struct, frozen=True):
    """What was read back: the text, and when it came."""

    text: str
    at: datetime


async def answer_staff(
    raw: Raw, office: Office, writer: Writer, reply: int, text: str, received: datetime, now: datetime
) -> None:
    """Do what an SMS of somebody of the staff says, and plan its answer, in the caller's transaction."""
    if (
        await stored.planned_since(raw, writer.staff, ("echo", "answer"), now - timedelta(days=1))
        > ANSWERS_A_DAY
    ):
        return
    texting = _Texting(raw, office, writer, reply, received, now)
    member = await member_in(raw, writer.staff)
    assert member is not None  # a number of somebody who left is nobody's
    try:
        async with raw.attempt():
            await texting.do(member, text)
    except Denied as denied:
        data = {"wanted": denied.action.value, "portfolio": denied.portfolio}
        await write(
            raw.connection, [Event(now, denied.actor.name, denied.actor.role, "access.denied", data=data)]
        )
        await texting.say(texting.words.denied)


class _Texting:
    """One SMS, and what comes of it."""

    def __init__(
        self, raw: Raw, office: Office, writer: Writer, reply: int, received: datetime, now: datetime
    ) -> None:
        self.raw, self.office, self.writer, self.reply = raw, office, writer, reply
        self.received, self.now = received, now
        self.words: ReadBack = read_back(writer.language)

    async def do(self, member: Member, text: str) -> None:
        yes = _YES.fullmatch(text.strip())
        word = yes_or_no(text if yes is None else yes["word"] or "yes")
        if word is not None:
            await self.answered(member, word, None if yes is None else yes["figures"])
        elif looks_like_entries(text):
            await self.read(member, text)
        else:
            await self.say(self.words.how)

    async def read(self, member: Member, text: str) -> None:
        """Read lines back; those that leave a doubt are asked."""
        lines = await read_late_in(self.raw, self.office, member, text, self.received)
        said = [self._shown(line) for line in lines]
        fresh = sum(line.why is None and not line.known for line in lines)
        if not fresh:
            await self.say("\n".join(said))
            return
        (id_,) = await self.raw.ids("staff_texts", 1)
        said.append(self.words.save.format(count=fresh, figures=figures_of(self.office.keyring, id_)))
        asks = msgspec.json.encode(_Asked(text, self.received)).decode()
        await self.say("\n".join(said), id_=id_, asks=asks)

    def _shown(self, line: Line) -> str:
        if line.why is not None or line.at is None:
            return self.words.doubt.format(line=line.text, why=self.words.why[line.why or "time"])
        today = local_day(self.now, line.zone)
        amount = None if line.amount is None or line.currency is None else (line.amount, line.currency)
        rings = None if line.rings is None else (line.rings, line.zone)
        what = what_of(
            names_of((line.code,))[line.code],
            self.writer.language,
            today,
            amount=amount,
            due=line.due,
            rings=rings,
        )
        at = when_of(line.at, line.zone, self.writer.language, today)
        if line.place:
            at += f" ({line.place})"
        text = self.words.known if line.known else self.words.line
        return text.format(code=code_of(line.case), what=what, at=at)

    async def answered(self, member: Member, yes: bool, figures: str | None) -> None:
        """A no to what was read back last, or a yes to one of those that were: texts sent out of reach arrive
        together, and are answered one by one.
        """
        known = await stored.echoes(
            self.raw, self.office.keyring, self.writer.number, self.now - WAITS, TOGETHER
        )
        if not known or (known[0].settled and not yes):
            await self.say(self.words.nothing)
            return
        if not yes:
            await stored.settle(self.raw, known[0].id, self.now)
            await self.say(self._with_those_waiting(self.words.left, known, known[0].id))
            return
        if known[0].failures >= FAILURES:
            await self.say(self.words.locked)
            return
        meant = next((one for one in known if self._fits(one, figures)), None)
        if meant is None:
            if figures is not None:
                await stored.count_wrong(self.raw, known[0].id)
                if await self._guesses(member):
                    return
            await self.say(self.words.figures)
            return
        asked = msgspec.json.decode(meant.asks, type=_Asked)
        lines = await read_late_in(self.raw, self.office, member, asked.text, asked.at)
        made = await save_late_in(self.raw, self.office, member, lines, asked.at, self.now)
        await stored.settle(self.raw, meant.id, self.now)
        await stored.forget_failures(self.raw, self.writer.number)
        await self.say(self._with_those_waiting(self._saved(made, meant.settled), known, meant.id))

    def _fits(self, echo: Echo, figures: str | None) -> bool:
        right = figures_of(self.office.keyring, echo.id)
        return figures is not None and echo.failures < FAILURES and hmac.compare_digest(figures, right)

    def _with_those_waiting(self, said: str, known: Sequence[Echo], settled: int) -> str:
        waits = any(not one.settled and one.id != settled for one in known)
        return f"{said}\n{self.words.waits}" if waits else said

    async def _guesses(self, member: Member) -> bool:
        """Whether figures were wrong too often since they were right last, whatever was read back between.

        The number is theirs no more then.
        """
        if await stored.count_failure(self.raw, self.writer.number) < GUESSES:
            return False
        await stored.end(self.raw, self.writer.staff, self.now)
        event = Event(
            self.now, member.name, member.actor.role, "staff_number.locked", "staff", self.writer.staff
        )
        await write(self.raw.connection, [event])
        await self.say(self.words.ended)
        return True

    def _saved(self, made: Sequence[Saved], again: bool) -> str:
        said = [self.words.again if again else self.words.saved.format(count=sum(one.new for one in made))]
        said += [self.words.doubt.format(line=one.line.text, why=one.problem) for one in made if one.problem]
        return "\n".join(said)

    async def say(self, body: str, *, id_: int | None = None, asks: str | None = None) -> None:
        """The answer to this SMS."""
        if id_ is None:
            (id_,) = await self.raw.ids("staff_texts", 1)
        await stored.plan(
            self.raw,
            self.office.keyring,
            id_,
            self.writer.number,
            "answer" if asks is None else "echo",
            body,
            self.now,
            asks=asks,
            reply=self.reply,
        )


def figures_of(keyring: Keyring, text: int) -> str:
    """What a yes to an SMS must carry: three digits, of its id and the book's own key."""
    return f"{int.from_bytes(keyring.token('staff text', str(text)), 'big') % 1000:03}"
