"""Room: the rates as one deliverer meets them, by channel: who may go now, what is shut, until when."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from casework.delivery.rates import Purpose, Rates
from casework.office import Clock
from notifiers.base import Notifier
from storage.contacts import Leased

_GLANCE = timedelta(milliseconds=200)


class Shut(msgspec.Struct, frozen=True):
    """Channels and addresses without room now; `opens`: the first wall-clock moment at which one has some.

    What somebody waits for may find room (all but `for_answers`) where reminders find none.
    """

    channels: tuple[str, ...] = ()
    for_answers: tuple[str, ...] = ()
    addresses: tuple[int, ...] = ()
    opens: datetime | None = None


class Room:
    """The rates as one deliverer meets them. Without rates there is room for everybody."""

    def __init__(self, rates: Rates | None, notifiers: Mapping[str, Notifier]) -> None:
        self._rates = rates
        self._notifiers = notifiers
        self._scarce: set[str] = set()
        self._turned_away: dict[int, str] = {}

    def shut(self, wall: datetime) -> Shut:
        """What is not worth leasing now."""
        if self._rates is None:
            return Shut()
        answers = self._rates.shut(wall, "answer")
        found = self._rates.shut(wall)
        # Where answers find no room there is none at all.
        return Shut(
            self._channels(found.providers | answers.providers),
            self._channels(answers.providers),
            found.addresses,
            min((at for at in (found.opens, answers.opens) if at is not None), default=None),
        )

    def _channels(self, providers: Collection[str]) -> tuple[str, ...]:
        return tuple(name for name, by in self._notifiers.items() if by.provider in providers)

    def batch(self, shut: Shut, most: int, some: int) -> int:
        """How many to lease: `some` where a channel that turned away before is open again, `most` else."""
        return most if self._scarce.issubset(shut.channels) else some

    async def admit(self, group: Sequence[Leased], wall: datetime) -> list[Leased]:
        """Those of `group` that may be handed over now: of what somebody waits for first."""
        if self._rates is None:
            return list(group)
        going = await self._take(self._rates, [one for one in group if one.awaited], wall, "answer")
        going |= await self._take(self._rates, [one for one in group if not one.awaited], wall, "dunning")
        for contact in group:
            if contact.id in going:
                self._turned_away.pop(contact.id, None)
            else:
                self._turned_away[contact.id] = contact.channel
                self._scarce.add(contact.channel)
        return [contact for contact in group if contact.id in going]

    async def _take(
        self, rates: Rates, group: Sequence[Leased], wall: datetime, purpose: Purpose
    ) -> set[int]:
        by_provider: dict[str, list[Leased]] = {}
        for contact in group:
            by_provider.setdefault(self._notifiers[contact.channel].provider, []).append(contact)
        taken = await asyncio.gather(
            *(rates.take(provider, wanted, wall, purpose) for provider, wanted in by_provider.items())
        )
        return {contact.id for admitted in taken for contact in admitted}

    async def hold(self, channel: str, wait: timedelta, wall: datetime) -> None:
        """The channel's provider asked to wait: everybody does, whoever was told."""
        if self._rates is not None:
            await self._rates.hold(self._notifiers[channel].provider, wait, wall)

    def turned_away(self) -> Counter[str]:
        """By channel, those who found no room and have not gone since."""
        return Counter(self._turned_away.values())


async def until(opens: datetime, clock: Clock, stopping: Callable[[], bool]) -> None:
    """Wait for a moment of the wall clock, or for being told to stop. Nothing may be leased meanwhile."""
    while not stopping() and (rest := opens - clock.wall()) > timedelta():  # noqa: ASYNC110, a moment comes
        await asyncio.sleep(min(rest, _GLANCE).total_seconds())
