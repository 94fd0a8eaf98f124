"""The book in figures and one loan, as of a date: later loans and payments do not exist."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight import portfolio as insight
from casework.insight.loan import loan
from casework.insight.portfolio import portfolio
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import AUDITOR, Book
from tests.builders.town import DAY, MONDAY, Town

DUE = date(2026, 11, 20)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def figures(town: Town, as_of: date | None = None, code: str | None = None) -> dict[str, Any]:
    return (await portfolio(town.office, AUDITOR, town.now, as_of, code)).document()


async def test_the_book_today_and_as_it_was(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight, "BATCH", 2)  # several batches
    gentle = town.gentle
    await town.borrower(DUE, 250_00)
    paid = await town.borrower(DUE, 100_00)
    payment = await town.book.pay(paid, 130_00, date(2026, 11, 21))
    old = await town.borrower(date(2026, 9, 1), 70_00)
    await town.book.loan(
        old.person, town.portfolio, [(date(2026, 12, 20), 9_00)], strategy=gentle, made_on=date(2026, 11, 22)
    )
    await town.borrower(DUE, 1_00, status="recalled")
    yen = await town.book.portfolio("tokyo", currency="JPY", zone="Asia/Tokyo")
    await town.book.borrower(yen, [(DUE, 667)], strategy=gentle, currency="JPY", zone="Asia/Tokyo")

    today = await figures(town)
    assert today == {
        "as_of": None,
        "loans": 5,
        "borrowers": 4,
        "loans_in_arrears": 3,
        "arrears": {"EUR": "320.00", "JPY": "667"},
        "outstanding": {"EUR": "329.00", "JPY": "667"},
        "credit": {"EUR": "30.00"},
        "by_bucket": [
            {"bucket": "current", "loans": 2, "arrears": {}, "outstanding": {"EUR": "9.00"}},
            {
                "bucket": "1-30",
                "loans": 2,
                "arrears": {"EUR": "250.00", "JPY": "667"},
                "outstanding": {"EUR": "250.00", "JPY": "667"},
            },
            {
                "bucket": "61-90",
                "loans": 1,
                "arrears": {"EUR": "70.00"},
                "outstanding": {"EUR": "70.00"},
            },
        ],
    }
    assert await figures(town, date(2026, 11, 23)) == today | {"as_of": date(2026, 11, 23)}

    before = await figures(town, date(2026, 11, 20))
    assert (before["loans"], before["loans_in_arrears"], before["credit"]) == (4, 1, {})
    assert before["outstanding"] == {"EUR": "420.00", "JPY": "667"}

    # Taken back on Tuesday: on Monday it was still there.
    await town.book.reverse(paid, payment, date(2026, 11, 24))
    assert await figures(town) == today
    after = await figures(town, date(2026, 11, 24))
    assert (after["arrears"]["EUR"], after["credit"]) == ("420.00", {})

    one = await figures(town, code="tokyo")
    assert (one["loans"], one["borrowers"], one["arrears"]) == (1, 1, {"JPY": "667"})
    with pytest.raises(CaseworkInputError, match="there is no portfolio 'x'; there are: acme, tokyo"):
        await figures(town, code="x")
    with pytest.raises(Denied):
        await portfolio(town.office, Actor("col", Role.COLLECTOR), town.now)


async def test_today_is_that_of_the_loans_zone(town: Town) -> None:
    """At 23:30 in Berlin on Friday it is Saturday in Tokyo: the same due date is a day late there alone."""
    tokyo = await town.book.portfolio("tokyo", zone="Asia/Tokyo")
    await town.borrower(DUE)
    await town.book.borrower(tokyo, [(DUE, 5_00)], strategy=town.gentle, zone="Asia/Tokyo")
    town.now = MONDAY.replace(day=20, hour=22, minute=30)
    assert (await figures(town))["arrears"] == {"EUR": "5.00"}


async def test_a_loan_with_everything_about_it(town: Town) -> None:
    ann = await town.book.borrower(
        town.portfolio,
        [(DUE, 250_00), (date(2026, 12, 20), 250_00)],
        strategy=town.gentle,
        since=MONDAY - 10 * DAY,
        loan_id="L-ann",
        external_id="b-ann",
    )
    await town.book.pay(ann, 100_00, date(2026, 11, 21), external_id="p-1")
    last = await town.book.pay(ann, 20_00, date(2026, 11, 22), external_id="p-2")
    await town.book.reverse(ann, last, date(2026, 11, 23), at=MONDAY)
    await town.look()
    await town.send()
    found = await loan(town.office, AUDITOR, "L-ann", town.now)
    assert (found["arrears"], found["outstanding"], found["dpd"], found["bucket"]) == (
        "150.00",
        "400.00",
        3,
        "1-30",
    )
    assert found["installments"] == [
        {
            "number": 1,
            "due_date": DUE,
            "due": "250.00",
            "paid": "100.00",
            "outstanding": "150.00",
            "dpd": 3,
            "bucket": "1-30",
        },
        {
            "number": 2,
            "due_date": date(2026, 12, 20),
            "due": "250.00",
            "paid": "0.00",
            "outstanding": "250.00",
            "dpd": 0,
            "bucket": "current",
        },
    ]
    first, second, reversal = found["payments"]
    assert first["allocations"] == [
        {"installment": 1, "penalties": "0.00", "fees": "0.00", "interest": "0.00", "principal": "100.00"}
    ]
    assert (second["reversed_on"], second["allocations"]) == (date(2026, 11, 23), [])
    assert (reversal["reverses"], reversal["amount"]) == ("p-2", "0.00")
    ((case,), (contact,)) = found["cases"], found["contacts"]
    assert (case["case"], case["borrower"], case["role"]) == (ann.case, "b-ann", "borrower")
    assert {name: contact[name] for name in ("contact", "channel", "state", "step", "sent_at")} == {
        "contact": 1,
        "channel": "sms",
        "state": "accepted",
        "step": "late-3",
        "sent_at": MONDAY,
    }

    sunday = await loan(town.office, AUDITOR, "L-ann", town.now, as_of=date(2026, 11, 22))
    assert (sunday["arrears"], sunday["dpd"], sunday["contacts"]) == ("130.00", 2, [])
    assert [payment["payment"] for payment in sunday["payments"]] == ["p-1", "p-2"]


async def test_a_loan_that_cannot_be_shown(town: Town) -> None:
    await town.borrower(DUE, loan_id="L-1", made_on=date(2026, 11, 1))
    with pytest.raises(CaseworkInputError, match="there is no loan 'L-2'"):
        await loan(town.office, AUDITOR, "L-2", town.now)
    with pytest.raises(CaseworkInputError, match="made on 2026-11-01; as of 2026-10-01 it does not exist"):
        await loan(town.office, AUDITOR, "L-1", town.now, as_of=date(2026, 10, 1))
    other = Book(town.office, source="other")
    await other.feed(town.portfolio, MONDAY)
    await other.borrower(town.portfolio, [(DUE, 5_00)], strategy=town.gentle, loan_id="L-1")
    with pytest.raises(CaseworkInputError, match="several sources have a loan 'L-1': core, other"):
        await loan(town.office, AUDITOR, "L-1", town.now)
    assert (await loan(town.office, AUDITOR, "L-1", town.now, source="other"))["outstanding"] == "5.00"
    with pytest.raises(Denied):
        await loan(town.office, Actor("m", Role.MANAGEMENT), "L-1", town.now, source="core")
