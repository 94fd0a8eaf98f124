"""Every page in a real browser: both languages, both screens, light and dark, by keyboard; axe over each."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.async_api import FilePayload, Page, expect
from pyotp.totp import TOTP

from casework.intake.uploads import work_uploads
from casework.staff.people import invite
from casework.staff.rights import Role
from console.pages import PAGES as TABLE
from tests.builders.browsing import CHOSEN, TAPE, Console
from tests.builders.shop import OPS
from tests.builders.town import TownClock

PAGES = [
    ("/today", Role.MANAGEMENT),
    ("/today/late", Role.SUPERVISOR),
    ("/work", Role.COLLECTOR),
    ("/talks", Role.SUPERVISOR),
    ("/talks/1", Role.SUPERVISOR),
    ("/talks/2", Role.COLLECTOR),
    ("/import/1", Role.OPERATIONS),
    ("/feeds", Role.MANAGEMENT),
    ("/work/queues", Role.SUPERVISOR),
    ("/work/queues?owner=nobody", Role.OPERATIONS),
    ("/work/proofs", Role.COMPLIANCE),
    ("/work/requests", Role.SUPERVISOR),
    ("/cases", Role.SUPERVISOR),
    ("/cases?text=nobody", Role.SUPERVISOR),
    ("/cases/4", Role.SUPERVISOR),
    ("/cases/10", Role.RISK),
    ("/cases/10/why/6", Role.SUPERVISOR),
    ("/approvals", Role.COMPLIANCE),
    ("/unknown", Role.SUPERVISOR),
    ("/strategies", Role.RISK),
    ("/strategies/gentle", Role.OPERATIONS),
    ("/texts", Role.AUDITOR),
    ("/texts/late?sample=several", Role.OPERATIONS),
    ("/experiments?now=40&hoped=43", Role.OPERATIONS),
    ("/experiments/tone", Role.OPERATIONS),
    ("/policies", Role.COMPLIANCE),
    ("/policies/house", Role.AUDITOR),
    ("/strategies/gentle/edit", Role.OPERATIONS),
    ("/strategies/gentle/simulations", Role.RISK),
    ("/strategies/gentle/simulations/1", Role.RISK),
    ("/audit", Role.AUDITOR),
    ("/audit?actor=nobody", Role.AUDITOR),
    ("/staff", Role.ADMINISTRATOR),
    ("/outbox", Role.COMPLIANCE),
    ("/outbox/1", Role.COMPLIANCE),
    ("/me", Role.COLLECTOR),
]


# What no walk of the table can open: it leads elsewhere at once, or is a file.
LEADS_ON = {"/", "/sign-in/away", "/sign-in/back", "/demo"}
FILES = {"/work/proofs/{key}/{file}", "/talks/{key}/files/{file}", "/cases/{key}/notes/{note}"}
# Walked below by whoever is not signed in, and before there is a tape; the page of the case at hand.
ELSEWHERE = {"/sign-in", "/join/{carries}", "/import", "/work/{code}"}


def test_no_page_is_forgotten() -> None:
    walked = {urlsplit(path).path for path, _ in PAGES}
    for page in TABLE:
        if page.method == "GET" and page.path not in LEADS_ON | FILES | ELSEWHERE:
            named = re.compile(re.sub(r"\{\w+\}", "[^/]+", page.path))
            assert any(named.fullmatch(path) for path in walked), page.path


async def test_refusals_are_accessible(console: Console) -> None:
    """What is not there, what is not for one's role, what cannot be done: in both languages."""
    for language in ("en", "zh"):
        async with console.page_as(Role.OPERATIONS, language, phone=language == "zh") as page:
            for path, status in (
                ("/nowhere", 404),
                ("/cases/999999", 422),
                ("/audit", 403),
                ("/cases/none", 422),
            ):
                answer = await page.goto(path)
                assert answer is not None
                assert answer.status == status, path
                console.forgive(page)
                await console.assert_accessible(page)


