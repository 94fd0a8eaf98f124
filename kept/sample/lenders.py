"""What a lender of the sample is: what it lends, and to whom. samples/portfolios/ holds their settings.

Money here is in major units (whole naira, dollars, dinars); rates are basis points per installment, so that
every amount is integer arithmetic and the same on every machine.
"""

from typing import Literal

import msgspec

Kind = Literal["installment", "bnpl", "microfinance", "invoice"]
Interest = Literal["flat", "annuity", "none"]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a lender sells. `weight` is its share of the lender's borrowers.

    `counts` are (number of installments, weight); they fall `every` so many days, or on one day of the month
    where that is 0. `upfront` makes the first one due on the day of the purchase. Principals spread around
    `median` in multiples of `step`; installments are multiples of `coin` (0: of the minor unit).
    """

    kind: Kind
    weight: int
    counts: tuple[tuple[int, int], ...]
    median: int
    step: int
    every: int = 0
    upfront: bool = False
    interest: Interest = "none"
    rates: tuple[int, ...] = (0,)
    fee: int = 0
    coin: int = 1


class Lender(msgspec.Struct, frozen=True, kw_only=True):
    """One legal entity. `weight` is its share of all borrowers, `prefix` begins its loan and borrower ids.

    `places` are (weight, zone, region), `peoples` (weight, language, naming of names.py). `late_fee` is
    charged on an installment more than ten days late; `debit` is the percentage of loans paid by direct
    debit; `strain` scales the share of borrowers who get into trouble (100: as usual).
    """

    code: str
    prefix: str
    weight: int
    country: str
    currency: str
    products: tuple[Product, ...]
    places: tuple[tuple[int, str, str], ...]
    peoples: tuple[tuple[int, str, str], ...]
    late_fee: int = 0
    debit: int = 0
    strain: int = 100
