"""A strategy goes from edit, through a wrong line, simulation and another person's yes, to 5% and back."""

from typing import Any

from playwright.async_api import Page, expect

from casework.publish import publish
from casework.simulation.queued import work
from casework.staff.rights import Actor, Role
from strategies.language import shipped_strategies
from tests.builders.browsing import Console
from tests.builders.town import TownClock

FIRM = shipped_strategies()["gentle"].replace("strategy: gentle", "strategy: firm")
WRONG = "  early:\n    at: due + x\n    task: call\n    expires: 2d\n"


async def _yes(dialog: Any) -> None:
    await dialog.accept()


async def _write_wrongly_and_mend(page: Page) -> None:
    lines = page.locator(".cm-content")
    await lines.click()
    await page.keyboard.press("Control+End")
    await page.keyboard.insert_text(WRONG)
    wrong = page.get_by_role("button", name="Line 56:")
    await expect(wrong).to_be_visible()
    await expect(page.locator("#checked")).to_contain_text("'due + x' is no moment")
    await expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    await wrong.click()
    await page.keyboard.press("Delete")
    await page.keyboard.type("    at: du")
    await expect(page.get_by_role("option", name="due + 3d 08:00")).to_be_visible()
    await page.keyboard.type("e + 1d 09:00")
    await page.keyboard.press("Escape")
    await expect(page.locator("#checked")).to_contain_text("New: step early, at due + 1d 09:00")
    await expect(page.locator(".cm-lint-marker-error")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Check")).to_be_focused()


async def test_from_an_edit_to_five_percent_and_back(console: Console) -> None:
    shop = console.shop
    await publish(shop.office, Actor("Olga", Role.OPERATIONS), FIRM, "firm.yaml", shop.now)
    async with (
        console.page_as(Role.OPERATIONS, name="Wanda") as page,
        console.page_as(Role.COMPLIANCE, phone=True, name="Clea") as other,
    ):
        page.on("dialog", _yes)
        other.on("dialog", _yes)
        await page.goto("/strategies/firm")
        await page.get_by_role("link", name="Edit").click()
        await _write_wrongly_and_mend(page)
        await console.assert_accessible(page)
        await page.get_by_role("button", name="Save and simulate").click()
        await page.get_by_role("button", name="Simulate").click()
        await expect(page.get_by_role("status")).to_have_text("It waits for a worker.")
        await console.assert_accessible(page)
        assert await work(shop.office, TownClock(shop))
        await expect(page.get_by_role("heading", name="Contacts by day and channel")).to_be_visible()
        await expect(page.locator(".chart svg").first).to_be_visible()
        await console.assert_accessible(page)

        await page.goto("/strategies/firm")
        await page.get_by_role("link", name="Go on with your draft").click()
        await page.get_by_label("Do it now").fill("40")
        await page.get_by_label("Hoped for").fill("43")
        await page.get_by_role("button", name="Hand in").click()
        mine = page.get_by_role("region", name="Strategy").filter(has_text="strategy firm v2")
        await expect(mine).to_contain_text("You asked for it; somebody else says yes.")
        await expect(mine.get_by_role("button", name="Approve")).to_have_count(0)

        await other.goto("/approvals")
        asked = other.get_by_role("region", name="Strategy").filter(has_text="strategy firm v2")
        await expect(asked).to_contain_text("New: step early, at due + 1d 09:00")
        await expect(asked).to_contain_text("4,234 people")
        await asked.get_by_text("Its ladder").click()
        await console.assert_accessible(other)
        await asked.get_by_role("button", name="Approve").click()
        await expect(other.get_by_role("status")).to_have_text("It is approved and goes on.")

        await page.goto("/strategies/firm")
        await expect(page.locator("main")).to_contain_text("Version 2 is in force for 5% of the people")
        await expect(page.locator(".stages [aria-current]")).to_have_text("5%")
        await expect(page.get_by_role("button", name="Widen to 25%")).to_be_visible()
        await console.assert_accessible(page)
        await page.get_by_role("button", name="Roll back").click()
        await expect(page.locator("main")).to_contain_text("Version 1 is in force for everybody it governs")
        await console.assert_accessible(page)
    rows = await shop.book.sql("SELECT state, why FROM experiments WHERE name = 'firm@2'")
    assert [tuple(row) for row in rows] == [("stopped", "rolled_back")]
