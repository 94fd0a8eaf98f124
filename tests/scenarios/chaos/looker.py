"""A looker: one pass over the due cases after the other, as `kept look` from cron, without its start."""

import asyncio
import sys

from casework.look import look
from kept.bootstrap import SYSTEM, assembled
from kept.clock import SystemClock
from kept.config import load
from kept.logs import configure

_REST = 0.05


async def main() -> None:
    configure()
    async with assembled(load(None), portfolios=None) as running:
        sys.stderr.write('"running"\n')
        sys.stderr.flush()
        while True:
            await look(running.office, SYSTEM, SystemClock().now())
            await asyncio.sleep(_REST)
