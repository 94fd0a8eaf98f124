"""A tape by the console: uploaded, its columns named, tried with its rejects in place, loaded, or held."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.intake.uploads import work_uploads
from casework.staff.rights import Role
from tests.builders.shop import Shop
from tests.builders.town import TownClock
from tests.integration.test_work_pages import post

TAPE = """Loan No,Customer,Who,Ccy,Lent,Made,Months,First,Monthly,Mobile
L-1,C-1,Ann Example,EUR,300.00,2026-09-01,3,2026-10-01,100.00,+447700900123
L-2,C-2,Ben Example,EUR,600.00,2026-09-02,6,2026-10-02,100.00,
L-3,C-3,Cem Example,EUR,much,2026-09-03,3,2026-10-03,100.00,
"""
CHOSEN = {
    "part": "loan",
    "portfolio": "acme",
    "zone": "Europe/Berlin",
    "source": "core",
    "c0": "loan_id",
    "c1": "borrower_id",
    "c2": "name",
    "c3": "currency",
    "c4": "principal",
    "c5": "made_on",
    "c6": "count",
    "c7": "first_due",
    "c8": "each",
    "c9": "phone",
}


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def upload(client: httpx2.AsyncClient, text: str, name: str = "loans.csv") -> str:
    files: Any = {"tape": (name, text.encode(), "text/csv")}
    answer = await client.post("/import/upload", files=files, headers={"accept": "text/html"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_tape_is_mapped_tried_and_loaded(shop: Shop, tmp_path: Path) -> None:
    clock = TownClock(shop)
    async with shop.open_doors(role=Role.OPERATIONS, uploads=tmp_path / "uploads") as client:
        assert "You uploaded no tape yet." in (await client.get("/import")).text
        at = await upload(client, TAPE, "../../my loans.csv")
        (kept,) = (tmp_path / "uploads").glob("*/*")
        assert (kept.name, kept.stat().st_mode & 0o777) == ("my_loans.csv", 0o600)
        assert kept.parent.stat().st_mode & 0o777 == 0o700
        page = (await client.get(at)).text
        assert "L-1 · L-2 · L-3" in page, "the first cells"
        assert (await post(client, f"{at}/begin", how="try")).status_code == 422, "no mapping yet"
        twice = await post(client, f"{at}/columns", **{**CHOSEN, "c1": "loan_id"})
        assert "cannot both be" in twice.text
        both = await post(client, f"{at}/columns", **CHOSEN, whole="yes", changes="yes")
        assert (both.status_code, "say one of them" in both.text) == (422, True)
        answer = await post(client, f"{at}/columns", **CHOSEN, changes="yes")
        assert answer.headers["location"] == f"{at}#preview", answer.text
        assert 'name="changes" value="yes" checked' in (await client.get(at)).text
        page = (await client.get(at)).text
        for shown in ("300.00 EUR", "Ann Example", "+447700900123", "Dry run"):
            assert shown in page, shown
        assert ">Load</button>" not in page
        assert (await post(client, f"{at}/begin", how="load")).status_code == 422, "tried first"
        await post(client, f"{at}/begin", how="try")
        assert 'hx-get="/import/1?part=true"' in (await client.get(at)).text
        assert (await post(client, f"{at}/columns", **CHOSEN)).status_code == 422, "on its way"
        assert await work_uploads(shop.office, clock) == 1
        part = await client.get(f"{at}?part=true")
        assert part.headers["hx-refresh"] == "true"
        page = (await client.get(at)).text
        for shown in ("<dt>rows read</dt><dd>3</dd>", "<dt>rejected</dt><dd>1</dd>", "<td>much</td>"):
            assert shown in page, shown
        assert "an amount with the decimals of its currency" in page, "what would be right"
        assert not await shop.book.sql("SELECT 1 FROM loans"), "a dry run keeps nothing"
        await post(client, f"{at}/begin", how="load")
        assert await work_uploads(shop.office, clock) == 1
        assert "loaded" in (await client.get(at)).text
        rows = await shop.book.sql("SELECT external_id FROM loans ORDER BY 1")
        assert [row[0] for row in rows] == ["L-1", "L-2"]
        assert not kept.exists(), "what is loaded is not kept beside the book"
        feeds = (await client.get("/feeds")).text
        assert "<td>core</td>" in feeds
        # by a mapping of ours, which does not fit; one that cannot be read; and away with it
        at = await upload(client, TAPE)
        wrong = await post(client, f"{at}/mapping", name="kept", kind="loans", text="")
        assert wrong.status_code == 422
        assert str(tmp_path) not in wrong.text
        wrong = await post(client, f"{at}/mapping", name="", kind="loans", text="name: x\nconstants: 3")
        assert "the mapping line" in wrong.text
        assert (await post(client, f"{at}/begin", how="away")).headers["location"] == "/import"
        assert not list((tmp_path / "uploads").glob("*/*"))
        empty: Any = {"tape": ("empty.csv", b"", "text/csv")}
        assert (await client.post("/import/upload", files=empty)).status_code == 422
        # how long it is must be said before it comes
        assert (await client.post("/import/upload", content=_some())).status_code == 413
        other = await upload(client, TAPE)
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        assert (await client.get(other)).status_code == 403


async def _some() -> Any:
    yield b"x"


async def test_one_that_looks_wrong_is_held_and_a_worker_that_was_killed_is_followed(
    shop: Shop, tmp_path: Path
) -> None:
    clock = TownClock(shop)
    many = TAPE.splitlines()[0] + "\n"
    for row in range(30):
        many += f"L-{row},C-{row},Ann Example,EUR,300.00,2026-09-01,3,2026-10-01,100.00,\n"
    async with shop.open_doors(role=Role.OPERATIONS, uploads=tmp_path / "uploads") as client:
        for text in (many, many.replace("100.00", "10000.00").replace("300.00", "30000.00")):
            at = await upload(client, text)
            await post(client, f"{at}/columns", **CHOSEN)
            await post(client, f"{at}/begin", how="try")
            # whoever was killed at it two minutes ago is followed by the next
            await shop.book.sql(
                "UPDATE uploads SET state = 'running', beat_at = $1 WHERE state = 'queued'",
                shop.now - timedelta(minutes=3),
            )
            assert await work_uploads(shop.office, clock) == 1
            await post(client, f"{at}/begin", how="load")
            assert await work_uploads(shop.office, clock) == 1
        page = (await client.get(at)).text
        assert "It looks wrong beside the book" in page
        assert 'href="/approvals"' in page
        assert "held" in (await client.get("/feeds")).text
        ((key,),) = await shop.book.sql("SELECT id FROM approvals WHERE state = 'waiting'")
        assert list((tmp_path / "uploads").glob("*/*")), "a yes reads it again"
        await post(client, f"/approvals/{key}", says="yes")
        assert "somebody said yes, and it is loaded" in (await client.get(at)).text
    rows = await shop.book.sql("SELECT DISTINCT principal_minor FROM loans")
    assert [row[0] for row in rows] == [30000_00]
