"""Where dialogs keep what was said so far: Redis, sealed, and forgotten after a day."""

import base64
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson
from aiogram.fsm.storage.base import DefaultKeyBuilder, StateType, StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from redis.asyncio import Redis

from casework.office import Office
from casework.together import Together

LIVES: Final = timedelta(days=1)


class _States(RedisStorage):
    """What dialogs read and write, and no more: an update out of any dialog is one question to Redis.

    States of aiogram's own are used by nobody here, only data. That there is nothing is not written again
    over what was read as nothing: updates of one chat are worked one after the other.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._absent: set[StorageKey] = set()
        self._together: Together[str, str | bytes | None] = Together(self._read)

    async def _read(self, keys: Sequence[str]) -> Sequence[str | bytes | None]:
        """Of all who ask at this moment, in one question."""
        return await self.redis.mget(keys)  # pyright: ignore[reportUnknownMemberType]

    async def get_state(self, key: StorageKey) -> str | None:
        return None

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """None is what there is."""
        if state is not None:
            raise NotImplementedError("what is said so far is kept as data")

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        text = await self._together.of(self.key_builder.build(key, "data"))
        found: dict[str, Any] = {} if text is None else self.json_loads(text)
        if found:
            self._absent.discard(key)
        else:
            self._absent.add(key)
        return found

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        if key in self._absent:
            self._absent.discard(key)
            if not data:
                return
        await super().set_data(key, data)


def storage_of(redis: "Redis", office: Office) -> RedisStorage:
    """States of dialogs: words and amounts are in them, so they are sealed as in the database."""

    def dumps(value: Any) -> str:
        sealed = office.keyring.seal("chat_states", "data", 0, orjson.dumps(value).decode())
        return base64.b64encode(sealed).decode()

    def loads(value: str | bytes) -> Any:
        return orjson.loads(office.keyring.open("chat_states", "data", 0, base64.b64decode(value)))

    return _States(
        redis,
        key_builder=DefaultKeyBuilder(prefix="kept:chat", with_destiny=True),
        state_ttl=LIVES,
        data_ttl=LIVES,
        json_loads=loads,
        json_dumps=dumps,
    )
