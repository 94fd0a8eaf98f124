"""Pauses: while one is open nothing of its portfolio is leased or claimed."""

from datetime import datetime
from typing import Final

from storage.raw import Raw

# Claims hold it together, who pauses holds it alone: a pause that is committed has let the last claim pass.
CLAIMS: Final = 0x6B657074_70617573  # "keptpaus"
PAUSED: Final = "SELECT portfolio_id FROM pauses WHERE resumed_at IS NULL"


async def pause(raw: Raw, portfolio: int | None, now: datetime, by: str) -> bool:
    """Open a pause (None: of every portfolio), once the claims under way are done; whether it is new."""
    await raw.run("SELECT pg_advisory_xact_lock($1)", CLAIMS)
    opened = await raw.run(
        "INSERT INTO pauses (portfolio_id, paused_at, paused_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        portfolio,
        now,
        by,
    )
    return bool(opened)


async def resume(raw: Raw, portfolio: int | None, now: datetime, by: str) -> int:
    """End the pause of a portfolio, or (None) every pause; how many were open."""
    return await raw.run(
        "UPDATE pauses SET resumed_at = $2, resumed_by = $3 "
        "WHERE resumed_at IS NULL AND ($1::bigint IS NULL OR portfolio_id = $1)",
        portfolio,
        now,
        by,
    )


async def paused(raw: Raw) -> list[int | None]:
    """The portfolios that are paused; None among them: every one."""
    return [row[0] for row in await raw.rows(PAUSED)]
