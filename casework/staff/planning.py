"""What a plan is offered by: the payments of so many parts, a month apart, of what is late or of all."""

from datetime import date, timedelta
from typing import Final

from casework.plans import Part
from casework.staff.offering import Offer
from ledger.schedule import equal_parts
from messages.typed.parts import Paid

COUNTS: Final = (2, 3, 4, 6, 9, 12)
_FIRST: Final = timedelta(days=7)


def total_of(offer: Offer, *, everything: bool) -> int:
    """What a plan is about: all that is unpaid, or what is late, if anything is; minor units."""
    return offer.outstanding if everything else offer.arrears or offer.outstanding


def first_of(offer: Offer) -> date:
    """The day of the first payment that is offered: the payday, else in a week."""
    return offer.payday or offer.today + _FIRST


def proposed(offer: Offer, total: int, count: int) -> tuple[Part, ...]:
    """`total` in `count` payments, a month apart."""
    return tuple(Part(one.due, one.principal) for one in equal_parts(total, count, first_of(offer)))


def as_parts(paid: tuple[Paid, ...]) -> tuple[Part, ...]:
    """Payments as they were typed."""
    return tuple(Part(one.due, one.minor) for one in paid)
