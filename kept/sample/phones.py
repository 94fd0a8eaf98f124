"""Telephone numbers that ring nowhere: only ranges set aside for examples and drama.

- North America: `555-0100` to `555-0199` behind an area code.
- United Kingdom: 07700 900000 to 900999 (Ofcom).
- France: 06 39 98 xx xx (Arcep). Ireland: 020 91x xxxx (ComReg). Australia: a few of 0491 570 xxx (ACMA).

Most countries reserve none, so their borrowers get the last three and Canada's. Nobody shares a number: it
would be `unverified` for both. So a book larger than the ranges (about 125,000 numbers) leaves the phone out
once they are spent.
"""

from random import Random

_US_AREAS = {
    "US-NY": "212 315 347 516 518 585 607 631 646 716 718 845 914 917",
    "US-MA": "339 351 413 508 617 774 781 857 978",
    "US-FL": "305 321 352 386 407 561 727 772 786 813 863 904 941 954",
    "US-GA": "229 404 478 678 706 770 912",
    "US-IL": "217 309 312 618 630 708 773 815 847",
    "US-TX": "210 214 254 281 361 409 430 469 512 682 713 806 817 830 832 903 936 940 956 972 979",
    "US-CO": "303 719 720 970",
    "US-AZ": "480 520 602 623 928",
    "US-CA": "209 213 310 323 408 415 510 530 559 562 619 626 650 661 707 714 760 805 818 831 858 909 916",
    "US-WA": "206 253 360 425 509",
    "US-AK": "907",
    "US-HI": "808",
}
_CANADA = (
    "204 226 236 250 289 306 403 416 418 438 450 506 514 519 587 604 613 639 647 705 709 778 780 807 819"
)
_AUSTRALIA = ("006", "110", "156", "157", "158", "159")
_WORLD = ("CA", "FR", "IE", "AU")
_WORLD_SHARES = (34, 33, 32, 1)
# Prime, and a divisor of no range: stepping by it visits every number of a range once.
_STRIDE = 7919


class Phones:
    """Gives each number once, in an order that looks drawn and is the same every time."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, rng: Random, country: str, region: str) -> str:
        """A number never given before, of the region or country if it has a range; "" when none is left."""
        own = region if region in _US_AREAS else country
        if own in _US_AREAS or own == "GB":
            number = self._next(own)
            if number:
                return number
        for pool in (rng.choices(_WORLD, _WORLD_SHARES)[0], *_WORLD):
            number = self._next(pool)
            if number:
                return number
        return ""

    def _next(self, pool: str) -> str:
        taken = self._taken.get(pool, 0)
        size = _SIZES[pool]
        if taken == size:
            return ""
        self._taken[pool] = taken + 1
        return _number(pool, taken * _STRIDE % size)


def _number(pool: str, place: int) -> str:
    """The `place`th number of a range, as E.164."""
    if pool in _AREAS:
        return f"+1{_AREAS[pool][place // 100]}55501{place % 100:02}"
    if pool == "GB":
        return f"+447700900{place:03}"
    if pool == "FR":
        return f"+3363998{place:04}"
    if pool == "IE":
        return f"+3532091{place:05}"
    return f"+61491570{_AUSTRALIA[place]}"


_AREAS = {pool: areas.split() for pool, areas in {**_US_AREAS, "CA": _CANADA}.items()}
_SIZES = {
    **{pool: 100 * len(areas) for pool, areas in _AREAS.items()},
    "GB": 1_000,
    "FR": 10_000,
    "IE": 100_000,
    "AU": len(_AUSTRALIA),
}
