"""Outcomes, promises and holds on real rows: what each does to what is planned, once, and by whom."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.holds import change_hold, lift_hold, place_hold
from casework.insight.explain import explain_borrower
from casework.outcomes import Details, Recorded, make_promise, record_outcome, undo_outcome
from casework.promises import cancel_promise
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import Borrower
from tests.builders.town import DAY, MONDAY, Town

HOUR = timedelta(hours=1)
LATE_7 = "SELECT loan_id, state FROM occurrences WHERE step = 'late-7' ORDER BY loan_id"
WITH_BROKEN = """
strategy: with-broken
stale_after: 4d
steps:
  late: {at: due + 3d 08:00, send: late, by: [sms], expires: 2d}
  later: {at: due + 30d 08:00, send: late, by: [sms], expires: 2d}
  broken: {at: broken 09:00, when: promises_broken < 2, task: call, expires: 5d}
"""
COLLECTOR = Actor("cora", Role.COLLECTOR)
SUPERVISOR = Actor("sue", Role.SUPERVISOR)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def record(town: Town, who: Borrower, code: str, key: str = "k1", **details: Any) -> Recorded:
    return await record_outcome(
        town.office,
        SUPERVISOR,
        who.case,
        code,
        at=town.now,
        received=town.now,
        key=key,
        details=Details(**details),
    )


async def fed(town: Town, until: datetime | None = None) -> None:
    """A feed of payments comes in, with nothing new in it; every case is looked at."""
    await town.book.feed(town.portfolio, until or town.now)
    await town.book.sql("UPDATE cases SET next_look_at = $1 RETURNING id", town.now)


async def sent(town: Town) -> int:
    sql = "SELECT count(*) FROM contacts WHERE state IN ('accepted', 'delivered')"
    return (await town.book.sql(sql))[0][0]


async def reasons(town: Town) -> dict[str, str]:
    rows = await town.book.sql("SELECT step, state, reason FROM occurrences ORDER BY id")
    return {row["step"]: f"{row['state']} {row['reason'] or ''}".strip() for row in rows}


async def test_acceptance_11_a_promise_suppresses_the_next_step_with_that_reason(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))  # 7 days late on Monday: late-7 at 08:00
    made = await make_promise(
        town.office,
        SUPERVISOR,
        who.case,
        120_00,
        date(2026, 11, 30),
        at=town.now,
        received=town.now,
        key="p",
    )
    assert made.promise is not None
    assert made.promise.pauses
    await town.look()
    assert (await reasons(town))["late-7"] == "suppressed hold"
    assert await sent(town) == 0


async def test_acceptance_12_a_broken_promise_resumes_with_one_task(town: Town) -> None:
    strategy = await town.book.strategy(text=WITH_BROKEN, name="with-broken")
    who = await town.book.borrower(
        town.portfolio, [(date(2026, 11, 16), 250_00)], strategy=strategy, since=MONDAY - 10 * DAY
    )
    made = await record(town, who, "promise", amount=100_00, due=date(2026, 11, 24))
    await town.look()
    town.now = MONDAY + 4 * DAY  # grace is over since this morning; no feed has told of its last day
    await fed(town, MONDAY + 3 * DAY)
    await town.look()
    assert await state_of(town, made) == "open"
    await fed(town)
    await town.look()
    assert await state_of(town, made) == "broken"
    for _ in range(3):
        town.now += DAY
        await fed(town)
        await town.look()
    tasks = await town.book.sql("SELECT kind, queue FROM tasks ORDER BY id")
    assert [tuple(row) for row in tasks] == [("call", "desk")]


async def test_acceptance_13_part_of_it_keeps_no_promise(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    made = await record(town, who, "promise", amount=100_00, due=date(2026, 11, 24))
    await town.book.pay(who, 40_00, date(2026, 11, 24), at=town.now)
    town.now = MONDAY + 4 * DAY
    await fed(town)
    await town.look()
    assert await state_of(town, made) == "partly_kept"
    rows = await town.book.sql("SELECT kind, promise_id FROM tasks")
    assert [tuple(row) for row in rows] == [("call", made.promise.promise if made.promise else 0)]
    (told,) = await explain_borrower(town.office, SUPERVISOR, who.external_id, town.now)
    assert [one.words for one in told.owed] == [
        f"EUR 210.00 of loan {who.loan_id} was 11 days late (due Mon 16 Nov 2026)"
    ]


async def test_acceptance_31_a_payment_that_bounces_reopens_the_promise(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    made = await record(town, who, "promise", amount=250_00, due=date(2026, 11, 26))
    payment = await town.book.pay(who, 250_00, date(2026, 11, 24), at=town.now)
    await town.look()
    assert await state_of(town, made) == "kept"
    town.now += DAY
    await town.book.reverse(who, payment, date(2026, 11, 24), at=town.now)
    await town.look()
    assert await state_of(town, made) == "open"


async def state_of(town: Town, made: Recorded) -> str:
    assert made.promise is not None
    rows = await town.book.sql("SELECT state FROM promises WHERE id = $1", made.promise.promise)
    return rows[0][0]


async def test_acceptance_14_a_dispute_stops_its_loan_and_hardship_all_of_them(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    other, _, _, _ = await town.book.loan(who.person, 1, [(date(2026, 11, 16), 90_00)], strategy=town.gentle)
    town.now -= HOUR
    recorded = await record(town, who, "dispute", loans=(who.loan,))
    assert recorded.task is not None
    finish_by = (await town.book.sql("SELECT finish_by FROM tasks"))[0][0]
    assert finish_by == town.now + 10 * DAY
    town.now += HOUR
    await town.look()
    said = await town.book.sql(
        "SELECT loan_id, state FROM occurrences WHERE step = 'late-7' ORDER BY loan_id"
    )
    assert [tuple(row) for row in said] == [(who.loan, "suppressed"), (other, "waiting")]
    await record(town, who, "hardship", key="k2")
    await town.look()
    said = await town.book.sql(
        "SELECT loan_id, state FROM occurrences WHERE step = 'late-7' ORDER BY loan_id"
    )
    assert [tuple(row) for row in said] == [(who.loan, "suppressed"), (other, "suppressed")]


async def test_acceptance_15_what_is_queued_is_cancelled_when_somebody_has_died(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    elsewhere = await town.book.portfolio("north")
    await town.book.feed(elsewhere, MONDAY + 30 * DAY)
    await town.book.loan(who.person, elsewhere, [(date(2026, 11, 20), 90_00)], strategy=town.gentle)
    await town.look()
    planned = "SELECT count(*) FROM contacts WHERE state = 'planned'"
    assert (await town.book.sql(planned))[0][0] >= 1
    await record(town, who, "deceased")
    await town.send()
    await town.look()
    await town.send()
    assert await sent(town) == 0
    assert (await town.book.sql(planned))[0][0] == 0


async def test_acceptance_17_an_entry_sent_twice_is_one_record_with_its_own_time(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    for received in (town.now, town.now + HOUR):
        recorded = await record_outcome(
            town.office,
            SUPERVISOR,
            who.case,
            "claims_paid",
            at=town.now - 2 * HOUR,
            received=received,
            key="late-1",
        )
    assert not recorded.new
    rows = await town.book.sql("SELECT at, received_at FROM outcomes")
    assert [tuple(row) for row in rows] == [(town.now - 2 * HOUR, town.now)]
    assert (await town.book.sql("SELECT count(*) FROM holds"))[0][0] == 1
    assert (await town.book.sql("SELECT count(*) FROM tasks"))[0][0] == 1
    with pytest.raises(CaseworkInputError, match="of another entry"):
        await record(town, who, "dispute", key="late-1")


async def test_limits_go_by_role(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))

    async def promise(actor: Actor, due: date, amount: int = 100_00, owner: str | None = None) -> Recorded:
        return await make_promise(
            town.office,
            actor,
            who.case,
            amount,
            due,
            at=town.now,
            received=town.now,
            key=f"{actor.name}{due}{amount}",
            owner=owner,
        )

    with pytest.raises(CaseworkInputError, match=r"may take promises up to 30 days ahead.*supervisor"):
        await promise(COLLECTOR, date(2026, 12, 31), owner="cora")
    assert (await promise(COLLECTOR, date(2026, 12, 3), owner="cora")).promise is not None
    assert (await promise(SUPERVISOR, date(2026, 12, 31))).promise is not None
    with pytest.raises(CaseworkInputError, match="is past"):
        await promise(SUPERVISOR, date(2026, 11, 22))
    with pytest.raises(Denied):
        await promise(COLLECTOR, date(2026, 12, 3), owner="dan")
    small = await promise(COLLECTOR, date(2026, 12, 1), amount=5_00, owner="cora")
    assert small.promise is not None
    assert not small.promise.pauses
    assert "EUR 62.50" in small.promise.why
    open_ = await town.book.sql("SELECT count(*) FROM promises WHERE state = 'open'")
    assert open_[0][0] == 1, "a new promise takes the place of the one before"
    told_late = await make_promise(
        town.office,
        SUPERVISOR,
        who.case,
        100_00,
        date(2026, 11, 30),
        at=town.now - DAY,
        received=town.now,
        key="told late",
    )
    assert told_late.promise is not None
    assert "a later promise stands" in told_late.promise.why
    assert await state_of(town, small) == "open", "in whatever order they are told"
    assert await state_of(town, told_late) == "cancelled"
    await cancel_promise(town.office, SUPERVISOR, who.case, small.promise.promise, town.now)


async def test_a_wrong_number_is_suspended_for_everybody(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    recorded = await record(town, who, "wrong_number", address=who.phone)
    assert recorded.task is not None
    rows = await town.book.sql("SELECT state FROM addresses WHERE id = $1", who.phone)
    assert rows[0][0] == "suspended"
    await town.look()
    channels = await town.book.sql("SELECT channel FROM contacts")
    assert {row[0] for row in channels} <= {"email"}


async def test_holds_are_only_ever_added_to(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    (hold,) = await place_hold(
        town.office,
        SUPERVISOR,
        who.case,
        "dispute",
        loans=[who.loan],
        starts=town.now - 5 * DAY,
        ends=None,
        now=town.now,
        reason="amount",
    )
    await town.look()
    assert (await reasons(town))["late-7"] == "suppressed hold"
    await change_hold(
        town.office,
        SUPERVISOR,
        hold,
        starts=town.now - 6 * DAY,
        ends=town.now + DAY,
        now=town.now,
        reason="settled soon",
    )
    await lift_hold(town.office, SUPERVISOR, hold, at=town.now, now=town.now, reason="settled")
    rows = await town.book.sql("SELECT action, reason FROM hold_actions ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("place", "amount"),
        ("change", "settled soon"),
        ("lift", "settled"),
    ]
    period = (await town.book.sql("SELECT starts_at, ends_at FROM holds"))[0]
    assert tuple(period) == (town.now - 6 * DAY, town.now)
    with pytest.raises(CaseworkInputError, match="ends before it begins"):
        await change_hold(
            town.office, SUPERVISOR, hold, starts=town.now, ends=town.now, now=town.now, reason="x"
        )


async def test_an_outcome_is_taken_back_within_a_minute(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    recorded = await record(town, who, "claims_paid")
    await undo_outcome(town.office, SUPERVISOR, recorded.outcome, town.now + timedelta(seconds=50))
    await town.look()
    assert (await reasons(town))["late-7"] == "waiting"
    assert (await town.book.sql("SELECT state FROM tasks"))[0][0] == "cancelled"
    late = await record(town, who, "claims_paid", key="k2")
    with pytest.raises(CaseworkInputError, match="within a minute"):
        await undo_outcome(town.office, SUPERVISOR, late.outcome, town.now + timedelta(seconds=61))


async def test_what_is_needed_is_asked_for(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 16))
    for code, missing in (("promise", "amount"), ("callback", "at"), ("wrong_number", "address")):
        with pytest.raises(CaseworkInputError, match=f"{missing} is missing"):
            await record(town, who, code)
    for code in ("promise_kept", "dance"):
        with pytest.raises(CaseworkInputError, match="is no outcome that one records"):
            await record(town, who, code)
    with pytest.raises(CaseworkInputError, match="has no loan"):
        await record(town, who, "dispute", loans=(999,))
