"""The bench runs, on sizes that say nothing of speed, and its floor writes the very rows of the look."""

from pathlib import Path

from kept.embedded import Engines
from tests.bench.lines import lines_of
from tests.bench.place import Place
from tests.bench.report import as_table
from tests.bench.run import Sizes, measure


async def test_every_ratio_is_measured_beside_its_floor(
    running_engines: Engines, redis_url: str, worker: int, tmp_path: Path
) -> None:
    said: list[str] = []
    place = Place(running_engines.database_url, said.append, prefix=f"bench_{worker}")
    sizes = Sizes(loans=400, runs=1)
    lines = lines_of(await measure(place, redis_url, sizes, tmp_path), sizes)
    numbers = [
        "1",
        "1",
        "1",
        "2",
        "3",
        "3",
        "4",
        "5",
        "5",
        "6",
        "6",
        "6",
        "6",
        "7",
        "8",
        "9",
        "10",
        "11",
        "-",
    ]
    assert [line.number for line in lines] == numbers
    assert all(line.ours > 0 for line in lines)
    assert all(line.floor and line.value and line.asked and line.aim for line in lines if line.number != "2")
    assert as_table(lines, "Bench").row_count == len(lines)
    assert said
