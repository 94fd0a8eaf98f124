"""What waits for a yes, from the command line: held tapes and their picture, differences, a foreign tape."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.builders.command import Kept
from tests.builders.tapes import Row, due, loan, paid, tape, three, write

MANY = [loan(f"L{n}", f"B{n}") for n in range(1, 11)]
DUES: list[Row] = [row for one in MANY for row in three(str(one["loan_id"]))]
ORDER = ("--mapping", "kept")


@pytest.fixture
async def kept(database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("import", "loans", tape(tmp_path / "t", MANY, DUES), *ORDER)).code == 0
    return made


def wrong(folder: Path) -> Path:
    """Amounts a hundred times too large."""
    return tape(folder, MANY, [{**row, "principal": "10000.00"} for row in DUES])


async def test_a_held_tape_is_listed_with_its_picture_and_answered(kept: Kept, tmp_path: Path) -> None:
    assert "Nothing waits" in (await kept.run("approvals")).out
    ran = await kept.run("import", "loans", wrong(tmp_path / "t"), *ORDER)
    said = " ".join(ran.out.split())
    assert "HELD: nothing of this tape is in the book" in said
    assert "due EUR" in said
    assert "held" in said
    (waits,) = await kept.json("approvals")
    assert (waits["kind"], waits["portfolio"], waits["asked_by"]) == ("import", "main", "operator")
    assert "t (loans, mapping kept): " in waits["about"]
    read = (await kept.run("approvals")).out
    assert waits["about"] in " ".join(read.split())
    assert waits["picture"] in read.replace("\n", "")
    assert f"kept approve {waits['id']}" in said
    picture = ElementTree.parse(waits["picture"])
    words = " ".join(text for text in picture.getroot().itertext() if text.strip())
    for title in ("Active loans of these feeds", "Rows of the tape", "Amounts beside the book's", "x100"):
        assert title in words
    assert (await kept.run("approve", str(waits["id"]), "--refuse", "--by", "ann")).code == 0
    assert (await kept.json("approvals")) == []
    assert (await kept.json("portfolio"))["outstanding"] == {"EUR": "3000.00"}
    complaint = (await kept.run("approve", str(waits["id"]))).complaint
    assert "waits no more: refused by ann" in complaint
    assert "there is none of that number" in (await kept.run("approve", "999")).complaint
    held = await kept.json("import", "loans", wrong(tmp_path / "t"), *ORDER)
    came = await kept.json("approve", str(held["held_for_approval"]), "--by", "ann")
    assert (came["state"], came["updated"]) == ("approved", 30)
    assert came["reconciled"]["due"]["EUR"]["booked"] == "300000.00"
    assert (await kept.json("portfolio"))["outstanding"] == {"EUR": "300000.00"}


async def test_differences_are_listed_explained_and_accepted(kept: Kept, tmp_path: Path) -> None:
    assert "No loan differs" in (await kept.run("differences")).out
    loans = [
        loan("L1", core_outstanding="310.00", late_fee="10.00"),
        loan("L2", "B2", core_outstanding="-20.00"),
        *MANY[2:],
    ]
    pays = [paid("L2", "p", "2026-03-01", "320.00")]
    assert (await kept.run("import", "loans", tape(tmp_path / "t", loans, DUES, pays), *ORDER)).code == 0
    found = {one["loan"]: one for one in await kept.json("differences")}
    assert (found["L1"]["ours"], found["L1"]["theirs"]) == ("300.00", "310.00")
    assert found["L1"]["explanation"] is not None
    assert "310.00 there = 300.00 here + 10.00 of fees" in found["L1"]["explanation"]
    assert "-20.00 there = 0.00 here - 20.00 of credit" in str(found["L2"]["explanation"])
    table = " ".join((await kept.run("differences")).out.split())
    assert "the tape states fees" in table
    assert "name the loans, or say --all" in (await kept.run("differences", "accept")).complaint
    assert await kept.json("differences", "accept", "L1") == {"accepted": 1}
    assert [one["loan"] for one in await kept.json("differences")] == ["L2"]
    assert {one["state"] for one in await kept.json("differences", "--settled")} == {"open", "accepted"}
    assert await kept.json("differences", "accept", "--all") == {"accepted": 1}


CHINESE = """合同编号,客户编号,客户姓名,手机号码,放款日期,贷款金额,总期数,首次还款日,每期还款额,贷款余额
H1,K1,Example One,+447700900141,2026-05-12,1200.00,12,2026-06-12,110.00,1320.00
H2,K2,Example Two,+447700900142,2026-05-13,600.00,6,2026-06-13,110.00,660.00
"""


async def test_a_foreign_tape_is_read_by_what_was_suggested_and_answered(kept: Kept, tmp_path: Path) -> None:
    foreign = tmp_path / "贷款.csv"
    foreign.write_text(CHINESE, "gb18030")
    found = await kept.json("mapping", "suggest", foreign)
    assert any("gb18030" in one for one in found["sure"])
    assert "which portfolio are these loans of?" in found["asks"]
    assert (await kept.run("mapping", "suggest", foreign)).out == found["mapping"]
    # Answered as a person would: three constants, and whose numbers they are.
    answered = (
        found["mapping"]
        .replace("portfolio: null", "portfolio: north")
        .replace("currency: null", "currency: CNY")
    )
    answered = answered.replace("zone: null", "zone: Asia/Shanghai, phone_state: attested")
    mapping = tmp_path / "north.yaml"
    mapping.write_text(answered, "utf-8")
    report = await kept.json("import", "loans", foreign, "--mapping", mapping)
    assert (report["read"], report["loaded"]) == (2, 2)
    assert report["reconciled"]["due"]["CNY"]["booked"] == "1980.00"
    shown = await kept.json("loan", "show", "H1")
    assert len(shown["installments"]) == 12
    assert "there is no such file" in (await kept.run("mapping", "suggest", tmp_path / "none.csv")).complaint
    two = tmp_path / "two"
    write(tape(two, [loan("L1")], [due("L1", 1, "2026-03-01")]) / "more.csv", [loan("L2")])
    assert "one file or sheet is wanted" in (await kept.run("mapping", "suggest", two)).complaint
