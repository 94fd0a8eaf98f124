"""Arms: who hears which variant, by a salted hash of the person: always the same arm.

The first arm of a split is the champion: what everybody hears while the experiment does not run.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

HOLDOUT: Final = "holdout"
# The arms of a roll-out: the version that was in force, and the new one.
BEFORE: Final = "before"
NEW: Final = "new"
_PARTS: Final = 10_000
# The holdout is drawn by a salt of its own: the same people in one experiment after the other.
_HELD_OUT: Final = "holdout"


class Arms(msgspec.Struct, frozen=True):
    """An experiment within a strategy: shares in percent, together 100 with the holdout."""

    experiment: str  # its salt: the same name splits people in the same way
    split: tuple[tuple[str, int], ...]
    holdout: int  # hears no message of the strategy, for good
    horizon: timedelta

    @property
    def champion(self) -> str:
        return self.split[0][0]

    def draws(self, person: int) -> str:
        """The arm that a person (id) is drawn into."""
        if self.holds_out(person):
            return HOLDOUT
        total = sum(share for _, share in self.split)
        place, reached = part(self.experiment, person) * total, 0
        for name, share in self.split:
            reached += share * _PARTS
            if place < reached:
                return name
        return self.split[-1][0]

    def holds_out(self, person: int) -> bool:
        """Whether a person (id) hears no message of the strategy, for good."""
        return part(_HELD_OUT, person) < self.holdout * _PARTS // 100

    def of(self, person: int) -> str:
        """The arm of a person (id) by a rulebook that knows of no experiments: engines up to 4."""
        place = part(self.experiment, person)
        reached = self.holdout * _PARTS // 100
        if place < reached:
            return HOLDOUT
        for name, share in self.split:
            reached += share * _PARTS // 100
            if place < reached:
                return name
        return self.split[-1][0]


def part(salt: str, person: int) -> int:
    """Where a person falls among ten thousand equal parts; the same for the same salt, always."""
    return int.from_bytes(sha256(f"{salt}:{person}".encode()).digest()[:8]) % _PARTS
