"""Until when a debt may be disputed after a validation notice: 12 CFR 1006.34(b)(5)."""

from datetime import date

from policy.calendar import DAY
from policy.holidays import holiday

_ON_THE_WAY = 5  # days without weekends and holidays after which it may be assumed to have arrived
_TO_DISPUTE = 30


def disputable_until(sent: date, country: str | None) -> date:
    """The last day of the validation period of a notice sent that day, by the national holidays."""
    day, left = sent, _ON_THE_WAY
    while left:
        day += DAY
        if day.weekday() < 5 and not (country and holiday(day, country, None)):
            left -= 1
    return day + _TO_DISPUTE * DAY
