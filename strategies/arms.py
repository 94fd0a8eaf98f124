"""Arms: who hears which variant, by a salted hash of the person: always the same arm."""

from datetime import timedelta
from hashlib import sha256
from typing import Final

import msgspec

HOLDOUT: Final = "holdout"
_PARTS: Final = 10_000


class Arms(msgspec.Struct, frozen=True):
    """An experiment within a strategy: shares in percent, together 100 with the holdout."""

    experiment: str  # its salt: the same name splits people in the same way
    split: tuple[tuple[str, int], ...]
    holdout: int  # hears no message of the strategy, for good
    horizon: timedelta

    def of(self, person: int) -> str:
        """The arm of a person (id)."""
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
