"""Two taps, or two keys, to an outcome: categories with their codes, days and moments that are offered."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from casework.staff.offering import Offer
from policy.calendar import local_day, moment_at

CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "missed": ("no_answer", "busy", "voicemail", "third_party", "wrong_number", "wrong_person"),
    "said": (
        "claims_paid",
        "refused",
        "dispute",
        "hardship",
        "vulnerable",
        "plan_agreed",
        "complaint",
        "fraud_claim",
    ),
    "special": ("represented", "bankrupt", "deceased", "moratorium"),
    "visit": (
        "visit_met",
        "visit_not_home",
        "visit_moved",
        "visit_locked",
        "visit_unsafe",
        "visit_cash_taken",
        "visit_document_served",
    ),
}
"""What a category of outcomes has behind it; promises and callbacks ask for a day, a moment."""

STOPS: Final = ("call", "sms", "email", "chat", "visit")
"""Channels that a person may have stopped."""

_AHEAD: Final = (0, 1, 3, 7)  # days from today, beside the payday
_HOURS: Final = (1, 3)
_TOMORROW: Final = (10, 17)  # o'clock, where the person is


def days_of(offer: Offer) -> tuple[date, ...]:
    """The days of a promise that are offered first; the payday comes last, if it can be promised."""
    days = [offer.today + timedelta(days=ahead) for ahead in _AHEAD]
    found = [day for day in days if day <= offer.last and day != offer.payday]
    if offer.payday is not None and offer.payday <= offer.last:
        found.append(offer.payday)
    return tuple(found)


def moments_of(zone: str, now: datetime) -> tuple[datetime, ...]:
    """The moments of a call that are offered first: in some hours, then tomorrow by the person's clock."""
    tomorrow = local_day(now, zone) + timedelta(days=1)
    later = [now + timedelta(hours=hours) for hours in _HOURS]
    return (*later, *(moment_at(tomorrow, time(hour), zone) for hour in _TOMORROW))
