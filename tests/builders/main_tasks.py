"""The twelve main tasks of the console: whose each is, where it is done, and how somebody does it there."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec
from playwright.async_api import FilePayload, Page, expect

from casework.drafts import submit
from casework.staff.people import staff_roles
from casework.staff.rights import Actor, Role
from console.language import Speech
from storage.staff.people import assign
from strategies.language import shipped_strategies
from tests.builders.book import Borrower
from tests.builders.browsing import TAPE, Console

_DESK: Final = "supervisor credit_manager"
_SEES: Final = f"{_DESK} operations risk finance compliance auditor management"
_APPROVES: Final = f"{_DESK} operations compliance"

SCREENS: Final = (("en", False), ("zh", True), ("zh", False), ("en", True))
"""(language, whether on a phone), in the order in which the assignment goes round."""


class Walker(msgspec.Struct, frozen=True):
    """Somebody of a role at a screen, who is `name`d and speaks a language."""

    console: Console
    page: Page
    say: Speech
    phone: bool
    name: str

    async def somebody(self) -> Borrower:
        """Whose case is theirs, nine days late, of whom nobody has heard today."""
        shop = self.console.shop
        found = await shop.borrower(shop.now.date() - timedelta(days=9))
        staff = (await shop.book.sql("SELECT id FROM staff WHERE name = $1", self.name))[0][0]
        async with shop.office.transaction() as raw:
            await assign(raw, [found.case], staff, "oda", shop.now)
        return found

    async def press(self, within: str, word: str) -> None:
        """The button of a form that has this word."""
        await self.page.locator(within).get_by_role("button", name=word, exact=True).click()

    async def hears(self, word: str) -> None:
        """The page says so."""
        await expect(self.page.get_by_role("status").first).to_contain_text(word)


Doing = Callable[[Walker], Awaitable[None]]


class Task(msgspec.Struct, frozen=True):
    """A line of the table.

    who    the roles that may; nobody else sees `sign`
    at     the page
    sign   what on it is there for who may: a button's form, or the way there in the menu
    asks   the request that is refused to everybody else
    """

    name: str
    who: frozenset[str]
    at: str
    sign: str
    asks: tuple[str, str]
    do: Doing


async def _morning(on: Walker) -> None:
    """From a number to the list behind it, and the list as a file."""
    await on.page.goto("/today")
    await on.page.locator("#figure-late ~ .big a").click()
    await expect(on.page.locator("tbody tr").first).to_be_visible()
    file = await on.page.get_by_role("link", name="CSV").get_attribute("href")
    assert (await on.page.request.get(file or "")).headers["content-type"].startswith("text/csv")


async def _find(on: Walker) -> None:
    """By its loan, to its page with the line of all that happened."""
    who = await on.somebody()
    await on.page.goto("/cases")
    await on.page.locator("#filter-text").fill(who.loan_id)
    await on.press("form[role=search]", on.say["list"]["narrow"])
    await on.page.locator(f"tbody a[href='/cases/{who.case}']").first.click()
    await expect(on.page.get_by_role("heading", level=1)).to_contain_text(f"K{who.case}")
    await expect(on.page.get_by_role("heading", name=on.say["case"]["line"])).to_be_visible()


async def _work(on: Walker) -> None:
    """An outcome by two keys, or two taps."""
    case = (await on.somebody()).case
    await on.page.goto(f"/work/K{case}")
    if on.phone:
        await on.page.get_by_text(on.say["work"]["groups"]["missed"]).tap()
        await on.page.get_by_role("button", name=on.say["case"]["codes"]["busy"]).tap()
    else:
        await on.page.keyboard.press("1")
        await on.page.keyboard.press("2")
    await on.hears(on.say["work"]["saved"].format(code=f"K{case}", what=on.say["case"]["codes"]["busy"]))


async def _hold(on: Walker) -> None:
    """For a week, with its reason."""
    await on.page.goto(f"/cases/{(await on.somebody()).case}")
    await on.page.locator("details", has=on.page.locator("form[action$='/hold']")).locator("summary").click()
    await on.page.locator("#days").fill("7")
    await on.page.locator("#reason").fill("they sent papers")
    await on.press("form[action$='/hold']", on.say["case"]["hold"])
    await on.hears(on.say["case"]["done"]["held"])


async def _words(on: Walker) -> None:
    """A message of one's own, which the rules let through."""
    await on.page.goto(f"/cases/{(await on.somebody()).case}")
    form = on.page.locator("form[action$='/message']")
    await on.page.locator("details", has=form).locator("summary").click()
    await on.page.locator("#words").fill("Please ring us when you have a minute.")
    await on.press("form[action$='/message']", on.say["case"]["write"])
    await on.hears(on.say["case"]["done"]["written"])


async def _assign(on: Walker) -> None:
    """A case of the queue, to a collector."""
    case, shop = (await on.somebody()).case, on.console.shop
    await shop.book.sql(
        "INSERT INTO tasks (case_id, kind, queue, priority, state, opened_at, finish_by) "
        "VALUES ($1, 'call', 'desk', 5, 'open', $2, $2)",
        case,
        shop.now,
    )
    await on.page.goto("/work/queues")
    await on.page.locator(f"input[name=cases][value='{case}']").check()
    await on.page.locator("#to").select_option("Collector")
    await on.press("#give", on.say["case"]["give"])
    row = on.page.locator("tr", has=on.page.locator(f"input[value='{case}']"))
    await expect(row).to_contain_text("Collector")
    if on.phone:
        return
    for place, owner in ((on.say["queues"]["take_back"], ""), ("Collector (", "Collector")):
        await row.locator("td.no-print").hover()
        await on.page.mouse.down()
        await on.page.mouse.move(600, 400)
        await on.page.locator(".place").filter(has_text=place).first.hover()
        async with on.page.expect_navigation(wait_until="domcontentloaded"):
            await on.page.mouse.up()
        await expect(row.locator("td").nth(-2)).to_have_text(owner)


