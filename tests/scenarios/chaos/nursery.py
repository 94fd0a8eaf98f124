"""Starts the parts of the chaos: processes forked from one that has imported everything, so that a kill costs
milliseconds and hits work, not imports.

    python -m tests.scenarios.chaos.nursery

One JSON line in, one out: {"start": "worker", "log": PATH} -> {"pid": 7}; {"poll": 7} -> {"code": null | 0},
{"wait": 7} -> {"code": 0}. Settings are those of its environment.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable

import notifiers.chat_telegram
import notifiers.email_smtp
import notifiers.sms_twilio  # noqa: F401, the adapters are imported where they are first used
from kept.config import load
from kept.run import run_http, run_worker
from tests.scenarios.chaos import looker

PARTS: dict[str, Callable[[], Awaitable[None]]] = {
    "worker": lambda: run_worker(load(None)),
    "webhook": lambda: run_http(load(None)),
    "looker": looker.main,
}


def _start(part: str, log: str) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(said, 1)
        os.dup2(said, 2)
        asyncio.run(_part(part))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _part(part: str) -> None:
    await PARTS[part]()


def _ended(pid: int, options: int) -> int | None:
    found, status = os.waitpid(pid, options)
    return os.waitstatus_to_exitcode(status) if found else None


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if "start" in asked:
            answer = {"pid": _start(asked["start"], asked["log"])}
        elif "poll" in asked:
            answer = {"code": _ended(asked["poll"], os.WNOHANG)}
        else:
            answer = {"code": _ended(asked["wait"], 0)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
