"""Public holidays by country and region, from the pinned `holidays` package, under names in English.

The day's answer goes into the detail of a no, and so into the decision: a later release of the package, or a
decree, does not change why something was put off.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache

from policy.errors import PolicyInputError


@lru_cache(maxsize=65536)
def holiday(day: date, country: str, region: str | None) -> str | None:
    """The name of the holiday that `day` is in `country`, or in the region of it ("US-MA"); None: none.

    A region of another country, or one without holidays of its own, has those of the whole country.
    """
    part = None
    if region is not None and region.startswith(f"{country}-"):
        part = region.partition("-")[2]
    return _of_year(country, part, day.year).get(day)


@lru_cache(maxsize=4096)
def _of_year(country: str, part: str | None, year: int) -> Mapping[date, str]:
    import holidays  # a tenth of a second: only where a pack asks for holidays

    known = _parts(country)
    # Of a year alone, and with the language named, so that neither order of asking nor LANG matters.
    found = holidays.country_holidays(
        country, subdiv=part if part in known else None, years=year, expand=False, language="en_US"
    )
    return {day: name for day, name in found.items() if day.year == year}


@cache
def _parts(country: str) -> frozenset[str]:
    """The regions of a country that have holidays of their own. PolicyInputError: no such country."""
    import holidays

    try:
        return frozenset(holidays.country_holidays(country).subdivisions)
    except NotImplementedError:
        raise PolicyInputError(
            f"{country!r} is no country whose holidays are known; write one like 'CO'"
        ) from None


def check_country(country: str) -> None:
    """PolicyInputError where there is no calendar of holidays for `country`."""
    _parts(country)
