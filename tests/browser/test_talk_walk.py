"""A conversation on its page: lines come by themselves, what is typed stays, and keys alone answer it."""

from datetime import timedelta

from playwright.async_api import expect

from casework.borrower import conversation
from casework.staff.rights import Role
from tests.builders.book import SYSTEM
from tests.builders.browsing import Console
from tests.builders.talking import asks, chat_of, sends


async def test_answered_by_keys_while_lines_come(console: Console) -> None:
    shop = console.shop
    who = await shop.borrower(shop.now.date() - timedelta(days=3))
    chat = await chat_of(shop, who, 7003)
    key = await asks(shop, chat, *(f"Line {at} of what I have to say." for at in range(12)))
    async with console.page_as(Role.CUSTOMER_SERVICE, name="Tess") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await page.clock.install()
        await page.goto("/talks")
        await page.locator(f'a[href="/talks/{key}"]').press("Enter")
        await page.get_by_role("button", name="Take it").press("Enter")
        box = page.get_by_role("textbox", name="Your answer")
        await expect(box).to_be_focused()
        await page.keyboard.type("Pay today or the police come")
        await sends(shop, chat, "my receipt")
        await page.clock.fast_forward(5_000)
        await expect(page.get_by_role("log")).to_contain_text("my receipt")
        await expect(page.get_by_text("my receipt")).to_be_in_viewport()
        await expect(box).to_be_focused()
        await expect(box).to_have_value("Pay today or the police come")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("alert")).to_contain_text("That may not go now:")
        console.forgive(page)
        await expect(box).to_have_value("Pay today or the police come")
        await console.assert_accessible(page)
        await box.fill("Would next Friday do?")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Not in their chat yet: 1")).to_be_visible()
        for one in await conversation.begin_lines(shop.office, SYSTEM, shop.now):
            await conversation.said(shop.office, SYSTEM, one.line, shop.now)
        await page.clock.fast_forward(5_000)
        await expect(page.get_by_text("Not in their chat yet: 1")).to_have_count(0)
        await page.locator("summary", has_text="Photo").press("Enter")
        drawn = page.get_by_role("img", name="Photo")
        await expect(drawn).to_be_visible()
        await expect(drawn).to_have_js_property("naturalWidth", 1)
        await console.assert_accessible(page)
        await box.fill("half a")
        await conversation.end(shop.office, SYSTEM, chat, shop.now)
        await page.clock.fast_forward(5_000)
        await expect(page.get_by_text("The conversation is over.")).to_be_visible()
        await expect(box).to_have_value("half a")
