"""The only reader of the clock: everything else takes a moment, or a Clock, as an argument."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two times, because a run may be played at another moment than the one it runs at."""

    def now(self) -> datetime:
        """The aware UTC moment that decisions are made for; virtual under `--now`."""
        ...

    def wall(self) -> datetime:
        """The aware UTC moment it really is: for leases, ages of connections and log lines."""
        ...


class SystemClock:
    """The machine's own clock for both."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """Decisions see `now` and nothing else (`kept look --now T`); the wall clock goes on."""

    def __init__(self, now: datetime) -> None:
        """`now` is aware, of any zone. Raises ValueError when it has none."""
        if now.tzinfo is None:
            raise ValueError(f"a moment needs its zone: {now.isoformat()} has none")
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return datetime.now(UTC)
