"""Portfolios as rows: read whole (there are few), written when their settings change."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import orjson

from storage.raw import Raw


class PortfolioRow(msgspec.Struct, frozen=True):
    """A portfolio of the book. `settings` is its file as validated (casework/portfolios.py)."""

    id: int
    code: str
    country: str | None
    zone: str
    language: str
    settings: Mapping[str, Any]
    strategy: str


ALL_PORTFOLIOS: Final = (
    "SELECT id, code, country, zone, language, settings::text, strategy FROM portfolios ORDER BY id"
)


async def all_portfolios(raw: Raw) -> list[PortfolioRow]:
    """Every portfolio, by id."""
    return portfolios_of(await raw.rows(ALL_PORTFOLIOS))


def portfolios_of(rows: Iterable[Any]) -> list[PortfolioRow]:
    """What ALL_PORTFOLIOS found."""
    return [
        PortfolioRow(id_, code, country, zone, language, orjson.loads(settings), strategy)
        for id_, code, country, zone, language, settings, strategy in rows
    ]


async def save_portfolio(
    raw: Raw,
    code: str,
    country: str | None,
    zone: str,
    language: str,
    settings: Mapping[str, Any],
    strategy: str,
) -> tuple[int, bool]:
    """Insert or change; (id, whether anything changed)."""
    written = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS).decode()
    changed = await raw.value(
        "INSERT INTO portfolios (code, country, zone, language, settings, strategy) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, $6) "
        "ON CONFLICT (code) DO UPDATE SET country = EXCLUDED.country, zone = EXCLUDED.zone, "
        "language = EXCLUDED.language, settings = EXCLUDED.settings, strategy = EXCLUDED.strategy "
        "WHERE (portfolios.country, portfolios.zone, portfolios.language, portfolios.settings, "
        "portfolios.strategy) IS DISTINCT FROM (EXCLUDED.country, EXCLUDED.zone, EXCLUDED.language, "
        "EXCLUDED.settings, EXCLUDED.strategy) RETURNING id",
        code,
        country,
        zone,
        language,
        written,
        strategy,
    )
    if changed is not None:
        return changed, True
    return await raw.value("SELECT id FROM portfolios WHERE code = $1", code), False
