"""`kept import` as a process: one document, one line of complaint, a table for people."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.builders.command import SECONDS, Kept
from tests.builders.tapes import loan, paid, tape, three, write

COUNTS = ("read", "loaded", "updated", "unchanged", "skipped", "rejected")


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


@pytest.fixture
async def kept(database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("check")).code == 0  # the keys of the installation are made, which is said once
    return made


async def test_the_document_has_the_shape_others_rely_on(kept: Kept, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1"), loan("L2", principal="x")], [*three("L1"), *three("L2")])
    said = ("import", "loans", str(there), "--mapping", "kept", "--as-of", "2026-06-01")
    dry = await kept.json(*said, "--dry-run")
    document = await kept.json(*said)
    counts = {name: document[name] for name in COUNTS}
    assert counts == dict(zip(COUNTS, (8, 4, 0, 0, 0, 4), strict=True))
    assert document["sums"] == {"due": {"EUR": "300.00"}, "paid": {}, "principal": {"EUR": "300.00"}}
    assert dry["sums"] == document["sums"]
    assert document["held_for_approval"] is False
    assert document["fed_at"] == "2026-06-02T00:00:00+02:00"
    assert document["reasons"][0]["rows"] == 3
    rejects = Path(document["rejects_file"])
    assert rejects.parent.name == "rejects"
    assert lines(rejects)[1].startswith("loans.csv,3,principal,x,")
    again = await kept.json(*said)
    assert (again["unchanged"], again["rejected"]) == (4, 4)
    assert again["rejects_file"] != document["rejects_file"]
    pays = write(tmp_path / "payments.csv", [paid("L1", "p", "2026-06-02", "5.00")])
    document = await kept.json("import", "payments", str(pays), "--mapping", "kept", "--as-of", "2026-06-02")
    assert (document["loaded"], document["sums"]["paid"], document["rejects_file"]) == (
        1,
        {"EUR": "5.00"},
        None,
    )


async def test_people_get_a_table_the_file_and_the_commonest_reasons(kept: Kept, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1"), loan("L2", principal="x")], [*three("L1"), *three("L2")])
    ran = await kept.run("import", "loans", str(there), "--mapping", "kept")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert "rows loaded │ 4" in text
    assert "Rejected rows with their reasons: " in text
    assert "3 loan_id its loan is refused: loans.csv row 3: is no amount" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("payments", "t", "--mapping", "superlender"), "mapping superlender has no file of payments alone"),
        (
            ("payments", "payments.csv", "--mapping", "kept", "--portfolio", "x"),
            "the book has no such portfolio",
        ),
        (
            ("loans", "t", "--mapping", "kept", "--portfolio", "a b"),
            "--portfolio a b: is no code of a portfolio",
        ),
        (("loans", "t/loans.csv", "--mapping", "berka"), "loans.csv: has the columns source, borrower_id"),
    ],
)
async def test_what_is_wrong_is_one_line(
    kept: Kept, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    tape(tmp_path / "t", [loan("L1")], three("L1"))
    write(tmp_path / "payments.csv", [paid("L1", "p", "2026-06-02", "5.00")])
    kind, path, *others = arguments
    ran = await kept.run("import", kind, str(tmp_path / path), *others)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.complaint


async def test_a_terminal_gets_a_bar_and_stdout_the_document_alone(kept: Kept, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1")], three("L1"))
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "kept", "import", "loans", str(there), "--mapping", "kept", "--json"),
        cwd=kept.folder,
        env={
            **os.environ,
            **{name: value for name, value in kept.settings.items() if value},
            "TERM": "xterm",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    assert json.loads(out)["loaded"] == 4
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "counting" in shown
    assert "5/5" in shown
