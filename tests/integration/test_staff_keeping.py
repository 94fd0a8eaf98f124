"""Tags, searches that are kept, and the route of a day's visits by place."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.staff.keeping import drop_filter, filters_of, keep_filter
from casework.staff.people import member, remove
from casework.staff.rights import Role
from casework.staff.route import Place, Stop, in_order
from tests.builders.chatroom import TODAY
from tests.builders.crew import OPS, Crew
from tests.builders.town import DAY


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def test_tags_are_set_found_and_taken_off_within_ones_rights(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    carl, fin = await crew.hired(), await crew.hired("fin", Role.FINANCE)
    await crew.hired("bea")
    await crew.assign(ann.case, "carl")
    await crew.assign(ben.case, "bea")
    assert f"K{ann.case} has these tags: call-late, vip." in await carl.says(
        f"/tag K{ann.case} VIP call-late"
    )
    assert "Found:" in await carl.says("/find #vip")
    assert "call-late." in await carl.says(f"/tag K{ann.case} -vip")
    assert "Nothing was found" in await carl.says("/find #vip")
    assert "up to 30 letters" in await carl.says(f"/tag K{ann.case} so/me")
    assert "may not" in await carl.says(f"/tag K{ben.case} vip")
    assert "may not" in await fin.says(f"/tag K{ann.case} vip")
    assert "code like K17" in await carl.says("/tag")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Tags")
    assert "call-late, new" in await carl.says("new")
    words = await crew.book.sql("SELECT action FROM events WHERE action LIKE 'case.%tagged' ORDER BY id")
    assert [row[0] for row in words] == ["case.tagged", "case.tagged", "case.untagged", "case.tagged"]


async def test_a_search_is_kept_run_again_and_dropped(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 50 * DAY)
    carl, bea = await crew.hired(), await crew.hired("bea")
    assert "no search yet" in await carl.says("/filters")
    await carl.says("/find late>30")
    await carl.taps("Keep this search")
    assert "Kept." in await carl.says("Long late")
    assert "is over" in await carl.taps("Keep this search")
    await carl.says("/filters")
    assert f"K{ann.case} A** E**" in await carl.taps("Long late") or f"K{ann.case} A** E**" in carl.buttons()
    ((sealed,),) = await crew.book.sql("SELECT wanted FROM filters")
    assert b"late" not in sealed
    carls = await member(crew.office, await crew.staff("carl"))
    assert carls is not None
    await keep_filter(crew.office, carls, "A view", "?late=yes&dpd=30-60", crew.now)
    await carl.says("/filters")
    assert "a list of the console" in await carl.taps("A view")
    await drop_filter(crew.office, carls, (await crew.book.sql("SELECT max(id) FROM filters"))[0][0])
    kept = (await crew.book.sql("SELECT id FROM filters"))[0][0]
    await crew.sandbox.world.tap(bea.chat, bea.last()["message_id"], f"s:nofilter:{kept}")
    assert "kept no more" in await bea.told(), "another's"
    await carl.says("/filters")
    assert "kept no more" in await carl.taps("Drop it")
    assert "no search yet" in await carl.says("/filters")


async def test_the_last_search_that_fits_is_changed_under_its_name(crew: Crew) -> None:
    await crew.hired()
    carls = await member(crew.office, await crew.staff("carl"))
    assert carls is not None
    for number in range(20):
        await keep_filter(crew.office, carls, f"n{number:02}", "late>30", crew.now)
    await keep_filter(crew.office, carls, " n19", "late>60", crew.now)
    with pytest.raises(CaseworkInputError, match="20 searches"):
        await keep_filter(crew.office, carls, "n20", "late>60", crew.now)
    kept = await filters_of(crew.office, carls)
    assert (len(kept), kept[-1].name, kept[-1].wanted) == (20, "n19", "late>60")


async def test_who_comes_back_finds_no_search_of_before(crew: Crew) -> None:
    for _ in range(2):
        await crew.hired()
        carls = await member(crew.office, await crew.staff("carl"))
        assert carls is not None
        assert await filters_of(crew.office, carls) == []
        await keep_filter(crew.office, carls, "mine", "Ann Example", crew.now)
        await remove(crew.office, OPS, "carl", crew.now)
        assert not await crew.book.sql("SELECT 1 FROM filters")


async def test_visits_by_the_nearest_place(crew: Crew) -> None:
    carl = await crew.hired()
    assert "No visit waits" in await carl.says("/route")
    people = [await crew.borrower(TODAY - 5 * DAY) for _ in range(4)]
    places = [(52.50, 13.30), (52.51, 13.45), (52.50, 13.40)]
    for who, place in zip(people, places, strict=False):
        await crew.task(who.case, "field", kind="visit")
        await carl.says(f"/case K{who.case}")
        await carl.taps("Note")
        await crew.sandbox.world.place(carl.chat, *place)
        assert "Kept." in await carl.told()
    await crew.task(people[3].case, "field", kind="visit")
    await carl.says("/route")
    await crew.sandbox.world.place(carl.chat, 52.50, 13.41)
    assert "from where you are" in await carl.told()
    cases = [one.case for one in people]
    assert carl.buttons() == [
        f"1. K{cases[2]}, 0.7 km",
        f"2. K{cases[1]}, 3.6 km",
        f"3. K{cases[0]}, 10.2 km",
        f"K{cases[3]}, place not known",
    ]
    bodies = await crew.book.sql("SELECT body FROM notes")
    assert all(b"52.5" not in row[0] for row in bodies)
    assert f"K{cases[2]}" in await carl.taps(f"1. K{cases[2]}, 0.7 km")
    assert "may not" in await (await crew.hired("fin", Role.FINANCE)).says("/route")
    await (await crew.hired("bea")).says(f"/case K{cases[3]}")
    await carl.says("/route")
    assert f"K{cases[3]}, place not known" not in carl.buttons(), "bea is on her way"


def test_the_order_is_the_same_however_the_visits_came() -> None:
    stops = [Stop(n, None, Place(0.0, float(n))) for n in (1, 2, 4)] + [Stop(9, None, None)]
    for mixed in permutations(stops):
        assert [one.case for one in in_order(mixed, Place(0.0, 3.9))] == [4, 2, 1, 9]
