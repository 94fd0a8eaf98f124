"""Finding within one's rights, each search on record; who is on the line; my day; my promises."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from tests.builders.chatroom import TODAY
from tests.builders.crew import Crew
from tests.builders.town import DAY


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def test_found_by_number_loan_tag_and_name_and_on_record(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.book.sql("UPDATE loans SET tags = '{vip}' WHERE id = $1", ann.loan)
    carl = await crew.hired()
    number = await crew.number(ann.person)
    for text in (number, number.replace("+", "00"), ann.loan_id, ann.external_id, "#vip", "exam ann"):
        told = await carl.says(f"/find {text}")
        assert "Found:" in told
        assert f"K{ann.case} A** E**" in carl.buttons()
    assert "Nothing was found" in await carl.says("/find nobody")
    for text in (ann.loan_id, ann.external_id):
        assert "Found:" in await carl.says(text), "what is typed after a search is another one"
    assert "Type a number" in await carl.says("/find")
    await carl.says(ann.loan_id)
    assert "20" not in await carl.taps(f"K{ann.case} A** E**")
    rows = await crew.book.sql("SELECT data FROM events WHERE action = 'case.searched' ORDER BY id")
    assert len(rows) == 10
    assert all(number not in str(row[0]) and "exam" not in str(row[0]) for row in rows)


async def test_what_is_anothers_is_not_found_and_a_supervisor_finds_it(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.hired("bea")
    await crew.assign(ann.case, "bea")
    carl, sue = await crew.hired(), await crew.hired("sue", Role.SUPERVISOR)
    assert "Nothing was found" in await carl.says(f"/find {ann.loan_id}")
    assert "Found:" in await sue.says(f"/find {ann.loan_id}")
    await crew.book.portfolio("south")
    south = await crew.hired("sid", Role.SUPERVISOR, portfolios=["south"])
    assert "Nothing was found" in await south.says(f"/find {ann.loan_id}")


async def test_who_may_read_no_name_finds_by_none_and_more_than_is_shown_is_said(crew: Crew) -> None:
    people = [await crew.borrower(TODAY - 5 * DAY) for _ in range(9)]
    ann = people[0]
    number = await crew.number(ann.person)
    carl, audra = await crew.hired(), await crew.hired("audra", Role.AUDITOR)
    assert "Found more than 8; these are some." in await carl.says("/find example")
    assert len([one for one in carl.buttons() if one.endswith("A** E**")]) == 8
    await crew.book.portfolio("quiet", staff_chat="codes")
    await crew.book.sql(
        "UPDATE cases SET portfolio_id = (SELECT id FROM portfolios WHERE code = 'quiet') WHERE id = $1",
        people[1].case,
    )
    coral = await crew.hired("coral", portfolios=["quiet"])
    for who in (audra, coral):
        for text in ("ann example", number, number[-4:], "late>1 example"):
            assert "Nothing was found" in await who.says(f"/find {text}"), text
        assert "Found" in await who.says("/find late>1")
    assert "Found" in await audra.says(f"/find {ann.loan_id}")
    assert "Nothing was found" in await coral.says(f"/caller {number}")
    told = await carl.says("/approvals")
    assert "may not approve" in told
    assert "import" not in told
    told = await audra.says("/help")
    assert "/find" in told
    assert "/next" not in told
    assert "/assign" not in await carl.says("/help")


async def test_who_is_on_the_line_is_answered_after_verification_with_a_reason(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.hired("bea")
    await crew.assign(ann.case, "bea")
    carl = await crew.hired()
    told = await carl.says(f"/caller {await crew.number(ann.person)}")
    assert f"K{ann.case}: first have them say who they are" in told
    assert "A**" not in told
    assert "250" not in told
    told = await carl.taps("They want to pay")
    assert "Due now €250.00" in told
    assert "the customer is on the line" in told
    await carl.taps("Promise")
    assert "saved: promise" in await carl.taps("Tomorrow")
    assert "not their own" in await carl.says(f"/case K{ann.case}"), "for this call only"
    ((actor, data),) = await crew.book.sql(
        "SELECT actor, data::text FROM events WHERE action = 'caller.answered'"
    )
    assert actor == "carl"
    assert "payment" in data
    ((name,),) = await crew.book.sql("SELECT s.name FROM assignments a JOIN staff s ON s.id = a.staff_id")
    assert name == "bea", "whose it is keeps it"
    bea = await crew.hired("bev")
    await crew.assign(ann.case, "bev")
    await bea.says(f"/case K{ann.case}")
    await carl.says(f"/caller {ann.loan_id}")
    assert "Due now €250.00" in await carl.taps("They complain"), "whoever has it at hand"
    await carl.taps("They said")
    assert "saved: complaint" in await carl.taps("complaint")
    assert "Taken back." in await carl.taps("Undo"), "who entered it takes it back, whose ever the case is"
    assert not await crew.book.sql("SELECT 1 FROM outcomes WHERE code = 'complaint' AND undone_at IS NULL")
    await crew.book.sql("DELETE FROM assignments")
    await carl.says(f"/caller {ann.loan_id}")
    await carl.taps("They want to pay")
    await carl.taps("Promise")
    assert "saved: promise" in await carl.taps("Tomorrow"), "and the case is theirs by it"
    await bea.taps("Not reached")
    assert f"K{ann.case} saved: busy" in await bea.taps("busy"), "and they go on"


async def test_my_day_and_my_promises(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    await crew.task(ann.case)
    await crew.task(ben.case)
    carl = await crew.hired()
    assert "no promises" in await carl.says("/promises")
    await carl.says("/next")
    await carl.taps("Promise")
    await carl.taps("Tomorrow")
    await carl.taps("Call back")
    await carl.taps("In 3 h")
    told = await carl.says("/day")
    assert "You have 2 cases; 0 tasks wait." in told
    assert "Today: call back 1" in told
    assert "Promised today: €250.00" in told
    assert f"K{ben.case} rings" in told
    await carl.says("/promises")
    assert any(one.startswith(f"K{ann.case} €250.00, Tue, Nov 24") for one in carl.buttons())
