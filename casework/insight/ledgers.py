"""Rows of the book as the pure ledger takes them."""

from collections.abc import Sequence
from typing import Any

from ledger.allocate import Payment, Reversal
from ledger.schedule import Installment


def schedule_row(row: Sequence[Any]) -> Installment:
    """(id, due, penalties, fees, interest, principal)."""
    return Installment(*row)


def payment_of(row: Sequence[Any]) -> Payment | Reversal:
    """(id, received_on, amount, installment, reverses)."""
    id_, received_on, amount, installment, reverses = row
    if reverses is None:
        return Payment(id_, received_on, amount, installment)
    return Reversal(id_, received_on, reverses)
