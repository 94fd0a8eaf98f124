"""SURFACE.md, 'kept ledger', sentence by sentence, with figures worked out by hand."""

import json
from datetime import date
from typing import Any

import pytest

from ledger.document import read, state

INSTALLMENT = {
    "number": 1,
    "due_date": "2023-10-01",
    "principal": "250.00",
    "interest": "0",
    "fees": "0",
    "penalties": "0",
}
THREE = [{"number": n, "due_date": f"2023-{9 + n:02}-01", "principal": "100.00"} for n in (1, 2, 3)]


def say(as_of: str, **keys: Any) -> dict[str, Any]:
    return dict(state(read(json.dumps(keys)), date.fromisoformat(as_of)))


def paid(number: int, on: str, amount: str, **others: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "received_on": on, "amount": amount, **others}


def spread(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in document["allocations"]]


def test_the_example_as_it_stands() -> None:
    example = {
        "currency": "EUR",
        "zone": "UTC",
        "dpd_starts": "day_after_due",
        "grace_days": 0,
        "tolerance": "0.00",
        "allocation": ["penalties", "fees", "interest", "principal"],
        "buckets": [[1, 3], [4, 30], [31, 60], [61, None]],
        "installments": [INSTALLMENT],
        "payments": [
            paid(1, "2023-10-26", "250.00"),
            {"id": "r1", "reverses": "p1", "received_on": "2023-10-27"},
        ],
        "pauses": [{"from": "2023-10-06", "to": "2023-10-30"}],
    }
    # 31 October is 30 days after the 1st; the pause takes out the 7th to the 30th, 24 days.
    assert say("2023-10-31", **example) == {
        "as_of": "2023-10-31",
        "arrears": "250.00",
        "outstanding": "250.00",
        "credit": "0.00",
        "dpd": 30,
        "delinquent_days": 6,
        "bucket": "4-30",
        "installments": [
            {
                "number": 1,
                "due_date": "2023-10-01",
                "due": "250.00",
                "paid": "0.00",
                "outstanding": "250.00",
                "dpd": 30,
                "bucket": "4-30",
            }
        ],
        "allocations": [],
    }
    kept = say("2023-10-26", **example)
    assert (kept["arrears"], kept["outstanding"], kept["dpd"], kept["bucket"]) == (
        "0.00",
        "0.00",
        0,
        "current",
    )
    assert kept["allocations"] == [
        {
            "payment": "p1",
            "installment": 1,
            "penalties": "0.00",
            "fees": "0.00",
            "interest": "0.00",
            "principal": "250.00",
        }
    ]


def test_missing_keys_take_the_defaults_of_the_example() -> None:
    document = say("2023-12-02", installments=[INSTALLMENT])
    assert (document["dpd"], document["delinquent_days"], document["bucket"]) == (62, 62, "61+")
    assert [say(f"2023-10-0{d}", installments=[INSTALLMENT])["bucket"] for d in (1, 2, 4, 5)] == [
        "current",
        "1-3",
        "1-3",
        "4-30",
    ]
    nothing = say("2023-12-02")
    assert (nothing["outstanding"], nothing["installments"], nothing["allocations"]) == ("0.00", [], [])


def test_payments_are_applied_in_order_of_date_to_the_oldest_unpaid_installment_first() -> None:
    payments = [paid(1, "2023-11-05", "30.00"), paid(2, "2023-10-05", "80.00")]
    document = say("2023-11-30", installments=THREE, payments=payments)
    assert spread(document) == [
        ("p2", 1, "0.00", "0.00", "0.00", "80.00"),
        ("p1", 1, "0.00", "0.00", "0.00", "20.00"),
        ("p1", 2, "0.00", "0.00", "0.00", "10.00"),
    ]


def test_payments_of_one_date_are_applied_in_the_order_of_the_file() -> None:
    payments = [paid(2, "2023-10-05", "80.00"), paid(1, "2023-10-05", "30.00")]
    document = say("2023-11-30", installments=THREE, payments=payments)
    assert [row[:2] for row in spread(document)] == [("p2", 1), ("p1", 1), ("p1", 2)]


