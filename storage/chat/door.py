"""Where the chat's door is: what a link begins with, as the bot said when it last began."""

from datetime import datetime

from storage.raw import Raw

_NAME = "chat_door"


async def set_door(raw: Raw, begins: str, now: datetime) -> None:
    """A link to the chat is `begins` and then its payload."""
    await raw.run(
        "INSERT INTO marks (name, at, value) VALUES ($1, $2, $3) "
        "ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at, value = EXCLUDED.value",
        _NAME,
        now,
        begins.encode(),
    )


async def door(raw: Raw) -> str | None:
    """What a link begins with; None: no bot has run yet."""
    value = await raw.value("SELECT value FROM marks WHERE name = $1", _NAME)
    return None if value is None else bytes(value).decode()
