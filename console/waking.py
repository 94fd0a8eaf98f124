"""Waking the workers from a door: the queue is never the truth, so what fails here is only logged."""

import structlog

from console.desk import Desk

log: structlog.stdlib.BoundLogger = structlog.get_logger("webhooks")


async def wake(desk: Desk, job: str) -> None:
    """Wake a job; the sweep finds what nobody was woken for."""
    try:
        await desk.wake(job)
    except Exception as error:  # whatever it is, it stands in nobody's way
        log.warning("nobody woken", job=job, error=type(error).__name__)
