"""Hours: both edges to the second, clock changes, half hours, several zones, closed days."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from policy.calendar import day_start, hours_of, local_day, moment_at, zone_of
from policy.earliest import HORIZON, earliest, in_force
from policy.errors import PolicyInputError
from policy.values import Answer, Ask, Past
from tests.builders.facts import at, pack, rulebook, situation

NEW_YORK = "America/New_York"
ASK = Ask("sms", (1,))
HOUSE = rulebook().rules[1]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(*rules: str):
    return in_force({"test": pack("\n".join(rules)).rules}, ["test"])


def window(days: str):
    return hours(f"hours: {{kind: window, hours: {{{days}}}}}")


def first(rules, moment: datetime, *zones: str, ask: Ask = ASK, past: tuple[Past, ...] = ()) -> Answer:
    return earliest(rules, ask, situation(*zones, past=past), moment)


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        ("2026-11-23 07:59:59", "2026-11-23 08:00:00"),
        ("2026-11-23 08:00:00", "2026-11-23 08:00:00"),
        ("2026-11-23 20:59:59", "2026-11-23 20:59:59"),
        ("2026-11-23 20:59:59.999999", "2026-11-23 20:59:59.999999"),
        ("2026-11-23 21:00:00", "2026-11-24 08:00:00"),
        ("2026-11-23 00:00:00", "2026-11-23 08:00:00"),
    ],
)
@pytest.mark.parametrize("zone", [NEW_YORK, "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_both_edges_to_the_second(local: str, allowed: str, zone: str) -> None:
    """The window holds at the provider's door: approved 20:58, released 21:03 goes the next morning."""
    assert first(HOUSE, at(local, zone), zone).at == at(allowed, zone)


def test_house_binds_reminders_and_not_answers() -> None:
    night = at("2026-11-23 23:00", NEW_YORK)
    assert first(HOUSE, night, NEW_YORK).at == at("2026-11-24 08:00", NEW_YORK)
    for purpose in ("answer", "opt_out_confirmation", "statutory"):
        assert first(HOUSE, night, NEW_YORK, ask=Ask("sms", (1,), purpose)).at == night


def test_the_no_says_the_hours_and_the_time_there() -> None:
    (no,) = first(HOUSE, at("2026-11-23 21:30", NEW_YORK), NEW_YORK).noes
    assert (no.pack, no.rule) == ("house", "hours")
    assert no.detail == "hours 08:00-21:00; it is 21:30 (America/New_York)"
    assert no.until == at("2026-11-24 08:00", NEW_YORK)


# --- clock changes ---------------------------------------------------------------------------------------


def test_an_hour_that_a_clock_change_skips_is_not_there() -> None:
    """POLICY.md, case 2: 02:00-03:00 in New York has no hour on 2027-03-14."""
    rules = window("mon-sun: ['02:00', '03:00']")
    assert first(rules, utc("2027-03-14T05:00"), NEW_YORK).at == utc("2027-03-15T06:00")
    assert first(rules, utc("2027-03-13T07:30"), NEW_YORK).at == utc("2027-03-13T07:30")


def test_hours_that_begin_in_a_skipped_hour_begin_after_it() -> None:
    rules = window("mon-sun: ['02:30', '04:00']")
    assert first(rules, utc("2027-03-14T05:00"), NEW_YORK).at == utc("2027-03-14T07:00")
    rules = window("mon-sun: ['01:00', '02:30']")
    assert first(rules, utc("2027-03-14T06:59"), NEW_YORK).at == utc("2027-03-14T06:59")
    assert first(rules, utc("2027-03-14T07:00"), NEW_YORK).at == utc("2027-03-15T05:00")


def test_an_hour_that_happens_twice_is_allowed_twice_and_capped_once() -> None:
    """POLICY.md, case 2: 05:30Z and 06:30Z are both 01:30; with 1 a day the second is denied."""
    rules = hours(
        "hours: {kind: window, hours: {mon-sun: ['01:00', '02:00']}}",
        "daily: {kind: cap, most: 1, period: day, per: person, channels: [sms]}",
    )
    one, two = utc("2027-11-07T05:30"), utc("2027-11-07T06:30")
    assert first(rules, one, NEW_YORK).at == one
    assert first(rules, two, NEW_YORK).at == two
    spent = (Past(one, "sms", "accepted", (1,)),)
    assert first(rules, two, NEW_YORK, past=spent).at == utc("2027-11-08T06:00")


