"""Who is under which version of a strategy, and who said yes to it: for the pages of strategies.

To count a large book takes seconds, so it is done with the figures of the day, and a page says when.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from storage.insight.figures import alone
from storage.raw import Raw

_FIGURE: Final = "governed"  # its part is the version's id; its base counts cases
_LOANS: Final = """
SELECT strategy_version_id, count(*) FROM loans
WHERE status = 'active' AND strategy_version_id IS NOT NULL GROUP BY 1
"""
_GOVERNED: Final = """
SELECT l.strategy_version_id, count(DISTINCT l.id), count(DISTINCT p.case_id)
FROM loans l LEFT JOIN parties p ON p.loan_id = l.id AND p.role = 'borrower'
WHERE l.status = 'active' AND l.strategy_version_id IS NOT NULL GROUP BY 1
"""
_KEEP: Final = f"""
INSERT INTO day_figures
SELECT '{_FIGURE}', ($1::timestamptz AT TIME ZONE f.zone)::date, l.portfolio_id, l.strategy_version_id::text,
       '', count(DISTINCT l.id), count(DISTINCT p.case_id), 0, 0, $1
FROM loans l JOIN portfolios f ON f.id = l.portfolio_id
LEFT JOIN parties p ON p.loan_id = l.id AND p.role = 'borrower'
WHERE l.status = 'active' AND l.strategy_version_id IS NOT NULL GROUP BY 2, 3, 4
"""  # noqa: S608, our own word
_SAID_YES: Final = """
SELECT (content ->> 'version')::bigint, (array_agg(decided_by ORDER BY id DESC))[1]
FROM approvals WHERE kind = 'publish' AND state = 'approved' GROUP BY 1
"""


class Governed(msgspec.Struct, frozen=True):
    """By the id of a version: active loans under it, and their borrowers' cases. `at`: None: just now."""

    of: Mapping[int, tuple[int, int]]
    at: datetime | None = None


async def count_governed(raw: Raw, now: datetime) -> None:
    """Count who is under which version, in place of what was counted before."""
    await alone(raw)
    await raw.run("DELETE FROM day_figures WHERE figure = $1", _FIGURE)
    await raw.run(_KEEP, now)


async def governed(raw: Raw) -> Governed:
    """As counted last; where that was never done, as it is."""
    kept = await raw.rows(
        "SELECT part::bigint, sum(hits)::bigint, sum(base)::bigint, min(made_at) FROM day_figures "
        "WHERE figure = $1 GROUP BY 1",
        _FIGURE,
    )
    if kept:
        return Governed({row[0]: (row[1], row[2]) for row in kept}, min(row[3] for row in kept))
    return Governed({row[0]: (row[1], row[2]) for row in await raw.rows(_GOVERNED)})


async def loans_under(raw: Raw) -> dict[int, int]:
    """By the id of a version, the active loans under it now."""
    return {row[0]: row[1] for row in await raw.rows(_LOANS)}


async def said_yes(raw: Raw) -> dict[int, str]:
    """By the id of a version: who approved it last."""
    return {row[0]: row[1] for row in await raw.rows(_SAID_YES)}