def test_within_an_installment_the_order_is_that_of_allocation() -> None:
    row = {**INSTALLMENT, "principal": "100.00", "interest": "20.00", "fees": "5.00", "penalties": "3.00"}
    payments = [paid(1, "2023-10-05", "20.00"), paid(2, "2023-10-06", "50.00")]
    usual = say("2023-10-10", installments=[row], payments=payments)
    assert spread(usual) == [
        ("p1", 1, "3.00", "5.00", "12.00", "0.00"),
        ("p2", 1, "0.00", "0.00", "8.00", "42.00"),
    ]
    order = ["principal", "interest", "fees", "penalties"]
    turned = say(
        "2023-10-10", installments=[row], payments=[paid(1, "2023-10-05", "121.50")], allocation=order
    )
    assert spread(turned) == [("p1", 1, "0.00", "1.50", "20.00", "100.00")]


def test_what_is_over_pays_later_installments_in_order_of_due_date() -> None:
    rows = [THREE[2], THREE[0], THREE[1]]
    document = say("2023-10-05", installments=rows, payments=[paid(1, "2023-10-05", "230.00")])
    assert [(row[1], row[5]) for row in spread(document)] == [(1, "100.00"), (2, "100.00"), (3, "30.00")]
    assert [row["outstanding"] for row in document["installments"]] == ["0.00", "0.00", "70.00"]


def test_installments_of_one_due_date_are_paid_by_number() -> None:
    rows = [{"number": n, "due_date": "2023-10-01", "fees": "10.00"} for n in (7, 2)]
    document = say("2023-10-05", installments=rows, payments=[paid(1, "2023-10-05", "15.00")])
    assert [(row[1], row[3]) for row in spread(document)] == [(2, "10.00"), (7, "5.00")]


def test_what_no_installment_needs_is_a_credit() -> None:
    document = say("2023-10-05", installments=THREE, payments=[paid(1, "2023-10-05", "300.01")])
    assert (document["credit"], document["outstanding"], document["arrears"]) == ("0.01", "0.00", "0.00")


def test_the_installment_that_a_payment_names_is_paid_first_and_what_is_over_goes_the_usual_way() -> None:
    payments = [paid(1, "2023-10-05", "130.00", installment=2), paid(2, "2023-10-06", "5.00", installment=2)]
    document = say("2023-10-10", installments=THREE, payments=payments)
    assert [(row[0], row[1], row[5]) for row in spread(document)] == [
        ("p1", 2, "100.00"),
        ("p1", 1, "30.00"),
        ("p2", 1, "5.00"),
    ]
    part = say("2023-10-10", installments=THREE, payments=[paid(1, "2023-10-05", "40.00", installment=3)])
    assert [row["paid"] for row in part["installments"]] == ["0.00", "0.00", "40.00"]
    assert part["arrears"] == "100.00"


def test_only_payments_received_by_as_of_count() -> None:
    payments = [paid(1, "2023-10-26", "250.00")]
    before = say("2023-10-25", installments=[INSTALLMENT], payments=payments)
    assert (before["arrears"], before["dpd"]) == ("250.00", 24)
    assert say("2023-10-26", installments=[INSTALLMENT], payments=payments)["arrears"] == "0.00"


def test_a_reversal_received_by_as_of_replays_everything_without_its_payment() -> None:
    payments = [
        {"id": "r1", "reverses": "p1", "received_on": "2023-10-20"},  # named before its payment: the file may
        paid(1, "2023-10-05", "100.00"),
        paid(2, "2023-10-06", "50.00"),
    ]
    before = say("2023-10-19", installments=THREE, payments=payments)
    assert [(row[0], row[1]) for row in spread(before)] == [("p1", 1), ("p2", 2)]
    assert (before["arrears"], before["dpd"]) == ("0.00", 0)
    after = say("2023-10-20", installments=THREE, payments=payments)
    assert spread(after) == [("p2", 1, "0.00", "0.00", "0.00", "50.00")]
    assert (after["arrears"], after["dpd"]) == ("50.00", 19)  # the original days are back


def test_grace_delays_delinquency_not_days_past_due() -> None:
    by_day = {
        day: say(f"2023-10-{day:02}", installments=[INSTALLMENT], grace_days=5) for day in (1, 6, 7, 10)
    }
    assert [row["dpd"] for row in by_day.values()] == [0, 5, 6, 9]
    assert [row["delinquent_days"] for row in by_day.values()] == [0, 0, 1, 4]
    assert [row["bucket"] for row in by_day.values()] == ["current", "current", "1-3", "4-30"]
    assert by_day[6]["arrears"] == "250.00"
    assert by_day[6]["installments"][0]["bucket"] == "4-30"  # its own, from its own days


