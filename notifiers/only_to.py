"""KEPT_ONLY_TO: a pilot writes to a list of addresses and to nobody else."""

import re
from collections.abc import Iterable

from notifiers.base import Notifier, Outgoing, Permanent, Sent

_FORMATTING = re.compile(r"[\s().\-]")


class OnlyTo(Notifier):
    """Stands before any adapter: an address that is not on the list ends as `not_on_pilot_list`, and no
    provider hears of it. An empty list lets nobody through. Mail addresses compare without case, phones
    without their formatting, chat ids as they are."""

    def __init__(self, inner: Notifier, addresses: Iterable[str]) -> None:
        self.channel = inner.channel
        self.provider = inner.provider
        self.can_report_delivery = inner.can_report_delivery
        self._inner = inner
        self._addresses = frozenset(_plain(address) for address in addresses if address.strip())

    async def send(self, outgoing: Outgoing) -> Sent:
        """What may pass is timed and counted by the adapter, the rest here."""
        if _plain(outgoing.to) in self._addresses:
            return await self._inner.send(outgoing)
        return await super().send(outgoing)

    async def _send(self, outgoing: Outgoing) -> Sent:
        raise Permanent("not_on_pilot_list")

    async def close(self) -> None:
        await self._inner.close()


def _plain(address: str) -> str:
    address = address.strip()
    return _FORMATTING.sub("", address) if address.startswith("+") else address.lower()
