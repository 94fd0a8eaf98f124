"""The heads of the audit chain outside the database, also after a crash in the middle of a line."""

from pathlib import Path

from kept.anchors import FILE_NAME, Anchors
from storage.chain import Head


async def test_heads_are_read_as_written(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path)
    assert anchors.read() == []
    heads = [Head(number, f"{number:064x}") for number in range(3)]
    for head in heads:
        await anchors.append(head)
    assert Anchors(tmp_path).read() == heads
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


async def test_a_line_cut_short_costs_no_other_head(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path)
    await anchors.append(Head(1, "aa"))
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b'{"number":2,"ha')
    assert anchors.read() == [Head(1, "aa")]
    await anchors.append(Head(3, "cc"))
    assert anchors.read() == [Head(1, "aa"), Head(3, "cc")]
