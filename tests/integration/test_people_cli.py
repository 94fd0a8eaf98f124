"""`kept people` as a process: found alike, shown, merged and unmerged; a tape later knows of it."""

from pathlib import Path

from tests.builders.command import Kept
from tests.builders.tapes import loan, tape, three

NUMBER = "+447700900131"


async def test_from_two_sources_to_one_person_and_back(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    of_both = {"phone": NUMBER, "phone_state": "attested", "birth_date": "1990-01-02", "name": "Ann Example"}
    rows = [
        loan("L1", "B1", **of_both),
        loan("L2", "B1", **of_both, source="old"),
        loan("L3", "B3", source="old", name="[bold]Bea"),
    ]
    there = tape(tmp_path / "t", rows, [one for row in rows for one in three(str(row["loan_id"]))])
    assert (await kept.run("import", "loans", there, "--mapping", "kept")).code == 0

    async def shared() -> list[bool]:
        sql = "SELECT a.shared FROM addresses a WHERE a.kind = 'phone' ORDER BY a.id"
        return [row[0] for row in await kept.rows(sql)]

    assert await shared() == [True, True]
    assert (await kept.json("people", "alike")) == [
        {"one": "core:B1", "other": "old:B1", "by": ["email", "name", "phone"]}
    ]
    two = ("core:B1", "old:B1")
    shown = await kept.json("people", "same", *two)
    assert [one["source"] for one in shown["records"]] == ["core", "old"]
    assert shown["alike"] == ["name", "phone", "email", "birth_date"]
    assert shown["one_person"] is False
    read = " ".join((await kept.run("people", "same", "core:B1", "B3")).out.split())
    assert "[bold]Bea" in read
    assert "alike in: nothing" in read
    assert "look at both first" in (await kept.run("people", "merge", *two, "--seen", "1")).complaint
    assert "several sources" in (await kept.run("people", "same", "B1", "B3")).complaint
    made = await kept.json("people", "merge", *two, "--seen", shown["seen"], "--by", "sue")
    assert await shared() == [False, False]
    ((merged, by),) = [(one["merge"], one["by"]) for one in await kept.json("people", "merges")]
    assert (merged, by) == (made["merge"], "sue")
    # A tape that says the same of them, and one more number, does not part them.
    rows[1] = loan("L2", "B1", **{**of_both, "name": "Ann B. Example"}, source="old")
    tape(tmp_path / "t", rows, [one for row in rows for one in three(str(row["loan_id"]))])
    assert (await kept.run("import", "loans", there, "--mapping", "kept")).code == 0
    assert await shared() == [False, False]
    assert (await kept.run("people", "unmerge", *two)).code == 0
    assert await shared() == [True, True]
    assert (await kept.json("people", "merges")) == []
    assert (await kept.run("check")).code == 0
