"""What a loan of the sample promises: a principal as lenders round it, and a schedule that sums to it.

All money is minor units, all days are ordinals (`date.toordinal`).
"""

from datetime import date
from decimal import Decimal
from random import Random

import msgspec

from kept.sample.lenders import Product
from kept.sample.people import weighted
from ledger.schedule import Every, annuity, due_dates, flat

# A log-normal of sigma 0.6 at every 5% of its mass, in percent of the median: integers, because the last bit
# of a logarithm differs from machine to machine and the tape must not.
_SPREAD = (25, 37, 46, 54, 60, 67, 73, 79, 86, 93, 100, 108, 116, 126, 137, 150, 166, 186, 216, 268, 400)


class Due(msgspec.Struct, gc=False):
    """One installment; `penalties` are charged when it turns out late."""

    number: int
    day: int
    principal: int
    interest: int
    fees: int
    penalties: int = 0

    @property
    def total(self) -> int:
        """All parts together."""
        return self.principal + self.interest + self.fees + self.penalties


def principal(rng: Random, product: Product, unit: int) -> int:
    """An amount spread around the product's median, in whole steps. `unit`: how many minor units make one."""
    place, part = divmod(rng.randrange(100 * (len(_SPREAD) - 1)), 100)
    percent = _SPREAD[place] * (100 - part) + _SPREAD[place + 1] * part
    steps = (product.median * percent // 10_000 + product.step // 2) // product.step
    return max(1, steps) * product.step * unit


def count(rng: Random, product: Product) -> int:
    """How many installments."""
    return weighted(rng, product.counts)


def life(product: Product, installments: int) -> int:
    """Days from the making of a loan to its last installment, more or less."""
    return max(1, installments - product.upfront) * (product.every or 30)


def schedule(product: Product, amount: int, installments: int, rate: int, made: int, unit: int) -> list[Due]:
    """The installments of `amount` at `rate` basis points each; the last one takes what rounding left.

    They are counted in the product's coin: lenders ask for whole naira, not for kobo.
    """
    coin = product.coin * unit or 1
    every: Every = "days" if product.every else "months"
    step = product.every or 1
    day = date.fromordinal(made)
    first = day if product.upfront else due_dates(2, day, every, step)[1]
    if product.interest == "annuity":
        promised = annuity(amount // coin, Decimal(rate * 12) / 10_000, installments, first)
    else:
        interest = amount * rate * installments // 10_000 // coin
        promised = flat(amount // coin, interest, installments, first, every, step)
    fee = product.fee * unit
    return [
        Due(due.id, due.due.toordinal(), due.principal * coin, due.interest * coin, fee if due.id == 1 else 0)
        for due in promised
    ]
