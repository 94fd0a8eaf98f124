"""What a plan is offered by: so many payments, a month apart, of what is late or of all; or those typed."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Final

from casework.plans import Part
from casework.staff.offering import Offer
from ledger.schedule import equal_parts
from messages.typed.amounts import named_currency
from messages.typed.dates import order_in
from messages.typed.parts import Unclear, read_parts

COUNTS: Final = (2, 3, 4, 6, 9, 12)
_FIRST: Final = timedelta(days=7)


def total_of(offer: Offer, *, everything: bool) -> int:
    """What a plan is about: all that is unpaid, or what is late, if anything is; minor units."""
    return offer.outstanding if everything else offer.arrears or offer.outstanding


def _read(text: str, offer: Offer, total: int | None = None) -> Unclear | tuple[Part, ...]:
    total = total_of(offer, everything=False) if total is None else total
    read = read_parts(text, total, offer.currency, offer.today, order_in(offer.country))
    return read if isinstance(read, Unclear) else tuple(Part(one.due, one.minor) for one in read)


async def payments(
    text: str, asked: Offer, offers: Callable[[str], Awaitable[Offer | None]], total: int | None = None
) -> tuple[Offer, Unclear | tuple[Part, ...]]:
    """The payments that `text` names, and what they are of: the currency asked about, or another that it
    names and that is owed (`offers` gives the offer of one).

    `total`: what is parted where the text names no amount, in minor units of the currency asked about; None:
    what is late, else all that is owed.
    """
    read = _read(text, asked, total)
    named = named_currency(text, (asked.currency, *asked.others))
    if isinstance(read, Unclear) and named is not None and named != asked.currency:
        other = await offers(named)
        again = read if other is None else _read(text, other)
        if other is not None and not isinstance(again, Unclear):
            return other, again
    return asked, read


def first_of(offer: Offer) -> date:
    """The day of the first payment that is offered: the payday, else in a week."""
    return offer.payday or offer.today + _FIRST


def proposed(offer: Offer, total: int, count: int) -> tuple[Part, ...]:
    """`total` in `count` payments, a month apart."""
    return tuple(Part(one.due, one.principal) for one in equal_parts(total, count, first_of(offer)))
