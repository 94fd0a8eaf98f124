"""The link of a mail: a page with a button, one click for mail programs, and nothing for who forged it."""

import re

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.links import stop_link
from casework.office import Doors
from console.stops import _texts  # pyright: ignore[reportPrivateUsage]
from messages.templates import languages
from tests.builders.shop import Shop


@pytest.fixture
async def shop(engine: AsyncEngine) -> Shop:
    made = Shop(engine)
    made.office.doors = Doors("https://kept.example.com")
    await made.open()
    await made.remind(phone=False)
    return made


def path(shop: Shop) -> str:
    link = stop_link(shop.office, 1)
    assert link is not None
    return link.removeprefix("https://kept.example.com")


async def consents(shop: Shop) -> list[tuple[object, ...]]:
    rows = await shop.book.sql("SELECT channel, state, source, contact_id, portfolio_id FROM consents")
    return [tuple(row) for row in rows]


async def test_one_click_stops_without_a_question(shop: Shop) -> None:
    async with shop.open_doors() as client:
        answer = await client.post(path(shop), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert await consents(shop) == [("email", "revoked", "link", 1, shop.portfolio)]
    rows = await shop.book.sql("SELECT action FROM events WHERE action ~ '^consent'")
    assert [row[0] for row in rows] == ["consent.revoked"]


async def test_opening_the_page_changes_nothing_and_its_button_stops(shop: Shop) -> None:
    async with shop.open_doors() as client:
        page = (await client.get(path(shop))).text
        assert "Stop emails from Acme Credit?" in page
        assert await consents(shop) == []
        assert re.search(r'<form method="post"><button type="submit">', page)
        done = await client.post(path(shop), data={})
    assert "You will get no more emails from Acme Credit." in done.text
    assert len(await consents(shop)) == 1


async def test_it_works_from_the_network_under_the_public_name(shop: Shop) -> None:
    async with shop.open_doors(listens_on="0.0.0.0", public_url="https://kept.example.com") as client:
        headers = {"host": "kept.example.com", "x-forwarded-for": "203.0.113.7"}
        assert (await client.post(path(shop), headers=headers)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["AAAA", "x" * 60, "..%2F..%2Fetc", "%00", "é"])
async def test_a_forged_link_gets_a_kind_answer_and_nothing_else(shop: Shop, method: str, token: str) -> None:
    async with shop.open_doors() as client:
        answer: httpx2.Response = await client.request(method, f"/stop/{token}")
    assert answer.status_code == 404
    assert await consents(shop) == []
    if "%2F" not in token:
        assert "This link does not work" in answer.text
        assert "Acme" not in answer.text


async def test_a_link_of_a_contact_that_never_went_out_is_none(shop: Shop) -> None:
    unsent = (stop_link(shop.office, 99) or "").removeprefix("https://kept.example.com")
    async with shop.open_doors() as client:
        assert (await client.get(unsent)).status_code == 404


@pytest.mark.parametrize("language", sorted(languages()))
async def test_the_page_speaks_the_language_of_the_message(shop: Shop, language: str) -> None:
    await shop.book.sql("UPDATE contacts SET language = $1", language)
    async with shop.open_doors() as client:
        page = (await client.get(path(shop))).text
    assert f'<html lang="{language}">' in page
    assert _texts()[language]["button"] in page


def test_every_language_says_all_that_the_page_says() -> None:
    english = _texts()["en"]
    assert set(_texts()) == languages()
    for language, texts in _texts().items():
        assert set(texts) == set(english), language
        for part in ("question", "stopped"):
            assert set(texts[part]) == {"email", "sms", "chat"}
            assert all("{brand}" in text for text in texts[part].values())
