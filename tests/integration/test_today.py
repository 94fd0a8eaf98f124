"""The morning's screen: each number by known answers, and that the list behind it is what it counts."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.feeds import feeds
from casework.insight.check import Invariant
from casework.insight.last_check import note_check
from casework.insight.portfolio import portfolio
from casework.insight.today import NAMES, Number, behind, make_figures, today
from casework.outcomes import Details, record_outcome
from casework.staff.people import Member
from casework.staff.rights import Actor, Denied, Role
from ledger.standing import Unpaid, standing
from ledger.terms import Terms
from storage.insight.figures import FIGURES
from tests.builders.book import SYSTEM, Borrower, empty
from tests.builders.town import DAY, MONDAY, Town

SUE = Member(1, Actor("sue", Role.SUPERVISOR), ())
TODAY = date(2026, 11, 23)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def numbers(town: Town, who: Member = SUE) -> dict[str, Number]:
    await make_figures(town.office, SYSTEM, town.now)
    return {one.name: one for one in (await today(town.office, who, town.now)).numbers}


async def listed(town: Town, name: str, *, rest: bool = False) -> list[tuple[int, int | None]]:
    found = await behind(town.office, SUE, name, town.now, rest=rest, limit=1000)
    return [(one.case, one.minor) for one in found]


async def outcome(town: Town, who: Borrower, code: str, **details: Any) -> None:
    await record_outcome(
        town.office,
        SUE.actor,
        who.case,
        code,
        at=town.now,
        received=town.now,
        key=f"{code}{who.case}{town.now}",
        details=Details(**details),
    )


async def test_a_loan_enters_rolls_and_cures_from_day_to_day(town: Town) -> None:
    ann = await town.borrower(TODAY, 250_00)
    ben = await town.borrower(TODAY - 30 * DAY, 100_00)
    carl = await town.borrower(TODAY - 5 * DAY, 80_00)
    await town.borrower(TODAY + 20 * DAY)
    found = await numbers(town)
    assert [found[name].now.hits for name in ("entered", "rolled", "cured")] == [0, 0, 0]
    assert (found["late"].now.hits, found["late"].now.base) == (2, 4)
    assert found["late"].now.hits_minor == {"EUR": 180_00}
    assert found["late"].now.base_minor == {"EUR": 680_00}

    town.now += DAY
    await town.book.pay(carl, 80_00, TODAY + DAY)
    found = await numbers(town)
    assert (found["entered"].now.hits, found["entered"].now.base) == (1, 2)
    assert found["entered"].now.hits_minor == {"EUR": 250_00}
    assert (found["rolled"].now.hits, found["rolled"].now.base) == (1, 2)
    assert (found["cured"].now.hits, found["cured"].now.base) == (1, 2)
    assert found["cured"].now.hits_minor == {"EUR": 80_00}
    assert await listed(town, "entered") == [(ann.case, 250_00)]
    assert await listed(town, "rolled") == [(ben.case, 100_00)]
    assert await listed(town, "cured") == [(carl.case, 80_00)]

    town.now += DAY
    found = await numbers(town)
    assert [found[name].now.hits for name in ("entered", "rolled", "cured")] == [0, 0, 0]
    assert [count.hits for _, count in found["cured"].trend][-3:] == [0, 1, 0], "yesterday is remembered"


async def test_cash_beside_what_falls_due_and_one_taken_back_is_none(town: Town) -> None:
    ann, ben = await town.borrower(TODAY, 250_00), await town.borrower(TODAY - DAY, 100_00)
    await town.book.pay(ann, 200_00, TODAY)
    bounced = await town.book.pay(ben, 100_00, TODAY)
    found = (await numbers(town))["cash"]
    assert (found.now.hits, found.now.base) == (2, 1)
    assert (found.now.hits_minor, found.now.base_minor) == ({"EUR": 300_00}, {"EUR": 250_00})
    assert found.trend[-2][1].base_minor == {"EUR": 100_00}
    await town.book.reverse(ben, bounced, TODAY)
    found = (await numbers(town))["cash"]
    assert found.now.hits_minor == {"EUR": 200_00}
    assert await listed(town, "cash") == [(ann.case, 200_00)]
    assert await listed(town, "cash", rest=True) == [(ann.case, 250_00)]


async def test_promises_complaints_stops_tasks_and_what_waits(town: Town) -> None:
    ann, ben = await town.borrower(TODAY - 70 * DAY), await town.borrower(TODAY - 80 * DAY)
    carl = await town.borrower(TODAY - 90 * DAY)
    found = await numbers(town)
    assert (found["untouched"].now.hits, found["untouched"].now.base) == (3, 3)
    await outcome(town, ann, "promise", amount=50_00, due=TODAY)
    await outcome(town, ben, "complaint")
    await outcome(town, carl, "claims_paid")
    await town.book.consent(ben.person, "sms", "revoked", town.now)
    contact = await town.answer(carl)
    found = await numbers(town)
    assert found["untouched"].now.hits == 0
    assert (found["promises_due"].now.hits, found["promises_due"].now.hits_minor) == (1, {"EUR": 50_00})
    for name, case in (("promises_due", ann), ("complaints", ben), ("stops", ben), ("unreconciled", carl)):
        assert found[name].now.hits == 1, name
        assert [one for one, _ in await listed(town, name)] == [case.case], name
    assert (await today(town.office, SUE, town.now)).oldest == town.now
    assert found["waiting"].parts["sms"].hits == 1
    await town.send()
    await town.book.sql("UPDATE contacts SET state = 'delivered' WHERE id = $1 RETURNING id", contact)
    found = await numbers(town)
    assert found["waiting"].now.hits == 0
    assert (found["delivered"].parts["counting"].hits, found["delivered"].now.share) == (1, 1.0)


async def test_it_is_shown_by_right_and_says_when_it_was_made(town: Town) -> None:
    await town.borrower(TODAY - DAY)
    assert (await today(town.office, SUE, town.now)).made_at is None
    await numbers(town)
    assert (await today(town.office, SUE, town.now + DAY)).made_at == town.now
    with pytest.raises(Denied):
        await today(town.office, Member(2, Actor("carl", Role.COLLECTOR), ()), town.now)
    elsewhere = Member(3, Actor("sid", Role.SUPERVISOR, frozenset({"other"})), ())
    with pytest.raises(Denied):
        await today(town.office, elsewhere, town.now)
    risk = Member(4, Actor("rita", Role.RISK), ())
    assert [one.name for one in await behind(town.office, risk, "late", town.now)] == [None]
    assert [one.name for one in await behind(town.office, SUE, "late", town.now)] != [None]


async def test_breaches_are_those_of_the_last_check_and_silent_feeds_are_counted(town: Town) -> None:
    await town.borrower(TODAY - 20 * DAY)
    found = await numbers(town)
    assert (found["breaches"].trend, found["stale"].now.hits) == ((), 0), "no check has run"
    checked = [Invariant("allowed_at_claim", 3), Invariant("nothing_lost", 1)]
    await note_check(town.office, checked, town.now)
    town.now += 10 * DAY
    assert [one.waits for one in await feeds(town.office, SUE, town.now)] == [1], "not counted yet: as it is"
    found = await numbers(town)
    await town.borrower(TODAY - 20 * DAY)
    (fed,) = await feeds(town.office, SUE, town.now)
    assert (fed.waits, fed.loans) == (1, 1), "as counted for the screen"
    await town.book.sql("UPDATE feeds SET fed_at = $1", town.now)
    assert [one.waits for one in await feeds(town.office, SUE, town.now)] == [0], "it has come since"
    assert found["breaches"].now.hits == 3
    assert found["stale"].parts["core"].hits == 1
    assert (await today(town.office, SUE, town.now)).checked_at == town.now - 10 * DAY


async def test_no_currency_is_added_to_another(town: Town) -> None:
    await town.borrower(TODAY - DAY, 100_00)
    await town.borrower(TODAY - DAY, 7_000, currency="JPY")
    found = (await numbers(town))["late"]
    assert found.now.hits == 2
    assert found.now.hits_minor == {"EUR": 100_00, "JPY": 7_000}


DRAWN = st.lists(
    st.tuples(st.integers(-95, 5), st.integers(1, 300), st.integers(0, 300), st.sampled_from(("EUR", "KWD"))),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the database is emptied by each example itself
@given(first=DRAWN, later=st.integers(1, 40))
async def test_the_list_behind_is_the_number(
    engine: AsyncEngine, first: list[tuple[int, int, int, str]], later: int
) -> None:
    await empty(engine)
    town = Town(engine)
    town.now = MONDAY
    await town.open()
    loans: list[tuple[Borrower, int, int, int]] = []
    for days, amount, paid, currency in first:
        who = await town.borrower(TODAY + days * DAY, amount, currency=currency)
        loans.append((who, days, amount, paid))
    await make_figures(town.office, SYSTEM, town.now)
    town.now += timedelta(days=later)
    on = town.now.date()
    for who, _, _, paid in loans:
        if paid:
            await town.book.pay(who, paid, on)
    found = await numbers(town)
    for name in NAMES:
        if name not in FIGURES:
            continue
        for rest in (False, True):
            rows = await behind(town.office, SUE, name, town.now, rest=rest, limit=1000)
            count = found[name].now
            if not rest:
                assert len(rows) == count.hits, name
            minor: dict[str, int] = {}
            for row in rows:
                if row.minor is not None:
                    minor[row.currency] = minor.get(row.currency, 0) + row.minor
            if not rest:
                assert minor == {code: sum_ for code, sum_ in count.hits_minor.items() if sum_}, name
    for who, days, amount, paid in loans:
        left = [Unpaid(1, TODAY + days * DAY, amount - paid)] if amount > paid else []
        wanted = standing(left, Terms("EUR", "Europe/Berlin"), on)
        ((rank, arrears),) = await town.book.sql(
            "SELECT rank, arrears_minor FROM standings WHERE loan_id = $1", who.loan
        )
        assert (("current", "1-30", "31-60", "61-90", "91+")[rank], arrears) == (
            wanted.bucket,
            wanted.arrears,
        )
    book = await portfolio(town.office, SUE.actor, town.now)
    assert found["late"].now.hits == book.loans_in_arrears
    assert dict(found["late"].now.hits_minor) == {
        code: book.arrears.get(code, 0) for code in found["late"].now.hits_minor
    }
