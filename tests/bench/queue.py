"""Ratio 4: what the queue costs a contact, beside one arq job a contact.

Ours are the wake-ups that a look asks for when it has planned so many contacts, asked for and worked by an
arq worker with our settings. The floor is what is usual: a job is enqueued and run for each contact. The jobs
themselves do nothing here, on either side.
"""

from dataclasses import replace
from time import perf_counter
from typing import Any

from arq import func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker

from workers.wake import QUEUE, deserialize, open_queue, serialize, wake_deliverers


async def measure(redis_url: str, planned: int, jobs: int, runs: int) -> tuple[list[float], list[float]]:
    """Seconds a contact in each run: of the wake-ups for `planned` contacts, of `jobs` jobs of their own."""
    ours: list[float] = []
    floor: list[float] = []
    queue = await open_queue(redis_url)
    try:
        for _ in range(runs):
            began = perf_counter()
            for contact in range(jobs):
                await queue.enqueue_job("deliver", contact)
            assert await _work(redis_url) == jobs
            floor.append((perf_counter() - began) / jobs)
            began = perf_counter()
            await wake_deliverers(queue, planned)
            worked = await _work(redis_url)
            assert 0 < worked <= 16
            ours.append((perf_counter() - began) / planned)
        await _empty(queue)
    finally:
        await queue.aclose()
    return ours, floor


async def deliver(ctx: dict[str, Any], contact: int | None = None) -> None:
    """The job of both sides."""


async def _work(redis_url: str) -> int:
    """Work what is queued until nothing is; how many jobs that were."""
    worker = Worker(
        functions=[func(deliver, keep_result=0, max_tries=1_000_000)],
        redis_settings=replace(RedisSettings.from_dsn(redis_url), conn_retries=0),
        queue_name=QUEUE,
        handle_signals=False,
        burst=True,
        max_jobs=8,
        poll_delay=0.001,
        keep_result=0,
        job_serializer=serialize,
        job_deserializer=deserialize,
    )
    await worker.async_run()
    await worker.close()
    return worker.jobs_complete


async def _empty(queue: ArqRedis) -> None:
    await queue.delete(QUEUE)
