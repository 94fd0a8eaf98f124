"""`kept portfolio`, `loan show`, `explain` and `check` as processes: what they print, and how they end."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.command import Kept
from tests.builders.town import Town


@pytest.fixture
async def kept(engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path) -> Kept:
    made = Kept(tmp_path, database_url, redis_url)
    assert (await made.run("check")).code == 0  # the keys of the installation are made, and known to the book
    town = Town(engine)
    await town.open()
    await town.borrower(date(2026, 11, 20), loan_id="L-ann", external_id="b-ann")
    await town.look()
    return made


async def test_what_people_ask_of_a_book(kept: Kept) -> None:
    figures = await kept.json("portfolio", "--as-of", "2026-11-23")
    assert (figures["as_of"], figures["loans"], figures["arrears"]) == ("2026-11-23", 1, {"EUR": "250.00"})
    assert "EUR 250.00" in (await kept.run("portfolio", "--as-of", "2026-11-23")).out

    loan = await kept.json("loan", "show", "L-ann", "--as-of", "2026-11-23")
    assert (loan["dpd"], loan["bucket"], loan["contacts"][0]["state"]) == (3, "1-30", "planned")
    assert "late-3" in (await kept.run("loan", "show", "L-ann", "--as-of", "2026-11-23")).out

    told = await kept.json("explain", "contact", "1")
    assert told["headline"] == "An SMS is planned for b-ann, not before Mon 23 Nov 2026 at 09:00 (Berlin)."
    of_borrower = await kept.json("explain", "borrower", "b-ann", "--at", "2026-11-23T09:00+01:00")
    assert [case["how"] for case in of_borrower["cases"]] == ["planned"]
    text = (await kept.run("explain", "borrower", "b-ann")).out.splitlines()
    assert text[0] == "An SMS to b-ann was planned on Mon 23 Nov 2026 at 09:00 (Berlin)."

    for line, command in {
        "kept: there is no loan 'L-x'": ("loan", "show", "L-x"),
        "kept: there is no contact 99; `kept loan show` lists those of a loan": ("explain", "contact", "99"),
        "kept: there is no borrower 'b-x'": ("explain", "borrower", "b-x"),
        "kept: there is no portfolio 'x'; there are: acme": ("portfolio", "--portfolio", "x"),
    }.items():
        assert (await kept.run(*command)).complaint == line


async def test_a_check_that_fails_ends_with_1_and_names_what_is_broken(kept: Kept) -> None:
    held = await kept.json("check", "--all")
    assert [row["name"] for row in held if not row["holds"]] == []
    assert len(held) == 8
    await kept.rows("UPDATE installments SET paid_minor = 1")
    ran = await kept.run("check")
    assert ran.code == 1
    assert "loan L-ann, installment 1: 1 paid, 0 allocated" in " ".join(ran.out.split())
