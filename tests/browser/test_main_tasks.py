"""The twelve main tasks, walked by every role, on both screens, in both languages.

The table is `TASKS` of tests/builders/main_tasks.py: what, by whom, where, and what of it a page shows. Of
task x role x screen x language is walked:
- every role at every task, once or more: who may does it to its end; who may not sees neither its button nor
  the way to it, is denied the page where it stands, in plain words, and the request behind it as well;
- every task done at each of desktop and phone, in English and in Chinese, by whoever of its roles is next.
`walks` deals them out, and the first test here says that nothing of this is left out.
"""

from itertools import product

import pytest
from playwright.async_api import Page, expect

from casework.staff.people import staff_roles
from casework.staff.rights import Role
from console.language import Speech, speeches
from tests.builders.browsing import Console
from tests.builders.main_tasks import SCREENS, TASKS, Task, Walker, walks


def test_the_table_leaves_nothing_out() -> None:
    assert len(TASKS) == 12
    assert {(one.task.name, one.role) for one in walks()} == {
        (task.name, role) for task, role in product(TASKS, staff_roles())
    }
    done = {(one.task.name, one.screen) for one in walks() if one.does}
    assert done == {(task.name, screen) for task, screen in product(TASKS, SCREENS)}
    denied = {one.screen for one in walks() if not one.does}
    assert denied == set(SCREENS)


@pytest.mark.parametrize(("language", "phone"), SCREENS)
async def test_the_main_tasks_as_each_role(console: Console, language: str, phone: bool) -> None:
    say = speeches()[language]
    for role in staff_roles():
        mine = [one for one in walks() if one.role == role and one.screen == (language, phone)]
        # One word, which the pages' own test takes for a name, not for English left to readers of Chinese.
        name = f"{role.replace('_', '').title()}{'Phone' if phone else 'Desk'}{language.title()}"
        async with console.page_as(Role(role), language, phone=phone, name=name) as page:
            page.set_default_timeout(10_000)
            page.on("dialog", lambda dialog: dialog.accept())
            for one in mine:
                if one.does:
                    await one.task.do(Walker(console, page, say, phone, name))
                else:
                    await _is_denied(page, one.task, say)
                    console.forgive(page)


async def _is_denied(page: Page, task: Task, say: Speech) -> None:
    refused = say["troubles"]["denied"]["title"]
    answer = await page.goto(task.at, wait_until="domcontentloaded")
    assert answer is not None
    if answer.status != 200:
        assert answer.status == 403, task.name
        await expect(page.get_by_role("heading", level=1)).to_have_text(refused)
    await expect(page.locator(task.sign)).to_have_count(0)
    method, path = task.asks
    token = await page.locator("input[name=form_token]").first.get_attribute("value")
    headers = {"accept": "text/html", "accept-language": say.code, "x-form-token": token or ""}
    asked = await page.request.fetch(path, method=method, headers=headers)
    assert (asked.status, refused in await asked.text()) == (403, True), (task.name, method, path)
