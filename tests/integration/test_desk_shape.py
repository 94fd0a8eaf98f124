"""What the next case costs follows the cases that may come next, whatever is known of the tables."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.desk import SETTLED_FOR, UNREACHED
from casework.staff.people import OF_ROLES
from storage.staff import desk
from tests.builders.chatroom import TODAY
from tests.builders.crew import Crew
from tests.builders.town import DAY

CASES = 420  # in fewer, all of them are as quickly read as one
OWN = 20


def _read(plan: Any, table: str) -> Iterator[float]:
    """Rows of a table that were looked at, kept or not."""
    if plan.get("Relation Name") == table:
        yield (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    for one in plan.get("Plans", ()):
        yield from _read(one, table)


async def test_no_loan_of_the_book_is_read_for_another_case(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a load, before the database has looked at what it has: it takes the book for next to empty."""
    crew = Crew(engine)
    await crew.open()
    made = [await crew.borrower(TODAY - 20 * DAY) for _ in range(CASES)]
    await crew.invited("carl")
    for one in made[:OWN]:
        await crew.assign(one.case, "carl")
    for one in made[OWN:]:
        await crew.task(one.case)
    wanted = desk.Wanted(
        await crew.staff("carl"), [crew.portfolio], ["desk"], SETTLED_FOR, tuple(UNREACHED), OF_ROLES
    )
    plans: list[Any] = []
    async with crew.office.transaction() as raw:
        asked = raw.rows

        async def rows(sql: str, *given: Any) -> Any:
            ((plan,),) = await asked(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *given)
            plans.append(plan[0]["Plan"])
            return await asked(sql, *given)

        monkeypatch.setattr(raw, "rows", rows)
        found = await desk.candidates(raw, wanted, crew.now)
    assert [one.task is None for one in found] == [True] * OWN + [False] * 30
    assert len(plans) == 2
    for plan in plans:
        # Each case once, or twice where it is chosen and ordered by it.
        assert 0 < sum(_read(plan, "loans")) <= 2 * CASES
