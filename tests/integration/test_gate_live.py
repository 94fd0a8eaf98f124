"""What the packs say is obeyed live: the facts that their rules read come from the rows, and are replayed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework import texts
from casework.insight.replay import Rulebooks, remade
from casework.staff.rights import Actor, Role
from casework.texts import Wanted
from casework.told import Reported, mark_person, report_contact, report_notice
from policy.values import Basis
from storage.facts import load_facts
from storage.insight.invariants import DESPITE_A_NO, broken
from strategies.values import Facts
from tests.builders.book import Borrower
from tests.builders.town import DAY, MONDAY, Town

DESK = Actor("sue", Role.SUPERVISOR)
LATE = date(2026, 11, 20)  # three days past due by MONDAY
HOUR = timedelta(hours=1)


class Court(Town):
    """A town whose portfolio collects under the packs that a test names."""

    async def under(self, *packs: str, **settings: Any) -> None:
        self.portfolio = await self.book.portfolio(packs=list(packs), **settings)
        await self.book.feed(self.portfolio, self.now)

    async def facts(self, case: int) -> Facts:
        async with self.office.transaction() as raw:
            book = await self.office.book(raw)
            return (await load_facts(raw, [case], self.now, book.tolerance, book.needs))[0]

    async def late(self, **more: Any) -> Borrower:
        return await self.borrower(LATE, **more)

    async def reasons(self) -> set[str]:
        """Every rule that said no to what was looked at now, on the way or at last."""
        await self.look()
        rows = await self.book.sql(
            "SELECT o.noes::text FROM occurrences o JOIN decisions d ON d.id = o.decision_id "
            "WHERE o.noes IS NOT NULL AND d.at = $1",
            self.now,
        )
        return {no[1] for row in rows for no in orjson.loads(row[0])}

    async def tell(self, ann: Borrower, channel: str, at: datetime, result: str = "", **more: Any) -> bool:
        reported = Reported(at, channel, result, **more)
        return await report_contact(self.office, DESK, ann.external_id, reported, self.now)


@pytest.fixture
async def town(engine: AsyncEngine) -> Court:
    made = Court(engine)
    await made.open()
    return made


async def test_a_rule_for_third_parties_binds_a_collector_and_no_creditor(town: Court) -> None:
    """Regulation F ends at 21:00 for collectors alone; who became one is held to it at the claim."""
    town.now = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # 22:30 in Berlin
    await town.under("us-reg-f")
    await town.late()
    assert (await town.look()).contacts == 1
    await town.under("us-reg-f", actor="third_party")
    await town.book.sql("UPDATE addresses SET seen_at = $1", MONDAY)
    await town.send()
    assert town.providers["sms"].took == []
    (row,) = await town.book.sql("SELECT reason FROM occurrences WHERE state = 'waiting'")
    assert row[0] == "hours"


async def test_safe_harbours_read_what_is_known_of_the_address(town: Court) -> None:
    await town.under("us-reg-f", actor="third_party")
    ann = await town.late()
    facts = await town.facts(ann.case)
    long_ago = facts.situation.checked["sms"]
    assert facts.situation.basis["email"] == Basis("contract")
    # Neither the number nor the mailbox is in a harbour: nothing may be said.
    assert "email_harbour" in await town.reasons()
    (occurrence,) = await town.book.sql("SELECT noes::text FROM occurrences WHERE state = 'suppressed'")
    assert "sms_harbour" in occurrence[0]
    # Their own text opens the number; their consent the mailbox.
    token = await town.book.sql("SELECT token FROM addresses WHERE id = $1", ann.phone)
    await town.book.sql(
        "INSERT INTO replies (provider, provider_id, channel, token, sender, body, received_at) "
        "VALUES ('t', '1', 'sms', $1, '', '', $2)",
        token[0][0],
        MONDAY - 10 * DAY,
    )
    await town.book.consent(ann.person, "email", "granted", MONDAY - 5 * DAY)
    known = (await town.facts(ann.case)).situation
    assert long_ago < known.checked["sms"] == MONDAY - 10 * DAY
    assert known.basis["sms"] == Basis("used_by_consumer", MONDAY - 10 * DAY)
    assert known.basis["email"] == Basis("consent", MONDAY - 5 * DAY)


async def test_a_conversation_elsewhere_cools_a_call_task_down(town: Court) -> None:
    await town.under("us-reg-f", actor="third_party")
    ann = await town.late()
    await town.book.sql("UPDATE installments SET due_on = '2026-10-24'")
    assert await town.tell(ann, "call", MONDAY - 3 * DAY, "conversation", inbound=True)
    assert "conversation" in await town.reasons()
    assert await town.book.sql("SELECT id FROM tasks") == []
    town.now = MONDAY + 4 * DAY
    await town.book.feed(town.portfolio, town.now)
    assert (await town.look()).tasks == 1


async def test_the_agents_identity_is_noticed_before_the_agent_writes(town: Court) -> None:
    await town.under("in-rbi", actor="third_party")
    ann = await town.late(zones=("Asia/Kolkata",))
    assert "agent_identity" in await town.reasons()
    bea = await town.late(zones=("Asia/Kolkata",))
    await report_notice(town.office, DESK, bea.external_id, "agent_identity", MONDAY - DAY, town.now)
    assert (await town.look()).contacts == 1
    assert (await town.facts(ann.case)).situation.notices == {}


async def test_who_is_marked_vulnerable_gets_no_message_in_britain(town: Court) -> None:
    await town.under("gb-conc")
    ann = await town.late()
    await mark_person(town.office, DESK, ann.external_id, town.now, add=["vulnerable"])
    assert "vulnerable" in await town.reasons()
    # So is who is held as vulnerable without an end, and nothing else was recorded.
    bea = await town.late()
    await town.book.hold(bea.person, "vulnerable")
    assert (await town.facts(bea.case)).situation.flags == ("vulnerable",)


async def test_own_hours_go_before_those_of_the_packs(town: Court) -> None:
    ann = await town.late()
    await mark_person(town.office, DESK, ann.external_id, town.now, own_hours=["18:00-20:00"])
    assert "own_hours" in await town.reasons()
    assert await town.states() == []
    town.now = MONDAY + 9 * HOUR  # 18:00 in Berlin
    assert (await town.look()).contacts == 1


async def test_agreed_hours_open_what_a_pack_leaves_to_agreement(town: Court) -> None:
    town.now = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    await town.under("cn-gbt-45251")
    ann = await town.late()
    assert (await town.look()).contacts == 0
    await mark_person(town.office, DESK, ann.external_id, town.now, hours_agreed=True)
    assert (await town.look()).contacts == 1


async def test_every_candidate_zone_must_agree(town: Court) -> None:
    await town.late(zones=("Europe/Berlin", "America/New_York"))
    assert (await town.look()).contacts == 0  # 03:00 in New York
    town.now = datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert (await town.look()).contacts == 1


async def test_a_holiday_defers_and_its_name_stays_in_the_decision(town: Court) -> None:
    town.now = datetime(2026, 12, 8, 15, tzinfo=UTC)  # a Tuesday, the Immaculate Conception in Colombia
    await town.under("co-2300")
    await town.borrower(date(2026, 12, 5), zones=("America/Bogota",))
    assert (await town.look()).contacts == 0
    (row,) = await town.book.sql("SELECT noes::text FROM occurrences WHERE state = 'waiting'")
    assert "2026-12-08 is Immaculate Conception (CO)" in row[0]


async def test_a_pack_binds_from_its_day_on(town: Court) -> None:
    """New York City wants consent from 2026-09-01."""
    await town.under("us-nyc")
    town.now = datetime(2026, 8, 31, 15, tzinfo=UTC)
    await town.borrower(date(2026, 8, 28), zones=("America/New_York",))
    assert (await town.look()).contacts == 1
    town.now = datetime(2026, 9, 1, 15, tzinfo=UTC)
    await town.borrower(date(2026, 8, 29), zones=("America/New_York",))
    assert "electronic_consent" in await town.reasons()


async def test_a_reminder_before_due_is_held_to_collections_rules_unless_the_portfolio_says_otherwise(
    town: Court,
) -> None:
    town.now = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    await town.under("us-reg-f", actor="third_party")
    await town.borrower(date(2026, 11, 26))
    assert (await town.look()).contacts == 0
    await town.under("us-reg-f", actor="third_party", reminders="reminder")
    await town.borrower(date(2026, 11, 26))
    assert (await town.look()).contacts == 1


async def test_the_first_ten_days_of_greece_do_not_silence_what_is_said_before_due(town: Court) -> None:
    await town.under("gr-3758")
    await town.borrower(date(2026, 11, 26))
    assert (await town.look()).contacts == 1
    await town.late()
    assert "first_days" in await town.reasons()


async def test_a_persons_hold_recorded_with_one_loan_is_theirs_alone_and_covers_all_their_loans(
    town: Court,
) -> None:
    ann = await town.late()
    other, _, case, _ = await town.book.loan(
        ann.person, await town.book.portfolio("beta"), [(LATE, 100_00)], strategy=town.gentle
    )
    bob, _ = await town.book.person()
    await town.book.address(bob, "phone")
    bobs = await town.book.party(ann.loan, bob)
    await town.book.hold(ann.person, "deceased", loan=ann.loan)
    assert other
    assert "deceased" in (await town.facts(case)).situation.flags
    assert (await town.facts(bobs)).situation.holds == ()
    assert (await town.look()).contacts == 1  # Bob hears of the joint loan, and the check finds that right
    await town.send()
    async with town.office.transaction() as raw:
        for query in DESPITE_A_NO:
            assert (await broken(raw, query)).violations == 0
    # A dispute is of the debt: it holds whoever is party to that loan, and no other.
    await town.book.hold(bob, "dispute", loan=ann.loan)
    assert [hold.loan for hold in (await town.facts(bobs)).situation.holds] == [ann.loan]
    assert [hold.kind for hold in (await town.facts(case)).situation.holds] == ["deceased"]


async def test_an_attempt_that_a_provider_took_and_lost_counts(town: Court) -> None:
    ann = await town.late(email=False)
    await town.look()
    await town.send()
    await town.book.sql("UPDATE contacts SET state = 'failed', confirm_by = NULL")
    assert [past.result for past in (await town.facts(ann.case)).situation.past] == ["failed"]
    await town.book.sql("UPDATE contacts SET provider_id = NULL, provider = NULL")
    assert (await town.facts(ann.case)).situation.past == ()


async def test_what_was_read_is_stored_and_replays(town: Court) -> None:
    await town.under("us-reg-f", "in-rbi", "gb-conc", actor="third_party")
    ann = await town.late()
    await town.tell(ann, "call", MONDAY - DAY, "conversation", loans=(ann.loan_id,))
    await mark_person(town.office, DESK, ann.external_id, town.now, add=["hardship"])
    await report_notice(town.office, DESK, ann.external_id, "validation", MONDAY - DAY, town.now)
    await town.look()
    async with town.office.transaction() as raw:
        rows = await raw.rows("SELECT id, case_id, at, rulebook, engine, facts FROM decisions")
        made, failed = await remade([tuple(row) for row in rows], Rulebooks(raw))
    assert failed == []
    (stored,) = made
    assert stored.rulebook.actor(town.portfolio) == "third_party"
    assert stored.facts.situation.flags == ("hardship",)
    assert [past.result for past in stored.facts.situation.past] == ["conversation"]
    assert stored.facts.situation.past[0].loans == (ann.loan,)
    assert dict(stored.facts.situation.notices or {}) == {"validation": MONDAY - DAY}


async def test_a_text_without_what_the_law_wants_said_is_refused_with_its_rule(town: Court) -> None:
    own = Wanted("late-early", "sms", "en", "{{ brand }}: {{ one.pay }} was due. <<stop>>")
    key = await texts.write_text(town.office, Actor("olga", Role.OPERATIONS), own, town.now)
    await texts.submit(town.office, Actor("olga", Role.OPERATIONS), key, town.now)
    await texts.approve(town.office, Actor("carla", Role.COMPLIANCE), key, town.now)
    await town.under("us-reg-f", actor="third_party")  # which it was not written for
    ann = await town.late(email=False)
    await town.book.sql("UPDATE addresses SET seen_at = $1", MONDAY - DAY)
    await report_notice(town.office, DESK, ann.external_id, "validation", MONDAY - DAY, town.now)
    assert (await town.look()).contacts == 1
    await town.send()
    assert await town.states() == [("sms", "failed", "rule_mini_miranda")]
    assert town.providers["sms"].took == []


async def test_house_rules_alone_read_no_more_than_they_need(town: Court) -> None:
    ann = await town.late()
    situation = (await town.facts(ann.case)).situation
    assert (situation.due, situation.basis, situation.checked, situation.notices) == ({}, {}, {}, None)