# Names, codes and the record's own data, which have no language; titles of laws stay in theirs.
RUN = re.compile(r"[A-Za-z][a-z'’]+(?:[ ,;]+[A-Za-z][a-z'’]*){2,}")
SAID_SO = {"/audit": {"td.long"}, "/policies": {"td"}, "/texts/late": {".said"}}
OF_A_TEXT = """(but) => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const seen = (one) => !one.closest(`[lang=en], code, pre, script, style, textarea, svg, .cm-content${but}`);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) if (seen(walk.currentNode.parentElement)) found.push(walk.currentNode.data);
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [title], [data-ask]"))
    for (const name of ["aria-label", "placeholder", "title", "data-ask"])
      if (seen(one)) found.push(one.getAttribute(name) || "");
  return found;
}"""


async def _english(page: Page) -> list[str]:
    """Runs of English words on a page for readers of Chinese."""
    but = "".join(f", {one}" for one in SAID_SO.get(urlsplit(page.url).path, ()))
    return [hit for text in await page.evaluate(OF_A_TEXT, but) for hit in RUN.findall(text)]


def _by_role() -> list[tuple[Role, list[str]]]:
    """Each role with its pages, so that one browser does for all of them."""
    mine: dict[Role, list[str]] = {}
    for path, role in PAGES:
        mine.setdefault(role, []).append(path)
    return list(mine.items())


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_is_accessible(console: Console, language: str, phone: bool) -> None:
    """In the dark as well, which changes nothing but colours: once on either screen."""
    english: dict[str, list[str]] = {}
    for role, paths in _by_role():
        async with console.page_as(role, language, phone=phone) as page:
            for path in paths:
                await page.emulate_media(color_scheme="light")
                answer = await page.goto(path)
                assert answer is not None
                assert answer.status == 200, path
                assert await page.locator("html").get_attribute("lang") == language
                assert await page.locator(".empty-state").count() == (1 if "nobody" in path else 0), path
                await console.assert_accessible(page)
                if language == "zh" and not phone:
                    english[path] = await _english(page)
                if (language == "en") != phone:
                    await page.emulate_media(color_scheme="dark")
                    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
                    await console.assert_accessible(page, rules=["color-contrast"])
    assert not {path: found for path, found in english.items() if found}


async def test_the_entrance_is_accessible(console: Console) -> None:
    made = await invite(console.shop.office, OPS, "Nora", Role.RISK, console.shop.now)
    for language in ("en", "zh"):
        for path in ("/sign-in", "/join/" + made.join.rpartition("/")[2]):
            async with console.page_as(None, language, phone=language == "zh") as page:
                await page.goto(path)
                await console.assert_accessible(page)


async def test_somebody_joins_leaves_and_comes_back(console: Console) -> None:
    made = await invite(console.shop.office, OPS, "Ina", Role.AUDITOR, console.shop.now)
    async with console.page_as(None, phone=True) as page:
        await page.goto("/join/" + made.join.rpartition("/")[2])
        seed = await page.locator(".seed").inner_text()
        await page.get_by_label("Password", exact=True).fill("four quiet words here")
        await page.get_by_label("The password again").fill("four quiet words here")
        await page.get_by_label("Code of the app").fill(TOTP(seed).at(console.shop.now))
        await page.get_by_role("button", name="Make the account and enter").click()
        await expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.goto("/audit?action=staff")
        await page.get_by_label("Name").fill("Ina")
        await page.get_by_label("Password").fill("four quiet words here")
        await page.get_by_label("Code of the app").fill(
            TOTP(seed).at(console.shop.now + timedelta(seconds=30))
        )
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{console.url}/audit?action=staff")
        await console.assert_accessible(page)


async def test_by_keyboard_alone(console: Console) -> None:
    async with console.page_as(Role.AUDITOR) as page:
        await page.goto("/audit")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
    async with console.page_as(Role.COMPLIANCE, phone=True) as page:
        await page.goto("/outbox")
        menu, link = page.get_by_role("button", name="Menu"), page.get_by_role("link", name="Audit")
        await expect(link).to_be_hidden()
        await menu.press("Enter")
        await expect(link).to_be_visible()
        await console.assert_accessible(page)
        await page.keyboard.press("Escape")
        await expect(link).to_be_hidden()
        await expect(menu).to_be_focused()


