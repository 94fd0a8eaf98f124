"""What a decision changes of the rows, and that deciding again over them changes nothing more."""

from datetime import date

import pytest

from ledger.standing import Unpaid
from strategies.values import Address
from tests.builders.desk import Desk, LoanRow
from tests.builders.facts import (
    CHAT,
    DAY,
    GENTLE_TEXT,
    HOUR,
    at,
    hold,
    key,
    rulebook,
    unpaid,
)

NOW = at("2026-11-23 09:00")
DUE = date(2026, 11, 20)


def desk(*due: date) -> Desk:
    """A loan for each of `due`, its one installment of the same number."""
    loans = {n: LoanRow(n, [unpaid(day, n)]) for n, day in enumerate(due or (DUE,), 1)}
    return Desk(rulebook(), loans)


def contacts(desk: Desk) -> list[tuple[str, str]]:
    return [(row.channel, row.state) for row in desk.contacts.values()]


def stays(desk: Desk, going: int = 1) -> None:
    """Deciding again at the same moment changes nothing, and goes on with what is planned."""
    made = desk.decided(NOW)[1]
    assert made.change.empty
    planned = [n for n, row in desk.contacts.items() if row.state == "planned" and row.not_before <= NOW]
    assert (list(made.going), len(planned)) == (planned, going)


def test_a_look_writes_one_message_and_a_second_look_nothing() -> None:
    case = desk(DUE, DUE)
    case.look(NOW)
    assert contacts(case) == [("sms", "planned")]
    assert {k.step: row.state for k, row in case.occurrences.items()} == {
        "upcoming": "superseded",
        "due-today": "superseded",
        "late-3": "waiting",
    }
    stays(case)


def test_what_was_sent_is_messaged_and_nothing_follows() -> None:
    case = desk()
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "accepted", NOW)
    assert case.occurrences[key("late-3")].state == "messaged"
    assert case.messages[1].state == "done"
    case.look(NOW)
    assert contacts(case) == [("sms", "accepted")]
    assert case.next_look_at == at("2026-11-27 08:00")


def test_paid_between_look_and_send_cancels() -> None:
    case = desk()
    case.look(NOW)
    case.news(NOW, lambda: case.loans[1].unpaid.clear())
    assert case.claim(NOW) == []
    assert [(row.state, row.code) for row in case.contacts.values()] == [("cancelled", "paid")]
    assert case.messages[1].state == "cancelled"
    assert case.occurrences[key("late-3")].state == "suppressed"
    stays(case, going=0)


def test_a_stop_replans_on_the_next_channel_as_the_same_message() -> None:
    case = desk()
    case.look(NOW)
    case.consents["sms"] = "revoked"
    assert case.claim(NOW) == []
    assert contacts(case) == [("sms", "cancelled"), ("email", "planned")]
    assert [row.attempt for row in case.contacts.values()] == [1, 2]
    stays(case)


def test_a_better_address_replans_on_the_same_channel() -> None:
    case = desk()
    case.look(NOW)
    case.addresses.insert(0, Address(21, "phone", "confirmed"))
    case.look(NOW)
    assert [(row.address, row.state) for row in case.contacts.values()] == [
        (11, "cancelled"),
        (21, "planned"),
    ]
    stays(case)


def test_every_channel_gone_ends_with_a_reason() -> None:
    case = desk()
    case.look(NOW)
    case.addresses.clear()
    case.look(NOW)
    assert [(row.state, row.code) for row in case.contacts.values()] == [("cancelled", "no_address")]
    assert case.occurrences[key("late-3")].reason == "no_address"


def test_put_off_until_the_morning_and_sent_then() -> None:
    """Approved 20:58, reached at 21:03."""
    case = desk()
    case.look(at("2026-11-23 20:58"))
    assert case.claim(at("2026-11-23 21:03")) == []
    (row,) = case.contacts.values()
    assert (row.state, row.not_before) == ("planned", at("2026-11-24 08:00"))
    assert case.claim(at("2026-11-24 07:59")) == []
    assert case.claim(at("2026-11-24 08:00")) == [1]


def test_what_was_put_off_goes_at_once_when_the_reason_is_gone() -> None:
    """A hold is lifted early, a feed is fresh again: the contact does not sit out the old time."""
    case = desk()
    case.look(NOW)
    case.news(NOW, lambda: case.holds.append(hold(NOW, NOW + 3 * DAY)))
    case.look(NOW)
    assert case.contacts[1].not_before == NOW + 3 * DAY
    assert case.decided(NOW)[1].change.put_off == ()
    case.news(NOW + HOUR, case.holds.clear)
    case.look(NOW + HOUR)
    assert case.claim(NOW + HOUR) == [1]


def test_what_a_provider_asked_to_wait_for_is_not_brought_forward() -> None:
    case = desk()
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "planned", NOW)
    case.look(NOW)
    assert case.claim(NOW) == []
    assert case.claim(NOW + HOUR) == [contact]


@pytest.mark.parametrize("why", ["held", "paid", "no_channel"])
def test_what_is_not_said_with_its_message_is_not_taken_for_said(why: str) -> None:
    """Two loans in one message; before it goes one of them may not be spoken of any more."""
    case = desk(DUE, DUE)
    case.look(NOW)
    other = key("late-3", 2)
    assert case.occurrences[other].message == 1
    if why == "held":
        case.holds.append(hold(NOW, NOW + DAY, of_loan=2))
    elif why == "paid":
        case.loans[2].unpaid.clear()
    else:
        case.loans[2].status = "recalled"
    (contact,) = case.claim(NOW)
    assert case.sent[0].plan.loans == (1,)
    case.record(contact, "accepted", NOW)
    assert case.occurrences[key("late-3")].state == "messaged"
    row = case.occurrences[other]
    assert row.message is None
    assert row.state == ("waiting" if why == "held" else "suppressed")
    if why == "held":
        case.look(NOW + DAY)
        (contact,) = case.claim(NOW + DAY)
        assert case.sent[1].plan.loans == (2,)


