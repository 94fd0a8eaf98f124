"""Caps by day, week and month; the person's stop; holds of a person and of a debt; several at a time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from policy.earliest import HORIZON, Rules, earliest, in_force
from policy.values import Answer, Ask, Hold, Past, reason_of
from tests.builders.facts import DAY, HOUR, at, hold, pack, past, rulebook, situation

NOW = at("2026-11-25 10:00")  # a Wednesday
SECOND = timedelta(seconds=1)
HOUSE = rulebook().rules[1]
ASK = Ask("sms", (1,))


def cap(most: int, period: str, per: str = "person", channels: str = "sms, email") -> Rules:
    rule = f"cap: {{kind: cap, most: {most}, period: {period}, per: {per}, channels: [{channels}]}}"
    return in_force({"test": pack(rule).rules}, ["test"])


def asked(rules: Rules, *before: Past, ask: Ask = ASK, moment=NOW, **fields: object) -> Answer:
    return earliest(rules, ask, situation(past=before, **fields), moment)


# --- caps ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        ("day", "2026-11-25 00:00", "2026-11-26 00:00"),
        ("week", "2026-11-23 00:00", "2026-11-30 00:00"),
        ("month", "2026-11-01 00:00", "2026-12-01 00:00"),
    ],
)
def test_calendar_periods_turn_at_local_midnight(period: str, starts: str, ends: str) -> None:
    start, end = at(starts), at(ends)
    rules = cap(1, period)
    assert asked(rules, past(start - SECOND)).at == NOW
    assert asked(rules, past(start)).at == end
    assert asked(rules, past(end - SECOND)).at == end
    assert asked(rules, past(end)).at == NOW
    # Just before the turn, and at it.
    assert asked(rules, past(start), moment=end - SECOND).at == end
    assert asked(rules, past(start), moment=end).at == end


@pytest.mark.parametrize(
    "rule",
    [
        "{kind: cap, most: 1, period: day, per: person, channels: [sms, email]}",
        "{kind: cap, most: 1, days: 7, per: debt, channels: [sms, email]}",
        "{kind: spacing, days: 2, channels: [sms, email]}",
        "{kind: one_channel}",
    ],
)
def test_what_the_person_asked_for_uses_nothing_up(rule: str) -> None:
    """An answer, or the confirmation of a stop, is no contact that we began; a notice is one."""
    rules = in_force({"test": pack(f"counted: {rule}").rules}, ["test"])
    before = past(NOW - HOUR, message=7)
    by_mail = Ask("email", (1,), message=8)
    for purpose in ("answer", "opt_out_confirmation"):
        assert asked(rules, replace(before, purpose=purpose), ask=by_mail).at == NOW
    for purpose in ("dunning", "statutory"):
        assert asked(rules, replace(before, purpose=purpose), ask=by_mail).at != NOW


def test_periods_are_the_persons_not_those_of_utc() -> None:
    """00:30 in Berlin is still the day before in UTC."""
    rules = cap(1, "day")
    early = at("2026-11-25 00:30")
    assert early.date().day == 24
    assert asked(rules, past(early)).at == at("2026-11-26 00:00")
    late = at("2026-11-24 23:30")
    assert asked(rules, past(late), moment=early).at == early
    honolulu = earliest(rules, ASK, situation("Pacific/Honolulu", past=(past(early),)), late)
    assert honolulu.at == at("2026-11-25 00:00", "Pacific/Honolulu")


def test_a_day_of_25_and_of_23_hours() -> None:
    rules = cap(1, "day")
    for day, after, hours in (("2026-10-25", "2026-10-26", 25), ("2026-03-29", "2026-03-30", 23)):
        start, end = at(f"{day} 00:00"), at(f"{after} 00:00")
        assert end - start == hours * HOUR
        assert asked(rules, past(start), moment=end - SECOND).at == end


@pytest.mark.parametrize("most", [1, 2, 3])
def test_as_many_as_it_says_and_not_one_more(most: int) -> None:
    rules = cap(most, "day")
    before = [past(NOW - (n + 1) * HOUR, message=n + 1) for n in range(most)]
    assert asked(rules, *before[:-1]).at == NOW
    answer = asked(rules, *before)
    assert answer.at == at("2026-11-26 00:00")
    assert answer.noes[0].detail == f"{most} of {most} this day"


def test_only_the_channels_it_names_count_and_are_bound() -> None:
    rules = cap(1, "day")
    assert asked(rules, past(NOW - HOUR, "call")).at == NOW
    assert asked(rules, past(NOW - HOUR, "email")).at == at("2026-11-26 00:00")
    assert asked(rules, past(NOW - HOUR, "email"), ask=Ask("chat", (1,))).at == NOW
    assert asked(rules, past(NOW - HOUR), ask=Ask("sms", (1,), "answer")).at == NOW


def test_contacts_of_one_message_are_one_to_the_caps() -> None:
    rules = cap(2, "day")
    twice = (past(NOW - 3 * HOUR, message=5), past(NOW - 2 * HOUR, "email", message=5))
    assert asked(rules, *twice).at == NOW
    assert asked(rules, *twice, past(NOW - HOUR, message=6)).at == at("2026-11-26 00:00")
    # The fallback of a message is not counted against itself.
    assert asked(cap(1, "day"), *twice, ask=Ask("email", (1,), message=5)).at == NOW
    # Contacts made elsewhere have no message: each is one.
    assert asked(rules, past(NOW - 2 * HOUR), past(NOW - HOUR)).at == at("2026-11-26 00:00")


def test_per_debt_counts_each_debt_by_itself() -> None:
    rules = cap(1, "day", per="debt")
    other = past(NOW - HOUR, loans=(2,))
    assert asked(rules, other).at == NOW
    assert asked(rules, other, ask=Ask("sms", (1, 2))).at == at("2026-11-26 00:00")
    assert asked(cap(1, "day"), other).at == at("2026-11-26 00:00")
    # A contact that named two debts counts for each.
    both = past(NOW - HOUR, loans=(1, 2))
    for loan in (1, 2):
        assert asked(rules, both, ask=Ask("sms", (loan,))).at == at("2026-11-26 00:00")
    # Two debts once each are not one debt twice.
    two = cap(2, "day", per="debt")
    assert asked(two, past(NOW - HOUR, message=5), past(NOW - HOUR, message=6, loans=(2,))).at == NOW


def test_what_is_planned_for_later_counts_for_its_own_day() -> None:
    rules = cap(1, "day")
    tomorrow = past(at("2026-11-26 09:00"), message=-1)
    assert asked(rules, tomorrow).at == NOW
    assert asked(rules, tomorrow, moment=at("2026-11-26 08:00")).at == at("2026-11-27 00:00")


def test_caps_and_hours_meet() -> None:
    """A day that is spent ends at midnight, and the next one opens at eight."""
    answer = asked(HOUSE, past(NOW - HOUR))
    assert answer.at == at("2026-11-26 08:00")
    assert [no.rule for no in answer.noes] == ["daily", "hours"]
    week = tuple(past(at(f"2026-11-{day} 10:00"), message=day) for day in (23, 24, 25, 26))
    friday = at("2026-11-27 10:00")
    assert asked(HOUSE, *week, moment=friday).at == at("2026-11-30 08:00")
    assert asked(HOUSE, *week[:3], moment=friday).at == friday


# --- stop ------------------------------------------------------------------------------------------------


def test_a_stop_closes_its_channel_for_dunning_alone() -> None:
    """POLICY.md, case 5, as far as consents go: the SMS is denied for all loans, email is still allowed."""
    stopped = {"sms": "revoked", "email": "granted"}
    for loans in ((1,), (2,), (1, 2)):
        answer = asked(HOUSE, ask=Ask("sms", loans), consents=stopped)
        assert answer.at is None
        assert reason_of(answer.noes) == "stop"
        assert answer.noes[0].pack == "always"
    for channel in ("email", "chat", "call"):
        assert asked(HOUSE, ask=Ask(channel, (1,)), consents=stopped).at == NOW
    for purpose in ("answer", "opt_out_confirmation", "statutory"):
        assert asked(HOUSE, ask=Ask("sms", (1,), purpose), consents=stopped).at == NOW


def test_no_pack_is_needed_for_a_stop_or_a_hold() -> None:
    none = in_force({}, [])
    assert asked(none, consents={"sms": "revoked"}).at is None
    assert asked(none, holds=(hold(NOW - DAY),)).at is None


# --- holds -----------------------------------------------------------------------------------------------


def test_a_hold_of_a_loan_binds_that_loan() -> None:
    """POLICY.md, case 6: a moratorium lists loan 1; loan 2 and an answer about loan 1 are allowed."""
    held = (hold(NOW - DAY, None, of_loan=1, kind="moratorium"),)
    assert asked(HOUSE, holds=held).at is None
    assert asked(HOUSE, ask=Ask("sms", (1, 2)), holds=held).at is None
    assert asked(HOUSE, ask=Ask("sms", (2,)), holds=held).at == NOW
    assert asked(HOUSE, ask=Ask("sms", (1,), "answer"), holds=held).at == NOW
    assert asked(HOUSE, ask=Ask("email", (1,)), holds=held).at is None


def test_a_hold_of_the_person_binds_every_loan_and_channel() -> None:
    held = (hold(NOW - DAY, None, kind="deceased"),)
    for channel in ("sms", "email", "chat", "call", "visit"):
        answer = asked(HOUSE, ask=Ask(channel, (9,)), holds=held)
        assert answer.at is None
        assert answer.noes[0].detail == "hold: deceased"


def test_a_hold_is_half_open() -> None:
    held = (hold(NOW, NOW + HOUR),)
    assert asked(HOUSE, holds=held, moment=NOW - SECOND).at == NOW - SECOND
    assert asked(HOUSE, holds=held).at == NOW + HOUR
    assert asked(HOUSE, holds=held, moment=NOW + HOUR - SECOND).at == NOW + HOUR
    assert asked(HOUSE, holds=held, moment=NOW + HOUR).at == NOW + HOUR


def test_holds_follow_one_another_in_any_order_of_the_rows() -> None:
    first, second = hold(NOW - HOUR, NOW + HOUR), hold(NOW + HOUR, NOW + 3 * HOUR, kind="promise")
    apart = hold(NOW + 4 * HOUR, NOW + 5 * HOUR, kind="claims_paid")
    rows: tuple[Hold, ...]
    for rows in ((first, second, apart), (apart, second, first), (second, first, apart)):
        answer = asked(HOUSE, holds=rows)
        assert answer.at == NOW + 3 * HOUR
        assert answer.noes[0].detail == "hold: dispute, promise"


def test_a_hold_that_starts_in_the_meantime_is_met_on_the_way() -> None:
    """Nothing binds now but the hours; in the morning a hold does."""
    night = at("2026-11-25 22:00")
    held = (hold(at("2026-11-26 07:00"), at("2026-11-26 12:00")),)
    answer = asked(HOUSE, holds=held, moment=night)
    assert answer.at == at("2026-11-26 12:00")
    assert [no.rule for no in answer.noes] == ["hours", "hold"]
    forever = (hold(at("2026-11-26 07:00"), None),)
    assert asked(HOUSE, holds=forever, moment=night).at is None
    assert asked(HOUSE, holds=forever, moment=NOW).at == NOW


def test_a_hold_that_ends_beyond_the_horizon_denies() -> None:
    at_the_edge, beyond = NOW + HORIZON, NOW + HORIZON + SECOND
    assert asked(HOUSE, holds=(hold(NOW, at_the_edge),)).at == at_the_edge
    answer = asked(HOUSE, holds=(hold(NOW, beyond),))
    assert (answer.at, answer.noes[0].until) == (None, None)
