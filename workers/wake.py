"""Wake-ups: the queue only says that there may be work. They carry nothing, coalesce, and may be lost.

What must be done is in the database; a sweep finds what no wake-up reached.
"""

from datetime import datetime
from math import ceil
from typing import Any

import msgspec
from arq.connections import ArqRedis, RedisSettings, create_pool

QUEUE = "kept:wake"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(type=dict[str, Any]).decode


def serialize(job: dict[str, Any]) -> bytes:
    """A job as msgpack: no pickle is ever read from the queue."""
    return _encode(job)


def deserialize(data: bytes) -> dict[str, Any]:
    return _decode(data)


async def open_queue(redis_url: str) -> ArqRedis:
    """The queue at `redis_url`; close it with `aclose`."""
    return await create_pool(
        RedisSettings.from_dsn(redis_url),
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=QUEUE,
    )


async def wake(queue: ArqRedis, job: str, slot: int = 0) -> None:
    """Wake `job` unless it is queued or running already. `slot`: how many may run side by side."""
    await queue.enqueue_job(job, _job_id=f"{job}:{slot}", _expires=60)


async def wake_at(queue: ArqRedis, job: str, at: datetime) -> None:
    """Wake `job` at a moment of the wall clock, once for all who ask for the same second.

    Its name is of that second: a job that runs could not ask for another of its own name.
    """
    await queue.enqueue_job(job, _job_id=f"{job}:at-{ceil(at.timestamp())}", _defer_until=at)


async def wake_deliverers(queue: ArqRedis, planned: int) -> None:
    """One deliverer for every thousand contacts planned, at most sixteen."""
    for slot in range(min(16, 1 + planned // 1_000)):
        await wake(queue, "deliver", slot)
