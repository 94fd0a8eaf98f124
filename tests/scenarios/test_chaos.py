"""Sent once, whatever happens: killed workers and lookers, killed engines, payments and stops meanwhile.

KEPT_CHAOS=100 pytest tests/scenarios/test_chaos.py      # the long form: a hundred kills, not twenty
KEPT_CHAOS_SEED=7 ...                                    # other points
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientError, ClientSession
from twilio.request_validator import RequestValidator

from casework.consent import record_consent
from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping_file import find_mapping
from casework.office import Office
from casework.staff.rights import Actor, Role
from kept.bootstrap import OPERATOR, assembled
from kept.clock import SystemClock
from kept.config import load
from tests.builders.command import SECONDS, SOON, Kept
from tests.builders.tapes import paid, write
from tests.scenarios.chaos import proof
from tests.scenarios.chaos.book import Borrower, build
from tests.scenarios.chaos.stage import Part, Stage, free_port, insist, nursery, sinks
from tests.sinks.twilio import ACCOUNT, TOKEN

KILLS = int(os.environ.get("KEPT_CHAOS", "20"))  # over all: each worker and looker as often as the others
SEED = int(os.environ.get("KEPT_CHAOS_SEED", "1"))
SIZE = 1_500 + 75 * KILLS
LEASE = 3.0
A_KILL = 1.2  # seconds from one to the next, on average
# A slow machine is waited for: seconds in which nothing moves any more, and over all.
STILL, DRAIN = 60, 900
AT_THE_DOOR = 10  # seconds that a slow machine may take from a deliverer's door to the sink's record
PAID_AT_ONCE, STOPPED_AT_ONCE = 40, 8
CARE = Actor("cara", Role.CUSTOMER_SERVICE)
FEWEST = 6  # imports, and stops, that come whatever the machine


# Who is about to be written to, in the deliverers' own order: the news races the claim for them.
_NEXT = """
SELECT person_id FROM (
    SELECT person_id FROM contacts WHERE state IN ('planned', 'claimed') AND channel = ANY($2)
    ORDER BY not_before, id LIMIT 16 * $1) next
