"""On what grounds, and to whom: consent, basis, age of an address, party, what must be sent before, flags.

Most end in no at all rather than in a later moment: nothing but news changes the answer.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from policy.calendar import DAY, day_start, local_day
from policy.rules.base import Binding
from policy.values import FIRST_COMMUNICATION, Ask, Situation


class Consent(msgspec.Struct, frozen=True):
    """What the person said of the channel: `granted` is demanded, or that it is not `revoked`."""

    name: str
    demands: str  # granted | not_revoked
    of: frozenset[str]  # channels whose consent is read; empty: the one asked about
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        return None if self._wrong(ask, situation) else at

    def _wrong(self, ask: Ask, situation: Situation) -> list[str]:
        stated = {channel: situation.consents.get(channel, "unknown") for channel in self.of or {ask.channel}}
        if self.demands == "granted":
            return sorted(channel for channel, state in stated.items() if state != "granted")
        return sorted(channel for channel, state in stated.items() if state == "revoked")

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        wrong = self._wrong(ask, situation)
        if not wrong:
            return "consent is as it must be"
        states = [f"{channel} is {situation.consents.get(channel, 'unknown')}" for channel in wrong]
        return f"consent to {', '.join(states)}"


class Grounds(msgspec.Struct, frozen=True):
    """The address to be used came in one of these ways; some count only after so many days."""

    name: str
    allowed: frozenset[str]
    wait_days: Mapping[str, int]
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        basis = situation.basis.get(ask.channel)
        if basis is None:
            return at
        if basis.kind not in self.allowed:
            return None
        wait = self.wait_days.get(basis.kind)
        if wait is None or basis.since is None:
            return at
        since = basis.since
        return max(at, *(day_start(local_day(since, zone) + wait * DAY, zone) for zone in situation.zones))

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        basis = situation.basis.get(ask.channel)
        return f"the address is used by {basis.kind if basis else 'a basis that is not known'}"


class Age(msgspec.Struct, frozen=True):
    """The address was checked, or used by the person, at most `days` local dates ago."""

    name: str
    days: int
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        known = self._known(ask, situation, at)
        if known is None:
            return at
        fresh = all((local_day(at, z) - local_day(known, z)).days <= self.days for z in situation.zones)
        return at if fresh else None

    def _known(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        """When the address was last known to be theirs; None: whether it ever was is not known."""
        checked = situation.checked.get(ask.channel)
        if checked is None:
            return None
        written = [one.at for one in situation.past if one.inbound and one.channel == ask.channel]
        return max((moment for moment in (checked, *written) if moment <= at), default=checked)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        known = self._known(ask, situation, at)
        on = "not known" if known is None else f"{local_day(known, situation.zones[0])}"
        return f"the address was last known as theirs: {on}; it must be within {self.days} days"


class Role(msgspec.Struct, frozen=True):
    """To whom one may speak; to some only where a flag is there, to none where one forbids it."""

    name: str
    may: frozenset[str]
    only_with: Mapping[str, frozenset[str]]  # party -> flags of which one must be there
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if ask.party in self.may:
            return at
        needed = self.only_with.get(ask.party)
        return at if needed is not None and needed & set(situation.flags) else None

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        needed = self.only_with.get(ask.party)
        if self.first(ask, situation, at) == at:
            why = f", who is {' or '.join(sorted(needed & set(situation.flags)))}" if needed else ""
            return f"it is said to: {ask.party}{why}"
        only = f" but where they are {' or '.join(sorted(needed))}" if needed else ""
        return f"this may not be said to: {ask.party}{only}"


class Precondition(msgspec.Struct, frozen=True):
    """A notice is sent before; or (`within_days`) at most so many days after the first communication."""

    name: str
    notice: str
    within_days: int | None
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if situation.notices is None:
            return at
        sent = situation.notices.get(self.notice)
        if sent is not None and sent <= at:
            return at
        if self.within_days is not None and self._in_time(ask, situation, at):
            return at
        return sent

    def _in_time(self, ask: Ask, situation: Situation, at: datetime) -> bool:
        last = self._last_day(ask, situation, at)
        return last is None or all(local_day(at, zone) <= day for zone, day in last.items())

    def _last_day(self, ask: Ask, situation: Situation, at: datetime) -> Mapping[str, date] | None:
        """On which the notice is in time yet, by zone; None: nothing was communicated before `at`."""
        begun = first_communication(ask, situation, at)
        if begun is None:
            return None
        return {zone: local_day(begun, zone) + (self.within_days or 0) * DAY for zone in situation.zones}

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        if self.first(ask, situation, at) == at:
            return self._met(ask, situation, at)
        after = f" and {self.within_days} days have passed" if self.within_days is not None else ""
        return f"the notice {self.notice} has not been sent{after}"

    def _met(self, ask: Ask, situation: Situation, at: datetime) -> str:
        zone = situation.zones[0]
        sent = None if situation.notices is None else situation.notices.get(self.notice)
        if sent is not None and sent <= at:
            return f"the notice {self.notice} was sent on {local_day(sent, zone)}"
        if situation.notices is None or self.within_days is None:
            return f"nothing is known of the notice {self.notice}"
        last = self._last_day(ask, situation, at)
        if last is None:
            return f"the first communication; the notice {self.notice} follows within {self.within_days} days"
        return f"the notice {self.notice} is still in time, through {min(last.values())}"


class Flagged(msgspec.Struct, frozen=True):
    """The person is marked as one who is not to be contacted."""

    name: str
    flags: frozenset[str]
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        return None if situation.flags and not self.flags.isdisjoint(situation.flags) else at

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        found = sorted(self.flags & set(situation.flags))
        return f"the person is marked: {', '.join(found) or 'nothing'}"


_SILENT: Final[frozenset[str]] = frozenset({"no_answer", "busy", "not_in_service", "failed", "cancelled"})


def first_communication(ask: Ask, situation: Situation, at: datetime) -> datetime | None:
    """When something about the loans first reached, or may have reached, the person before `at`; None: never.

    The past that is loaded ends some weeks back: what came before stands among the notices.
    """
    reached = [
        one.at
        for one in situation.past
        if not one.inbound
        and one.result not in _SILENT
        and (not one.loans or not ask.loans or not set(ask.loans).isdisjoint(one.loans))
    ]
    known = (situation.notices or {}).get(FIRST_COMMUNICATION)
    return min((moment for moment in (*reached, *([known] if known else ())) if moment < at), default=None)
