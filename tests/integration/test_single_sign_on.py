"""Single sign-on at an issuer on this machine: who is invited comes in, whatever is wrong lets nobody in."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.staff.people import invite, remove
from casework.staff.rights import Role
from casework.staff.single_sign_on import Client, SingleSignOn, is_private
from tests.builders.shop import OPS, Shop
from tests.sinks.issuer import Issuer


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


@pytest.fixture
async def issuer(shop: Shop) -> AsyncIterator[Issuer]:
    made = await Issuer().start()
    made.now = int(shop.now.timestamp())
    yield made
    await made.close()


@asynccontextmanager
async def browser(shop: Shop, issuer: Issuer) -> AsyncIterator[httpx2.AsyncClient]:
    redis = Redis.from_url(shop.redis_url or "")

    def single(url: str) -> SingleSignOn:
        client = Client(issuer.url, "kept", "s3cret", f"{url}/sign-in/back")
        return SingleSignOn(shop.office, redis, client, os.urandom)

    async with shop.open_doors(role=None, single=single) as client:
        yield client
    await redis.aclose()


async def signed_in(client: httpx2.AsyncClient, to: str = "/") -> httpx2.Response:
    """The answer to coming back from the issuer."""
    return await client.get((await went(client, to)).headers["location"])


async def went(client: httpx2.AsyncClient, to: str = "/") -> httpx2.Response:
    """The issuer's answer, which sends one back."""
    away = await client.get("/sign-in/away", params={"to": to})
    assert away.status_code == 303, away.text
    async with httpx2.AsyncClient() as other:
        return await other.get(away.headers["location"])


async def whys(shop: Shop) -> list[str]:
    rows = await shop.book.sql("SELECT data->>'why' FROM events WHERE action = 'staff.refused' ORDER BY id")
    return [row[0] for row in rows]


async def test_who_is_invited_comes_in_by_their_mailbox_then_by_their_subject(
    shop: Shop, issuer: Issuer
) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    async with browser(shop, issuer) as client:
        assert "Single sign-on" in (await client.get("/sign-in")).text
        answer = await signed_in(client, "/audit?actor=ann")
        assert (answer.status_code, answer.headers["location"]) == (303, "/audit?actor=ann")
        assert (await client.get("/audit")).status_code == 200
        issuer.claims["email"] = "ann.married@example.org"
        client.cookies.clear()
        assert (await signed_in(client)).status_code == 303, "known by the subject from now on"
        issuer.claims = {"sub": "u-2", "email": "ann@example.org", "email_verified": True}
        client.cookies.clear()
        assert (await signed_in(client)).status_code == 403, "the mailbox is given to somebody else there"
    data = await shop.book.sql("SELECT data->>'how' FROM events WHERE action = 'staff.signed_in'")
    assert [row[0] for row in data] == ["single_sign_on"] * 2
    ((mailbox, subject),) = await shop.book.sql("SELECT mailbox, subject FROM staff_accounts")
    assert len(mailbox) == len(subject) == 16


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "somebody@example.org"},
        {"email": None},
        {"email": "no mailbox"},
    ],
)
async def test_nobody_comes_in_who_is_not_vouched_for(
    shop: Shop, issuer: Issuer, claims: dict[str, object]
) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    issuer.claims |= claims
    async with browser(shop, issuer) as client:
        answer = await signed_in(client)
        assert answer.status_code == 403
        assert "You could not be let in" in answer.text
        assert "kept_session" not in client.cookies
    assert await whys(shop) == ["nobody of the staff"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another"},
        {"aud": ["kept", "another"]},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
    ],
)
async def test_a_token_that_is_not_for_us_now_is_none(
    shop: Shop, issuer: Issuer, wrong: dict[str, object]
) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    issuer.wrong = wrong
    async with browser(shop, issuer) as client:
        assert (await signed_in(client)).status_code == 403
    assert (await whys(shop))[0].startswith("the token")


async def test_a_foreign_key_signs_nothing_and_a_new_one_is_learnt(shop: Shop, issuer: Issuer) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    async with browser(shop, issuer) as client:
        issuer.signs = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        assert (await signed_in(client)).status_code == 403
        issuer.signs = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
        assert (await signed_in(client)).status_code == 403
        issuer.key = issuer.signs
        assert (await signed_in(client)).status_code == 303


async def test_one_comes_back_once_and_in_the_same_browser(shop: Shop, issuer: Issuer) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    async with browser(shop, issuer) as client:
        back = (await went(client)).headers["location"]
        async with httpx2.AsyncClient() as other:
            assert (await other.get(back)).status_code == 403, "another browser, with a link that was sent"
        assert (await client.get(back)).status_code == 403, "and with that it is used up"
        back = (await went(client)).headers["location"]
        assert (await client.get(back)).status_code == 303
        client.cookies.delete("kept_session")
        assert (await client.get(back)).status_code == 403
        for query in ("", "?state=x&code=y", "?error=access_denied&state=x"):
            assert (await client.get(f"/sign-in/back{query}")).status_code == 403
        where = parse_qs(urlsplit((await client.get("/sign-in/away?to=//evil")).headers["location"]).query)
        assert where["scope"] == ["openid email"]


async def test_an_issuer_that_is_wrong_or_away_lets_nobody_in(shop: Shop, issuer: Issuer) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    async with browser(shop, issuer) as client:
        issuer.named = "https://login.example.org"
        assert (await client.get("/sign-in/away")).status_code == 403
        issuer.named = None
        issuer.status = 500
        assert (await signed_in(client)).status_code == 403
        await issuer.close()
        answer = await client.get("/sign-in/back")
        assert answer.status_code == 403
    assert (await whys(shop))[:2] == ["another issuer answers", "the issuer answers 500"]


async def test_who_was_removed_is_vouched_for_in_vain(shop: Shop, issuer: Issuer) -> None:
    await invite(shop.office, OPS, "ann", Role.AUDITOR, shop.now, mailbox="ann@example.org")
    with pytest.raises(CaseworkInputError, match="somebody else's"):
        await invite(shop.office, OPS, "ben", Role.AUDITOR, shop.now, mailbox="ANN@example.org")
    async with browser(shop, issuer) as client:
        assert (await signed_in(client)).status_code == 303
        await remove(shop.office, OPS, "ann", shop.now)
        assert (await client.get("/me")).status_code == 303
        assert (await signed_in(client)).status_code == 403


async def test_without_an_issuer_there_is_no_such_way(shop: Shop) -> None:
    async with shop.open_doors(role=None) as client:
        assert "Single sign-on" not in (await client.get("/sign-in")).text
        for at in ("/sign-in/away", "/sign-in/back"):
            assert (await client.get(at)).status_code == 404


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://login.example.org/token", True),
        ("http://127.0.0.1:9/token", True),
        ("http://localhost/token", True),
        ("http://login.example.org/token", False),
        ("http://127.0.0.1.example.org/", False),
        ("ftp://127.0.0.1/", False),
        ("https:///x", False),
        ("", False),
    ],
)
def test_what_goes_to_the_issuer_is_read_by_nobody_on_the_way(url: str, private: bool) -> None:
    assert is_private(url) == private
