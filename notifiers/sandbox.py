"""The sandbox: messages go to a local outbox that people can read, whatever their channel.

What is sent at the same time is stored at once: a deliverer that sends a hundred contacts side by side costs
one write to the outbox, not a hundred.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from notifiers.base import Channel, Notifier, Outgoing, Sent

Store = Callable[[Sequence[Outgoing]], Awaitable[None]]
"""Writes messages to the outbox, all or none, in a transaction of its own, and takes the same `key` twice as
one message."""


class Sandbox(Notifier):
    """Delivers to the outbox for one channel. The outbox is the last station, so what is stored is
    `delivered`. An exception of `store` is `OutcomeUnknown`, as with any provider."""

    provider = "sandbox"
    can_report_delivery = True

    def __init__(self, channel: Channel, store: Store) -> None:
        self.channel = channel
        self._store = store
        self._waiting: list[tuple[Outgoing, asyncio.Future[None]]] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def _send(self, outgoing: Outgoing) -> Sent:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            task = loop.create_task(self._write())
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        # A future for each: who gives up waiting must not undo what others wait for.
        stored = loop.create_future()
        self._waiting.append((outgoing, stored))
        await stored
        return Sent("sandbox", outgoing.key, "delivered")

    async def _write(self) -> None:
        """One write for all who sent in this turn of the loop; who comes later begins the next."""
        await asyncio.sleep(0)
        batch, self._waiting = self._waiting, []
        failure: Exception | None = None
        try:
            await self._store([outgoing for outgoing, _ in batch])
        except Exception as error:
            failure = error
        for _, stored in batch:
            if stored.done():
                continue
            if failure is None:
                stored.set_result(None)
            else:
                stored.set_exception(failure)
