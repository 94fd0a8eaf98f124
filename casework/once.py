"""Done once: a request that is sent again under its key gets the first answer, and nothing is done twice.

The key, the change and the answer are one transaction: a process that is killed leaves all of it or nothing,
and of two that come at once the second waits for the first.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from casework.office import Office
from casework.ready import is_busy
from casework.tokens import Caller
from storage.once import forget, keep, known, reserve
from storage.raw import Raw

REMEMBERED: Final = timedelta(days=1)
_PATIENCE: Final = "2s"  # for another request under the same key
_WORK: Final = "10s"  # for a tape that is being loaded, a case that is being decided


T = TypeVar("T")
Act = Callable[[Raw], Awaitable[T]]
"""What is done within a transaction."""


class Answer(msgspec.Struct, frozen=True):
    """What is answered: the status, and the body as JSON. `again`: it was given before."""

    status: int
    body: bytes
    again: bool = False


class KeyReused(Exception):  # noqa: N818, the word that people use
    """The key is of another request."""


class KeyInUse(Exception):  # noqa: N818, the word that people use
    """Another request under the key is being worked."""


async def once(
    office: Office,
    caller: Caller,
    key: str | None,
    request: bytes,
    now: datetime,
    act: Act[T],
    say: Callable[[T], tuple[int, Any]],
) -> Answer:
    """What `say` makes of what `act` did (status, what is written as JSON), in one transaction with `key`.

    `request` is all that makes it the same request; None for `key`: done each time. Raises KeyReused,
    KeyInUse and whatever `act` raises; then nothing is kept, and the key is free.
    """
    digest = office.keyring.digest("api request", request)
    async with office.transaction() as raw:
        if key is not None:
            await raw.run(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            try:
                new = await reserve(raw, caller.token, key, digest, now, now - REMEMBERED)
            except Exception as error:
                if is_busy(error):
                    raise KeyInUse from None
                raise
            if not new:
                before, status, body = await known(raw, caller.token, key)
                if before != digest:
                    raise KeyReused
                return Answer(status, body, again=True)
        await raw.run(f"SET LOCAL lock_timeout = '{_WORK}'")
        status, said = say(await act(raw))
        body = msgspec.json.encode(said)
        if key is not None:
            await keep(raw, caller.token, key, status, body)
            await forget(raw, now - REMEMBERED)
    return Answer(status, body)