async def test_columns_are_chosen(console: Console) -> None:
    async with console.page_as(Role.AUDITOR, name="Columba") as page:
        await page.goto("/audit?action=staff")
        await page.locator("summary", has_text="Columns").click()
        await page.get_by_label("Details").uncheck()
        await console.assert_accessible(page)
        await page.get_by_role("group", name="Columns").locator("..").get_by_role("button").click()
        await expect(page.get_by_role("columnheader", name="Who")).to_be_visible()
        await expect(page.get_by_role("columnheader", name="Details")).to_have_count(0)
        assert page.url.endswith("/audit?action=staff")


async def test_a_picture_is_drawn_and_has_its_table(console: Console) -> None:
    async with console.page_as(Role.ADMINISTRATOR) as page:
        await page.goto("/staff")
        await expect(page.locator(".chart svg")).to_be_visible()
        await page.get_by_text("As a table").click()
        await expect(page.locator("figure table")).to_contain_text("Collector")
        await console.assert_accessible(page)


async def test_a_question_comes_before_what_cannot_be_undone(console: Console) -> None:
    async with console.page_as(Role.SUPERVISOR) as page:
        asked: list[str] = []

        async def no(dialog: object) -> None:
            asked.append(dialog.message)  # type: ignore[attr-defined]
            await dialog.dismiss()  # type: ignore[attr-defined]

        page.on("dialog", no)
        await page.goto("/unknown")
        await page.get_by_role("button", name="Delivered").first.click()
        assert asked == ["Contact 2 was delivered, you are sure? It stays so."]
    states = await console.shop.book.sql("SELECT state FROM contacts WHERE id = 2")
    assert states[0][0] == "unknown"


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_an_outcome_by_two_keys_or_two_taps(console: Console, phone: bool) -> None:
    shop = console.shop
    who = await shop.borrower(shop.now.date() - timedelta(days=9))
    name = "Wim" if phone else "Wilma"
    async with console.page_as(Role.SUPERVISOR, phone=phone, name=name) as page:
        await page.goto(f"/work/K{who.case}")
        await expect(page.get_by_role("heading", name=f"K{who.case}")).to_be_visible()
        if phone:
            await page.get_by_text("Not reached").tap()
            await page.get_by_role("button", name="busy").tap()
        else:
            await page.keyboard.press("1")
            await console.assert_accessible(page)
            await page.keyboard.press("2")
        await expect(page.get_by_text(f"K{who.case} saved: busy.")).to_be_visible()
        await console.assert_accessible(page)
        if phone:
            await page.get_by_role("button", name="Undo").tap()
        else:
            await page.keyboard.press("u")
        await expect(page.get_by_role("heading", name=f"K{who.case}")).to_be_visible()
    rows = await shop.book.sql("SELECT code, undone_at IS NULL FROM outcomes WHERE case_id = $1", who.case)
    assert [tuple(row) for row in rows] == [("busy", False)]


async def test_a_tape_from_upload_to_load(console: Console) -> None:
    shop, clock = console.shop, TownClock(console.shop)
    content = TAPE.replace("L-", "M-").replace("C-", "D-").encode()
    async with console.page_as(Role.OPERATIONS, name="Orla") as page:
        await page.goto("/import")
        await console.assert_accessible(page)
        file = FilePayload(name="november.csv", mimeType="text/csv", buffer=content)
        await page.get_by_label("File", exact=True).set_input_files(file)
        await page.get_by_role("button", name="Upload").click()
        for key, column in CHOSEN.items():
            await page.get_by_label(column, exact=True).select_option(key)
        await page.locator("#portfolio-columns").fill("acme")
        await page.locator("#zone").fill("Europe/Berlin")
        await page.get_by_role("button", name="Show how it would be read").first.click()
        await expect(page.locator("#preview")).to_contain_text("600.00 EUR")
        await page.get_by_role("button", name="Dry run").click()
        await expect(page.get_by_text("waits for a worker")).to_be_visible()
        await work_uploads(shop.office, clock)
        await expect(page.locator("section", has_text="Rejected rows").last).to_contain_text("much")
        await console.assert_accessible(page)
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Load", exact=True).click()
        await expect(page.get_by_text("waits for a worker")).to_be_visible()
        await work_uploads(shop.office, clock)
        await expect(page.get_by_text("What came of it")).to_be_visible()
        await console.assert_accessible(page)
    assert (await shop.book.sql("SELECT count(*) FROM loans WHERE external_id LIKE 'M-%'"))[0][0] == 2
