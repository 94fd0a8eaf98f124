"""Feeds, with the loans that depend on them; and when one was told to have fallen silent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from storage.insight.figures import alone
from storage.raw import Raw

_LATE: Final = """
SELECT p.code, f.source, f.fed_at, l.strategy_version_id, count(*) AS loans
FROM feeds f
JOIN portfolios p ON p.id = f.portfolio_id
JOIN loans l ON l.portfolio_id = f.portfolio_id AND l.source = f.source AND l.status = 'active'
            AND l.strategy_version_id IS NOT NULL
WHERE f.fed_at <= $2 AND EXISTS (SELECT 1 FROM installments i WHERE i.loan_id = l.id AND i.left_minor > 0
              AND i.due_on < ($1 AT TIME ZONE l.zone)::date)
GROUP BY 1, 2, 3, 4
"""
_COUNT: Final = """
INSERT INTO day_figures
SELECT 'fed', ($1::timestamptz AT TIME ZONE p.zone)::date, p.id, l.source, '', count(*), 0, 0, 0, $1
FROM loans l JOIN portfolios p ON p.id = l.portfolio_id WHERE l.status = 'active' GROUP BY 2, 3, 4
"""
_COUNTED: Final = """
SELECT p.code, d.part, d.hits FROM day_figures d JOIN portfolios p ON p.id = d.portfolio_id
WHERE d.figure = $1 AND d.day = ($2::timestamptz AT TIME ZONE p.zone)::date
"""


async def late_loans(raw: Raw, now: datetime, latest: datetime) -> list[Any]:
    """(portfolio's code, source, fed_at, strategy version, loans with something past due) of each feed that
    is not newer than `latest`."""
    return await raw.rows(_LATE, now, latest)


async def count_loans(raw: Raw, now: datetime) -> None:
    """Count the active loans of each feed, in place of what was counted before."""
    await alone(raw)
    await raw.run("DELETE FROM day_figures WHERE figure = 'fed'")
    await raw.run(_COUNT, now)


async def counted_today(raw: Raw, figure: str, now: datetime) -> dict[tuple[str, str], int]:
    """A figure of each feed (portfolio's code, source), as counted last today: its loans ('fed'), or those of
    them that wait because it is silent ('stale')."""
    rows = await raw.rows(_COUNTED, figure, now)
    return {(row[0], row[1]): row[2] for row in rows}


async def mark_silent(raw: Raw, portfolio: str, source: str, fed_at: datetime, now: datetime) -> bool:
    """Remember that a feed fell silent after `fed_at`; whether that is news."""
    value = fed_at.isoformat().encode()
    return bool(
        await raw.run(
            "INSERT INTO marks (name, at, value) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at, value = EXCLUDED.value "
            "WHERE marks.value <> EXCLUDED.value",
            f"silent_feed/{portfolio}/{source}",
            now,
            value,
        )
    )


_FEEDS: Final = """
SELECT p.code, f.source, f.fed_at, f.held_since,
  coalesce((SELECT n.loans FROM unnest($2::text[], $3::text[], $4::bigint[]) n(code, source, loans)
            WHERE n.code = p.code AND n.source = f.source),
           (SELECT count(*) FROM loans l WHERE l.portfolio_id = f.portfolio_id AND l.source = f.source
            AND l.status = 'active'))
FROM feeds f JOIN portfolios p ON p.id = f.portfolio_id WHERE f.portfolio_id = ANY($1)
ORDER BY f.fed_at, p.code, f.source
"""


async def feeds_of(raw: Raw, portfolios: Sequence[int], counted: Mapping[tuple[str, str], int]) -> list[Any]:
    """(portfolio's code, source, fed_at, held_since, active loans) of each feed, the oldest first.

    `counted`: the loans of feeds (portfolio's code, source) that were counted before.
    """
    codes, sources = [one[0] for one in counted], [one[1] for one in counted]
    return await raw.rows(_FEEDS, list(portfolios), codes, sources, list(counted.values()))
