"""The moment of the last look: time goes forward, also when it is played (`--now`)."""

from datetime import datetime

from casework.office import Office

_MARK = "last_look"


async def note_look(office: Office, now: datetime) -> None:
    """Remember that a look was made at `now`."""
    async with office.transaction() as raw:
        await raw.run(
            "INSERT INTO marks (name, at) VALUES ($1, $2) "
            "ON CONFLICT (name) DO UPDATE SET at = greatest(marks.at, EXCLUDED.at)",
            _MARK,
            now,
        )


async def last_look(office: Office) -> datetime | None:
    """The latest moment that any look was made at."""
    async with office.transaction() as raw:
        return await raw.value("SELECT at FROM marks WHERE name = $1", _MARK)
