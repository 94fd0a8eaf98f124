"""Which address a step may use on a channel, and whether what it says must be neutral there.

What each state may carry: PRODUCT.md, addresses. A step past due that no address of the person may carry
becomes a neutral request to get in touch, where there is an unverified one; a reminder before due does not.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from strategies.language import Step
from strategies.values import Address

KIND_OF: Final = {"sms": "phone", "email": "email", "chat": "chat"}

NEUTRAL: Final = "get-in-touch"
"""The text that is said instead of the step's own."""


class Way(msgspec.Struct, frozen=True):
    """An address for a step; `neutral`: it may carry nothing about a loan."""

    address: Address
    neutral: bool


def may_carry_amounts(address: Address) -> bool:
    """Confirmed by the person, or attested and of one person alone; a chat is linked or nobody's."""
    alone = address.state == "attested" and address.kind != "chat" and not address.shared
    return address.state in ("confirmed", "linked") or alone


def best_address(addresses: Iterable[Address], channel: str) -> Address | None:
    """The first address that may carry a reminder with amounts on the channel."""
    kind = KIND_OF[channel]
    return next((one for one in addresses if one.kind == kind and may_carry_amounts(one)), None)


def way_of(addresses: tuple[Address, ...], step: Step, channel: str) -> Way | None:
    """How `step` may go out on `channel`, if at all; `addresses` best first."""
    best = best_address(addresses, channel)
    if best is not None:
        return Way(best, neutral=False)
    if not asks_to_get_in_touch(addresses, step):
        return None
    kind = KIND_OF[channel]
    other = next((one for one in addresses if one.kind == kind), None)
    return None if other is None else Way(other, neutral=True)


def asks_to_get_in_touch(addresses: tuple[Address, ...], step: Step) -> bool:
    """Whether the step is past due and no channel of it has an address that may carry what it says."""
    return step.post_due and all(best_address(addresses, channel) is None for channel in step.by)
