"""Wake-ups: the queue only says that there may be work. They carry nothing, coalesce, and may be lost.

What must be done is in the database; a sweep finds what no wake-up reached. So a queue that is away (None: it
is known to be) fails nobody's work.
"""

from datetime import datetime
from math import ceil
from typing import Any

import msgspec
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

QUEUE = "kept:wake"

log: structlog.stdlib.BoundLogger = structlog.get_logger("workers")

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


async def wake(queue: ArqRedis | None, job: str, name: str | int = 0) -> None:
    """Wake `job` unless it is queued or running already under that name: names may run side by side."""
    await _enqueue(queue, job, _job_id=f"{job}:{name}", _expires=60)


async def wake_at(queue: ArqRedis | None, job: str, at: datetime) -> None:
    """Wake `job` at a moment of the wall clock, once for all who ask for the same second.

    Its name is of that second: a job that runs could not ask for another of its own name.
    """
    await _enqueue(queue, job, _job_id=f"{job}:at-{ceil(at.timestamp())}", _defer_until=at)


async def wake_deliverers(queue: ArqRedis | None, planned: int) -> None:
    """One deliverer for every thousand contacts planned, at most sixteen."""
    for number in range(min(16, 1 + planned // 1_000)):
        await wake(queue, "deliver", number)


async def _enqueue(queue: ArqRedis | None, job: str, **how: Any) -> None:
    if queue is None:
        return
    try:
        await queue.enqueue_job(job, **how)
    except (RedisError, OSError) as error:
        log.warning("nobody_woken", job=job, error=type(error).__name__)
