"""What `kept ledger` refuses, and that each complaint names its key and what would be right."""

import json
from typing import Any

import pytest

from ledger.document import read
from ledger.errors import LedgerInputError

ROW = {"number": 1, "due_date": "2023-10-01", "principal": "250.00"}
PAID = {"id": "p1", "received_on": "2023-10-26", "amount": "250.00"}


def complaint(text: str) -> str:
    with pytest.raises(LedgerInputError) as caught:
        read(text)
    message = str(caught.value)
    assert "\n" not in message
    return message


def loan(**keys: Any) -> str:
    return json.dumps({"installments": [ROW], **keys})


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"installment": []}, ['unknown key "installment"', "installments"]),
        ({"installments": [{**ROW, "due": "x"}]}, ["installments[0].due:", "unknown key", "due_date"]),
        ({"payments": [{**PAID, "date": "x"}]}, ["payments[0].date:", "unknown key", "received_on"]),
        ({"pauses": [{"start": "2023-10-01"}]}, ["pauses[0].start:", "known are from, to"]),
        ({"currency": "EUT"}, ['currency "EUT" is unknown', '"EUR"']),
        ({"currency": "eur"}, ['currency "eur" is unknown']),
        ({"currency": 978}, ["currency: the number 978 instead of a text"]),
        ({"zone": "Mars/Olympus"}, ['zone "Mars/Olympus" is unknown', '"Europe/Berlin"']),
        ({"zone": "../UTC"}, ['zone "../UTC" is unknown']),
        ({"zone": ""}, ["zone: "]),
        ({"dpd_starts": "never"}, ["dpd_starts", "day_after_due, on_due"]),
        ({"grace_days": -1}, ["grace_days", "0 or more"]),
        ({"grace_days": "3"}, ['grace_days: the text "3" instead of a whole number']),
        ({"grace_days": 1.5}, ["grace_days: the number 1.5"]),
        ({"grace_days": True}, ["grace_days: true"]),
        ({"tolerance": "-0.01"}, ["tolerance", "negative"]),
        ({"tolerance": 0.01}, ["tolerance: the number 0.01 instead of an amount in quotes"]),
        (
            {"allocation": ["fees", "interest", "principal"]},
            ["allocation", "penalties, fees, interest, principal"],
        ),
        ({"allocation": ["fees", "fees", "interest", "principal"]}, ["allocation", "once"]),
        ({"allocation": ["penalty", "fees", "interest", "principal"]}, ["allocation", "penalty"]),
        ({"allocation": [1, 2, 3, 4]}, ["allocation"]),
        ({"allocation": "fees"}, ['allocation: the text "fees" instead of a list']),
        ({"buckets": []}, ["buckets are empty"]),
        ({"buckets": [[1, 30]]}, ["bucket 1 is closed"]),
        ({"buckets": [[1, None], [31, None]]}, ["bucket 1 is open"]),
        ({"buckets": [[1, 30], [32, None]]}, ["bucket 2 starts at 32 instead of 31"]),
        ({"buckets": [[1, 30], [30, None]]}, ["bucket 2 starts at 30 instead of 31"]),
        ({"buckets": [[5, 4], [5, None]]}, ["bucket 1 ends at 4, before it starts at 5"]),
        ({"buckets": [[0, 30], [31, None]]}, ["bucket 1 starts at 0 instead of 1"]),
        ({"buckets": [[1, "30"], [31, None]]}, ["buckets[0]", "[4,30]"]),
        ({"buckets": [[1, True], [2, None]]}, ["buckets[0]"]),
        ({"buckets": [[1]]}, ["buckets[0]"]),
        ({"installments": {}}, ["installments: an object instead of a list"]),
        ({"installments": [[]]}, ["installments[0]: a list instead of an object"]),
        ({"installments": [{**ROW, "number": "1"}]}, ['installments[0].number: the text "1"']),
        ({"installments": [{"due_date": "2023-10-01", "fees": "1"}]}, ["installments[0].number: is missing"]),
        ({"installments": [{"number": 1, "fees": "1"}]}, ["installments[0].due_date: is missing"]),
        (
            {"installments": [{"number": 1, "due_date": "2023-10-01"}]},
            ["installments[0].principal: is missing"],
        ),
        ({"installments": [ROW, ROW]}, ["installments[1].number: 1 is there already"]),
        (
            {"installments": [{**ROW, "due_date": "2023-02-29"}]},
            ['installments[0].due_date: "2023-02-29" is no date'],
        ),
        ({"installments": [{**ROW, "due_date": "20231001"}]}, ["installments[0].due_date", '"2023-10-31"']),
        ({"installments": [{**ROW, "due_date": "01/10/2023"}]}, ["installments[0].due_date"]),
        ({"installments": [{**ROW, "due_date": None}]}, ["installments[0].due_date: null"]),
        (
            {"installments": [{**ROW, "principal": "250.005"}]},
            ["installments[0].principal", "3 decimals, EUR has 2"],
        ),
        ({"installments": [{**ROW, "principal": "-1"}]}, ["installments[0].principal", "negative"]),
        ({"installments": [{**ROW, "principal": "1e3"}]}, ['installments[0].principal: "1e3" is no amount']),
        ({"installments": [{**ROW, "principal": 250}]}, ["installments[0].principal: the number 250"]),
        ({"payments": [{"received_on": "2023-10-26", "amount": "1"}]}, ["payments[0].id: is missing"]),
        ({"payments": [{"id": "p1", "received_on": "2023-10-26"}]}, ["payments[0].amount: is missing"]),
        ({"payments": [{"id": "p1", "amount": "1"}]}, ["payments[0].received_on: is missing"]),
        ({"payments": [{**PAID, "id": 1}]}, ["payments[0].id: the number 1"]),
        ({"payments": [PAID, PAID]}, ['payments[1].id: "p1" is there already']),
        ({"payments": [{**PAID, "amount": "-250.00"}]}, ["payments[0].amount", "negative"]),
        ({"payments": [{**PAID, "installment": 2}]}, ["payments[0].installment: there is no installment 2"]),
        (
            {"payments": [{"id": "r1", "reverses": "p9", "received_on": "2023-10-27"}]},
            ['payments[0].reverses: there is no payment "p9"'],
        ),
        (
            {
                "payments": [
                    PAID,
                    {"id": "r1", "reverses": "p1", "received_on": "2023-10-27"},
                    {"id": "r2", "reverses": "r1", "received_on": "2023-10-28"},
                ]
            },
            ['payments[2].reverses: "r1" is itself a reversal'],
        ),
        (
            {
                "payments": [
                    PAID,
                    {"id": "r1", "reverses": "p1", "received_on": "2023-10-27", "amount": "100.00"},
                ]
            },
            ["payments[1].amount", "the whole payment"],
        ),
        (
            {
                "payments": [
                    PAID,
                    {"id": "r1", "reverses": "p1", "received_on": "2023-10-27", "installment": 1},
                ]
            },
            ["payments[1].installment", "the whole payment"],
        ),
        ({"pauses": [{"from": "2023-10-06"}]}, ["pauses[0].to: is missing"]),
        ({"pauses": [{"from": "2023-10-06", "to": "2023-10-05"}]}, ["pauses[0].to", "ends before it starts"]),
    ],
)
def test_what_is_wrong_is_named(keys: dict[str, Any], parts: list[str]) -> None:
    message = complaint(loan(**keys))
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "line 1, column 1"),
        ('{"currency": "EUR"\n "zone": "UTC"}', "line 2, column 2"),
        ("[]", "the document: a list instead of an object"),
        ('{"zone": "UTC", "zone": "UTC"}', '"zone" is there twice'),
        ('{"grace_days": NaN}', "NaN is no JSON"),
        ('{"grace_days": ' + "9" * 5000 + "}", "thousands of digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_text_that_is_no_such_document_is_refused(text: str, part: str) -> None:
    assert part in complaint(text)


def test_what_may_be_left_open() -> None:
    whole = {
        "id": "r1",
        "reverses": "p1",
        "received_on": "2023-10-27",
        "amount": "250.00",
        "installment": None,
    }
    payments = [{**PAID, "installment": None, "reverses": None}, whole]
    read_loan = read(loan(payments=payments, pauses=[{"from": "2023-10-06", "to": "2023-10-06"}]))
    assert read_loan.names == ("p1", "r1")
    assert read_loan.terms.buckets == ((1, 3), (4, 30), (31, 60), (61, None))
    zero = read(
        json.dumps({"currency": "JPY", "installments": [{**ROW, "principal": "667", "fees": "0.00"}]})
    )
    assert zero.schedule[0].total == 667
