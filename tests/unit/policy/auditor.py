"""The law read a second time: by hand, from the design's list of facts, without a rule or pack of Kept.

Slow and plain on purpose. It says of one moment what would be broken by a contact then; it never leaps.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from policy.values import Ask, Past, Situation

DAY = timedelta(days=1)
ALL = ("sms", "email", "chat", "call", "visit")
MESSAGES = ("sms", "email", "chat")
NOT_REACHED = ("no_answer", "busy", "not_in_service", "failed")
BOTH = ("first_party", "third_party")
OWED = ("collection",)
ALSO_BEFORE = ("reminder", "collection")

# Who and what each pack binds, as its row has it.
BINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "house": (BOTH, ALSO_BEFORE),
    "us-reg-f": (("third_party",), OWED),
    "us-tcpa": (BOTH, ALSO_BEFORE),
    "us-ma": (BOTH, OWED),
    "us-nyc": (BOTH, OWED),
    "cn-gbt-45251": (BOTH, OWED),
    "cn-cba": (BOTH, OWED),
    "in-rbi": (BOTH, OWED),
    "gb-conc": (BOTH, OWED),
    "gb-breathing-space": (BOTH, ALSO_BEFORE),
    "ru-230fz": (BOTH, OWED),
    "kz-62vi": (("third_party",), OWED),
    "co-2300": (BOTH, OWED),
    "cl-19496": (BOTH, OWED),
    "id-pojk22": (BOTH, OWED),
    "ph-mc18": (BOTH, OWED),
    "mx-condusef": (("third_party",), OWED),
    "gr-3758": (BOTH, OWED),
    "ke-ln46": (BOTH, OWED),
}


@cache
def is_holiday(country: str, day: date) -> bool:
    return day in holidays.country_holidays(country, years=day.year)


def _hours(pack: str, day: date, channel: str, *, agreed: bool, late: int | None) -> tuple[int, int] | None:
    """(first hour, hour that is out again) of the pack on a day; (0, 0) is closed, None is no hours."""
    weekday = day.isoweekday()  # Monday is 1
    if pack in ("house", "us-reg-f", "gb-conc"):
        return 8, 21
    if pack == "cn-gbt-45251":
        return None if agreed else (8, 22)
    if pack == "in-rbi":
        return (8, 19) if channel == "call" else None
    if pack == "ru-230fz":
        return (9, 20) if weekday >= 6 or is_holiday("RU", day) else (8, 22)
    if pack == "kz-62vi":
        return (8, 21) if weekday <= 5 else (0, 0)
    if pack == "co-2300":
        return (7, 19) if weekday <= 5 else (8, 15) if weekday == 6 else (0, 0)
    if pack == "cl-19496":
        return (8, 20) if weekday <= 6 else (0, 0)
    if pack == "id-pojk22":
        return None if agreed else (8, 20) if weekday <= 6 else (0, 0)
    if pack == "ph-mc18":
        return None if agreed or (late is not None and late > 15) else (6, 22)
    if pack == "mx-condusef":
        return 7, 22
    if pack == "gr-3758":
        return (9, 20) if weekday <= 5 else (0, 0)
    return None


def _closed(pack: str, day: date, *, agreed: bool) -> bool:
    """Days without contact, which a person's own hours do not open."""
    weekday = day.isoweekday()
    if pack in ("kz-62vi", "gr-3758"):
        return weekday >= 6
    if pack == "cl-19496":
        return weekday == 7
    if pack == "co-2300":
        return weekday == 7 or is_holiday("CO", day)
    if pack == "id-pojk22":
        return not agreed and (weekday == 7 or is_holiday("ID", day))
    return False