def test_days_past_due_are_as_of_minus_due_date() -> None:
    # Across the clock change of 29 October and a leap day: dates, not hours.
    assert say("2023-11-01", zone="Europe/Berlin", installments=[INSTALLMENT])["dpd"] == 31
    assert say("2024-03-01", zone="Europe/Berlin", installments=[INSTALLMENT])["dpd"] == 152


def test_with_on_due_the_due_date_itself_is_day_one() -> None:
    days = [
        say(f"2023-{d}", installments=[INSTALLMENT], dpd_starts="on_due") for d in ("09-30", "10-01", "10-04")
    ]
    assert [row["dpd"] for row in days] == [0, 1, 4]
    assert [row["arrears"] for row in days] == ["0.00", "250.00", "250.00"]
    assert [row["bucket"] for row in days] == ["current", "1-3", "4-30"]


def test_arrears_are_the_unpaid_of_installments_past_due_and_dpd_is_that_of_the_oldest() -> None:
    document = say("2023-11-11", installments=THREE, payments=[paid(1, "2023-10-05", "60.00")])
    assert document["arrears"] == "140.00"  # 40 left of the first, 100 of the second
    assert document["outstanding"] == "240.00"
    assert document["dpd"] == 41
    assert [(row["dpd"], row["bucket"]) for row in document["installments"]] == [
        (41, "31-60"),
        (10, "4-30"),
        (0, "current"),
    ]


def test_an_installment_of_which_the_tolerance_or_less_is_unpaid_counts_as_paid() -> None:
    def after(amount: str) -> dict[str, Any]:
        payments = [paid(1, "2023-10-05", amount)]
        return say("2023-10-11", installments=[INSTALLMENT], payments=payments, tolerance="1.00")

    at_it = after("249.00")
    assert (at_it["dpd"], at_it["bucket"], at_it["arrears"]) == (0, "current", "0.00")
    assert at_it["outstanding"] == "1.00"  # it is still owed
    assert (at_it["installments"][0]["dpd"], at_it["installments"][0]["bucket"]) == (0, "current")
    above_it = after("248.99")
    assert (above_it["dpd"], above_it["bucket"], above_it["arrears"]) == (10, "4-30", "1.01")


def test_a_tolerated_remainder_is_paid_before_later_installments_and_hides_no_younger_arrears() -> None:
    payments = [paid(1, "2023-10-05", "99.50")]
    document = say("2023-11-05", installments=THREE, payments=payments, tolerance="1.00")
    assert (document["dpd"], document["arrears"], document["outstanding"]) == (4, "100.00", "200.50")
    later = say(
        "2023-11-05",
        installments=THREE,
        payments=[*payments, paid(2, "2023-11-05", "0.75")],
        tolerance="1.00",
    )
    assert [(row[1], row[5]) for row in spread(later)] == [(1, "99.50"), (1, "0.50"), (2, "0.25")]


@pytest.mark.parametrize(
    ("as_of", "delinquent"),
    [("2023-10-06", 5), ("2023-10-07", 5), ("2023-10-30", 5), ("2023-10-31", 6), ("2023-11-05", 11)],
)
def test_a_pause_takes_out_the_days_after_from_through_to(as_of: str, delinquent: int) -> None:
    pauses = [{"from": "2023-10-06", "to": "2023-10-30"}]
    assert say(as_of, installments=[INSTALLMENT], pauses=pauses)["delinquent_days"] == delinquent


def test_a_pause_takes_out_only_days_that_follow_the_due_date() -> None:
    pauses = [{"from": "2023-09-01", "to": "2023-10-03"}]  # the 2nd and the 3rd follow it
    assert say("2023-10-10", installments=[INSTALLMENT], pauses=pauses)["delinquent_days"] == 7
    # The due date itself, day 1 by this convention, does not follow itself: 10 days less two.
    on_due = say("2023-10-10", installments=[INSTALLMENT], pauses=pauses, dpd_starts="on_due")
    assert (on_due["dpd"], on_due["delinquent_days"]) == (10, 8)


def test_pauses_that_overlap_take_a_day_out_once_and_grace_counts_besides() -> None:
    pauses = [{"from": "2023-10-04", "to": "2023-10-08"}, {"from": "2023-10-02", "to": "2023-10-06"}]
    # 3 to 8 October: six days of 19, and 5 of grace.
    document = say("2023-10-20", installments=[INSTALLMENT], pauses=pauses, grace_days=5)
    assert (document["dpd"], document["delinquent_days"]) == (19, 8)


