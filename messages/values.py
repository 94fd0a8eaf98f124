"""What a text may be given: plain frozen values, no more than may be shown."""

from datetime import date
from typing import Literal

import msgspec

Collector = Literal["first", "later"]


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """What one loan owes, in minor units of its own `currency` (ISO 4217).

    `loan` is a reference that may be shown; `due` the due date of the installment spoken of (the oldest
    unpaid one of a loan in arrears, else the next); `amount_minor` what is unpaid of it; `arrears_minor`
    all that is past due and unpaid; `outstanding_minor` all that is unpaid; `days_late` the days past
    due, 0 when none are.
    """

    loan: str
    due: date
    currency: str
    amount_minor: int
    arrears_minor: int = 0
    outstanding_minor: int = 0
    days_late: int = 0
    product: str | None = None


class Saying(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a text can speak of.

    `payment_line` says how to pay as the lender writes it (a link, or an account and what to quote),
    without a full stop. `reply_to` is where an answer reaches a person (a number or an address as people
    write it); None means: answer right here. `opt_out_url` replaces the word STOP where the sender cannot
    receive, and is the link of a mail. `today` is the date at the borrower's. `may_carry_amounts` is
    False for an address that may carry nothing about a loan: then only neutral texts are rendered,
    whatever `owed` holds.
    """

    brand: str
    today: date
    owed: tuple[Owed, ...] = ()
    name: str | None = None
    payment_line: str | None = None
    reply_to: str | None = None
    opt_out_url: str | None = None
    may_carry_amounts: bool = False
    code: str | None = None  # of a text that brings one: what proves whose a chat is
    link: str | None = None  # the same, to be opened
    # What the person promised in their own words, said back: the amount where they named one, and the day.
    promised: str | None = None
    promised_on: str | None = None
    promise_minor: int | None = None  # what is left of a promise that is reminded of; in the loan's currency
    # A pack has whoever collects for others say so: as in the first communication, or as in a later one.
    collector: Collector | None = None
    creditor: str | None = None  # whose debt it is, where somebody else collects
    dispute_by: date | None = None  # of a validation notice: the last day to dispute the debt
