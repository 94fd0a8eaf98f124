"""Invented borrowers, for a text to be looked at: the facts that a reader knows the texts by. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, Literal, get_args

from messages.body import Body
from messages.render import render_with
from messages.templates import Template
from messages.values import Owed, Saying

Sample = Literal["one", "several", "stranger", "link", "collector"]
"""One loan; several, due on different days; nobody's name and no way to pay known; a sender without replies;
somebody who collects for others, in the first communication."""

SAMPLES: Final[tuple[Sample, ...]] = get_args(Sample)

_PRODUCTS: Final = ("Business", None, "Market stall")
_REPLY: Final = "+1 212 555 0100"
_STOP: Final = "https://pay.example.com/stop/abc"


def shown(text: Template, sample: Sample, today: date) -> Body:
    """The text as the invented borrower would read it on `today`. Raises MessageError."""
    return render_with(text, text.language, saying_of(text, sample, today)).body


def saying_of(text: Template, sample: Sample, today: date) -> Saying:
    """What is told of the borrower; loans are past due where the text speaks of arrears."""
    days = (9, 3, 1) if text.kind in ("late", "promise") else (0 if text.name == "due-today" else -3, -5, -12)
    loans = tuple(_loan(place, late, today) for place, late in enumerate(days, 1))
    known = sample != "stranger"
    return Saying(
        brand="Acme",
        today=today,
        owed=loans if sample == "several" else loans[:1],
        name="Maria" if known else None,
        payment_line="https://pay.example.com/L-1001" if known else None,
        reply_to=_REPLY if sample == "stranger" else None,
        opt_out_url=_STOP if sample == "link" or text.channel == "email" else None,
        may_carry_amounts=True,
        promised=_PROMISED.get(text.language, "USD 120.00"),
        promised_on=(today + timedelta(days=4)).isoformat(),
        code="482913",
        link="https://pay.example.com/l/abc",
        promise_minor=120_00,
        collector="first" if sample == "collector" else None,
        creditor="Acme Bank" if sample == "collector" else None,
        dispute_by=today + timedelta(days=37),
    )


_PROMISED: Final[Mapping[str, str]] = {"zh": "120.00 美元"}


def _loan(number: int, late: int, today: date) -> Owed:
    amount = 250_00 + 35_50 * (number - 1)
    return Owed(
        loan=f"L-100{number}",
        due=today - timedelta(days=late),
        currency="USD",
        amount_minor=amount,
        arrears_minor=amount if late > 0 else 0,
        outstanding_minor=4 * amount,
        days_late=max(late, 0),
        product=_PRODUCTS[number - 1],
    )
