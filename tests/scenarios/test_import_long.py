"""A long tape: killed with -9 at any moment and begun again nothing is half there and nothing is there twice;
its memory does not grow with its rows. `KEPT_LONG_TAPE=1000000` for the figures of a million rows.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import Kept
from tests.builders.long_tape import ROWS_A_LOAN, import_telling_its_peak, long_tape

MANY = int(os.environ.get("KEPT_LONG_TAPE", "30000"))
FEW = MANY if MANY < 10_000 else 10_000
KILLS = 4
BOOK = (
    "SELECT (SELECT count(*) FROM loans), (SELECT count(*) FROM persons), (SELECT count(*) FROM addresses), "
    "(SELECT count(*) FROM installments), (SELECT count(*) FROM payments), (SELECT count(*) FROM cases), "
    "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments), (SELECT count(*) FROM imports)"
)
TWICE = (
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM loans GROUP BY source, external_id "
    "HAVING count(*) > 1) d) + "
    "(SELECT count(*) FROM (SELECT 1 FROM payments GROUP BY loan_id, external_id HAVING count(*) > 1) d) + "
    "(SELECT count(*) FROM (SELECT 1 FROM installments GROUP BY loan_id, number HAVING count(*) > 1) d)"
)


def whole(rows: int) -> tuple[int, ...]:
    """What the book has of a tape of so many rows, but for addresses and the money."""
    loans = rows // ROWS_A_LOAN
    return loans, loans, 6 * loans, 3 * loans, loans


@pytest.fixture
async def kept(database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("check")).code == 0
    return made


async def test_an_import_killed_at_any_moment_is_whole_or_not_there(kept: Kept, tmp_path: Path) -> None:
    rows = FEW // 2 if MANY <= 30_000 else MANY
    there = long_tape(tmp_path / "long", rows)
    order = ("import", "loans", there, "--mapping", "kept", "--json")
    began = time.monotonic()
    dry = await _told(kept, *order, "--dry-run")
    took = time.monotonic() - began
    assert dry["loaded"] == rows
    assert (await kept.rows(BOOK))[0] == (0,) * 8
    chance = random.Random(rows)  # the same moments each time
    left_whole = 0
    for _ in range(KILLS):
        process = await kept.start(*order)
        try:
            # From before anything is read to just after it is over.
            await _seconds(process, chance.uniform(0.2, 1.05) * took)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.communicate()
        await _let_go(kept)
        found = (await kept.rows(BOOK))[0]
        if any(found):
            assert (*found[:2], *found[3:6]) == whole(rows)
            left_whole += 1
        assert (await kept.rows(TWICE))[0][0] == 0
    if left_whole < KILLS:
        began = time.monotonic()
        assert (await _told(kept, *order))["rejected"] == 0
        sys.stderr.write(f"{rows:,} rows after {KILLS} kills: {time.monotonic() - began:.0f} s\n")
    found = (await kept.rows(BOOK))[0]
    assert (*found[:2], *found[3:6]) == whole(rows)
    again = await _told(kept, *order)
    assert (again["read"], again["unchanged"]) == (rows, rows)
    assert (await kept.rows(BOOK))[0][:7] == found[:7]
    assert (await kept.rows(TWICE))[0][0] == 0
    assert list((tmp_path / "var" / "rejects").glob("*-rejects.csv")) == []


async def test_memory_does_not_grow_with_the_rows(kept: Kept, tmp_path: Path) -> None:
    peaks: list[int] = []
    for rows in (FEW, MANY):
        await kept.rows("TRUNCATE persons, loans, cases, imports, feeds CASCADE")
        there = long_tape(tmp_path / f"of-{rows}", rows)
        peak, said = await import_telling_its_peak(kept, "loans", there, "--mapping", "kept", "--json")
        assert json.loads(said)["loaded"] == rows
        peaks.append(peak)
    sys.stderr.write(f"peak {peaks[0]:,} kB at {FEW:,} rows, {peaks[1]:,} kB at {MANY:,}")
    assert peaks[1] <= 1.3 * peaks[0], f"peak {peaks[0]:,} kB at {FEW:,} rows, {peaks[1]:,} kB at {MANY:,}"


async def _told(kept: Kept, *order: str | Path) -> dict[str, Any]:
    """What an import says, however long it takes."""
    return json.loads((await (await kept.start(*order)).communicate())[0])


async def _seconds(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Let it run for so long, or to its end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)


async def _let_go(kept: Kept) -> None:
    """Wait until the server has seen that whoever imported is gone: its lock is free, its work undone."""
    await kept.rows("SELECT pg_advisory_lock(1801810036), pg_advisory_unlock(1801810036)")
