"""The arq worker: its jobs, its crons, and how it stops. The only place that knows arq's settings."""

import asyncio
from datetime import timedelta
from typing import Any

from arq import cron, func
from arq.connections import RedisSettings
from arq.worker import Worker

from workers.jobs import JOBS, Shift, check, seal_record, sweep
from workers.wake import QUEUE, deserialize, serialize

# A worker that dies holds its jobs for this long and ten seconds more.
TIME_LIMIT = timedelta(seconds=120)


def make_worker(redis_url: str, shift: Shift) -> Worker:
    """A worker on the queue at `redis_url`. Signals are the caller's to handle: see `stop`."""
    seconds = TIME_LIMIT.total_seconds()
    return Worker(
        # Results are not kept: a kept one would silence the next wake-up of the same name.
        functions=[func(job, keep_result=0, timeout=seconds, max_tries=1) for job in JOBS],
        cron_jobs=[
            cron(sweep, name="sweep", second=set(range(0, 60, 10)), keep_result=0, run_at_startup=True),
            cron(seal_record, name="seal_record", second={5, 35}, keep_result=0, timeout=seconds),
            cron(check, name="check", hour=3, minute=20, keep_result=0, timeout=3600),
        ],
        redis_settings=RedisSettings.from_dsn(redis_url),
        queue_name=QUEUE,
        ctx={"shift": shift},
        handle_signals=False,
        max_jobs=8,
        poll_delay=0.2,
        job_timeout=seconds,
        keep_result=0,
        job_serializer=serialize,
        job_deserializer=deserialize,
        health_check_interval=30,
    )


async def stop(worker: Worker, shift: Shift, deadline: timedelta) -> None:
    """Take no more jobs, let those in hand finish their group within `deadline`, then close."""
    shift.stopping = True
    worker.allow_pick_jobs = False
    tasks: dict[str, asyncio.Task[Any]] = worker.tasks
    if tasks:
        await asyncio.wait(list(tasks.values()), timeout=deadline.total_seconds())
    await worker.close()
