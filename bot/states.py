"""Where dialogs keep what was said so far: Redis, sealed, and forgotten after a day."""

import base64
from datetime import timedelta
from typing import Any, Final

import orjson
from aiogram.fsm.storage.base import DefaultKeyBuilder
from aiogram.fsm.storage.redis import RedisStorage
from redis.asyncio import Redis

from casework.office import Office

LIVES: Final = timedelta(days=1)


def storage_of(redis: "Redis", office: Office) -> RedisStorage:
    """States of dialogs: words and amounts are in them, so they are sealed as in the database."""

    def dumps(value: Any) -> str:
        sealed = office.keyring.seal("chat_states", "data", 0, orjson.dumps(value).decode())
        return base64.b64encode(sealed).decode()

    def loads(value: str | bytes) -> Any:
        return orjson.loads(office.keyring.open("chat_states", "data", 0, base64.b64decode(value)))

    return RedisStorage(
        redis,
        key_builder=DefaultKeyBuilder(prefix="kept:chat", with_destiny=True),
        state_ttl=LIVES,
        data_ttl=LIVES,
        json_loads=loads,
        json_dumps=dumps,
    )
