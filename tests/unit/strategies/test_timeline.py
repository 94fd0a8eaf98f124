"""What a strategy expects of a loan, and when, on the borrower's clocks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from strategies.timeline import timeline
from strategies.values import Loan, Occurrence
from tests.builders.facts import DAY, GENTLE_TEXT, HOUR, ZONE, at, loan, local, read, strategy, unpaid

GENTLE = read(GENTLE_TEXT)
DUE = date(2026, 11, 20)


def expected(of: Loan, zone: str = ZONE, through: datetime | None = None) -> list[Occurrence]:
    return list(timeline(of, GENTLE, zone, through))


def steps(of: Loan, zone: str = ZONE) -> list[str]:
    return [occurrence.key.step for occurrence in expected(of, zone)]


def test_gentle_moments_and_ends() -> None:
    assert [(o.key.step, local(o.at), local(o.expires)) for o in expected(loan(unpaid(DUE)))] == [
        ("upcoming", "2026-11-17 08:00", "2026-11-21 00:00"),
        ("due-today", "2026-11-20 08:00", "2026-11-21 08:00"),
        ("late-3", "2026-11-23 08:00", "2026-11-27 08:00"),
        ("late-7", "2026-11-27 08:00", "2026-12-04 08:00"),
        ("late-15", "2026-12-05 08:00", "2026-12-15 08:00"),
        ("call", "2026-12-20 09:00", "2027-01-03 09:00"),
    ]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_moments_are_on_the_borrowers_clocks_not_the_loans(zone: str) -> None:
    found = expected(loan(unpaid(DUE), zone="Europe/Berlin"), zone)
    assert local(found[1].at, zone) == "2026-11-20 08:00"


def test_the_hour_stays_over_a_clock_change() -> None:
    """Between two steps the clocks change; both are at 08:00, and days are days, not 24 hours."""
    zone = "America/New_York"
    spring = expected(loan(unpaid(date(2027, 3, 12))), zone)
    assert {local(o.at, zone)[11:] for o in spring} == {"08:00", "09:00"}
    assert spring[2].at - spring[1].at == 3 * DAY - HOUR
    autumn = expected(loan(unpaid(date(2027, 11, 5))), zone)
    assert autumn[2].at - autumn[1].at == 3 * DAY + HOUR
    # Due on the day itself: the end of the due date comes 23 or 25 hours after its start.
    for day, hours in ((date(2027, 3, 14), 23), (date(2027, 11, 7), 25)):
        upcoming = expected(loan(unpaid(day)), zone)[0]
        assert upcoming.expires - at(f"{day} 00:00", zone) == hours * HOUR


def test_a_moment_in_the_skipped_hour_is_right_after_it_and_in_the_double_hour_the_first() -> None:
    night = read(strategy("s: {at: due 02:30, send: late, by: [sms], expires: 1d}"))
    zone = "America/New_York"
    (found,) = timeline(loan(unpaid(date(2027, 3, 14))), night, zone)
    assert found.at == datetime(2027, 3, 14, 7, tzinfo=UTC)
    early = read(strategy("s: {at: due 01:30, send: late, by: [sms], expires: 1d}"))
    (found,) = timeline(loan(unpaid(date(2027, 11, 7))), early, zone)
    assert found.at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_without_an_hour_it_is_the_first_of_the_day() -> None:
    day = read(strategy("s: {at: due + 15d, task: review, expires: 2d}"))
    (found,) = timeline(loan(unpaid(DUE)), day, ZONE)
    assert local(found.at) == "2026-12-05 00:00"


def test_steps_come_by_moment_whatever_their_order_in_the_file() -> None:
    mixed = read(
        strategy(
            """
            c: {at: due + 1d 09:00, send: late, by: [sms], expires: 1d}
            a: {at: due - 1d, send: late, by: [sms], expires: due}
            b: {at: due + 1d 08:00, send: late, by: [sms], expires: 1d}
            """
        )
    )
    assert [o.key.step for o in timeline(loan(unpaid(DUE)), mixed, ZONE)] == ["a", "b", "c"]


def test_nothing_at_or_before_since() -> None:
    moment = at("2026-11-23 08:00")
    assert steps(loan(unpaid(DUE), since=moment)) == ["late-7", "late-15", "call"]
    assert steps(loan(unpaid(DUE), since=moment - timedelta(microseconds=1)))[0] == "late-3"


def test_through_is_inclusive() -> None:
    moment = at("2026-11-23 08:00")
    assert len(expected(loan(unpaid(DUE)), through=moment)) == 3
    assert len(expected(loan(unpaid(DUE)), through=moment - timedelta(microseconds=1))) == 2


def test_only_the_oldest_unpaid_installment_is_spoken_of() -> None:
    found = expected(loan(unpaid(DUE, 7), unpaid(date(2026, 12, 20), 8)))
    assert {o.key.anchor_id for o in found} == {7}
    assert expected(loan(unpaid(date(2026, 12, 20), 8)))[0].key.anchor_id == 8


@pytest.mark.parametrize("status", ["closed", "recalled", "sold", "written_off"])
def test_a_loan_that_is_not_active_expects_nothing(status: str) -> None:
    assert expected(loan(unpaid(DUE), status=status)) == []
    assert expected(loan()) == []