ORDER BY random() LIMIT $1
"""


class News:
    """Payments and stops that come in meanwhile, and when each was known for sure."""

    def __init__(self, stage: Stage, office: Office, made: list[Borrower], random: Random) -> None:
        self.stage, self.office, self.random = stage, office, random
        self.owing = {one.person: one for one in random.sample(made, len(made))}
        self.excused: set[int] = set()
        self.known: dict[tuple[str, str], float] = {}  # by sink and address
        self.imports = self.stops = 0
        self.enough = False

    async def come(self) -> None:
        """Until three in five are left, or until it is enough."""
        last = len(self.owing) * 3 // 5
        while len(self.owing) > last and not (self.enough and min(self.imports, self.stops) >= FEWEST):
            await asyncio.sleep(self.random.uniform(0.05, 0.4))
            what = self.random.random()
            if what < 0.5:
                await self._pay(await self._some(PAID_AT_ONCE, "sms", "email", "chat"))
            else:
                stop = self._stop if what < 0.7 else self._tell
                await asyncio.gather(*map(stop, await self._some(STOPPED_AT_ONCE, "sms")))

    async def _some(self, number: int, *channels: str) -> list[Borrower]:
        """Some who are about to be written to; and where there are few, anybody."""
        rows = await insist(lambda: self._next(number, channels))
        found = [self.owing.pop(person) for person in rows if person in self.owing]
        while len(found) < number // 2 and self.owing:
            found.append(self.owing.popitem()[1])
        return found

    async def _next(self, number: int, channels: Sequence[str]) -> list[int]:
        async with self.office.transaction() as raw:
            return [row[0] for row in await raw.rows(_NEXT, number, channels)]

    async def _pay(self, payers: list[Borrower]) -> None:
        self.imports += 1
        today = SystemClock().now().date().isoformat()
        rows = [paid(loan, f"p{loan}", today, "255.00") for one in payers for loan in one.loans]
        path = write(self.stage.folder / f"payments-{self.imports}.csv", rows)
        order = Order("payments", path, find_mapping("kept"), self.stage.folder / "rejects")
        for one in payers:
            self.excused.add(one.person)
        report = await insist(lambda: import_tape(self.office, OPERATOR, order, SystemClock().now()))
        assert report.loaded + report.unchanged == len(rows), report
        for one in payers:
            for address in (("smtp", one.email), ("twilio", one.phone), ("telegram", one.chat)):
                if address[1] is not None:
                    self.known[address[0], address[1]] = time.time()

    async def _tell(self, one: Borrower) -> None:
        """A stop told to the staff: it holds their cases until a claim waits for them."""
        self.stops += 1
        told = (f"b{one.person}", "sms", "revoked", "on the phone")
        await insist(lambda: record_consent(self.office, CARE, *told, SystemClock().now()))

    async def _stop(self, one: Borrower) -> None:
        """As Twilio brings it; again and again until it is taken."""
        if one.phone is None:
            return
        self.stops += 1
        url = f"{self.stage.public_url}/webhooks/twilio/inbound"
        form = {
            "AccountSid": ACCOUNT,
            "MessageSid": f"SM{one.person:032}",
            "From": one.phone,
            "To": "+15005550006",
            "Body": "Stop. Thank you",
            "NumMedia": "0",
        }
        signed = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form)}
        async with asyncio.timeout(SECONDS), ClientSession() as session:
            while True:
                with suppress(ClientError, OSError):
                    async with session.post(url, data=form, headers=signed) as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(SOON * 5)


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, Office]]:
    """A folder with its own engines, and everything that runs on them, up."""
    port = free_port()
    async with sinks(tmp_path) as providers:
        settings = {
            "KEPT_DATA_DIR": str(tmp_path / "var"),
            "KEPT_HTTP": f"127.0.0.1:{port}",
            "KEPT_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "KEPT_LEASE": f"{LEASE:.0f}s",
            "KEPT_SWEEP": "1s",
            **providers,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        async with (
            assembled(load(None), portfolios=None) as running,
            nursery(tmp_path, settings) as parents,
        ):
            made = Stage(tmp_path, settings, running.redis_url, parents)
            try:
                yield made, running.office
            finally:
                for part in made.parts:
                    await part.kill()


async def test_sent_once_whatever_happens(stage: tuple[Stage, Office]) -> None:
    scene, office = stage
    random = Random(SEED)
    now = SystemClock().now()
    spread = timedelta(seconds=A_KILL * KILLS / 3)
    made = await build(office, SIZE, now, spread, random)
    await asyncio.gather(*(part.start() for part in scene.parts))
    await asyncio.gather(*(part.up() for part in scene.parts))

    news = News(scene, office, made, Random(SEED + 1))
    coming = asyncio.create_task(news.come())
    try:
        await kill(scene, random)
        news.enough = True
        await coming
    finally:
        coming.cancel()

    left = await drained(scene, office)
    for part in (*scene.workers, scene.webhook):
        assert await part.end() == 0, part.said().decode()[-2000:]
    for part in scene.lookers:
        await part.kill()
    await judge(scene, office, news, made, left)


async def kill(scene: Stage, random: Random) -> None:
    """Workers and lookers at random points, each started again at once; and what they stand on."""
    victims = [*scene.workers, *scene.lookers]
    others = {4: scene.kill_postgres, 8: scene.kill_valkey, 12: lambda: scene.kill_postgres(signal.SIGINT)}
    turn: list[Part] = []
    for number in range(KILLS):
        beat = number % 20
        if beat in others:
            others[beat]()
        if beat in (5, 10, 15):
            await scene.empty_valkey()
        turn = turn or random.sample(victims, len(victims))
        victim = turn.pop()
        await victim.up()
        await asyncio.sleep(random.uniform(0, 2 * A_KILL))
        await victim.kill()
        await victim.start()
    for part in scene.parts:
        await part.up()


async def drained(scene: Stage, office: Office) -> dict[str, int]:
    """Wait until all that can go has gone and all that came is worked; what is left when nothing moves."""
    left: dict[str, int] = {}
    moved = begun = time.monotonic()
    while time.monotonic() < min(moved + STILL, begun + DRAIN):
        before, left = left, await insist(lambda: proof.left_open(office))
        if not left:
            break
        if left != before:
            moved = time.monotonic()
        for part in scene.parts:
            await part.up()
        await asyncio.sleep(SOON * 5)
    return left


async def judge(scene: Stage, office: Office, news: News, made: list[Borrower], left: dict[str, int]) -> None:
    async with office.transaction() as raw:
        rows = await raw.rows(
            "SELECT c.id, c.person_id, c.channel, c.state FROM contacts c WHERE c.state <> 'cancelled'"
        )
    chats = {one.person: one.chat for one in made if one.chat}
    of_chat = {chats[row["person_id"]]: row["id"] for row in rows if row["channel"] == "chat"}
    unknown = {row["person_id"] for row in rows if row["state"] == "unknown"}
    taken = proof.heard(scene, office, of_chat)

    await proof.nobody_heard_twice(office, taken)
    await proof.nobody_heard_after(office)
    proof.nobody_heard_late(taken, news.known, LEASE + AT_THE_DOOR)
    proof.nothing_broke(part.log for part in scene.parts)
    assert not left, f"nothing moves any more, and there is still {left}"
    reminded = await proof.reminders(office, taken)
    proof.everybody_heard(reminded, made, news.excused, unknown)
    proof.the_first_way_was_taken(reminded, made, news.excused)
    states = await proof.the_book_agrees(office, taken)
    await proof.few_are_unknown(office)

    settings = {name: value for name, value in scene.settings.items() if name != "KEPT_DATA_DIR"}
    checked = json.loads((await Kept(scene.folder, "", "", **settings).run("check", "--json")).out)
    assert [row for row in checked if not row["holds"]] == []
    said = {
        "borrowers": len(made),
        "taken": len(taken),
        "states": dict(states),
        "paid": len(news.excused),
        "imports and stops": (news.imports, news.stops),
        "kills": {part.name: part.kills for part in scene.parts},
        "restarts of engines": scene.restarts,
    }
    (scene.folder / "chaos.json").write_text(json.dumps(said))
