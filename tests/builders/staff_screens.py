"""The pictures of docs/collectors.md: the staff's chat in the sandbox's chat page, as a phone shows it.

    python -m tests.builders.staff_screens [FOLDER]

Taken as tests/builders/screens.py takes those of the borrower's chat.
"""

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from casework.staff.rights import Role
from kept.config import load, setting_names
from kept.embedded import engines
from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders.chatroom import Guest
from tests.builders.crew import Crew, opened
from tests.builders.screens import FOLDER, LENDERS, Studio, browser, forget

_WORDS: Final = {
    "en": {"promise": "Promise", "tomorrow": "Tomorrow", "call": "Call"},
    "zh": {"promise": "承诺还款", "tomorrow": "明天", "call": "打电话"},
}


async def _collector(studio: Studio, room: Crew, case: int) -> None:
    """From the invitation to the first promise, and a late entry."""
    words, lender = _WORDS[studio.code], LENDERS[studio.code]["code"]
    made = await room.invited(f"carl-{studio.code}", Role.COLLECTOR, [lender])
    guest = await room.guest("+447700900555", studio.code, "Carl")
    await opened(guest, made)
    await studio.take(guest, "staff-welcome")
    forget(guest)
    await guest.says("/next")
    await studio.take(guest, "staff-card")
    await guest.taps(words["call"])
    await guest.taps(words["promise"])
    forget(guest, 2)
    await studio.take(guest, "staff-promise")
    await guest.taps(words["tomorrow"])
    forget(guest, 2)
    await studio.take(guest, "staff-saved")
    forget(guest)
    await guest.says(f"NA @22/11 18:05 K{case}\nbusy K{case}")
    await studio.take(guest, "staff-late")


async def _supervisor(studio: Studio, room: Crew) -> None:
    """Queues and load."""
    lender = LENDERS[studio.code]["code"]
    made = await room.invited(f"sue-{studio.code}", Role.SUPERVISOR, [lender])
    guest: Guest = await room.guest("+447700900556", studio.code, "Sue")
    await opened(guest, made)
    forget(guest)
    await guest.says("/morning")
    await studio.take(guest, "staff-morning")


async def make(url: str, folder: Path) -> None:
    engine = make_engine(url)
    await migrate(engine)
    room = Crew(engine)
    await room.open()
    async with browser() as page, room.opened():
        for code in LENDERS:
            studio = Studio(room, page, code, folder)
            case = (await studio.borrower()).case
            await room.task(case)
            await _collector(studio, room, case)
            await _supervisor(studio, room)
            sys.stderr.write(f"{code}\n")
    await engine.dispose()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name in setting_names():
        os.environ.pop(name, None)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data:
        os.environ["KEPT_DATA_DIR"] = data
        with engines(load(None)) as running:
            asyncio.run(make(running.database_url, folder))


if __name__ == "__main__":
    main()
