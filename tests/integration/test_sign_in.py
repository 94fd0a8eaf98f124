"""Signing in: one-time links, three things at once, sessions that end, and nobody learns which was wrong."""

import os
import re
from base64 import b32decode
from datetime import timedelta

import httpx2
import pytest
from pyotp.totp import TOTP
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.staff.entrance import Entrance, From
from casework.staff.first import first_link
from casework.staff.passwords import check_password, step_of
from casework.staff.people import LINK_LASTS, Invited, invite, link_of, remove
from casework.staff.rights import Role
from casework.staff.sessions import IDLE, LONGEST
from storage.staff.people import use_link
from tests.builders.shop import OPS, Shop

GOOD = "four quiet words here"
STEP = timedelta(seconds=30)


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def invited(shop: Shop, name: str = "cora", role: Role = Role.COMPLIANCE) -> Invited:
    return await invite(shop.office, OPS, name, role, shop.now)


def path(made: Invited | str) -> str:
    return "/join/" + (made if isinstance(made, str) else made.join).rpartition("/join/")[2]


async def form(client: httpx2.AsyncClient, at: str) -> str:
    """The token of the form at a page."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', (await client.get(at)).text)
    assert found is not None
    client.headers["x-form-token"] = found[1]
    return found[1]


async def joined(shop: Shop, client: httpx2.AsyncClient, made: Invited, password: str = GOOD) -> str:
    """Open the link as somebody would; the seed of the second step."""
    page = (await client.get(path(made))).text
    seed = re.search(r'class="seed">([A-Z2-7]+)<', page)
    assert seed is not None
    await form(client, path(made))
    answer = await client.post(
        path(made), data={"password": password, "again": password, "code": code(shop, seed[1])}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    return seed[1]


def code(shop: Shop, seed: str) -> str:
    return TOTP(seed).at(shop.now)


async def sign_in(shop: Shop, client: httpx2.AsyncClient, **given: str) -> httpx2.Response:
    client.cookies.clear()
    await form(client, "/sign-in")
    return await client.post("/sign-in", data={"name": "cora", "password": GOOD, **given})


async def said(shop: Shop) -> list[tuple[str, str | None]]:
    rows = await shop.book.sql(
        "SELECT action, coalesce(data->>'why', data->>'how') FROM events "
        "WHERE action LIKE 'staff.%' ORDER BY id"
    )
    return [(row[0].removeprefix("staff."), row[1]) for row in rows]


async def test_a_link_makes_an_account_once_and_lets_one_in(shop: Shop) -> None:
    await shop.remind()
    made = await invited(shop)
    async with shop.open_doors(role=None) as client:
        seed = await joined(shop, client, made)
        assert "Acme" in (await client.get("/outbox")).text
        assert (await client.get(path(made))).status_code == 404
        assert (await client.get(path(made)[:-1] + "x")).status_code == 404
        await form(client, "/me")
        assert (await client.post("/sign-out")).headers["location"] == "/sign-in?to=/"
        assert (await client.get("/outbox")).status_code == 303
        shop.now += STEP
        answer = await sign_in(shop, client, code=code(shop, seed), to="/outbox?channel=sms")
        assert answer.headers["location"] == "/outbox?channel=sms"
        assert (await client.get("/outbox")).status_code == 200
    assert len(b32decode(seed + "=" * (-len(seed) % 8))) == 16
    assert await said(shop) == [
        ("invited", None),
        ("joined", None),
        ("signed_in", "password"),
        ("signed_out", None),
        ("signed_in", "password"),
    ]
    ((password, totp),) = await shop.book.sql("SELECT password, totp FROM staff_accounts")
    assert password.startswith("$argon2id$")
    assert seed.encode() not in totp


async def test_whatever_is_wrong_the_answer_is_the_same(shop: Shop) -> None:
    async with shop.open_doors(role=None) as client:
        seed = await joined(shop, client, await invited(shop))
        used = code(shop, seed)
        shop.now += STEP
        right = code(shop, seed)
        answers = [
            await sign_in(shop, client, name="nobody", code=right),
            await sign_in(shop, client, password="not this one here", code=right),
            await sign_in(shop, client, code="000000"),
            await sign_in(shop, client, code=used),
            await sign_in(shop, client, code=""),
            await sign_in(shop, client, code=right, name="x" * 300),
        ]
        texts = {re.sub(r'value="[^"]*"|[0-9a-f]{32}', "", answer.text) for answer in answers}
        assert {answer.status_code for answer in answers} == {422}
        assert len(texts) == 1
        assert "One of the three is wrong" in texts.pop()
        assert (await sign_in(shop, client, code=right)).status_code == 303
        assert (await sign_in(shop, client, code=right)).status_code == 422, "a code is taken once"
    whys = [why for what, why in await said(shop) if what == "refused"]
    assert whys == ["unknown", "password", "code", "code", "code", "unknown", "code"]


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(shop: Shop) -> None:
    """The same slow hash is made, whoever it is."""
    redis = Redis.from_url(shop.redis_url or "")
    entrance = Entrance(shop.office, redis, os.urandom)
    hashed: list[str | None] = []
    fits = entrance._passwords._fits
    entrance._passwords._fits = lambda given, stored: (hashed.append(stored), fits(given, stored))[1]  # type: ignore[method-assign]
    await invited(shop)
    for name in ("cora", "nobody"):
        assert await entrance.sign_in(name, GOOD, "000000", shop.now, From("127.0.0.1")) is None
    assert hashed == [None, None]
    await redis.aclose()


async def test_tries_are_counted_by_name_and_by_address(shop: Shop) -> None:
    async with shop.open_doors(role=None) as client:
        seed = await joined(shop, client, await invited(shop))
        shop.now += STEP
        for _ in range(10):
            assert (await sign_in(shop, client, code="000000", password="x")).status_code == 422
        answer = await sign_in(shop, client, code=code(shop, seed))
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert (await sign_in(shop, client, code=code(shop, seed))).status_code == 429
        # another name is still heard, until this address has asked too often
        statuses = [(await sign_in(shop, client, name=f"n{n}", code="1")).status_code for n in range(25)]
        assert statuses[0] == 422
        assert statuses[-1] == 429
    whys = [why for what, why in await said(shop) if what == "refused"]
    assert whys.count("too_many") == 2, "once for the name, once for the address"


async def test_a_session_ends_by_itself(shop: Shop) -> None:
    async with shop.open_doors() as client:
        began = shop.now
        assert (await client.get("/me")).status_code == 200
        shop.now += IDLE - timedelta(seconds=1)
        assert (await client.get("/me")).status_code == 200
        shop.now += IDLE - timedelta(seconds=1)
        assert (await client.get("/me")).status_code == 200, "it was used meanwhile"
        shop.now += IDLE
        assert (await client.get("/me")).status_code == 303
        shop.now = began
    async with shop.open_doors() as client:
        while shop.now < began + LONGEST - IDLE:
            shop.now += IDLE / 2
            assert (await client.get("/me")).status_code == 200
        shop.now = began + LONGEST
        assert (await client.get("/me")).status_code == 303


async def test_acceptance_34_who_is_removed_or_gets_another_role_is_out_at_once(shop: Shop) -> None:
    async with shop.open_doors(role=Role.COMPLIANCE) as client:
        assert (await client.get("/me")).status_code == 200
        await invite(shop.office, OPS, "the compliance", Role.AUDITOR, shop.now)
        assert (await client.get("/me")).status_code == 303
    async with shop.open_doors(role=Role.OPERATIONS, portfolios=["acme"]) as client:
        assert (await client.get("/me")).status_code == 200
        await remove(shop.office, OPS, "the operations", shop.now)
        assert (await client.get("/me")).status_code == 303
        assert not await shop.book.sql("SELECT 1 FROM staff_accounts")


async def test_who_comes_back_brings_no_old_session_and_no_old_link(shop: Shop) -> None:
    made = await invited(shop)
    async with shop.open_doors(role=None) as client:
        await joined(shop, client, made)
        assert (await client.get("/me")).status_code == 200
        again = await invited(shop)
        link = link_of(shop.office.keyring, path(again).rpartition("/")[2])
        assert link is not None
        async with shop.office.transaction() as raw:
            assert await use_link(raw, link, shop.now), "a chat was opened with it"
        await remove(shop.office, OPS, "cora", shop.now)
        shop.now += STEP
        back = await invited(shop)
        assert (await client.get("/me")).status_code == 303, "in the browser of then"
        assert (await client.get(path(again))).status_code == 404
        assert (await client.get(path(back))).status_code == 200


async def test_ones_sessions_are_listed_and_ended(shop: Shop) -> None:
    async with shop.open_doors() as here:
        redis = Redis.from_url(shop.redis_url or "")
        entrance = Entrance(shop.office, redis, os.urandom)
        there = await entrance.enter(1, shop.now, From("203.0.113.9", "<b>Other"), "password")
        assert there is not None
        page = (await here.get("/me")).text
        assert "203.0.113.9" in page
        assert "&lt;b&gt;Other" in page
        (end,) = re.findall(r'action="(/me/sessions/[0-9a-f]{32}/end)"', page)
        assert there not in page
        assert (await here.post(end)).status_code == 303
        assert await entrance.seat(there, shop.now) is None
        assert (await here.post(end)).status_code == 404
        assert (await here.get("/me")).status_code == 200
        await redis.aclose()


async def test_nothing_in_redis_lets_anybody_in(shop: Shop) -> None:
    async with shop.open_doors() as client:
        ticket = client.cookies["kept_session"]
        redis = Redis.from_url(shop.redis_url or "")
        for key in await redis.keys("*"):
            assert ticket.encode() not in key
            if await redis.type(key) == b"string":
                assert ticket.encode() not in await redis.get(key)
        await redis.aclose()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-form-token": "00" * 16}, 403),
        ({"x-form-token": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
    ],
)
async def test_a_form_comes_from_our_own_page(shop: Shop, headers: dict[str, str], status: int) -> None:
    async with shop.open_doors() as client:
        answer = await client.post("/outbox/search", data={"address": "a@example.org"}, headers=headers)
        assert answer.status_code == status
        del client.headers["x-form-token"]
        assert (await client.post("/outbox/search", data={"address": "a@example.org"})).status_code == 403


async def test_the_cookie_is_out_of_reach(shop: Shop) -> None:
    made = await invited(shop)
    async with shop.open_doors(role=None) as client:
        page = (await client.get(path(made))).text
        seed = re.search(r'class="seed">([A-Z2-7]+)<', page)
        assert seed
        await form(client, path(made))
        data = {"password": GOOD, "again": GOOD, "code": code(shop, seed[1])}
        cookie = (await client.post(path(made), data=data)).headers["set-cookie"]
    assert "kept_session=" in cookie
    for word in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Secure" not in cookie, "a machine that speaks to itself has no TLS"
    async with shop.open_doors(role=None, public_url="https://kept.example.com") as client:
        answer = await client.get("/sign-in", headers={"host": "kept.example.com"})
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_link_ends_with_its_time(shop: Shop) -> None:
    first = await invited(shop)
    made = await invited(shop)
    async with shop.open_doors(role=None) as client:
        assert (await client.get(path(first))).status_code == 404, "another was made since"
        assert (await client.get(path(made))).status_code == 200
        shop.now += LINK_LASTS
        assert (await client.get(path(made))).status_code == 404


async def test_what_is_wrong_with_an_account_is_said(shop: Shop) -> None:
    made = await invited(shop)
    async with shop.open_doors(role=None) as client:
        await form(client, path(made))
        for data, said_ in (
            ({"password": GOOD, "again": "other"}, "The two passwords differ"),
            ({"password": "short", "again": "short"}, "12 to 200 characters"),
            ({"password": "cora cora cora", "again": "cora cora cora"}, "too easy"),
            ({"password": GOOD, "again": GOOD, "code": "000000"}, "not the code"),
        ):
            answer = await client.post(path(made), data=data)
            assert answer.status_code == 422
            assert said_ in answer.text
    assert not await shop.book.sql("SELECT 1 FROM staff_accounts")


async def test_the_password_and_the_second_step_are_changed(shop: Shop) -> None:
    async with shop.open_doors(role=None) as client:
        seed = await joined(shop, client, await invited(shop))
        redis = Redis.from_url(shop.redis_url or "")
        entrance = Entrance(shop.office, redis, os.urandom)
        other = await entrance.enter(1, shop.now, From("203.0.113.9"), "password")
        await form(client, "/me")
        shop.now += STEP
        new = "five more quiet words"
        data = {"present": "wrong", "code": code(shop, seed), "new": new, "again": new}
        assert (await client.post("/me/password", data=data)).status_code == 422
        answer = await client.post("/me/password", data={**data, "present": GOOD})
        assert answer.headers["location"] == "/me?done=password"
        assert await entrance.seat(other or "", shop.now) is None, "out everywhere else"
        assert (await client.get("/me")).status_code == 200
        shop.now += STEP
        found = re.search(r'class="seed">([A-Z2-7]+)<', (await client.get("/me")).text)
        assert found
        assert found[1] != seed
        data = {"present": new, "code": code(shop, seed), "new": code(shop, found[1])}
        assert (await client.post("/me/second-step", data=data)).headers["location"].endswith("second_step")
        shop.now += STEP
        assert (await sign_in(shop, client, password=new, code=code(shop, seed))).status_code == 422
        assert (await sign_in(shop, client, password=new, code=code(shop, found[1]))).status_code == 303
        await redis.aclose()


async def test_settings_are_kept(shop: Shop) -> None:
    async with shop.open_doors() as client:
        data = {
            "language": "zh",
            "zone": "Asia/Shanghai",
            "start": "/outbox",
            "scheme": "dark",
            "density": "compact",
        }
        assert (await client.post("/me/settings", data=data)).status_code == 303
        page = (await client.get("/me")).text
        assert '<html lang="zh" data-scheme="dark" data-density="compact"' in page
        assert (await client.get("/")).headers["location"] == "/outbox"
        answer = await client.post("/me/settings", data={**data, "zone": "Moon/Crater"})
        assert (answer.status_code, "不是时区" in answer.text) == (422, True)
        # the switch turns one page; what is settled holds on the next, and clearing it clears the switch too
        assert '<html lang="en"' in (await client.get("/me?lang=en")).text
        assert client.cookies["kept_lang"] == "en"
        assert '<html lang="zh"' in (await client.get("/me")).text
        answer = await client.post("/me/settings", data={**data, "language": ""})
        assert 'kept_lang=""' in answer.headers["set-cookie"]
        assert "kept_lang" not in client.cookies


async def test_the_first_administrator_has_a_link_until_one_joined(shop: Shop) -> None:
    link = await first_link(shop.office, OPS, shop.now)
    assert link is not None
    assert await first_link(shop.office, OPS, shop.now) == link, "told again as long as it is open"
    shop.now += LINK_LASTS
    newer = await first_link(shop.office, OPS, shop.now)
    assert newer not in (None, link)
    async with shop.open_doors(role=None) as client:
        seed = re.search(r'class="seed">([A-Z2-7]+)<', (await client.get(path(newer or ""))).text)
        assert seed
        await form(client, path(newer or ""))
        data = {"password": GOOD, "again": GOOD, "code": code(shop, seed[1])}
        assert (await client.post(path(newer or ""), data=data)).status_code == 303
    assert await first_link(shop.office, OPS, shop.now) is None


async def test_a_demo_lets_one_be_anybody_and_nothing_else_does(shop: Shop) -> None:
    await invited(shop, "Clara")
    crew = {Role.COMPLIANCE: 1}
    async with shop.open_doors(role=None, demo=crew) as client:
        await form(client, "/demo")
        assert (await client.post("/demo", data={"role": "administrator"})).status_code == 404
        assert (await client.post("/demo", data={"role": "compliance"})).status_code == 303
        assert (await client.get("/outbox")).status_code == 200
        through = {"x-forwarded-for": "203.0.113.7"}
        assert (await client.get("/demo", headers=through)).status_code == 404
    for more in ({"demo": crew, "listens_on": "0.0.0.0"}, {}):
        async with shop.open_doors(role=None, **more) as client:
            assert (await client.get("/demo")).status_code == 404


async def test_without_redis_nobody_is_known(shop: Shop) -> None:
    shop.redis_url = "redis://127.0.0.1:1/0"
    async with shop.open_doors(role=None) as client:
        client.cookies.set("kept_session", "00")
        answer = await client.get("/outbox")
        assert answer.status_code == 503
        assert "store of sessions does not answer" in answer.text


@pytest.mark.parametrize("password", ["x" * 11, "aaaabbbbaaaabbbb", "I am Cora the first", "y" * 201])
def test_passwords_that_are_none(password: str) -> None:
    with pytest.raises(CaseworkInputError):
        check_password(password, "cora")


def test_a_code_is_of_its_half_minute_and_the_two_beside_it(shop: Shop) -> None:
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEH"
    given = TOTP(seed).at(shop.now)
    fitting = [n for n in range(-4, 5) if step_of(seed, given, shop.now + n * STEP) is not None]
    assert fitting == [-1, 0, 1]
    assert step_of(None, given, shop.now) is None
