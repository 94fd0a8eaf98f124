"""What was done counts: caps by period, cooldowns, spacing, one channel a week. All read `situation.past`.

Days, weeks (from Monday) and months are those of the person's calendar; 'N days' are local dates. Where the
zone is not certain, a rule holds in every zone they may be in. Caps, spacing and the one channel count what
we began: not what the person said, nor our answer to it, nor the confirmation of their stop.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from policy.calendar import DAY, day_start, local_day
from policy.rules.base import HORIZON, Binding, meet
from policy.values import ASKED_FOR, Ask, Past, Situation

_NOBODY: Final[frozenset[str]] = frozenset()


class Cap(msgspec.Struct, frozen=True):
    """At most `most` contacts a calendar day, week or month, or in any `days` consecutive days."""

    name: str
    most: int
    period: str  # day | week | month; "" where `days` says it
    channels: frozenset[str]  # that count
    per: str  # person | debt | address
    binding: Binding
    days: int = 0
    only: frozenset[str] = _NOBODY  # results that count, and what is not known; empty: all
    but: frozenset[str] = _NOBODY  # results that do not

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        past = situation.past
        if not past:
            return at
        zones = situation.zones
        if len(zones) == 1:
            return self._first(ask, past, zones[0], at)
        return meet(zones, at, lambda zone, moment: self._first(ask, past, zone, moment))

    def _first(self, ask: Ask, past: Sequence[Past], zone: str, at: datetime) -> datetime | None:
        moment = at
        while moment - at <= HORIZON:
            start, end = _around_moment(self.period, self.days, moment, zone)
            channels, count = self.channels, 0
            for one in past:
                if one.channel in channels and start <= one.at < end:
                    count += 1
            if count < self.most or self._spent(ask, past, zone, moment) < self.most:
                return moment
            moment = end if self.period else day_start(local_day(moment, zone) + DAY, zone)
        return None

    def _spent(self, ask: Ask, past: Sequence[Past], zone: str, at: datetime) -> int:
        """How many count at `at`, of the debt or in the stretch of days that has most."""
        day = local_day(at, zone)
        start, end = _around(self.period, self.days, day, zone)
        counted = [one for one in past if start <= one.at < end and self._counts(one, ask)]
        if self.per == "address" and ask.address:
            counted = [one for one in counted if one.address in (0, ask.address)]
        if self.period:
            return self._most(ask, counted)
        dated = [(local_day(one.at, zone), one) for one in counted]
        return max(
            self._most(ask, [one for on, one in dated if first <= on < first + self.days * DAY])
            for first in (day - back * DAY for back in range(self.days))
        )

    def _counts(self, one: Past, ask: Ask) -> bool:
        return (
            one.channel in self.channels
            and _ours(one)
            and (not self.only or not one.result or one.result in self.only)
            and one.result not in self.but
            and (one.message == 0 or one.message != ask.message)
        )

    def _most(self, ask: Ask, counted: list[Past]) -> int:
        if self.per != "debt" or not ask.loans:
            return _messages(counted)
        return max(_messages(about(counted, loan)) for loan in ask.loans)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        spent = max(self._spent(ask, situation.past, zone, at) for zone in situation.zones)
        return f"{spent} of {self.most} " + (f"this {self.period}" if self.period else f"in {self.days} days")


def _ours(one: Past) -> bool:
    """Whether we began it."""
    return not one.inbound and one.purpose not in ASKED_FOR


def about(past: Iterable[Past], loan: int) -> list[Past]:
    """What named the loan, or (as what was made elsewhere may) does not say which it named."""
    return [one for one in past if not one.loans or loan in one.loans]


def _messages(counted: list[Past]) -> int:
    """How many contacts count: those of one message (a fallback) are one."""
    ours = {one.message for one in counted if one.message}
    return len(ours) + sum(1 for one in counted if not one.message)


@lru_cache(maxsize=65536)
def _around(period: str, days: int, day: date, zone: str) -> tuple[datetime, datetime]:
    """The calendar period around `day` in `zone`, or all stretches of `days` that hold it; half-open."""
    if period == "day":
        first, after = day, day + DAY
    elif period == "week":
        first = day - timedelta(days=day.weekday())
        after = first + 7 * DAY
    elif period == "month":
        first = day.replace(day=1)
        after = (first + 31 * DAY).replace(day=1)
    else:
        first, after = day - (days - 1) * DAY, day + days * DAY
    return day_start(first, zone), day_start(after, zone)


@lru_cache(maxsize=65536)
def _around_moment(period: str, days: int, at: datetime, zone: str) -> tuple[datetime, datetime]:
    """The same around a moment: many are asked about at the same one."""
    return _around(period, days, local_day(at, zone), zone)


class Cooldown(msgspec.Struct, frozen=True):
    """No contact within `days` days of one that ended in `after`, whoever made it; its own day is day 1."""

    name: str
    days: int
    after: frozenset[str]  # results
    channels: frozenset[str]  # on which such a result counts
    per: str  # person | debt
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        spoken = self._spoken(ask, situation)
        if not spoken:
            return at
        return meet(situation.zones, at, lambda zone, moment: self._first(spoken, zone, moment))

    def _spoken(self, ask: Ask, situation: Situation) -> list[Past]:
        return [
            one
            for one in situation.past
            if one.result in self.after
            and one.channel in self.channels
            and (self.per == "person" or _concerns(one, ask))
        ]

    def _first(self, spoken: list[Past], zone: str, at: datetime) -> datetime:
        """Each that binds ends on its day; so the latest end that is reached through them."""
        moment = at
        for began in sorted(local_day(one.at, zone) for one in spoken):
            if began <= local_day(moment, zone) < began + self.days * DAY:
                moment = day_start(began + self.days * DAY, zone)
        return moment

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        said = ", ".join(sorted(self.after))
        for zone in situation.zones:
            today = local_day(at, zone)
            days = [local_day(one.at, zone) for one in self._spoken(ask, situation)]
            last = max((day for day in days if day <= today < day + self.days * DAY), default=None)
            if last is not None:
                return f"{said} on {last}; the {self.days} days from it are not over"
        return f"no {said} within {self.days} days"


def _concerns(one: Past, ask: Ask) -> bool:
    """Whether a contact named a loan asked about; either may not say which it names."""
    return not one.loans or not ask.loans or any(loan in one.loans for loan in ask.loans)


class Spacing(msgspec.Struct, frozen=True):
    """Two contacts are at least `days` local dates apart."""

    name: str
    days: int
    channels: frozenset[str]
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        counted = self._counted(ask, situation)
        if not counted:
            return at
        return meet(situation.zones, at, lambda zone, moment: self._first(counted, zone, moment))

    def _counted(self, ask: Ask, situation: Situation) -> list[Past]:
        return [
            one
            for one in situation.past
            if one.channel in self.channels
            and _ours(one)
            and (one.message == 0 or one.message != ask.message)
        ]

    def _first(self, counted: list[Past], zone: str, at: datetime) -> datetime:
        moment = at
        for on in sorted(local_day(one.at, zone) for one in counted):
            if abs((local_day(moment, zone) - on).days) < self.days:
                moment = day_start(on + self.days * DAY, zone)
        return moment

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        for zone in situation.zones:
            today = local_day(at, zone)
            days = [local_day(one.at, zone) for one in self._counted(ask, situation)]
            near = max((day for day in days if abs((today - day).days) < self.days), default=None)
            if near is not None:
                return f"the last one was on {near}, and {self.days} days must lie between"
        return f"none within {self.days} days"


class OneChannel(msgspec.Struct, frozen=True):
    """Once a contact was made in a calendar week, no other channel in that week."""

    name: str
    but: frozenset[str]  # results that are no contact
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if not situation.past:
            return at
        return meet(situation.zones, at, lambda zone, moment: self._first(ask, situation, zone, moment))

    def _first(self, ask: Ask, situation: Situation, zone: str, at: datetime) -> datetime:
        moment = at
        while moment - at <= HORIZON and self._others(ask, situation, zone, moment):
            moment = _around("week", 0, local_day(moment, zone), zone)[1]
        return moment

    def _others(self, ask: Ask, situation: Situation, zone: str, at: datetime) -> set[str]:
        start, end = _around("week", 0, local_day(at, zone), zone)
        return {
            one.channel
            for one in situation.past
            if start <= one.at < end
            and _ours(one)
            and one.result not in self.but
            and one.channel != ask.channel
        }

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        others = {channel for zone in situation.zones for channel in self._others(ask, situation, zone, at)}
        return f"this week's channel is {', '.join(sorted(others)) or ask.channel}"