class Auditor:
    """What a contact would break, for one question; `breaches(at)` is asked moment by moment."""

    def __init__(self, packs: Iterable[str], ask: Ask, situation: Situation) -> None:
        self.ask, self.situation = ask, situation
        self.packs = [pack for pack in packs if ask.actor in BINDS[pack][0] and ask.stage in BINDS[pack][1]]
        self.zones = [ZoneInfo(zone) for zone in situation.zones]
        self.local = {
            zone.key: [(past.at.astimezone(zone).date(), past) for past in situation.past]
            for zone in self.zones
        }
        self.always = [*self._third_parties(), *(self._always() if ask.purpose == "dunning" else [])]
        self.days: dict[tuple[str, date], list[str]] = {}

    def breaches(self, at: datetime) -> list[str]:
        if self.ask.purpose != "dunning":
            return [*self.always, *self._not_dunning(at)]
        found = [*self.always]
        for hold in self.situation.holds:
            if hold.loan in (0, *self.ask.loans) and hold.start <= at and (hold.end is None or at < hold.end):
                found.append(f"hold {hold.kind}")
        for zone in self.zones:
            there = at.astimezone(zone)
            day = there.date()
            if (zone.key, day) not in self.days:
                self.days[zone.key, day] = [*self._day(zone.key, day)]
            found += self.days[zone.key, day]
            found += self._clock(day, there.time())
        return found

    # --- whatever the hour ------------------------------------------------------------------------

    def _always(self) -> list[str]:
        said, flags, channel = self.situation.consents, set(self.situation.flags), self.ask.channel
        found: list[str] = []
        if said.get(channel) == "revoked":
            found.append("stopped")
        if flags & {"represented", "cease", "refusal", "deceased", "bankrupt"}:
            found.append("marked")
        if "gb-conc" in self.packs and flags & {"vulnerable", "hardship"} and channel in MESSAGES:
            found.append("gb-conc: a human route")
        if "ru-230fz" in self.packs and channel == "chat" and said.get("chat") != "granted":
            found.append("ru-230fz: no agreement to another channel")
        return found

    def _third_parties(self) -> Iterable[str]:
        """Whatever the purpose."""
        party, flags = self.ask.party, set(self.situation.flags)
        if party in ("borrower", "co-borrower", "guarantor", "representative", "estate"):
            return
        for pack in ("in-rbi", "gb-conc", "mx-condusef", "ke-ln46", "us-reg-f", "cn-gbt-45251"):
            if pack not in self.packs or (pack == "us-reg-f" and party == "spouse"):
                continue
            unreachable = flags & {"unreachable", "incapable", "deceased"}
            if not (pack == "cn-gbt-45251" and party == "contact_person" and unreachable):
                yield f"{pack}: a third party"

    def _not_dunning(self, at: datetime) -> Iterable[str]:
        """Answers, statutory notices, the confirmation: no hours and no caps."""
        ask = self.ask
        if ask.purpose == "answer" and "us-reg-f" in self.packs and "represented" in self.situation.flags:
            yield "us-reg-f: represented"
        if ask.purpose == "opt_out_confirmation":
            mine = [past for past in self.situation.past if past.channel == ask.channel and past.at <= at]
            received = [past.at for past in mine if past.inbound]
            others = [p for p in mine if not p.inbound and (p.message == 0 or p.message != ask.message)]
            if received and any(past.at >= max(received) for past in others):
                yield "confirmed before"
            bound = "us-tcpa" in self.packs and ask.channel == "sms"
            if received and bound and at - max(received) > timedelta(minutes=5):
                yield "us-tcpa: more than 5 minutes"

    # --- by the clock -----------------------------------------------------------------------------

    def _clock(self, day: date, clock: time) -> Iterable[str]:
        late = self._late(day)
        if self.situation.windows:
            if not any(_within(clock, opens, closes) for opens, closes in self.situation.windows):
                yield "outside their own hours"
            return
        for pack in self.packs:
            hours = _hours(pack, day, self.ask.channel, agreed=self.situation.hours_agreed, late=late)
            if hours is not None and not hours[0] <= clock.hour < hours[1]:
                yield f"{pack}: hours"

    def _late(self, day: date) -> int | None:
        """Days past due of the loan that is least late; the strictest zone decides over all zones."""
        due = [self.situation.due.get(loan) for loan in self.ask.loans]
        if any(one is None for one in due):
            return None
        return min((day - one).days for one in due if one is not None)

    # --- by the day -------------------------------------------------------------------------------

    def _day(self, zone: str, day: date) -> Iterable[str]:
        for pack in self.packs:
            if _closed(pack, day, agreed=self.situation.hours_agreed):
                yield f"{pack}: closed day"
            counts = COUNTS.get(pack)
            if counts is not None:
                yield from (f"{pack}: {what}" for what in counts(self, zone, day))

    def _out(self, zone: str, channels: Iterable[str]) -> list[tuple[date, Past]]:
        if self.ask.channel not in channels:
            return []
        return [
            (day, past)
            for day, past in self.local[zone]
            if not past.inbound
            and past.channel in channels
            and (past.message == 0 or past.message != self.ask.message)
        ]

    def about(self, past: Past, loan: int) -> bool:
        return not past.loans or loan in past.loans


def _within(clock: time, opens: time, closes: time) -> bool:
    if opens < closes:
        return opens <= clock < closes
    return clock >= opens or clock < closes


def _number(counted: Iterable[Past]) -> int:
    """Contacts of one message are one."""
    known: set[int] = set()
    number = 0
    for past in counted:
        if past.message == 0 or past.message not in known:
            number += 1
        known.add(past.message)
    return number


def _same_week(one: date, other: date) -> bool:
    return one.isocalendar()[:2] == other.isocalendar()[:2]


def _same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)


def _same_day(one: date, other: date) -> bool:
    return one == other


def _full(
    auditor: Auditor,
    zone: str,
    day: date,
    most: int,
    channels: tuple[str, ...],
    same: Callable[[date, date], bool],
    only: tuple[str, ...] = (),
    but: tuple[str, ...] = (),
) -> bool:
    """Whether the period of `day` has as many as it may, per person."""
    out = auditor._out(zone, channels)
    counted = [past for on, past in out if same(on, day) and past.result not in but]
    if only:
        counted = [past for past in counted if past.result in only or not past.result]
    return _number(counted) >= most and auditor.ask.channel in channels


