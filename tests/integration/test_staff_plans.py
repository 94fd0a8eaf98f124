"""A plan agreed by a collector in the chat: its payments, the yes, taking it back, entered later."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from tests.builders.book import Borrower
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import Crew
from tests.builders.town import DAY

HOLDS = "SELECT kind FROM holds WHERE ends_at IS NULL"


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def at_a_plan(crew: Crew, who: Borrower, *, language: str = "en") -> Guest:
    """Carl at the question how it will be paid."""
    await crew.task(who.case)
    carl = await crew.hired(language=language)
    await carl.says("/next")
    await carl.taps("They said" if language == "en" else "对方表示")
    await carl.taps("plan agreed" if language == "en" else "已商定计划")
    return carl


async def rows(crew: Crew, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await crew.book.sql(sql)]


async def test_a_plan_in_four_taps_and_a_yes(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    assert "2 x €125.00" in carl.buttons()
    told = await carl.taps("2 x €125.00")
    assert "A plan of €250.00 in 2 payments:" in told
    assert "November 30, 2026: €125.00" in told
    assert "December 30, 2026: €125.00" in told
    assert not await rows(crew, "SELECT 1 FROM outcomes"), "nothing is saved before it was read"
    message, save = carl.button("Save")
    told = await carl.taps("Save")
    assert f"K{ann.case} saved: a plan of €250.00 in 2 payments" in told
    assert "waits for somebody else's yes" in told
    await crew.sandbox.world.tap(carl.chat, message, save)
    await carl.told()
    assert await rows(crew, "SELECT code, amount_minor, channel FROM outcomes") == [
        ("plan_agreed", 250_00, "call")
    ]
    assert await rows(crew, "SELECT kind, state FROM approvals") == [("plan", "waiting")]
    assert await rows(crew, HOLDS) == [("plan",)]
    cara = await crew.hired("cara", Role.CREDIT_MANAGER)
    assert f"plan of K{ann.case}: EUR 250.00 in 2 payments" in await cara.says("/approvals")
    assert "is approved" in await cara.taps("Approve")
    assert (
        await rows(crew, "SELECT amount_minor, state FROM promises ORDER BY due_on") == [(125_00, "open")] * 2
    )
    assert await rows(crew, HOLDS) == []
    await carl.says("/promises")
    assert any(f"K{ann.case}" in label for label in carl.buttons()), "the case is his"


async def test_payments_are_typed(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    assert "could not read one day and one amount in this: a hundred, soon" in await carl.says(
        "a hundred, soon"
    )
    told = await carl.says("28/11 100\n28/12 150")
    assert "November 28, 2026: €100.00" in told
    assert "December 28, 2026: €150.00" in told
    told = await carl.says("5 x 50 weekly from 28/11")
    assert "A plan of €250.00 in 5 payments:" in told
    assert "December 26, 2026: €50.00" in told
    await carl.taps("Save")
    ((parts,),) = await rows(crew, "SELECT content->'parts' FROM approvals")
    assert parts[0] == ["2026-11-28", 50_00]
    assert len(parts) == 5


async def test_more_than_is_owed_is_no_plan(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    await carl.says("3 x 100 from 28/11")
    assert "EUR 250.00 is owed on these loans" in await carl.taps("Save")
    await carl.says("28/11 50; 28/11 60")
    assert "due on one day" in await carl.taps("Save")
    assert not await rows(crew, "SELECT 1 FROM outcomes")


async def test_taken_back_it_asks_nobody_any_more(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    await carl.taps("2 x €125.00")
    await carl.taps("Save")
    cara = await crew.hired("cara", Role.CREDIT_MANAGER)
    await cara.says("/approvals")
    assert "Taken back" in await carl.taps("Undo")
    assert await rows(crew, HOLDS) == []
    assert await rows(crew, "SELECT state, decided_by FROM approvals") == [("superseded", "carl")]
    assert "waits no more" in await cara.taps("Approve")
    assert await rows(crew, "SELECT 1 FROM promises") == []


async def test_the_payments_come_later_from_somebody_else(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    assert f"K{ann.case} saved: plan agreed" in await carl.taps("Payments later")
    assert await rows(crew, HOLDS) == [("plan",)]
    cara = await crew.hired("cara", Role.CREDIT_MANAGER)
    sue = await crew.hired("sue", Role.SUPERVISOR)
    assert f"K{ann.case}" in await cara.says("/next"), "in the queue of those who enter them"
    await cara.taps("They said")
    await cara.taps("plan agreed")
    await cara.taps("3 x €83.33")
    assert "waits for somebody else's yes" in await cara.taps("Save")
    assert await rows(crew, HOLDS) == [("plan",)], "the hold of the first entry has its end"
    assert "Taken back" in await cara.taps("Undo")
    assert await rows(crew, HOLDS) == [("plan",)], "that of the first, as if nothing had come after it"
    assert await rows(crew, "SELECT queue FROM tasks WHERE state = 'open'") == [("plans",)]
    await cara.says("/next")
    await cara.taps("They said")
    await cara.taps("plan agreed")
    await cara.taps("3 x €83.33")
    await cara.taps("Save")
    assert f"plan of K{ann.case}" in await sue.says("/approvals")
    assert "is approved" in await sue.taps("Approve")
    assert await rows(crew, HOLDS) == []
    assert await rows(crew, "SELECT count(*) FROM tasks WHERE state = 'open'") == [(0,)]


async def test_all_that_is_owed_where_only_some_is_late(crew: Crew) -> None:
    dues = [(TODAY - 20 * DAY, 250_00), (TODAY + 40 * DAY, 250_00)]
    ann = await crew.book.borrower(crew.portfolio, dues, strategy=crew.gentle)
    carl = await at_a_plan(crew, ann)
    assert "2 x €125.00" in carl.buttons()
    await carl.taps("All that is owed, €500.00")
    assert "2 x €250.00" in carl.buttons()
    assert "All that is owed, €500.00" not in carl.buttons()


async def test_a_plan_in_either_of_two_currencies(crew: Crew) -> None:
    ann = await crew.owing_in_two()
    carl = await at_a_plan(crew, ann)
    assert "2 x ¥7,500" in carl.buttons()
    await carl.taps("In EUR")
    assert "2 x €100.00" in carl.buttons()
    assert "A plan of ¥9,000 in 3 payments:" in await carl.says("3 x ¥3000 from 28/11")
    await carl.taps("Other payments")
    assert "A plan of €150.00 in 3 payments:" in await carl.says("3 x 50 EUR from 28/11")
    assert "could not read" in await carl.says("3 x 50 USD from 28/11")
    assert "could not read" in await carl.says("28/11 100 JPY\n28/12 100 EUR")
    assert "A plan of €120.00 in 3 payments:" in await carl.says("3 x 40 from 28/11")
    assert "a plan of €120.00 in 3 payments" in await carl.taps("Save")
    assert await rows(
        crew, "SELECT o.amount_minor, l.currency FROM outcomes o JOIN loans l ON l.id = ANY(o.loan_ids)"
    ) == [(120_00, "EUR")]


async def test_in_chinese(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann, language="zh")
    told = await carl.says("分5期 从11月28日起 每周")
    assert "2026年11月28日：€50.00" in told or "2026年11月28日: €50.00" in told
    assert "等待其他人批准" in await carl.taps("保存")


async def test_where_nothing_is_owed_nothing_is_asked(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await at_a_plan(crew, ann)
    await crew.book.pay(ann, 250_00, TODAY)
    await crew.book.feed(crew.portfolio, crew.now)
    assert "Nothing is owed" in await carl.taps("2 x €125.00")


async def test_who_may_say_yes_is_told_once_when_it_cannot_be_taken_back(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 20 * DAY), await crew.borrower(TODAY - 19 * DAY)
    cara, zoe = (
        await crew.hired("cara", Role.CREDIT_MANAGER),
        await crew.hired("zoe", Role.CREDIT_MANAGER, language="zh"),
    )
    await crew.book.portfolio("south")
    sid = await crew.hired("sid", Role.CREDIT_MANAGER, portfolios=["south"])
    carl = await at_a_plan(crew, ann)
    everybody = (cara, zoe, sid, carl)
    await carl.taps("2 x €125.00")
    await carl.taps("Save")
    assert [await one.told() for one in everybody] == [""] * 4, "it may be taken back yet"
    crew.now += timedelta(seconds=61)
    told = f"Waits for your yes: plan of K{ann.case}: EUR 250.00 in 2 payments"
    assert told in await cara.told()
    assert f"等您批准：案件 K{ann.case} 的还款计划" in await zoe.told()
    assert [await one.told() for one in everybody] == [""] * 4, "once; neither theirs nor their own"
    assert f"plan of K{ann.case}" in await cara.taps("Approvals")
    await crew.task(ben.case)
    await carl.says(f"/case K{ben.case}")
    for tap in ("They said", "plan agreed", "2 x €125.00", "Save", "Undo"):
        await carl.taps(tap)
    crew.now += timedelta(seconds=61)
    assert await cara.told() == "", "nobody is asked for what was taken back"
    await carl.says(f"/case K{ben.case}")
    for tap in ("They said", "plan agreed", "2 x €125.00", "Save"):
        await carl.taps(tap)
    await crew.book.sql("UPDATE approvals SET told_at = NULL")
    crew.now += timedelta(seconds=61)
    assert await cara.told() == "2 questions wait for your yes."
    assert await zoe.told() == "有 2 件事等您批准。"
    await crew.book.sql("UPDATE approvals SET told_at = NULL, asked_by = 'cara'")
    assert await cara.told() == "", "what one asked is for somebody else"
    assert await zoe.told() == "有 2 件事等您批准。"
