"""The arq worker: its jobs, its crons, and how it stops. The only place that knows arq's settings."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from arq import cron, func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker
from redis.exceptions import RedisError

from workers.jobs import (
    JOBS,
    LONG,
    ROUND,
    Shift,
    alert,
    ask,
    check,
    count_today,
    digest,
    fill_tokens,
    load_uploads,
    notify,
    play,
    review,
    seal_record,
    sweep,
    tell,
    watch_experiments,
    watch_feeds,
)
from workers.wake import QUEUE, deserialize, serialize

log: structlog.stdlib.BoundLogger = structlog.get_logger("workers")

_LAST_WORDS = timedelta(seconds=5)  # for a job that was cut off at the deadline


def make_worker(redis_url: str, shift: Shift) -> Worker:
    """A worker on the queue at `redis_url`. Signals are the caller's to handle."""
    seconds = shift.pace.lease.total_seconds()
    sweeps = set(range(0, 60, int(shift.pace.sweep.total_seconds())))
    worker = Worker(
        # Results are not kept: a kept one would silence the next wake-up of the same name. Tries are not
        # counted: a job that somebody was killed at is the next wake-up like any other.
        functions=[
            func(
                job,
                keep_result=0,
                timeout=LONG[job].total_seconds() if job in LONG else seconds,
                max_tries=1_000_000,
            )
            for job in JOBS
        ],
        cron_jobs=[
            cron(sweep, name="sweep", second=sweeps, keep_result=0, run_at_startup=True),
            cron(tell, name="tell", second=sweeps, keep_result=0, timeout=seconds),
            cron(ask, name="ask", minute=set(range(0, 60, 5)), second=20, keep_result=0, timeout=seconds),
            cron(seal_record, name="seal_record", second={5, 35}, keep_result=0, timeout=seconds),
            cron(check, name="check", hour=3, minute=20, keep_result=0, timeout=3600),
            cron(watch_experiments, name="watch_experiments", minute=50, keep_result=0, timeout=seconds),
            cron(watch_feeds, name="watch_feeds", minute={10, 40}, keep_result=0, timeout=seconds),
            cron(
                count_today,
                name="count_today",
                minute={5, 35},
                keep_result=0,
                timeout=1200,
                run_at_startup=True,
            ),
            cron(
                play,
                name="play_simulations",
                second=45,
                keep_result=0,
                timeout=LONG[play].total_seconds(),
                run_at_startup=True,
            ),
            cron(
                load_uploads,
                name="load_uploads",
                second=25,
                keep_result=0,
                timeout=LONG[load_uploads].total_seconds(),
            ),
            cron(notify, name="notify", minute=15, keep_result=0, timeout=seconds),
            cron(alert, name="alert", second=40, keep_result=0, timeout=seconds),
            cron(digest, name="digest", minute={1, 31}, keep_result=0, timeout=3600),
            cron(
                fill_tokens,
                name="fill_tokens",
                second=10,
                keep_result=0,
                timeout=seconds,
                run_at_startup=True,
            ),
            cron(review, name="review", minute=40, keep_result=0, timeout=seconds, run_at_startup=True),
        ],
        redis_settings=replace(RedisSettings.from_dsn(redis_url), conn_retries=0),
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
    # Who is killed at a job holds its name for so long: a little longer than it may take. arq would go by
    # the longest time limit of all jobs: for the nightly check's, nobody would deliver for an hour.
    worker.in_progress_timeout_s = seconds + 10
    return worker


class Crew:
    """A worker on the queue for as long as there is one, and the same work without it while it is away.

    The queue is never the truth: its end and its return are noted, and no more than that.
    """

    def __init__(self, redis_url: str, shift: Shift) -> None:
        self._redis_url, self._shift = redis_url, shift
        self._worker = make_worker(redis_url, shift)
        self._stopped = asyncio.Event()
        self._hands: set[asyncio.Task[Any]] = set()  # of workers that lost the queue, and of rounds without

    async def work(self) -> None:
        """Until `stop`."""
        while not self._stopped.is_set():
            try:
                await self._worker.async_run()
            except asyncio.CancelledError:
                if not self._stopped.is_set():
                    raise
            except Exception as error:  # whatever it was: a worker that is not there helps nobody
                log.warning("queue_away", error=type(error).__name__)
                await self._without_queue()

    async def stop(self, deadline: timedelta) -> None:
        """Take no more jobs, let those in hand finish their group within `deadline`, then close."""
        self._shift.stopping = True
        self._stopped.set()
        self._worker.allow_pick_jobs = False
        hands = {*self._hands, *self._tasks()}
        if hands:
            _, late = await asyncio.wait(hands, timeout=deadline.total_seconds())
            for task in late:
                task.cancel()
            if late:  # what was only leased is handed back, before the queue is closed under them
                await asyncio.wait(late, timeout=_LAST_WORDS.total_seconds())
        with contextlib.suppress(RedisError, OSError):
            await self._worker.close()

    async def _without_queue(self) -> None:
        """What a sweep would wake, and then a worker anew. What is in hand goes on meanwhile."""
        for task in self._tasks():
            self._take(task)
        queue: ArqRedis | None = self._worker.ctx.get("redis")
        if queue is not None:
            await queue.aclose()
        else:  # it could not even be reached
            in_hand = {task.get_name() for task in self._hands}
            for job in ROUND:
                if job.__name__ not in in_hand:
                    self._take(asyncio.create_task(self._do(job), name=job.__name__))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._shift.pace.sweep.total_seconds())
        self._worker = make_worker(self._redis_url, self._shift)

    async def _do(self, job: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        try:
            await job({"shift": self._shift, "redis": None})
        except Exception:
            log.exception("failed", job=job.__name__)

    def _take(self, task: asyncio.Task[Any]) -> None:
        self._hands.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        """A job of a worker that lost the queue fails when it tells the queue of its end: it is done."""
        self._hands.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.debug("queue_away", error=type(error).__name__)

    def _tasks(self) -> list[asyncio.Task[Any]]:
        tasks: dict[str, asyncio.Task[Any]] = self._worker.tasks
        return list(tasks.values())
