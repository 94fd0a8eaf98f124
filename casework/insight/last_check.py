"""What the last check of the live data found: kept in the book, so that every process can show it.

The check runs in one worker; who scrapes may ask another process, or come after a restart. That it did not
run at all is to be seen as well.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from prometheus_client import Gauge

from casework.insight.check import Invariant
from casework.office import Office
from storage.raw import Raw

_MARK = "last_check"

_BROKEN = Gauge("kept_invariant_violations", "Violations found by the last check", ["invariant"])
_AT = Gauge("kept_last_check_seconds", "When the last check ended, in seconds since 1970; 0: never")


async def note_check(office: Office, found: Sequence[Invariant], now: datetime) -> None:
    """Keep what a check found."""
    value = msgspec.json.encode({invariant.name: invariant.violations for invariant in found})
    async with office.transaction() as raw:
        await raw.run(
            "INSERT INTO marks (name, at, value) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at, value = EXCLUDED.value",
            _MARK,
            now,
            value,
        )
    await show_last_check(office)


async def show_last_check(office: Office) -> None:
    """Set this process's gauges to what the last check found, whoever made it."""
    async with office.transaction() as raw:
        rows = await raw.rows("SELECT at, value FROM marks WHERE name = $1", _MARK)
    for at, value in rows:
        _AT.set(at.timestamp())
        for name, violations in msgspec.json.decode(value, type=dict[str, int]).items():
            _BROKEN.labels(name).set(violations)


async def broken_by_last_check(raw: Raw) -> tuple[str, dict[str, int]]:
    """When the last check ended (ISO 8601; "" for never), and what it found broken: violations by name."""
    rows = await raw.rows("SELECT at, value FROM marks WHERE name = $1", _MARK)
    for at, value in rows:
        counts = msgspec.json.decode(value, type=dict[str, int])
        return at.isoformat(), {name: count for name, count in counts.items() if count}
    return "", {}
