"""The list of cases, narrowed and paged; and a case's page: one line of what happened, the ladder, why."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight.case import open_page, timeline, why
from casework.insight.cases import Wanted, cases
from casework.insight.today import make_figures
from casework.outcomes import Details, record_outcome
from casework.staff.people import Member
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import SYSTEM, Borrower
from tests.builders.town import DAY, Town

TODAY = date(2026, 11, 23)
SUE = Member(1, Actor("sue", Role.SUPERVISOR), ())
RITA = Member(2, Actor("rita", Role.RISK), ())


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def found(town: Town, who: Member = SUE, **wanted: Any) -> list[int]:
    asked = Wanted(**wanted)
    got: list[int] = []
    before: str | None = None
    while True:
        lines = await cases(town.office, who, asked, town.now, before, limit=2)
        got += [one.case for one in lines.lines]
        if (before := lines.older) is None:
            return got


async def hired(town: Town, name: str, role: Role = Role.COLLECTOR) -> Member:
    rows = await town.book.sql(
        "INSERT INTO staff (name, role, invited_at, invited_by) VALUES ($1, $2, $3, 'test') RETURNING id",
        name,
        role.value,
        town.now,
    )
    return Member(rows[0][0], Actor(name, role), ("desk",))


async def outcome(town: Town, who: Borrower, code: str, **details: Any) -> None:
    await record_outcome(
        town.office,
        SUE.actor,
        who.case,
        code,
        at=town.now,
        received=town.now,
        key=f"{code}{who.case}",
        details=Details(**details),
    )


async def test_the_oldest_debt_comes_first_page_by_page_and_is_narrowed(town: Town) -> None:
    late = [await town.borrower(TODAY - days * DAY) for days in (5, 40, 100, 40, 95)]
    five, forty, hundred, also_forty, ninety = [one.case for one in late]
    fine = await town.borrower(TODAY + 5 * DAY)
    await make_figures(town.office, SYSTEM, town.now)
    assert await found(town) == [hundred, ninety, forty, also_forty, five]
    assert await found(town, late=False) == sorted([*(one.case for one in late), fine.case])
    assert await found(town, bucket="31-60") == [forty, also_forty]
    assert await found(town, bucket="91+") == [hundred, ninety]
    assert await found(town, dpd=(95, 99)) == [ninety]
    assert await found(town, bucket="1-90") == []
    assert await found(town, grade="substandard") == [hundred, ninety]
    assert await found(town, grade="special_mention", dpd=(6, 200)) == [forty, also_forty]
    assert await found(town, grade="loss") == []
    await outcome(town, late[0], "promise", amount=50_00, due=TODAY + DAY)
    await town.book.hold(late[1].person, "dispute")
    assert await found(town, promise="open") == [five]
    assert await found(town, hold="dispute") == [forty]
    assert await found(town, hold="any") == [forty]
    assert forty not in await found(town, hold="none")
    carl = await hired(town, "carl")
    await town.book.sql(
        "INSERT INTO assignments VALUES ($1, $2, $3, 'test') RETURNING case_id", hundred, carl.id, town.now
    )
    assert await found(town, collector="carl") == [hundred]
    assert hundred not in await found(town, collector="-")
    await town.book.sql("UPDATE loans SET tags = '{vip}' WHERE id = $1 RETURNING id", late[4].loan)
    assert await found(town, tag="vip") == [ninety]
    await town.book.sql(
        "INSERT INTO case_tags VALUES ($1, 'vip', $2, 'sue') RETURNING case_id", forty, town.now
    )
    assert await found(town, tag="VIP") == [forty]
    assert await found(town, tag="vip") == [ninety, forty]
    assert await found(town, text=late[4].loan_id) == [ninety]
    with pytest.raises(CaseworkInputError):
        await cases(town.office, SUE, Wanted(), town.now, "nonsense")


async def test_a_line_shows_what_is_owed_and_a_name_only_to_who_may_read_it(town: Town) -> None:
    ann = await town.borrower(TODAY - 40 * DAY, 250_00)
    await make_figures(town.office, SYSTEM, town.now)
    (line,) = (await cases(town.office, SUE, Wanted(), town.now)).lines
    assert (line.days_late, line.bucket, line.owed) == (40, "31-60", (("EUR", 250_00, 250_00),))
    assert line.grade == "special_mention"
    assert line.loans == (ann.loan_id,)
    assert line.name is not None
    assert "**" in line.name
    (line,) = (await cases(town.office, RITA, Wanted(), town.now)).lines
    assert line.name is None


async def test_a_collector_sees_what_is_theirs_or_nobodys(town: Town) -> None:
    ann, ben = await town.borrower(TODAY - 5 * DAY), await town.borrower(TODAY - 6 * DAY)
    await make_figures(town.office, SYSTEM, town.now)
    carl, bea = await hired(town, "carl"), await hired(town, "bea")
    await town.book.sql(
        "INSERT INTO assignments VALUES ($1, $2, $3, 'test') RETURNING case_id", ben.case, bea.id, town.now
    )
    assert await found(town, carl) == [ann.case]
    assert await found(town, bea) == [ben.case, ann.case]
    with pytest.raises(Denied):
        await cases(town.office, Member(9, Actor("max", Role.MANAGEMENT), ()), Wanted(), town.now)
    with pytest.raises(Denied):
        await open_page(town.office, carl, ben.case, town.now)
    with pytest.raises(Denied):
        await timeline(town.office, carl, ben.case, town.now)


async def test_everything_that_happened_is_on_one_line_with_the_ladder_and_why(town: Town) -> None:
    ann = await town.borrower(TODAY - 3 * DAY, 250_00)
    await town.look()
    await town.send()
    town.now += DAY
    await town.book.pay(ann, 50_00, TODAY, at=town.now)
    await outcome(town, ann, "promise", amount=50_00, due=TODAY + 3 * DAY, note="after payday")
    await outcome(town, ann, "dispute")
    line = await timeline(town.office, SUE, ann.case, town.now)
    kinds = [one.entry.kind for one in line.entries]
    for kind in ("sent", "payment", "promise", "outcome", "hold", "task"):
        assert kind in kinds, kind
    moments = [one.entry.at for one in line.entries]
    assert moments == sorted(moments, reverse=True)
    sent = next(one for one in line.entries if one.entry.kind == "sent")
    assert sent.words
    assert "250,00" in sent.words
    assert any(one.words == "after payday" for one in line.entries)
    masked = await timeline(town.office, RITA, ann.case, town.now)
    assert [one.entry for one in masked.entries] == [one.entry for one in line.entries]
    assert all(one.words is None for one in masked.entries)

    opened = await open_page(town.office, SUE, ann.case, town.now)
    assert opened.strategy == "gentle v1"
    here = [one for one in opened.rungs if one.here]
    assert [one.step for one in here] == [sent.entry.detail]
    assert opened.why is not None
    assert opened.name
    assert [one.kind for one in opened.holds] == ["dispute"]
    assert {one.value[0] for one in opened.addresses} != {"*"}
    hidden = await open_page(town.office, RITA, ann.case, town.now)
    assert hidden.name is None
    assert {one.value[0] for one in hidden.addresses} == {"*"}
    told = await why(town.office, SUE, ann.case, sent.entry.id, town.now)
    assert told.explanation is not None
    with pytest.raises(CaseworkInputError):
        await why(town.office, SUE, ann.case, 999, town.now)


async def test_the_line_is_paged_to_its_end_without_a_gap(town: Town) -> None:
    ann = await town.borrower(TODAY - 3 * DAY, 250_00)
    for number in range(60):
        await town.book.pay(ann, 1_00, TODAY, external_id=f"q{number}")
    first = await timeline(town.office, SUE, ann.case, town.now)
    assert first.older is not None
    second = await timeline(town.office, SUE, ann.case, town.now, first.older)
    assert second.older is None
    ids = [one.entry.id for one in (*first.entries, *second.entries) if one.entry.kind == "payment"]
    assert len(ids) == len(set(ids)) == 60
