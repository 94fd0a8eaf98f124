"""Who is under which version of a strategy, and who said yes to it: for the pages of strategies."""

from typing import Final

from storage.raw import Raw

_GOVERNED: Final = """
SELECT l.strategy_version_id, count(DISTINCT l.id), count(DISTINCT p.case_id)
FROM loans l LEFT JOIN parties p ON p.loan_id = l.id AND p.role = 'borrower'
WHERE l.status = 'active' AND l.strategy_version_id IS NOT NULL GROUP BY 1
"""
_SAID_YES: Final = """
SELECT (content ->> 'version')::bigint, (array_agg(decided_by ORDER BY id DESC))[1]
FROM approvals WHERE kind = 'publish' AND state = 'approved' GROUP BY 1
"""


async def governed(raw: Raw) -> dict[int, tuple[int, int]]:
    """By the id of a version: active loans under it, and their borrowers' cases."""
    return {row[0]: (row[1], row[2]) for row in await raw.rows(_GOVERNED)}


async def said_yes(raw: Raw) -> dict[int, str]:
    """By the id of a version: who approved it last."""
    return {row[0]: row[1] for row in await raw.rows(_SAID_YES)}
