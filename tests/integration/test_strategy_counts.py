"""`kept strategy diff`: for how many of whom a version changes what, counted over the book."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.publish import publish
from casework.simulation.affected import affected
from casework.staff.rights import Actor, Denied, Role
from strategies.affected import Change, sentences
from strategies.language import shipped_strategies
from tests.builders.facts import GENTLE_TEXT
from tests.builders.town import DAY, MONDAY, Town

OLA = Actor("ola", Role.OPERATIONS)
TODAY = MONDAY.date()
EARLY = shipped_strategies()["early-arrears"]


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def counted(town: Town, old: str, new: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    found = await affected(town.office, OLA, (old, "old.yaml"), (new, "new.yaml"), town.now)
    return {
        (change.step, change.kind, change.other): (one.loans, one.people) for change, one in found.items()
    }


async def test_a_step_that_moves_is_counted_where_it_is_still_to_come(town: Town) -> None:
    """late-7 two days sooner: of loans 1, 4, 5 and 6 days late it is ahead for the first two, passed for the
    others; one of 10 days late has had it."""
    ahead = [await town.borrower(TODAY - days * DAY) for days in (1, 4)]
    await town.book.loan(
        ahead[0].person,
        town.portfolio,
        [(TODAY - 2 * DAY, 50_00)],
        strategy=town.gentle,
        since=MONDAY - 30 * DAY,
    )
    for days in (5, 6):
        await town.borrower(TODAY - days * DAY)
    await town.borrower(TODAY - 10 * DAY)
    await town.look()
    await town.send()
    new = GENTLE_TEXT.replace("due + 7d 08:00", "due + 5d 08:00")
    found = await counted(town, GENTLE_TEXT, new)
    assert found["", "stays", ""] == (6, 5)
    assert found["late-7", "moved", ""] == (3, 2), "two loans are of one person"
    assert found["late-7", "lost", ""] == (2, 2)
    assert found["late-7", "had", ""] == (1, 1)
    assert {step for step, _, _ in found} == {"", "late-7"}


async def test_who_moves_now_and_who_finishes_first(town: Town) -> None:
    """What the diff says beforehand is what the look does after publishing."""
    for days in range(1, 20):
        await town.borrower(TODAY - days * DAY, phone=days % 2 == 0, email=days % 3 == 0)
    town.now -= timedelta(hours=3)  # at 06:00 in Berlin what has come is put off until 08:00
    await town.look()
    new = GENTLE_TEXT.replace("due + 15d 08:00", "due + 16d 08:00")
    for migrate in ("next_step", "now"):
        text = new.replace("stale_after: 4d", f"stale_after: 4d\nmigrate: {migrate}")
        found = await counted(town, GENTLE_TEXT, text)
        waits = await town.book.sql("SELECT DISTINCT loan_id FROM occurrences WHERE state = 'waiting'")
        assert 0 < len(waits) < 19
        held = len(waits) if migrate == "next_step" else 0
        assert found.get(("", "in_flight", ""), (0, 0))[0] == held
        assert found["", "at_once", ""][0] == 19 - held
    text = new.replace("stale_after: 4d", "stale_after: 4d\nmigrate: next_step")
    came = await publish(town.office, OLA, text, "gentle.yaml", town.now)
    await town.look()
    moved = await town.book.sql("SELECT count(*) FROM loans WHERE strategy_version_id = $1", came.version)
    assert moved[0][0] == (await counted(town, GENTLE_TEXT, text)).get(("", "stays", ""), (0, 0))[0] - len(
        waits
    )


async def test_a_segment_that_widens_takes_in_and_says_from_where(town: Town) -> None:
    beta = await town.book.portfolio("beta", strategies=["early-arrears"], brand="Beta")
    await town.book.strategy("early-arrears")
    await town.book.feed(beta, MONDAY)
    for days in (5, 10, 35, 40, 80):
        await town.book.borrower(beta, [(TODAY - days * DAY, 100_00)], strategy=town.gentle)
    wider = EARLY.replace("bucket: [current, 1-30]", "bucket: [current, 1-30, 31-60]")
    found = await affected(town.office, OLA, (EARLY, "a"), (wider, "b"), town.now)
    assert found[Change("", "comes", "gentle")].by_bucket == {"31-60": 2}
    assert found[Change("", "stays")].loans == 2
    said = list(sentences(found))
    assert "2 loans of 2 people (31-60 2) come in from gentle." in said
    narrower = EARLY.replace("bucket: [current, 1-30]", "bucket: [current]")
    found = await affected(town.office, OLA, (EARLY, "a"), (narrower, "b"), town.now)
    assert "2 loans of 2 people (1-30 2) leave to gentle." in list(sentences(found))
    with pytest.raises(Denied):
        await affected(town.office, Actor("x", Role.COLLECTOR), (EARLY, "a"), (wider, "b"), town.now)


async def test_new_gone_and_conditions(town: Town) -> None:
    for days in (1, 2, 20):
        await town.borrower(TODAY - days * DAY)
    step = "  late-15:\n"
    new = GENTLE_TEXT.replace(
        step, f"  again:\n    at: due + 5d 08:00\n    task: call\n    expires: 1d\n{step}"
    )
    found = await counted(town, GENTLE_TEXT, new)
    assert (found["again", "new", ""], found["again", "passed", ""]) == ((2, 2), (1, 1))
    found = await counted(town, new, GENTLE_TEXT)
    assert found["again", "gone", ""] == (2, 2)
    only = GENTLE_TEXT.replace(step, f"{step}    when: days_past_due > 1\n")
    found = await counted(town, GENTLE_TEXT, only)
    assert (found["late-15", "ahead", ""], found["late-15", "fewer", ""]) == ((2, 2), (1, 1))
