"""What a text is given, in small: one invented borrower, the loans of your choice."""

from datetime import date
from typing import Any

from messages.context import Context
from messages.lint import Finding
from messages.templates import Buttons, Source
from messages.values import Owed, Saying

TODAY = date(2026, 3, 2)


def owed(**changes: Any) -> Owed:
    """A loan of 250.00 USD due in three days."""
    given: dict[str, Any] = {
        "loan": "L-1001",
        "product": "Business",
        "due": date(2026, 3, 5),
        "currency": "USD",
        "amount_minor": 25_000,
        "outstanding_minor": 100_000,
    }
    return Owed(**{**given, **changes})


def late(days: int = 3, **changes: Any) -> Owed:
    """A loan with 250.00 USD of arrears."""
    due = date.fromordinal(TODAY.toordinal() - days)
    return owed(**{"due": due, "days_late": days, "arrears_minor": 25_000, **changes})


def saying(*loans: Owed, **changes: Any) -> Saying:
    """To Maria, at an address that may carry amounts."""
    given: dict[str, Any] = {
        "brand": "Acme Credit",
        "today": TODAY,
        "owed": loans,
        "name": "Maria",
        "payment_line": "https://pay.example.com",
        "code": "ABCDEF",
        "link": "https://chat.example.com/start",
        "promised": "Abc",
        "promised_on": "Def",
        "may_carry_amounts": True,
    }
    return Saying(**{**given, **changes})


STOP = (
    "{% if opt_out_url %}To stop these messages: {{ opt_out_url }}"
    "{% else %}Reply STOP to stop these messages.{% endif %}"
)


def source(text: str, subject: str | None = None, buttons: Buttons = ()) -> Source:
    """What somebody wrote; `<<stop>>` is how to stop."""
    return Source(text.replace("<<stop>>", STOP), subject, buttons)


def held_to(**changes: Any) -> Context:
    """A chat that may carry amounts, of a lender at pay.example.com."""
    given: dict[str, Any] = {
        "channel": "chat",
        "may_carry_amounts": True,
        "brand": "Acme Credit",
        "references": ("L-1001",),
        "hosts": frozenset({"pay.example.com"}),
    }
    return Context(**{**given, **changes})


def codes(found: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in found}