def test_the_clocks_decide_where_they_are_turned_back_across_an_edge() -> None:
    """01:15 for the second time is as early as 01:15 for the first time."""
    opens_inside = window("mon-sun: ['01:30', '08:00']")
    assert first(opens_inside, utc("2027-11-07T05:30"), NEW_YORK).at == utc("2027-11-07T05:30")
    assert first(opens_inside, utc("2027-11-07T06:15"), NEW_YORK).at == utc("2027-11-07T06:30")
    closes_inside = window("mon-sun: ['00:30', '01:30']")
    assert first(closes_inside, utc("2027-11-07T05:30"), NEW_YORK).at == utc("2027-11-07T06:00")
    assert first(closes_inside, utc("2027-11-07T06:29"), NEW_YORK).at == utc("2027-11-07T06:29")
    assert first(closes_inside, utc("2027-11-07T06:30"), NEW_YORK).at == utc("2027-11-08T05:30")


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [("2027-03-14", "12:00", "2027-03-15T01:00"), ("2027-11-07", "13:00", "2027-11-08T02:00")],
)
def test_house_hours_on_the_days_of_change(day: str, begins: str, ends: str) -> None:
    start = utc(f"{day}T{begins}")
    assert first(HOUSE, start - timedelta(seconds=1), NEW_YORK).at == start
    end = utc(ends)
    assert first(HOUSE, end - timedelta(seconds=1), NEW_YORK).at == end - timedelta(seconds=1)
    assert first(HOUSE, end, NEW_YORK).at == end + timedelta(hours=11)


def test_moments_where_clocks_change() -> None:
    spring, autumn = date(2027, 3, 14), date(2027, 11, 7)
    assert moment_at(spring, time(2, 30), NEW_YORK) == utc("2027-03-14T07:00")
    assert moment_at(autumn, time(1, 30), NEW_YORK) == utc("2027-11-07T05:30")
    # Lord Howe turns by half an hour, Havana and Beirut at midnight, Apia left out a day.
    assert moment_at(date(2027, 10, 3), time(2, 15), "Australia/Lord_Howe") == utc("2027-10-02T15:30")
    assert day_start(date(2027, 3, 14), "America/Havana") == utc("2027-03-14T05:00")
    assert day_start(date(2027, 3, 28), "Asia/Beirut") == utc("2027-03-27T22:00")
    assert day_start(date(2027, 10, 31), "Asia/Beirut") == utc("2027-10-30T22:00")
    assert local_day(utc("2027-10-30T21:30"), "Asia/Beirut") == date(2027, 10, 30)
    assert moment_at(date(2011, 12, 30), time(8), "Pacific/Apia") == utc("2011-12-30T10:00")
    assert hours_of(date(2011, 12, 30), time(8), time(21), "Pacific/Apia") == ()


def test_a_zone_that_is_none_is_named() -> None:
    for name in ("Europe/Atlantis", "", "../etc/passwd", "Europe"):
        with pytest.raises(PolicyInputError, match="is not a time zone; write one like 'Europe/Berlin'"):
            zone_of(name)


# --- zones and days --------------------------------------------------------------------------------------


def test_half_hour_zones() -> None:
    assert first(HOUSE, utc("2026-11-23T02:29:59"), "Asia/Kolkata").at == utc("2026-11-23T02:30")
    assert first(HOUSE, utc("2026-11-23T15:15"), "Asia/Kathmandu").at == utc("2026-11-24T02:15")


def test_every_candidate_zone_must_agree() -> None:
    """Between New York and Los Angeles: from 08:00 in the west to 21:00 in the east."""
    zones = (NEW_YORK, "America/Chicago", "America/Los_Angeles")
    assert first(HOUSE, utc("2026-11-23T13:00"), *zones).at == utc("2026-11-23T16:00")
    assert first(HOUSE, utc("2026-11-24T01:59:59"), *zones).at == utc("2026-11-24T01:59:59")
    assert first(HOUSE, utc("2026-11-24T02:00"), *zones).at == utc("2026-11-24T16:00")


def test_zones_that_never_agree_deny() -> None:
    rules = window("mon-sun: ['08:00', '10:00']")
    answer = first(rules, utc("2026-11-23T13:00"), NEW_YORK, "Asia/Tokyo")
    assert answer.at is None
    assert [(no.rule, no.until) for no in answer.noes] == [("hours", None)]


def test_closed_days_and_weekends() -> None:
    """POLICY.md, case 4: Saturday 20:30 in Vladivostok, open 09-20 at weekends."""
    rules = window("mon-fri: ['08:00', '22:00'], sat-sun: ['09:00', '20:00']")
    assert first(rules, utc("2026-11-28T10:30"), "Asia/Vladivostok").at == utc("2026-11-28T23:00")
    only = window("wed: ['10:00', '11:00']")
    assert first(only, utc("2026-11-25T10:00"), "UTC").at == utc("2026-11-25T10:00")
    assert first(only, utc("2026-11-25T11:00"), "UTC").at == utc("2026-12-02T10:00")
    (no,) = first(only, utc("2026-11-26T10:00"), "UTC").noes
    assert no.detail == "hours not on this day; it is 10:00 (UTC)"


def test_nothing_beyond_the_horizon() -> None:
    assert timedelta(days=60) == HORIZON
