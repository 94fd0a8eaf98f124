"""The sandbox's chat page in a real browser: on a narrow phone, and by the keyboard alone."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.world import Persona, World
from bot.staff.picture import draw
from bot.texts import staff_speech
from casework.staff.team import Load, Team
from kept.clock import SystemClock
from tests.builders.screens import Browser, browser

BUTTON = {
    "text": "Which?",
    "reply_markup": {"inline_keyboard": [[{"text": "This one", "callback_data": "it"}]]},
}


@pytest.fixture
async def page() -> AsyncIterator[Browser]:
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("there is no Chromium on the path, nor named by CHROMIUM")
    async with browser() as made:
        yield made


@pytest.fixture
async def server() -> AsyncIterator[Sandbox]:
    made = Sandbox(
        World(SystemClock().wall), [Persona("Ann", "+447700900001"), Persona("李", "+447700900002", "zh")]
    )
    await made.start()
    yield made
    await made.close()


async def test_a_newcomer_talks_by_the_keyboard_alone(page: Browser, server: Sandbox) -> None:
    await page.call("Page.navigate", url=f"{server.url}/")
    await page.until("document.querySelectorAll('#personas button').length === 2")
    await page.evaluate("document.querySelector('#personas button').focus(); true")
    await page.key("Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    await page.until("document.querySelectorAll('#log li').length === 1")  # /start
    (chat,) = server.world.chats.values()
    assert [one["message"]["text"] for one in server.world.updates] == ["/start"]
    asked = {"chat_id": chat.id, "reply_markup": BUTTON["reply_markup"]}
    await server.world.show(asked, {"text": "Which?"})
    await page.until("document.querySelectorAll('#log li button').length === 1")
    await page.evaluate("document.querySelector('#log li button').focus(); true")
    await page.key("Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    await server.world.changed(lambda: len(server.world.updates) == 2, 20)
    assert server.world.updates[-1]["callback_query"]["data"] == "it"
    await server.world.show(asked, {"text": "And now?"})
    await page.until("document.querySelectorAll('#log li button').length === 2")
    assert await page.evaluate(
        "document.activeElement === [...document.querySelectorAll('#log button')].at(-1)"
    )
    await page.evaluate("at('text').focus(); true")
    for sign in "hi":
        await page.key(sign, text=sign)
    await page.key("Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    await server.world.changed(lambda: len(server.world.updates) == 3, 20)
    assert server.world.updates[-1]["message"]["text"] == "hi"
    await page.evaluate("at('place-open').focus(); true")
    await page.key("Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    await page.until("at('place').open")
    await page.key("Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    await server.world.changed(lambda: len(server.world.updates) == 4, 20)
    assert server.world.updates[-1]["message"]["location"] == {"latitude": 52.52, "longitude": 13.405}
    await page.until(
        "document.querySelector('#log li:last-child .said').textContent === 'Place: 52.52, 13.405'"
    )
    await page.evaluate("act('photo', {content: 'data:audio/ogg;base64,T2dnUw=='}); true")
    await server.world.changed(lambda: len(server.world.updates) == 5, 20)
    assert server.world.updates[-1]["message"]["voice"]["file_size"] == 4


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_nothing_runs_over_the_edge_and_buttons_are_large_enough(
    page: Browser, server: Sandbox, width: int
) -> None:
    metrics = {"width": width, "height": 640, "deviceScaleFactor": 1, "mobile": width < 700}
    await page.call("Emulation.setDeviceMetricsOverride", **metrics)
    chat = await server.world.join(server.personas[0])
    board = {"keyboard": [[{"text": "Share my phone number", "request_contact": True}], [{"text": "Talk"}]]}
    long = "loan " + "x" * 120 + " is paid in full " * 8
    rows = [
        [
            {"text": "Say when I can pay", "callback_data": "a"},
            {"text": "I cannot pay now", "callback_data": "b"},
        ]
    ]
    await server.world.show({"chat_id": chat.id, "reply_markup": {"inline_keyboard": rows}}, {"text": long})
    await server.world.show({"chat_id": chat.id, "reply_markup": board}, {"text": "Hello"})
    team = Team((), (Load("carl", "collector", 1, 2, 3, None),))
    server.world.files["picture"] = draw(team, staff_speech("zh"))
    opens = {"inline_keyboard": [[{"text": "Open the console", "url": f"{server.url}/people"}]]}
    picture = {"photo": [{"file_id": "picture"}], "caption": "Load"}
    await server.world.show({"chat_id": chat.id, "reply_markup": opens}, picture)
    await page.call("Page.navigate", url=f"{server.url}/#{chat.id}")
    await page.until("document.querySelector('#log img')?.naturalWidth === 800")
    assert await page.evaluate("document.querySelector('#log .row a').href") == f"{server.url}/people"
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert await page.evaluate(
        "[...document.querySelectorAll('button')].filter((one) => one.offsetParent)"
        ".every((one) => one.offsetHeight >= 36 && one.textContent.trim() "
        "&& one.scrollWidth <= one.clientWidth + 1)"
    )
    assert await page.evaluate("at('text').getBoundingClientRect().bottom <= window.innerHeight")
    for tongue in ("en", "zh"):
        await page.evaluate(f"tongue = '{tongue}'; speak(); true")
        assert await page.evaluate(
            "[...document.querySelectorAll('[data-text]')].every((one) => one.textContent)"
        )
