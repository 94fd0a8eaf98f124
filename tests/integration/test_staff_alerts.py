"""Alerts to who leads, once each, with Open, Assign and Snooze; and the morning's figures as a picture."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.pins import set_pin
from casework.insight.check import Invariant
from casework.insight.last_check import note_check
from casework.staff.alerts import raise_alerts
from casework.staff.digest import begin_digests, make_digests
from casework.staff.people import invite, staff_roles
from casework.staff.rights import Action, Actor, Role, who_may
from storage.staff import alerts as stored
from tests.builders.book import SYSTEM, Borrower
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import OPS, Crew
from tests.builders.town import DAY

STAFF = [Role(one) for one in staff_roles()]


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def disputed(crew: Crew) -> Borrower:
    """Somebody whose dispute was entered, by who has no chat; its deadline is days ahead."""
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired("dora", Role.COLLECTOR)
    await crew.assign(ann.case, "dora")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("They said")
    await carl.taps("dispute")
    return ann


async def raised(crew: Crew, *guests: Guest) -> list[str]:
    await raise_alerts(crew.office, SYSTEM, crew.now)
    return [await guest.told() for guest in guests]


async def test_a_service_deadline_that_passed_is_told_once_and_is_over_with_its_work(crew: Crew) -> None:
    ann = await disputed(crew)
    sue, fin = await crew.hired("sue", Role.SUPERVISOR), await crew.hired("fin", Role.FINANCE)
    await crew.book.portfolio("south")
    south = await crew.hired("sid", Role.SUPERVISOR, portfolios=["south"])
    assert await raised(crew, sue) == [""], "not yet"
    crew.now += 40 * DAY
    await crew.book.feed(crew.portfolio, crew.now)
    await crew.book.sql("UPDATE tasks SET finish_by = $1", crew.now - timedelta(hours=1))
    told = f"K{ann.case}: the deadline of service has passed (dispute)."
    assert await raised(crew, sue, fin, south) == [told, "", ""]
    assert sue.buttons() == ["Open the case", "Assign", "Snooze"]
    assert await raised(crew, sue) == [""], "once"
    await sue.taps("Snooze")
    assert "in an hour" in await sue.taps("An hour")
    assert await raised(crew, sue) == [""]
    crew.now += timedelta(minutes=61)
    assert await raised(crew, sue) == [told]
    await sue.taps("Assign")
    assert "dora has it now" in await sue.taps("dora")
    assert f"K{ann.case}" in await sue.taps("Open the case")
    assert "What stands" in await sue.says("/alerts")
    await crew.book.sql("UPDATE tasks SET state = 'done', ended_at = $1", crew.now)
    assert await raised(crew, sue) == [""]
    assert "Nothing is wrong" in await sue.says("/alerts")
    assert (
        "is over" in await sue.taps("Tomorrow morning", None) if "Tomorrow morning" in sue.buttons() else True
    )


async def test_what_else_is_told(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    oda = await crew.hired("oda", Role.OPERATIONS, portfolios=None)
    await set_pin(crew.office, Actor("sue", Role.CUSTOMER_SERVICE), ann.person, "4829", crew.now)
    await crew.book.sql("UPDATE pins SET failures = 5, locked_until = $1", crew.now + DAY)
    await crew.book.sql(
        "INSERT INTO experiments (name, strategy, arms, holdout, asks, within_days, now_share, hoped_share, "
        "needed, started_at, ends_at, started_by, state, ended_at) VALUES ('tone', 'gentle', '[]', 5, "
        "'paid', 14, 4000, 4300, 4234, $1, $1, 'oda', 'harmed', $1)",
        crew.now,
    )
    await note_check(crew.office, [Invariant("sent_once", 2), Invariant("replay")], crew.now)
    (told,) = await raised(crew, oda)
    assert f"K{ann.case}: five wrong PINs by SMS" in told
    assert "The nightly check found 2 violations: sent_once." in told
    assert "replay" not in told
    assert "Experiment tone on gentle was stopped: it did harm." in told
    await oda.taps("Open")
    assert "Nobody is told" in await oda.taps("Seen to")
    assert "is over" in await oda.taps("Seen to")
    crew.now += 30 * DAY
    (told,) = await raised(crew, oda)
    assert "acme: no payments have come from" in told
    assert "1 loans past due" in told
    await crew.book.feed(crew.portfolio, crew.now)
    assert await raised(crew, oda) == [""]
    assert "no payments" not in "".join(oda.buttons())
    words = await crew.book.sql("SELECT action FROM events WHERE action LIKE 'alert.%'")
    assert [row[0] for row in words] == ["alert.seen_to"]


async def test_a_second_broken_promise_is_told(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl, sue = await crew.hired(), await crew.hired("sue", Role.SUPERVISOR)
    await crew.assign(ann.case, "carl")
    for _ in range(2):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Promise")
        await carl.taps("Tomorrow")
        crew.now += 5 * DAY
        await crew.book.feed(crew.portfolio, crew.now)
        await crew.look()
    assert await raised(crew, sue) == [f"K{ann.case}: a second promise was broken."]


async def test_of_many_the_first_are_told_one_by_one(crew: Crew) -> None:
    sue = await crew.hired("sue", Role.SUPERVISOR)
    async with crew.office.transaction() as raw:
        for number in range(9):
            await stored.raise_one(
                raw, f"check/x/{number}", "check", None, {"name": "x", "violations": number}, crew.now
            )
    told = await sue.told()
    assert told.count("nightly check") == 5
    assert "4 more alerts." in told
    await sue.taps("Alerts")
    assert len(sue.buttons()) == 9
    assert await sue.told() == ""


@pytest.mark.parametrize("role", STAFF)
async def test_who_hears_alerts_and_reads_the_figures(crew: Crew, role: Role) -> None:
    await crew.borrower(TODAY - 5 * DAY)
    who = await crew.hired("who", role)
    hears, reads = role in who_may(Action.HEAR_ALERT), role in who_may(Action.READ_DIGEST)
    await note_check(crew.office, [Invariant("sent_once", 2)], crew.now)
    (told,) = await raised(crew, who)
    assert ("nightly check" in told) == hears
    alert = (await crew.book.sql("SELECT id FROM alerts"))[0][0]
    for data in (f"alert:{alert}", f"snooze:{alert}", f"snoozed:{alert}:hour", f"seen:{alert}"):
        await crew.sandbox.world.tap(who.chat, who.last()["message_id"], f"s:{data}")
        told = await who.told()
        assert ("You may not do that" in told) == (not hears and not data.startswith("snooze:")), (data, told)
    assert ("may not" in await who.says("/alerts")) == (not hears)
    assert ("may not" in await who.says("/morning")) == (not reads)
    made = await make_digests(crew.office, SYSTEM, crew.now)
    assert made == int(reads)


async def test_the_figures_come_as_a_picture_once_at_their_own_morning(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 40 * DAY)
    await crew.borrower(TODAY + 5 * DAY)
    await crew.book.pay(ann, 50_00, TODAY - DAY)
    max_ = await crew.hired("max", Role.MANAGEMENT, portfolios=None)
    crew.now = crew.now.replace(hour=6, minute=30)  # 7:30 in Berlin
    assert await make_digests(crew.office, SYSTEM, crew.now) == 0
    crew.now = crew.now.replace(hour=7, minute=1)
    assert await make_digests(crew.office, SYSTEM, crew.now) == 1
    assert await make_digests(crew.office, SYSTEM, crew.now) == 0
    told = await max_.told()
    assert "November 23, 2026 (acme)" in told
    assert "1 of 2 loans are past due." in told
    assert "Past due: €200.00" in told
    assert "- received €50.00" in told
    file = max_.last()["photo"][0]["file_id"]
    assert crew.sandbox.world.files[file].startswith(b"\x89PNG")
    assert await max_.told() == ""
    crew.now += DAY
    assert await make_digests(crew.office, SYSTEM, crew.now) == 1
    assert "November 24" in await max_.told()
    crew.now += timedelta(hours=6)
    assert await make_digests(crew.office, SYSTEM, crew.now) == 0, "no morning any more"
    assert "1 of 2" in await max_.says("/morning")


async def test_who_leads_no_more_is_shown_no_figures_that_were_made_before(crew: Crew) -> None:
    await crew.borrower(TODAY - 5 * DAY)
    sue = await crew.hired("sue", Role.SUPERVISOR)
    crew.now = crew.now.replace(hour=7, minute=30)
    assert await make_digests(crew.office, SYSTEM, crew.now) == 1
    await crew.invited("sue")
    assert await sue.told() == ""
    assert "may not" in await sue.says("/morning")
    assert await make_digests(crew.office, SYSTEM, crew.now) == 0


async def test_figures_of_a_portfolio_that_was_taken_away_are_neither_shown_nor_beside(crew: Crew) -> None:
    south = await crew.book.portfolio("south")
    await crew.borrower(TODAY - 5 * DAY)
    await crew.book.borrower(south, [(TODAY - 5 * DAY, 999_00)], strategy=crew.gentle)
    await crew.hired("sue", Role.SUPERVISOR, portfolios=["acme", "south"])
    crew.now = crew.now.replace(hour=7, minute=30)

    async def shown() -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
        for portfolio in (crew.portfolio, south):
            await crew.book.feed(portfolio, crew.now)
        assert await make_digests(crew.office, SYSTEM, crew.now) <= 1
        found = await begin_digests(crew.office, SYSTEM, crew.now)
        return [(one.figures.portfolios, [past.portfolios for past in one.before]) for one in found]

    both = ("acme", "south")
    assert await shown() == [(both, [])]
    crew.now += DAY
    assert await shown() == [(both, [both])]
    crew.now += DAY
    assert await make_digests(crew.office, SYSTEM, crew.now) == 1
    await invite(crew.office, OPS, "sue", Role.SUPERVISOR, crew.now, portfolios=["acme"])
    assert await shown() == [], "made of both"
    assert await shown() == [(("acme",), [])], "made again"
    crew.now += DAY
    assert await shown() == [(("acme",), [("acme",)])]
