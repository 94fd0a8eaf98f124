"""Webhooks out: told once committed, at least once, signed, and nowhere that they must not go."""

import hmac
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.consent import record_consent
from casework.errors import CaseworkInputError
from casework.hooks import KINDS, WAITS, add_hook, list_hooks, ping_hook, remove_hook, rotate_hook, tell_hooks
from casework.outcomes import make_promise, record_in
from casework.staff.rights import Actor, Denied, Role
from kept.anchors import Anchors
from notifiers.hook import HookPoster, check_url, reachable
from tests.builders.book import SYSTEM
from tests.builders.command import Kept
from tests.builders.programs import ADMINISTRATOR, Programs
from tests.builders.shop import TODAY
from tests.builders.town import DAY, TownClock
from workers.jobs import Shift, tell

OPS = Actor("oda", Role.OPERATIONS)


class Listener:
    """A server of somebody else's: what it was told, and what it answers."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        if self.status == 302:
            return web.Response(status=302, headers={"location": self.url + "/elsewhere"})
        return web.Response(status=self.status, text="Ann Example owes you")

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
async def listener() -> AsyncGenerator[Listener]:
    made = Listener()
    app = web.Application()
    app.router.add_post("/{at:.*}", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def poster() -> AsyncGenerator[HookPoster]:
    made = HookPoster(seconds=20)
    yield made
    await made.close()


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


async def add(programs: Programs, poster: HookPoster, url: str, *kinds: str, name: str = "core") -> str:
    made = await add_hook(
        programs.office, ADMINISTRATOR, poster, name, url, kinds or KINDS, bytes(range(32)), programs.now
    )
    return made.secret


async def promised(programs: Programs, amount: int = 250_00) -> Any:
    ann = await programs.borrower(TODAY - 3 * DAY)
    await make_promise(
        programs.office,
        OPS,
        ann.case,
        amount,
        TODAY + 2 * DAY,
        at=programs.now,
        received=programs.now,
        key=f"k-{ann.case}",
    )
    return ann


async def test_what_happened_is_told_by_ids_and_signed(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    secret = await add(programs, poster, listener.url + "/kept")
    ann = await promised(programs)
    await record_consent(
        programs.office, OPS_DESK, ann.external_id, "sms", "revoked", "by phone", programs.now
    )
    told = await tell_hooks(programs.office, poster, programs.now)
    assert (told.delivered, told.failed, told.dead) == (3, 0, 0)
    said = {one["type"]: one["data"] for one in listener.said()}
    assert said["promise.made"]["amount"] == "250.00"
    assert said["promise.made"]["loans"] == [ann.loan_id]
    assert said["outcome.recorded"]["code"] == "promise"
    assert said["consent.revoked"] == {"borrower": ann.external_id, "source": "core", "channel": "sms"}
    for headers, body in listener.heard:
        at, mark = (part.partition("=")[2] for part in headers["kept-signature"].split(","))
        right = hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex()
        assert hmac.compare_digest(mark, right)
        assert headers["kept-event"] == json.loads(body)["id"]
        for personal in (b"Example", b"@", b"+1", b"phone"):
            assert personal not in body
    assert (await tell_hooks(programs.office, poster, programs.now)).delivered == 0


OPS_DESK = Actor("sue", Role.CUSTOMER_SERVICE)


async def test_nothing_is_told_of_what_was_rolled_back(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    await add(programs, poster, listener.url)
    ann = await programs.borrower(TODAY - 3 * DAY)

    async def recorded_and_failed() -> None:
        async with programs.office.transaction() as raw:
            who = (raw, programs.office, OPS, ann.case, "refused")
            await record_in(*who, at=programs.now, received=programs.now, key="k")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await recorded_and_failed()
    assert (await tell_hooks(programs.office, poster, programs.now)).delivered == 0
    assert listener.heard == []


async def test_a_promise_that_is_kept_or_broken_is_told(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    await add(programs, poster, listener.url, "promise.kept", "promise.broken")
    kept, broken = await promised(programs), await promised(programs)
    await programs.book.pay(kept, 250_00, TODAY)
    programs.now += 6 * DAY
    await programs.book.feed(programs.portfolio, programs.now)
    await programs.look()
    await tell_hooks(programs.office, poster, programs.now)
    said = {(one["type"], one["data"]["borrower"]) for one in listener.said()}
    assert said == {("promise.kept", kept.external_id), ("promise.broken", broken.external_id)}


async def test_payments_are_told_as_they_are_matched(
    programs: Programs, poster: HookPoster, listener: Listener, tmp_path: Any
) -> None:
    await add(programs, poster, listener.url, "payment.matched", "payment.reversed")
    ann = await programs.borrower(TODAY - 3 * DAY)
    paid = {"loan_id": ann.loan_id, "payment_id": "P1", "received_on": "2026-11-20", "amount": "100.00"}
    back = {"loan_id": ann.loan_id, "reversal_id": "R1", "reverses": "P1", "received_on": "2026-11-22"}
    async with programs.calling(pushed=tmp_path) as client:
        for _ in range(2):
            assert (await client.post("/api/v1/payments", json={"payments": [paid]})).status_code == 200
        assert (await client.post("/api/v1/reversals", json=back)).status_code == 200
    await tell_hooks(programs.office, poster, programs.now)
    first, second = listener.said()
    assert (first["type"], first["data"]["payment"], first["data"]["amount"]) == (
        "payment.matched",
        "P1",
        "100.00",
    )
    assert (second["type"], second["data"]["reverses"]) == ("payment.reversed", "P1")


async def test_who_does_not_answer_is_tried_again_and_given_up(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    await add(programs, poster, listener.url, "promise.made")
    await promised(programs)
    listener.status = 500
    now = programs.now
    for wait in WAITS:
        assert (await tell_hooks(programs.office, poster, now)).failed == 1
        assert (await tell_hooks(programs.office, poster, now + wait - timedelta(seconds=1))).failed == 0
        now += wait
    assert (await tell_hooks(programs.office, poster, now)).dead == 1
    assert (await tell_hooks(programs.office, poster, now + 30 * DAY)).dead == 0
    assert len({headers["kept-event"] for headers, _ in listener.heard}) == 1
    assert [headers["kept-attempt"] for headers, _ in listener.heard] == [str(n) for n in range(1, 9)]
    (hook,) = await list_hooks(programs.office, ADMINISTRATOR)
    assert (hook.waiting, hook.dead) == (0, 1)
    rows = await programs.book.sql("SELECT state, error FROM hook_calls")
    assert [tuple(row) for row in rows] == [("dead", "500")]


async def test_a_deliverer_that_was_killed_leaves_nothing_untold(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    class Killed(Exception):
        pass

    class Dying(HookPoster):
        async def post(self, url: str, body: bytes, headers: dict[str, str]) -> str | None:
            raise Killed

    await add(programs, poster, listener.url, "promise.made")
    await promised(programs)
    with pytest.raises(Killed):
        await tell_hooks(programs.office, Dying(), programs.now)
    assert (await tell_hooks(programs.office, poster, programs.now)).delivered == 0
    assert (await tell_hooks(programs.office, poster, programs.now + timedelta(minutes=2))).delivered == 1


async def test_a_secret_is_exchanged_without_a_gap(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    old = await add(programs, poster, listener.url, "promise.made")
    new = (await rotate_hook(programs.office, ADMINISTRATOR, "core", bytes(32), programs.now)).secret
    await promised(programs)
    await tell_hooks(programs.office, poster, programs.now)
    programs.now += timedelta(days=1, seconds=1)
    await promised(programs)
    await tell_hooks(programs.office, poster, programs.now)
    marks: list[set[str]] = []
    for headers, body in listener.heard:
        at, *found = (part.partition("=")[2] for part in headers["kept-signature"].split(","))
        names = {
            hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex(): name
            for name, secret in (("old", old), ("new", new))
        }
        marks.append({names[mark] for mark in found})
    assert marks == [{"old", "new"}, {"new"}]
    rows = await programs.book.sql("SELECT secret, old_secret FROM hooks")
    assert old.encode() not in rows[0][0]
    assert new.encode() not in rows[0][0]


async def test_nobody_is_followed_and_nothing_of_an_answer_kept(
    programs: Programs, poster: HookPoster, listener: Listener
) -> None:
    await add(programs, poster, listener.url)
    listener.status = 302
    assert await ping_hook(programs.office, ADMINISTRATOR, poster, "core", programs.now) == "302"
    assert len(listener.heard) == 1
    listener.status = 204
    assert await ping_hook(programs.office, ADMINISTRATOR, poster, "core", programs.now) is None
    await remove_hook(programs.office, ADMINISTRATOR, "core", programs.now)
    await promised(programs)
    assert (await tell_hooks(programs.office, poster, programs.now)).delivered == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://10.0.0.7/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.7]/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://name:secret@hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
        "https://hooks.example.com:0/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com/ x",
        "https://[::1",
        "file:///etc/passwd",
    ],
)
def test_where_nothing_is_sent(url: str) -> None:
    assert check_url(url, private=False) is not None


def test_where_it_is() -> None:
    for url in (
        "https://hooks.example.com/kept",
        "http://127.0.0.1:8081/",
        "http://localhost/",
        "https://[::1]/",
    ):
        assert check_url(url, private=False) is None, url
    assert check_url("https://10.0.0.7/", private=True) is None
    assert check_url("https://169.254.169.254/", private=True) is not None
    assert not reachable("127.0.0.1", loopback=False, private=True)
    assert not reachable("::ffff:127.0.0.1", loopback=False, private=True)
    assert reachable("93.184.215.14", loopback=False, private=False)


async def test_a_name_that_leads_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp.resolver import ThreadedResolver

    async def inside(_: Any, host: str, port: int = 0, family: Any = None) -> Any:
        at = {"hostname": host, "port": port, "family": 2, "proto": 0, "flags": 0}
        return [{**at, "host": "10.0.0.7"}, {**at, "host": "127.0.0.1"}]

    monkeypatch.setattr(ThreadedResolver, "resolve", inside)
    poster = HookPoster()
    assert await poster.post("https://hooks.example.com/", b"{}", {}) == "address"
    await poster.close()


async def test_only_an_administrator_says_who_is_told(programs: Programs, poster: HookPoster) -> None:
    for call in (
        add_hook(programs.office, OPS, poster, "x", "https://e.example.com", KINDS, bytes(32), programs.now),
        list_hooks(programs.office, OPS),
        remove_hook(programs.office, OPS, "x", programs.now),
        rotate_hook(programs.office, OPS, "x", bytes(32), programs.now),
        ping_hook(programs.office, OPS, poster, "x", programs.now),
    ):
        with pytest.raises(Denied):
            await call
    with pytest.raises(CaseworkInputError, match="is nothing that is told"):
        await add(programs, poster, "https://e.example.com", "promise.eaten")
    with pytest.raises(CaseworkInputError, match="private network"):
        await add(programs, poster, "https://10.0.0.7")


async def test_the_workers_tell_what_waits(
    programs: Programs, poster: HookPoster, listener: Listener, tmp_path: Path
) -> None:
    await add(programs, poster, listener.url, "promise.made")
    await promised(programs)
    shift = Shift(programs.office, SYSTEM, {}, TownClock(programs), "one", Anchors(tmp_path), poster=poster)
    for _ in range(2):
        await tell({"shift": shift})
    assert [one["type"] for one in listener.said()] == ["promise.made"]


async def test_the_command_adds_tries_and_removes(
    tmp_path: Path, database_url: str, redis_url: str, listener: Listener
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    made = (
        await kept.run("webhook", "add", "core", listener.url, "--events", "promise.made", "--json")
    ).document
    assert len(made["secret"]) == 64
    assert (await kept.run("webhook", "test", "core", "--json")).document["taken"] is True
    listener.status = 503
    failed = await kept.run("webhook", "test", "core")
    assert (failed.code, failed.out) == (1, "not taken: 503\n")
    refused = (await kept.run("webhook", "add", "other", "http://hooks.example.com")).complaint
    assert "use https" in refused
    (listed,) = (await kept.run("webhook", "list", "--json")).document
    assert (listed["name"], listed["waiting"], listed["events"]) == ("core", 0, ["promise.made"])
    rotated = (await kept.run("webhook", "rotate", "core", "--json")).document
    assert rotated["secret"] != made["secret"]
    assert (await kept.run("webhook", "remove", "core", "--json")).document["removed"] is True
    assert (await kept.run("webhook", "list", "--json")).document == []