def test_a_pause_follows_the_oldest_unpaid_installment() -> None:
    pauses = [{"from": "2023-10-11", "to": "2023-10-21"}]
    both = say("2023-11-06", installments=THREE, pauses=pauses)
    assert (both["dpd"], both["delinquent_days"], both["bucket"]) == (36, 26, "4-30")
    second = say("2023-11-06", installments=THREE, pauses=pauses, payments=[paid(1, "2023-11-02", "100.00")])
    assert (second["dpd"], second["delinquent_days"]) == (5, 5)  # its days began after the pause


def test_the_loans_bucket_is_of_its_delinquent_days_an_installments_of_its_own() -> None:
    pauses = [{"from": "2023-10-01", "to": "2023-11-30"}]
    document = say("2023-12-02", installments=[INSTALLMENT], pauses=pauses)
    assert (document["dpd"], document["delinquent_days"], document["bucket"]) == (62, 2, "1-3")
    assert document["installments"][0]["bucket"] == "61+"


def test_amounts_are_in_major_units_of_the_currency() -> None:
    yen = say(
        "2023-10-05", currency="JPY", installments=[{**INSTALLMENT, "principal": "667"}], tolerance="0.00"
    )
    assert (yen["arrears"], yen["installments"][0]["due"], yen["credit"]) == ("667", "667", "0")
    dinar = say("2023-10-05", currency="KWD", installments=[{**INSTALLMENT, "principal": "1.234"}])
    assert (dinar["arrears"], dinar["credit"]) == ("1.234", "0.000")


def test_installments_are_stated_by_due_date_then_number() -> None:
    rows = [
        {"number": n, "due_date": due, "fees": "1"}
        for n, due in ((3, "2023-10-01"), (9, "2023-09-01"), (1, "2023-10-01"))
    ]
    assert [row["number"] for row in say("2023-10-01", installments=rows)["installments"]] == [9, 1, 3]


def test_failure_7_last_row_decides_paid() -> None:
    """erpnext#41752: the last installment is paid, an older one is not; the loan is not paid."""
    document = say(
        "2023-12-10", installments=THREE, payments=[paid(1, "2023-12-01", "100.00", installment=3)]
    )
    assert [row["outstanding"] for row in document["installments"]] == ["100.00", "100.00", "0.00"]
    assert (document["arrears"], document["dpd"]) == ("200.00", 70)


def test_failure_7_balance_from_the_count_of_installments() -> None:
    """erpnext#58220: four payments of a quarter do not add up to four installments."""
    rows = [
        {"number": n, "due_date": "2023-10-01", "principal": p}
        for n, p in enumerate(("33.33", "33.33", "33.34"), 1)
    ]
    payments = [paid(n, "2023-10-02", "25.00") for n in (1, 2, 3)]
    document = say("2023-10-05", installments=rows, payments=payments)
    assert [row["paid"] for row in document["installments"]] == ["33.33", "33.33", "8.34"]
    assert document["outstanding"] == "25.00"


def test_failure_7_interest_lost_after_principal() -> None:
    """yuvomi#954: with the principal settled first, the interest is still owed, to the cent."""
    row = {**INSTALLMENT, "interest": "17.31"}
    order = ["principal", "interest", "fees", "penalties"]
    document = say(
        "2023-10-05", installments=[row], payments=[paid(1, "2023-10-01", "250.00")], allocation=order
    )
    assert (document["outstanding"], document["arrears"], document["dpd"]) == ("17.31", "17.31", 4)


def test_failure_8_chased_for_0_00013() -> None:
    """erpnext PR #20369: nothing below the minor unit is owed, and a tolerance lets go of cents."""
    thirds = [{"number": n, "due_date": "2023-10-01", "principal": "83.34"} for n in (1, 2, 3)]
    payments = [paid(n, "2023-10-01", "83.33", installment=n) for n in (1, 2, 3)]
    owed = say("2023-10-11", installments=thirds, payments=payments)
    assert (owed["outstanding"], owed["arrears"], owed["dpd"]) == ("0.03", "0.03", 10)
    let_go = say("2023-10-11", installments=thirds, payments=payments, tolerance="0.01")
    assert (let_go["outstanding"], let_go["arrears"], let_go["dpd"]) == ("0.03", "0.00", 0)
