"""Whole tapes through the commands: every row is accounted for, and the book's figures are the files'."""

from datetime import date
from pathlib import Path

import pytest

from tests.builders.command import Kept
from tests.builders.readings import CLARITYPAY, Lent, claritypay, figures


@pytest.fixture
def kept(database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    """Over an empty book."""
    return Kept(tmp_path, database_url, redis_url)


async def test_two_whole_tapes(kept: Kept, tape: Path, lent: list[Lent], shared_data: Path) -> None:
    nothing = {"loaded": 0, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 0}
    superlender = ("import", "loans", tape, "--mapping", "superlender")
    report = await kept.json(*superlender)
    assert {name: report[name] for name in nothing} == {**nothing, "loaded": 18_183}
    assert (report["read"], report["rejects_file"]) == (18_183, None)
    assert report["sums"]["due"] == {"NGN": "355899548.90"}
    again = await kept.json(*superlender)
    assert {name: again[name] for name in nothing} == {**nothing, "unchanged": 18_183}
    assert again["sums"] == report["sums"]

    folder = shared_data / CLARITYPAY
    report = await kept.json("import", "loans", folder, "--mapping", "claritypay", "--as-of", "2026-07-01")
    assert {name: report[name] for name in nothing} == {**nothing, "loaded": 6_982 + 35_871}

    # On the earlier day the plans do not exist yet.
    day = date(2017, 3, 1)
    assert await kept.json("portfolio", "--as-of", str(day)) == figures(lent, day, "NGN")
    day = date(2026, 7, 1)
    book = await kept.json("portfolio", "--as-of", str(day), "--portfolio", "claritypay")
    assert book == figures(claritypay(shared_data), day, "USD")
    assert book["outstanding"] == {"USD": "1191380.08"}
    assert all(row["holds"] for row in await kept.json("check"))
