"""What an address may carry, by its state (PRODUCT.md, addresses), and what is left to say to it."""

from typing import Literal

import msgspec

from messages.errors import AddressClosedError
from messages.values import Saying

Carries = Literal["all", "neutral", "nothing"]
"""'all': amounts too; 'neutral': a request to get in touch, no word of a loan; 'nothing': no text at all."""


def carries(state: str, channel: str, *, shared: bool = False) -> Carries:
    """What an address in `state` may carry on `channel`.

    `shared`: another person has it on file too, so that it is unverified for both until one confirms it: for
    them it is theirs then. A chat is linked by the person alone: one that is not linked is anybody's. A
    state that is not known carries nothing.
    """
    if state not in ("attested", "confirmed", "linked", "unverified"):
        return "nothing"
    if state in ("confirmed", "linked") or (state == "attested" and channel != "chat" and not shared):
        return "all"
    return "neutral"


def said_to(saying: Saying, may: Carries) -> Saying:
    """`saying` without what the address may not carry. Raises AddressClosedError where that is everything."""
    if may == "nothing":
        raise AddressClosedError
    if may == "all":
        return msgspec.structs.replace(saying, may_carry_amounts=True)
    return msgspec.structs.replace(saying, owed=(), name=None, payment_line=None, may_carry_amounts=False)
