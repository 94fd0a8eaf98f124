"""Failures seen elsewhere, as far as the policy prevents them; by their number in the design."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from messages.keywords import keyword_of
from policy.earliest import earliest, in_force
from policy.pack import shipped_packs
from policy.values import Ask, Past, Situation

RULES = {name: pack.rules for name, pack in shipped_packs().items()}
ALL = tuple(RULES)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "America/Havana"])
def test_failure_6_server_date_against_local_date(zone: str) -> None:
    """Late in the evening there and early in the morning there are two days, whatever the server's."""
    there = ZoneInfo(zone)
    evening, morning = datetime(2026, 11, 24, 20, 59, tzinfo=there), datetime(2026, 11, 25, 8, tzinfo=there)
    past = (Past(evening.astimezone(UTC), "sms", "delivered", (1,)),)
    house = in_force(RULES, ["house"])
    assert earliest(house, Ask("sms", (1,)), Situation((zone,), past=past), morning).at == morning
    late = (Past(morning.astimezone(UTC), "sms", "delivered", (1,)),)
    before_nine = datetime(2026, 11, 25, 20, 59, tzinfo=there)
    deferred = earliest(house, Ask("sms", (1,)), Situation((zone,), past=late), before_nine)
    assert deferred.at == datetime(2026, 11, 26, 8, tzinfo=there)


@pytest.mark.parametrize(
    "zone", ["America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_failure_6_no_endless_loop_on_the_day_of_a_clock_change(zone: str) -> None:
    """Every hour of a year that ends, under every pack at once: an answer, and never one in the past."""
    past = tuple(
        Past(datetime(2027, 3, day, 12, tzinfo=UTC), channel, "delivered", (1,))
        for day, channel in ((9, "sms"), (12, "call"), (13, "sms"))
    )
    granted = dict.fromkeys(("sms", "email", "chat", "call", "visit"), "granted")
    situation = Situation((zone,), consents=granted, past=past, due={1: date(2026, 12, 1)})
    rules = in_force(RULES, ALL)
    ask = Ask("sms", (1,), actor="third_party")
    for month, first in ((3, 10), (10, 1), (10, 25), (11, 5)):
        for hour in range(24 * 5):
            at = datetime(2027, month, first, tzinfo=UTC) + hour * HOUR
            answer = earliest(rules, ask, situation, at)
            assert answer.at is not None
            assert answer.at >= at
            assert earliest(rules, ask, situation, answer.at).at == answer.at


def test_failure_10_messages_to_people_who_had_opted_out() -> None:
    """A stop closes the channel under every pack, also for messages that were planned before."""
    now = datetime(2026, 11, 25, 17, tzinfo=UTC)
    for channel in ("sms", "email", "chat", "call"):
        stopped = Situation(("America/New_York",), consents={channel: "revoked"})
        for names in ([], *([name] for name in ALL)):
            for stage in ("reminder", "collection"):
                ask = Ask(channel, (1,), message=7, stage=stage)
                assert earliest(in_force(RULES, names), ask, stopped, now).at is None


def test_failure_10_normal_language_and_the_confirmation() -> None:
    """'Stop. Thank you' is a stop; its confirmation is not blocked by the opt-out, and goes once."""
    assert keyword_of("Stop. Thank you") == "stop"
    stop = datetime(2026, 11, 25, 17, tzinfo=UTC)
    told = Past(stop, "sms", "stop", (), inbound=True)
    confirm = Ask("sms", (1,), "opt_out_confirmation", message=9)
    for names in ([], ["house"], ["us-tcpa"], ["us-reg-f", "us-tcpa", "house"]):
        rules = in_force(RULES, names)
        stopped = Situation(("America/New_York",), consents={"sms": "revoked"}, past=(told,))
        assert earliest(rules, confirm, stopped, stop + timedelta(minutes=1)).at is not None
        sent = Past(stop + timedelta(seconds=5), "sms", "accepted", (), 8)
        again = Situation(("America/New_York",), consents={"sms": "revoked"}, past=(told, sent))
        assert earliest(rules, confirm, again, stop + timedelta(minutes=1)).at is None


def test_failure_15_steps_burnt_on_non_working_days() -> None:
    """A closed day defers to the next open one, over as many as follow; nothing is lost."""
    santiago, bogota = Situation(("America/Santiago",)), Situation(("America/Bogota",))
    sunday = datetime(2026, 11, 29, 15, tzinfo=UTC)
    deferred = earliest(in_force(RULES, ["cl-19496"]), Ask("email", (1,)), santiago, sunday)
    assert deferred.at == datetime(2026, 11, 30, 11, tzinfo=UTC)
    # Maundy Thursday and Good Friday close; Saturday is open from eight.
    thursday = datetime(2027, 3, 25, 15, tzinfo=UTC)
    easter = earliest(in_force(RULES, ["co-2300"]), Ask("email", (1,)), bogota, thursday)
    assert easter.at == datetime(2027, 3, 27, 13, tzinfo=UTC)
    assert [no.until for no in easter.noes] == [
        datetime(2027, 3, 27, 5, tzinfo=UTC),
        datetime(2027, 3, 27, 13, tzinfo=UTC),
    ]
    # The day's answer stands in the record.
    assert easter.noes[0].detail == "no contact on this day: 2027-03-25 is Maundy Thursday (CO)"