def _full_stretch(
    auditor: Auditor,
    zone: str,
    day: date,
    most: int,
    length: int,
    channels: tuple[str, ...],
    but: tuple[str, ...] = (),
    per_debt: bool = True,
) -> bool:
    """Whether one more on `day` makes too many in some stretch of days, for some loan asked about."""
    out = [(on, past) for on, past in auditor._out(zone, channels) if past.result not in but]
    for first in range(-length + 1, 1):
        begin, end = day + first * DAY, day + (first + length - 1) * DAY
        within = [past for on, past in out if begin <= on <= end]
        groups = [[p for p in within if auditor.about(p, loan)] for loan in auditor.ask.loans]
        if any(_number(group) >= most for group in (groups if per_debt else [within])):
            return True
    return False


def _reg_f(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if auditor.ask.channel != "call":
        return
    if _full_stretch(auditor, zone, day, 7, 7, ("call",), but=("busy", "not_in_service")):
        yield "8th call in 7 days"
    for on, past in auditor.local[zone]:
        named = any(auditor.about(past, loan) for loan in auditor.ask.loans)
        if past.channel == "call" and past.result == "conversation" and named and 0 <= (day - on).days < 7:
            yield "within 7 days of a conversation"


def _tcpa(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    said = auditor.situation.consents
    revoked = "revoked" in (said.get("sms"), said.get("call"))
    if auditor.ask.channel in ("sms", "call") and day >= date(2027, 1, 31) and revoked:
        yield "revoke-all"


def _ma(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full_stretch(auditor, zone, day, 2, 7, ("call", "sms")):
        yield "3rd in 7 days"


def _nyc(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if day < date(2026, 9, 1):
        return
    if _full_stretch(auditor, zone, day, 3, 7, ALL):
        yield "4th in 7 days"
    if auditor.ask.channel in MESSAGES and auditor.situation.consents.get(auditor.ask.channel) != "granted":
        yield "no consent for electronic contact"


def _gbt(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 3, ("call",), _same_day, only=("conversation",)):
        yield "4th effective call of the day"
    if _full(auditor, zone, day, 1, ("visit",), _same_day):
        yield "2nd visit of the day"


def _cba(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 6, ("call",), _same_day, only=("no_answer",)):
        yield "7th try of the day"


def _house(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 1, MESSAGES, _same_day):
        yield "2nd message of the day"
    if _full(auditor, zone, day, 4, MESSAGES, _same_week):
        yield "5th message of the week"


def _ru(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    for channels, a_day, a_week, a_month in ((("call",), 1, 2, 8), (MESSAGES, 2, 4, 16)):
        if _full(auditor, zone, day, a_day, channels, _same_day):
            yield f"{channels[0]} of the day"
        if _full(auditor, zone, day, a_week, channels, _same_week):
            yield f"{channels[0]} of the week"
        if _full(auditor, zone, day, a_month, channels, _same_month):
            yield f"{channels[0]} of the month"
    if _full(auditor, zone, day, 1, ("visit",), _same_week):
        yield "2nd meeting of the week"


def _kz(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 3, ("call",), _same_day):
        yield "4th call of the day"
    if _full(auditor, zone, day, 1, ("visit",), _same_day):
        yield "2nd meeting of the day"
    if _full(auditor, zone, day, 3, ("visit",), _same_week):
        yield "4th meeting of the week"


def _co(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 1, ALL, _same_day, but=NOT_REACHED):
        yield "2nd contact of the day"
    for on, past in auditor.local[zone]:
        reached = not past.inbound and past.result not in NOT_REACHED
        if reached and _same_week(on, day) and past.channel != auditor.ask.channel:
            yield "2nd channel of the week"


def _cl(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full(auditor, zone, day, 1, ("call", "visit"), _same_week):
        yield "2nd call or visit of the week"
    if _full(auditor, zone, day, 2, MESSAGES, _same_week):
        yield "3rd message of the week"
    if any(abs((on - day).days) < 2 for on, _ in auditor._out(zone, MESSAGES)):
        yield "messages less than 2 days apart"


def _gr(auditor: Auditor, zone: str, day: date) -> Iterable[str]:
    if _full_stretch(auditor, zone, day, 1, 2, ("call",), per_debt=False):
        yield "2nd call in 2 days"
    due = [auditor.situation.due[loan] for loan in auditor.ask.loans if loan in auditor.situation.due]
    if any((day - one).days <= 10 for one in due):
        yield "first 10 days"


COUNTS: Mapping[str, Callable[[Auditor, str, date], Iterable[str]]] = {
    "house": _house,
    "us-reg-f": _reg_f,
    "us-tcpa": _tcpa,
    "us-ma": _ma,
    "us-nyc": _nyc,
    "cn-gbt-45251": _gbt,
    "cn-cba": _cba,
    "ru-230fz": _ru,
    "kz-62vi": _kz,
    "co-2300": _co,
    "cl-19496": _cl,
    "gr-3758": _gr,
}
