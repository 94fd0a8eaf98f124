"""Every dialog of the staff's chat to its end and off its path, as each role that has it, over HTTP.

One table says how each goes (tests/builders/desk_ways.py); what may happen on the way is the same for all:
nonsense, the way back, another's tap, the last step twice, and every button once more when it is over.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.staff.menu import COMMANDS, TAPS
from casework.staff.people import staff_roles
from casework.staff.rights import RIGHTS, Role, Scope
from casework.staff.texting import send_staff_texts
from kept.clock import FixedClock
from storage.approvals import ask
from storage.staff import alerts
from tests.builders.book import SYSTEM, Borrower
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import Crew
from tests.builders.desk_ways import CODE, WAYS, DeskWay, ways_of
from tests.builders.town import DAY

ROLES = [role for role in map(Role, staff_roles()) if ways_of(role)]
THOROUGHLY = (Role.COLLECTOR, Role.SUPERVISOR)  # in each window; as the others, in the last ones
NONSENSE = "\u3042\u3044\u3046"


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


class Walk:
    """Somebody in one dialog, about a customer of its own, and others beside."""

    def __init__(self, crew: Crew, way: DeskWay, who: Guest, others: tuple[Guest, ...], about: Borrower):
        self.crew, self.way, self.who, self.others, self.about = crew, way, who, others, about
        self.seen: list[tuple[int, str]] = []

    def filled(self, text: str) -> str:
        return text.replace("{loan}", self.about.loan_id).replace("{case}", f"K{self.about.case}")

    async def kept(self) -> list[Any]:
        return await self.crew.book.sql(self.way.kept)

    async def begin(self) -> None:
        assert self.filled(self.way.first) in await self.who.says(self.filled(self.way.begins))

    async def step(self, number: int) -> str:
        done, said = self.way.steps[number]
        label = done.removeprefix("=")
        told = await self.who.taps(label) if done[0] == "=" else await self.who.says(await self._typed(done))
        assert self.filled(said) in told, (done, told)
        return told

    async def _typed(self, done: str) -> str:
        if done != CODE:
            return self.filled(done)
        took = self.crew.providers["sms"].took
        clock = FixedClock(self.crew.now)
        await send_staff_texts(self.crew.office, SYSTEM, self.crew.providers["sms"], clock)
        found = re.search(r"\d{6}", took[-1].body.text)
        assert found
        took.clear()  # what is sent later is another's code
        return found[0]

    async def twice(self) -> None:
        """The last step, done twice before either is worked."""
        done, said = self.way.steps[-1]
        if done[0] == "=":
            tapped = self.who.button(done.removeprefix("="))
            for _ in range(2):
                await self.crew.sandbox.world.tap(self.who.chat, *tapped)
        else:
            text = await self._typed(done)
            for _ in range(2):
                await self.crew.sandbox.world.say(self.who.chat, text)
        told = await self.who.told()
        assert self.filled(said) in told, (done, told)

    async def window(self, number: int) -> None:
        """Off the path, in the window before step `number`: nothing of it is kept."""
        before = await self.kept()
        shown = buttons(self.who)
        step = self.way.steps[number][0]
        tapped = self.who.button(step.removeprefix("=")) if step[0] == "=" else None
        self.seen += [one for one in (tapped, *shown[:1]) if one is not None]
        if tapped is not None:
            for other in self.others:
                await self.crew.sandbox.world.tap(other.chat, *tapped)
                assert await other.told()
        if number not in self.way.free:
            await self.crew.sandbox.world.say(self.who.chat, NONSENSE)
        if self.way.steps[number][1] != "Kept." or "Mine" in self.way.steps[number][0]:
            await self.crew.sandbox.world.photo(self.who.chat, b"\xff\xd8odd", None)
        await self.crew.sandbox.world.share(self.who.chat)
        assert await self.who.told(), "whatever is sent is answered"
        assert await self.kept() == before, number
        backs = [one for one in shown if one[1] == "s:back"]
        if backs:
            await self.crew.sandbox.world.tap(self.who.chat, *backs[0])
            told = await self.who.told()
            assert told
            assert f"K{self.about.case}" in told or not self.way.begins.startswith("/case"), told
            done = self.way.steps[number][0]
            if done[0] != "=":  # what would have been the answer is none any more
                assert await self.who.says(self.filled(done))
                assert await self.kept() == before
            await self.begin()
            for again in range(number):
                await self.step(again)


def buttons(guest: Guest) -> list[tuple[int, str]]:
    """(message, what it asks for) of each button of the newest message with any."""
    for shown in reversed(list(guest.chat.messages.values())):
        rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
        if rows:
            return [
                (shown["message_id"], one["callback_data"])
                for row in rows
                for one in row
                if "callback_data" in one
            ]
    return []


async def prepared(crew: Crew, way: DeskWay, who: str, role: Role) -> Borrower:
    """A customer, whose case is theirs where one sees no other; and what the dialog needs to begin."""
    ann = await crew.borrower(TODAY - 5 * DAY)
    if way.kept != WAYS["assign"].kept and RIGHTS[role].get(way.rights[-1]) is Scope.OWN:
        await crew.assign(ann.case, who)
    if way.needs == "talk":
        guest = await crew.linked(ann)
        await guest.says("human")
    async with crew.office.transaction() as raw:
        if way.needs == "alert":
            said = {"name": "sent_once", "violations": 2}
            await alerts.raise_one(raw, "check/x", "check", None, said, crew.now)
        if way.needs == "approval":
            await ask(raw, "import", crew.portfolio, "the file looks wrong", {}, "kept", crew.now)
    return ann


@pytest.mark.parametrize("role", ROLES)
async def test_each_dialog_to_its_end_and_off_its_path(crew: Crew, role: Role) -> None:
    await crew.hired("carl", queues=["nothing"])
    who = await crew.hired("who", role, queues=["nothing"])
    others = await crew.hired("beside", role, queues=["nothing"]), await crew.hired("far", Role.ADMINISTRATOR)
    for name, way in ways_of(role).items():
        about = await prepared(crew, way, "who", role)
        await who.told()
        walk = Walk(crew, way, who, others[1:] if way.shared else others, about)
        try:
            await walk.begin()
            before = await walk.kept()
            last = len(way.steps) - 1
            for number in range(last):
                if role in THOROUGHLY:
                    await walk.window(number)
                await walk.step(number)
            await walk.window(last)
            assert await walk.kept() == before, "nothing is kept before its end"
            await walk.twice()
            assert len(await walk.kept()) == len(before) + 1
            if not way.live:
                for tapped in dict.fromkeys(walk.seen):  # what is over is over
                    await crew.sandbox.world.tap(who.chat, *tapped)
                assert await who.told()
                assert len(await walk.kept()) == len(before) + 1
        except AssertionError as error:
            raise AssertionError(f"{name} as {role}: {error}") from error
    assert not await crew.book.sql("SELECT 1 FROM chat_updates WHERE outcome = 'failed' OR tries > 1")


def test_every_question_of_the_chat_is_in_the_table() -> None:
    """What asks for a text or a second tap is walked above; the rest shows something, once."""
    walked = {"help", "next", "back", "no", "open", "notes", "day", "promises", "queue", "broken", "call"}
    walked |= {"caller", "approvals", "alerts", "drop", "nonumber", "nofilter", "filter", "yes"}
    walked |= {"skip", "skipped", "note", "write", "text", "words", "cat", "o", "stop", "promise", "amount"}
    walked |= {"month", "p", "callback", "ring", "undo", "line", "late", "assign", "give", "alert", "snooze"}
    walked |= {"snoozed", "seen", "nay", "talk", "ready", "endtalk", "tags", "keepfilter", "cash"}
    walked |= {"plan", "parts", "planlater", "plansave"}
    # in tests/integration/test_staff_day.py and test_staff_talks.py
    walked |= {"askcash", "meant", "uncalled", "tell", "take", "file", "kept"}
    assert set(TAPS) <= walked
    assert set(COMMANDS) <= {f"/{one}" for one in walked} | {
        *("/start", "/case", "/find", "/tag", "/filters", "/route", "/number", "/morning")
    }