def test_what_ended_while_its_message_was_put_off_is_not_said_with_it() -> None:
    case = desk(DUE, DUE)
    case.look(NOW)
    case.holds.append(hold(NOW, NOW + DAY))
    case.loans[2].unpaid.clear()
    case.look(NOW)
    assert case.occurrences[key("late-3", 2)].message is None
    (contact,) = case.claim(NOW + DAY)
    assert case.sent[0].plan.loans == (1,)
    case.record(contact, "accepted", NOW + DAY)


def test_a_fallback_after_failure_goes_once() -> None:
    case = desk(DUE, DUE)
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "failed", NOW)
    case.look_if_due(NOW)
    assert contacts(case) == [("sms", "failed"), ("email", "planned")]
    stays(case)
    (contact,) = case.claim(NOW)
    assert case.sent[-1].plan.loans == (1, 2)
    case.record(contact, "failed", NOW)
    case.look_if_due(NOW)
    assert case.messages[1].state == "failed"
    assert {case.occurrences[key("late-3", n)].reason for n in (1, 2)} == {"none_left"}


def test_a_fallback_after_no_confirmation_goes_once_with_all_that_was_said() -> None:
    case = desk(DUE, DUE)
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "accepted", NOW, confirm_by=NOW + 4 * HOUR)
    assert case.next_look_at == NOW + 4 * HOUR
    later = NOW + 4 * HOUR
    case.look_if_due(later)
    assert contacts(case) == [("sms", "accepted"), ("email", "planned")]
    (contact,) = case.claim(later)
    assert case.sent[-1].plan.loans == (1, 2)
    case.record(contact, "accepted", later)
    assert case.messages[1].state == "done"
    case.look(later)
    assert len(case.sent) == 2


def test_a_receipt_before_the_fallback_goes_cancels_it() -> None:
    case = desk()
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "accepted", NOW, confirm_by=NOW + 4 * HOUR)
    later = NOW + 4 * HOUR
    case.look(later)
    case.receipt(contact, "delivered", later)
    assert case.claim(later) == []
    assert contacts(case) == [("sms", "delivered"), ("email", "cancelled")]
    assert case.messages[1].state == "done"


def test_a_fallback_that_may_not_go_now_waits_and_goes() -> None:
    case = desk()
    evening = at("2026-11-23 18:00")
    case.look(evening)
    (contact,) = case.claim(evening)
    case.record(contact, "accepted", evening, confirm_by=evening + 4 * HOUR)
    night = evening + 4 * HOUR
    case.look_if_due(night)
    assert case.decided(night)[1].change.empty
    assert case.next_look_at == at("2026-11-24 08:00")
    case.look_if_due(at("2026-11-24 08:00"))
    assert case.claim(at("2026-11-24 08:00")) == [2]


def test_an_undelivered_receipt_is_followed_by_the_next_channel() -> None:
    case = desk()
    case.look(NOW)
    (contact,) = case.claim(NOW)
    case.record(contact, "accepted", NOW, confirm_by=NOW + 4 * HOUR)
    case.receipt(contact, "failed", NOW)
    case.look_if_due(NOW)
    assert case.claim(NOW) == [2]
    assert case.contacts[2].channel == "email"


def test_paid_while_a_contact_is_in_the_air_leaves_it_to_its_record() -> None:
    for said, state in (("accepted", "messaged"), ("failed", "suppressed"), ("planned", "suppressed")):
        case = desk()
        case.look(NOW)
        (contact,) = case.claim(NOW)
        case.news(NOW, case.loans[1].unpaid.clear)
        case.look(NOW)
        assert contacts(case) == [("sms", "sending")]
        assert case.messages[1].state == "open"
        case.record(contact, said, NOW)
        case.look(NOW)
        case.claim(NOW + HOUR)
        assert case.occurrences[key("late-3")].state == state
        assert case.messages[1].state != "open"
        assert len(case.sent) == 1


def test_a_new_strategy_version_keeps_what_was_planned() -> None:
    """The key outlives the version; what another strategy knows nothing of is superseded."""
    case = desk()
    case.look(NOW)
    case.rulebook = rulebook(
        {
            1: GENTLE_TEXT,
            2: GENTLE_TEXT.replace("expires: 4d", "expires: 5d"),
            3: GENTLE_TEXT.replace("strategy: gentle", "strategy: other"),
        }
    )
    case.loans[1].strategy = 2
    stays(case)
    case.loans[1].strategy = 3
    case.loans[1].since = NOW
    case.look(NOW)
    assert [(row.state, row.code) for row in case.contacts.values()] == [("cancelled", "moved_on")]
    assert case.occurrences[key("late-3")].state == "superseded"
    assert case.next_look_at == at("2026-11-27 08:00")


def test_two_planned_messages_that_become_one_leave_nothing_behind() -> None:
    case = desk(DUE)
    case.addresses.append(CHAT)
    case.look(NOW)
    assert contacts(case) == [("chat", "planned")]
    case.loans[2] = LoanRow(2, [Unpaid(2, date(2026, 11, 10), 1_00)])
    case.look(NOW)
    assert contacts(case) == [("chat", "planned")]
    assert {case.occurrences[k].message for k in (key("late-3"), key("late-7", 2))} == {1}
    made = case.decided(NOW)[0]
    assert made.plans[0].step == "late-7"
    stays(case)
