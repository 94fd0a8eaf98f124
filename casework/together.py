"""Who asks the same at the same moment asks together: one statement for all, to each their own answer.

A bot works many updates side by side, and each of them asks whose chat it is and what is owed there. Nobody
is made to wait for others: a question goes at once, and what is asked while it is under way goes next,
together. So an answer is never older than the question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")

MOST: Final = 100  # asked at once


class Together(Generic[Key, Found]):
    """`ask` gives what it found for each key, in their order."""

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Sequence[Found]]], most: int = MOST) -> None:
        self._ask, self._most = ask, most
        self._waiting: list[tuple[Key, asyncio.Future[Found]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def of(self, key: Key) -> Found:
        """What is found for `key`. Raises what `ask` raises for this key alone."""
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._go())
        return await answer

    async def _go(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._answer([one for one in taken if not one[1].done()])  # who gave up is not asked for

    async def _answer(self, taken: Sequence[tuple[Key, asyncio.Future[Found]]]) -> None:
        if not taken:
            return
        try:
            found = await self._ask([key for key, _ in taken])
        except Exception as error:
            if len(taken) > 1:  # each fails alone
                for one in taken:
                    await self._answer([one])
            elif not taken[0][1].done():
                taken[0][1].set_exception(error)
            return
        except BaseException:  # cut off: nobody is left waiting for what will not come
            for _, answer in (*taken, *self._waiting):
                answer.cancel()
            self._waiting = []
            raise
        for (_, answer), value in zip(taken, found, strict=True):
            if not answer.done():
                answer.set_result(value)
