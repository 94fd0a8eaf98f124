"""Ratio 10: importing a tape beside COPY of all rows that come of it, into the same tables and indexes.

The tape is a sample of the `kept` format: persons with addresses to seal and tokens to key, schedules,
payments to allocate, further parties. The floor gets the finished rows, in PostgreSQL's own binary format:
nothing is read, checked, sealed or worked out.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec

from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping_file import find_mapping
from casework.office import Office
from casework.publish import publish_shipped
from kept.sample import SEED, START, tape
from storage.tables import metadata
from tests.bench.book import OPERATIONS
from tests.bench.place import Place

_NOW = datetime(2026, 9, 2, 6, tzinfo=UTC)
_BORROWERS_A_LOAN = 0.73
_DAYS = 1  # of feed after START: history alone


class Imported(msgspec.Struct, frozen=True):
    """Seconds of an import and of its floor, and the rows that either wrote."""

    seconds: float
    floor: float
    rows: int


async def measure(place: Place, folder: Path, loans: int) -> Imported:
    """Import a tape of about so many loans, then COPY what came of it; files go into `folder`."""
    place.say(f"writing a tape of about {loans:,} loans")
    borrowers = max(1, int(loans * _BORROWERS_A_LOAN))
    tape(folder / "tape", seed=SEED, borrowers=borrowers, start=START, days=_DAYS)
    blank = await place.template("blank", _nothing, "tables alone")
    async with place.copy(blank) as office:
        await publish_shipped(office, OPERATIONS, _NOW)
        seconds = await _import(office, folder, place.say)
        await _copy_out(office, folder)
    place.say("COPY of the same rows")
    async with place.copy(blank) as office:
        floor, rows = await _copy_in(office, folder)
    return Imported(seconds, floor, rows)


async def _nothing(office: Office) -> None:
    """The tables alone."""


async def _import(office: Office, folder: Path, say: Callable[[str], None]) -> float:
    order = Order(
        kind="loans", path=folder / "tape", mapping=find_mapping("kept"), rejects_folder=folder, as_of=START
    )
    said = ""

    def progress(what: str, _done: int, _total: int) -> None:
        nonlocal said
        if what != said:
            say(f"import: {what}")
            said = what

    began = perf_counter()
    await import_tape(office, OPERATIONS, order, _NOW, progress)
    return perf_counter() - began


async def _copy_out(office: Office, folder: Path) -> None:
    async with office.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        for table, columns in _tables():
            await driver.copy_from_table(table, columns=columns, output=folder / table, format="binary")


async def _copy_in(office: Office, folder: Path) -> tuple[float, int]:
    began, rows = perf_counter(), 0
    async with office.transaction() as raw:
        driver = (await raw.connection.get_raw_connection()).driver_connection
        for table, columns in _tables():
            with (folder / table).open("rb") as source:
                tag = await driver.copy_to_table(table, source=source, columns=columns, format="binary")
            rows += int(tag.removeprefix("COPY "))
    return perf_counter() - began, rows


def _tables() -> list[tuple[str, list[str]]]:
    """Every table and the columns that are written, what is referred to first."""
    return [
        (table.name, [column.name for column in table.columns if column.computed is None])
        for table in metadata.sorted_tables
    ]
