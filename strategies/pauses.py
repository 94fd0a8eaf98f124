"""The period of a hold, from all that was ever done about it: actions are added, never changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

ACTIONS: Final = ("place", "change", "lift")


class Action(msgspec.Struct, frozen=True):
    """`place` and `change` say the period, which may lie in the past; `lift` ends it at `ends`."""

    action: str
    starts: datetime | None
    ends: datetime | None


def period(actions: Iterable[Action]) -> tuple[datetime, datetime | None]:
    """When the hold begins and ends (None: not yet known), half-open; equal when it never held.

    ValueError when the first action does not place it.
    """
    starts: datetime | None = None
    ends: datetime | None = None
    for one in actions:
        if one.action == "lift":
            if starts is None or one.ends is None:
                raise ValueError("a hold is placed before it is lifted, at a moment")
            lifted = max(one.ends, starts)
            ends = lifted if ends is None else min(ends, lifted)
        else:
            starts = one.starts or starts
            ends = one.ends
    if starts is None:
        raise ValueError("a hold is placed before anything else is done about it")
    return starts, ends if ends is None else max(ends, starts)
