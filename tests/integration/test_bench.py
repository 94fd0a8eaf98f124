"""The bench runs, on sizes that say nothing of speed, and its floor writes the very rows of the look."""

from pathlib import Path

from kept.embedded import Engines
from tests.bench.place import Place
from tests.bench.report import as_table
from tests.bench.run import Sizes, measure


async def test_every_ratio_is_measured_beside_its_floor(
    running_engines: Engines, worker: int, tmp_path: Path
) -> None:
    said: list[str] = []
    place = Place(running_engines.database_url, said.append, prefix=f"bench_{worker}")
    lines = await measure(place, Sizes(loans=800, runs=1), tmp_path)
    assert [line.number for line in lines] == ["1", "2", "3", "3", "8", "10"]
    assert all(line.ours > 0 for line in lines)
    assert all(line.floor and line.value and line.asked and line.aim for line in lines if line.number != "2")
    assert as_table(lines, "Bench").row_count == len(lines)
    assert said
