"""May this person be contacted? A collector, a dialler and the bot get the answer that the machine obeys."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError, NotFoundError
from casework.may import Permission, Wish, may_contact
from casework.outcomes import Details, record_outcome
from casework.staff.rights import Actor, Denied, Role
from casework.told import Reported, mark_person, report_contact, report_notice
from tests.builders.book import Borrower
from tests.builders.town import DAY, MONDAY, Town

DESK = Actor("sue", Role.SUPERVISOR)
CAROL = Actor("carol", Role.COLLECTOR)
LATE = date(2026, 11, 20)  # three days past due by MONDAY
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Office(Town):
    """A town where people ask before they call."""

    async def may(self, ann: Borrower, wish: Wish, actor: Actor = DESK, **more: str) -> Permission:
        return await may_contact(self.office, actor, ann.external_id, wish, self.now, **more)

    async def no(self, ann: Borrower, wish: Wish) -> set[str]:
        """The rules that say no."""
        return {reason["rule"] for reason in (await self.may(ann, wish)).said["reasons"]}

    async def called(self, ann: Borrower, at: datetime, result: str = "no_answer") -> bool:
        contact = Reported(at, "call", result)
        return await report_contact(self.office, DESK, ann.external_id, contact, self.now)


@pytest.fixture
async def town(engine: AsyncEngine) -> Office:
    made = Office(engine)
    await made.open()
    return made


async def test_acceptance_04_a_step_due_at_2205_is_deferred_and_not_lost(town: Office) -> None:
    late_evening = datetime(2026, 11, 23, 21, 5, tzinfo=UTC)  # 22:05 in Berlin
    chat = "strategy: late-hours\nstale_after: 4d\nsteps:\n"
    step = "  evening: {at: due + 3d 22:05, send: late, by: [sms], expires: 2d}\n"
    strategy = await town.book.strategy("late-hours", chat + step)
    ann = await town.book.borrower(town.portfolio, [(LATE, 250_00)], strategy=strategy)
    town.now = late_evening
    looked = await town.look()
    assert (looked.contacts, looked.waiting, dict(looked.by_reason)) == (0, 1, {"hours": 1})
    (row,) = await town.book.sql("SELECT next_look_at FROM cases WHERE id = $1", ann.case)
    eight = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert row[0] == eight
    town.now = eight - timedelta(seconds=1)
    assert (await town.look()).cases == 0
    town.now = eight
    assert (await town.look()).contacts == 1
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    assert await town.occurrences() == [("evening", "messaged", None)]


async def test_acceptance_05_a_cap_reached_by_sms_blocks_the_chat_step_and_an_agents_own_message(
    town: Office,
) -> None:
    ann = await town.borrower(LATE)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    await town.book.address(ann.person, "chat", state="confirmed")
    town.now = MONDAY + HOUR
    steps = "strategy: by-chat\nstale_after: 4d\nsteps:\n"
    steps += "  word: {at: due + 3d 10:00, send: late, by: [chat], expires: 2d}\n"
    strategy = await town.book.strategy("by-chat", steps)
    await town.book.loan(ann.person, town.portfolio, [(LATE, 90_00)], strategy=strategy)
    looked = await town.look()
    assert looked.contacts == 0
    (row,) = await town.book.sql("SELECT reason, noes::text FROM occurrences WHERE step = 'word'")
    assert "1 of 1 this day" in row[1]
    for channel in ("sms", "chat", "email"):
        own = await town.may(ann, Wish(channel, text="Dear Ann, please call us back. Reply STOP to stop."))
        assert own.said["verdict"] == "defer"
        assert own.said["until"] == "2026-11-24T07:00:00Z"  # the next day, at 08:00 in Berlin
        (daily,) = (one for one in own.said["reasons"] if one["rule"] == "daily")
        assert daily == {
            "pack": "house",
            "rule": "daily",
            "detail": "1 of 1 this day",
            "source": "house policy",
        }
    # What the cap does not count is open: a call, and the answer to their own question.
    assert (await town.may(ann, Wish("call"))).allowed
    assert (await town.may(ann, Wish("chat", "answer"))).allowed


async def test_acceptance_33_a_call_made_elsewhere_is_reported_and_counts_for_the_caps(town: Office) -> None:
    town.portfolio = await town.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await town.borrower(LATE)
    town.now = MONDAY + 5 * HOUR
    for n in range(6):
        assert await town.called(ann, MONDAY - n * DAY)
    assert not await town.called(ann, MONDAY)  # told twice, it is one
    assert (await town.may(ann, Wish("call"))).allowed
    # The seventh was entered by a collector, as an outcome; there is no eighth.
    await record_outcome(
        town.office,
        DESK,
        ann.case,
        "no_answer",
        at=town.now - MINUTE,
        received=town.now,
        key="k1",
        details=Details(channel="call"),
    )
    said = (await town.may(ann, Wish("call"))).said
    assert (said["verdict"], said["reasons"][0]["rule"]) == ("defer", "call_frequency")
    assert said["reasons"][0]["detail"] == "7 of 7 in 7 days"
    # Busy does not count, and a conversation begins its own week.
    await town.called(ann, town.now - MINUTE, "conversation")
    assert "conversation" in await town.no(ann, Wish("call"))


async def test_acceptance_32_a_threat_or_an_amount_to_an_unverified_number_is_refused_with_its_reason(
    town: Office,
) -> None:
    ann = await town.borrower(LATE)
    threat = Wish("sms", text="Pay today or we will have you arrested.")
    said = (await town.may(ann, threat)).said
    assert said["verdict"] == "deny"
    (told,) = [reason["detail"] for reason in said["reasons"] if "police or prison" in reason["detail"]]
    assert told.count("police or prison") == 1
    owed = Wish("sms", text="Dear Ann, please pay EUR 250.00 by Friday.")
    assert (await town.may(ann, owed)).allowed
    await town.book.sql("UPDATE addresses SET state = 'unverified'")
    assert {"amount"} <= await town.no(ann, owed)
    await town.book.sql("UPDATE addresses SET state = 'suspended'")
    assert await town.no(ann, owed) == {"no_address"}


async def test_the_text_must_say_what_the_pack_wants_said(town: Office) -> None:
    town.portfolio = await town.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await town.borrower(LATE)
    await town.book.sql("UPDATE addresses SET seen_at = $1", MONDAY)
    town.now = MONDAY + 5 * HOUR
    assert await town.no(ann, Wish("sms", text="Please call us back.")) == {"opt_out_notice", "mini_miranda"}
    text = "This is an attempt to collect a debt by a debt collector. Reply STOP to end."
    assert (await town.may(ann, Wish("sms", text=text))).allowed


async def test_nothing_owed_nothing_said_but_an_answer(town: Office) -> None:
    ann = await town.borrower(LATE)
    await town.book.pay(ann, 250_00, LATE)
    assert await town.no(ann, Wish("call")) == {"nothing_owed"}
    assert (await town.may(ann, Wish("chat", "answer"))).said["reasons"][0]["rule"] == "no_address"
    assert (await town.may(ann, Wish("sms", "answer"))).allowed


async def test_a_stop_is_answered_never_dunned_and_other_channels_stay(town: Office) -> None:
    ann = await town.borrower(LATE)
    await town.book.consent(ann.person, "sms", "revoked", MONDAY - DAY)
    assert await town.no(ann, Wish("sms")) == {"stop"}
    assert (await town.may(ann, Wish("sms", "answer"))).allowed
    assert (await town.may(ann, Wish("email"))).allowed


async def test_a_represented_person_is_not_answered_by_a_debt_collector(town: Office) -> None:
    town.portfolio = await town.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await town.borrower(LATE)
    await mark_person(town.office, DESK, ann.external_id, town.now, add=["represented"])
    assert await town.no(ann, Wish("sms", "answer")) == {"attorney"}
    await mark_person(town.office, DESK, ann.external_id, town.now, remove=["represented"])
    assert (await town.may(ann, Wish("sms", "answer"))).allowed


async def test_caps_of_the_person_count_over_portfolios_and_caps_of_a_debt_do_not(town: Office) -> None:
    ann = await town.borrower(LATE)
    beta = await town.book.portfolio("beta", packs=["us-ma"])
    _, other, _, _ = await town.book.loan(ann.person, beta, [(LATE, 90_00)], strategy=town.gentle)
    for n in (1, 2):
        contact = Reported(MONDAY - n * DAY, "call", "no_answer", loans=(ann.loan_id,))
        await report_contact(town.office, DESK, ann.external_id, contact, town.now)
    wish = Wish("call", loans=(other,))
    assert (await town.may(ann, wish, portfolio="beta")).allowed  # two calls, about another debt
    contact = Reported(MONDAY - HOUR, "sms", "delivered", loans=(ann.loan_id,))
    await report_contact(town.office, DESK, ann.external_id, contact, town.now)
    await town.book.portfolio("beta", packs=["house"])
    said = (await town.may(ann, Wish("email", loans=(other,)), portfolio="beta")).said
    assert said["reasons"][0]["rule"] == "daily"  # one message a day, whatever it is about


async def test_rights_are_asked_in_the_use_case(town: Office) -> None:
    ann = await town.borrower(LATE)
    assert (await town.may(ann, Wish("call"), CAROL, owner="carol")).allowed
    with pytest.raises(Denied):
        await town.may(ann, Wish("call"), CAROL, owner="dan")
    with pytest.raises(Denied):
        await town.may(ann, Wish("call"), Actor("fin", Role.FINANCE))
    elsewhere = Actor("sam", Role.SUPERVISOR, frozenset({"beta"}))
    for asking in (
        may_contact(town.office, elsewhere, ann.external_id, Wish("call"), town.now),
        report_contact(town.office, elsewhere, ann.external_id, Reported(MONDAY, "call"), town.now),
        mark_person(town.office, elsewhere, ann.external_id, town.now, add=["cease"]),
    ):
        with pytest.raises(NotFoundError) as hidden:  # as of somebody whom nobody knows; the attempt is known
            await asking
        assert hidden.value.denied is not None


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (Reported(MONDAY, "fax"), "'fax' is no channel"),
        (Reported(MONDAY, "call", "No Answer"), "'No Answer' is no result"),
        (Reported(MONDAY + HOUR, "call"), "is still to come"),
        (Reported(MONDAY, "call", loans=("L-none",)), "no party to a loan 'L-none'"),
    ],
)
async def test_what_cannot_be_is_one_clear_line(town: Office, contact: Reported, said: str) -> None:
    ann = await town.borrower(LATE)
    with pytest.raises(CaseworkInputError, match=said):
        await report_contact(town.office, DESK, ann.external_id, contact, town.now)
    for asking in (
        may_contact(town.office, DESK, "nobody", Wish("call"), town.now),
        may_contact(town.office, DESK, ann.external_id, Wish("call", loans=("L-none",)), town.now),
        report_notice(town.office, DESK, ann.external_id, "validation", MONDAY, town.now),
        mark_person(town.office, DESK, ann.external_id, town.now, own_hours=["9-12"]),
    ):
        with pytest.raises(CaseworkInputError):
            await asking