async def _approve(on: Walker) -> None:
    """What somebody else handed in."""
    shop, name = on.console.shop, f"walked-{on.name.lower().replace(' ', '-')}"
    text = shipped_strategies()["gentle"].replace("strategy: gentle", f"strategy: {name}")
    key = await submit(shop.office, Actor("Olga", Role.OPERATIONS), name, text, shop.now)
    await on.page.goto("/approvals")
    await on.press(f"form[action='/approvals/{key}']", on.say["approvals"]["yes"])
    await on.hears(on.say["approvals"]["done"]["approved"])


async def _write(on: Walker) -> None:
    """A new strategy is begun, and kept as a draft."""
    await on.page.goto("/strategies")
    await on.page.locator("#new-name").fill("of-my-own")
    await on.press("form[action='/strategies']", on.say["edit"]["edit"])
    await on.press("form.editing", on.say["edit"]["save"])
    await on.hears(on.say["edit"]["saved"])


async def _simulate(on: Walker) -> None:
    """It waits for a worker, who is told not to begin."""
    await on.page.goto("/strategies/gentle/simulations")
    await on.press("form[action='/strategies/gentle/simulations']", on.say["simulation"]["simulate"])
    await on.hears(on.say["simulation"]["states"]["waiting"])
    await on.page.locator("form[action$='/stop'] button").click()
    await on.hears(on.say["simulation"]["states"]["stopped"])


async def _import(on: Walker) -> None:
    """A tape comes up, and its columns are proposed."""
    await on.page.goto("/import")
    file = FilePayload(name="walk.csv", mimeType="text/csv", buffer=TAPE.encode())
    await on.page.locator("#tape").set_input_files(file)
    await on.press("form[action^='/import/upload']", on.say["tapes"]["upload"])
    await expect(on.page.get_by_label("Loan No", exact=True)).to_be_visible()


async def _verify(on: Walker) -> None:
    """Every hash of the record."""
    await on.page.goto("/audit")
    await on.press("form[action='/audit/verify']", on.say["audit"]["verify"])
    await on.hears(on.say["audit"]["holds"].partition("{")[0].strip())


async def _invite(on: Walker) -> None:
    """Somebody joins the staff."""
    await on.page.goto("/staff")
    await on.page.get_by_text(on.say["staff"]["invite"]).first.click()
    await on.page.locator("#name").fill(f"New-{on.name}")
    await on.press("form[action='/staff']", on.say["staff"]["invite"])
    await on.hears(f"New-{on.name}")


def _menu(path: str) -> str:
    return f"#menu a[href='{path}']"


def _form(action: str) -> str:
    return f"form[action='{action}']"


def _task(name: str, who: str, at: str, sign: str, asks: str, do: Doing) -> Task:
    method, _, path = asks.partition(" ")
    return Task(name, frozenset(who.split()), at, sign, (method, path), do)


_HOLDS: Final = f"{_APPROVES} collector customer_service"
_TAKES: Final = f"{_DESK} collector customer_service"
_FINDS: Final = f"{_TAKES} operations risk finance compliance auditor"
_MESSAGE: Final = "/cases/4/message"
_VERIFY: Final = "compliance auditor administrator"
_SIMULATE: Final = "/strategies/gentle/simulations"

TASKS: Final = (
    _task("see the morning", _SEES, "/today", _menu("/today"), "GET /today/late", _morning),
    _task("find a case", _FINDS, "/cases", _menu("/cases"), "GET /cases/4", _find),
    _task("work a case", _TAKES, "/work", _menu("/work"), "POST /work/outcome", _work),
    _task("hold a case", _HOLDS, "/cases/4", _form("/cases/4/hold"), "POST /cases/4/hold", _hold),
    _task("write to somebody", _TAKES, "/cases/4", _form(_MESSAGE), f"POST {_MESSAGE}", _words),
    _task("give a case", f"{_DESK} operations", "/work/queues", "#give", "POST /work/queues/give", _assign),
    _task("approve", _APPROVES, "/approvals", _menu("/approvals"), "POST /approvals/1", _approve),
    _task("write a strategy", "operations", "/strategies", _form("/strategies"), "POST /strategies", _write),
    _task("simulate it", _SEES, _SIMULATE, _form(_SIMULATE), f"POST {_SIMULATE}", _simulate),
    _task("import a tape", "operations", "/import", _menu("/import"), "POST /import/upload", _import),
    _task(
        "verify the record",
        "compliance auditor administrator",
        "/audit",
        _menu("/audit"),
        "POST /audit/verify",
        _verify,
    ),
    _task("invite staff", "operations administrator", "/staff", _menu("/staff"), "POST /staff", _invite),
)
"""The table. Who may is stated here once more, as the promise of the manual: no list of the code is read."""


class Walk(msgspec.Struct, frozen=True):
    """A task at a screen: `does` it, or sees no way to and is refused."""

    task: Task
    role: Role
    screen: tuple[str, bool]
    does: bool


def walks() -> list[Walk]:
    """Every role at every task, and every task done at every screen; the screens go round."""
    found: list[Walk] = []
    for number, task in enumerate(TASKS):
        may = [role for role in staff_roles() if role in task.who]
        for place in range(max(len(may), len(SCREENS))):
            screen = SCREENS[(number + place) % len(SCREENS)]
            found.append(Walk(task, Role(may[place % len(may)]), screen, True))
        for place, role in enumerate(role for role in staff_roles() if role not in task.who):
            found.append(Walk(task, Role(role), SCREENS[(number + place) % len(SCREENS)], False))
    return found
