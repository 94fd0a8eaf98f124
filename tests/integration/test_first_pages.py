"""What waits, what is unknown, what was done, who works here: over HTTP, and as files."""

import csv
import html
import re
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.publish import publish
from casework.staff.rights import Actor, Role
from console.lists import AT_ONCE
from console.sheets import safe
from strategies.language import shipped_strategies
from tests.builders.shop import Shop

GUARDED = shipped_strategies()["gentle"].replace("stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now")


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def _held(shop: Shop, by: Actor) -> int:
    """A strategy that would send more than its guard."""
    for _ in range(3):
        await shop.borrower(shop.now.date() - timedelta(days=2))
    came = await publish(shop.office, by, GUARDED, "gentle.yaml", shop.now)
    assert came.approval is not None
    return came.approval


async def test_acceptance_20_what_waits_is_approved_by_somebody_else(shop: Shop) -> None:
    key = await _held(shop, Actor("the operations", Role.OPERATIONS))
    async with shop.open_doors(role=Role.OPERATIONS) as author:
        page = (await author.get("/approvals")).text
        assert f'id="question-{key}"' in page
        assert "You asked for it; somebody else says yes." in page
        assert 'value="yes"' not in page
        answer = await author.post(f"/approvals/{key}", data={"says": "yes"})
        assert answer.status_code == 422
        assert "somebody else approves it" in answer.text
    async with shop.open_doors(role=Role.COMPLIANCE) as other:
        page = html.unescape((await other.get("/approvals")).text)
        assert "What a yes would change" in page
        assert len(re.findall(r"<li>Publishing waits for approval above 1 messages", page)) == 1
        answer = await other.post(f"/approvals/{key}", data={"says": "yes"})
        assert answer.headers["location"] == "/approvals?done=approved"
        assert "Nothing waits for you." in (await other.get("/approvals?done=approved")).text
        assert (await other.post(f"/approvals/{key}", data={"says": "no"})).status_code == 422, "once"


async def test_an_unknown_contact_is_settled_by_who_found_out(shop: Shop) -> None:
    await shop.remind(2)
    await shop.book.sql("UPDATE contacts SET state = 'unknown', code = 'no_answer_recorded'")
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        assert (await client.get("/unknown")).text.count('value="delivered"') == 2
        assert (await client.post("/unknown/1", data={"how": "delivered"})).status_code == 303
        assert (await client.post("/unknown/2", data={"how": "sent again"})).status_code == 422
        page = (await client.get("/unknown")).text
        assert page.count('value="delivered"') == 1
        assert "the sender was cut off" in page
        again = await client.post("/unknown/1", data={"how": "not_taken"})
        assert (again.status_code, "what is settled stays so" in again.text) == (422, True)
    assert [row[1] for row in await shop.states()] == ["delivered", "unknown"]


async def test_the_record_is_read_by_who_what_and_whom(shop: Shop) -> None:
    await shop.remind(2)
    async with shop.open_doors(role=Role.AUDITOR) as client:
        assert "staff.signed_in" in (await client.get("/audit")).text
        page = (await client.get("/audit?action=staff")).text
        assert "staff.signed_in" in page
        assert "look.decided" not in page
        assert "Nothing fits" in (await client.get("/audit?actor=nobody")).text
        page = (await client.get("/audit?role=system&kind=case&subject=1")).text
        assert "case 1<" in page
        assert "case 2<" not in page
        for wrong, status in (
            ("role=king", 404),
            ("subject=one", 422),
            ("before=x", 422),
            ("format=pdf", 404),
        ):
            assert (await client.get(f"/audit?{wrong}")).status_code == status, wrong


async def test_pages_of_the_record_miss_nothing(shop: Shop) -> None:
    await shop.remind(3)
    for number in range(AT_ONCE + 20):
        await shop.book.sql(
            "INSERT INTO events (at, actor, role, action, subject_kind, subject_id) "
            "VALUES (now(), 'ann', 'auditor', 'made.up', 'thing', $1)",
            number,
        )
    seen: list[str] = []
    async with shop.open_doors(role=Role.AUDITOR) as client:
        at: str | None = "/audit?actor=ann"
        while at is not None:
            page = html.unescape((await client.get(at)).text)
            seen += re.findall(r"thing (\d+)<", page)
            found = re.search(r'href="([^"]*)" rel="next"', page)
            at = found and found[1]
    assert seen == [str(number) for number in reversed(range(AT_ONCE + 20))]


async def test_the_record_is_verified_on_the_page(shop: Shop) -> None:
    async with shop.open_doors(role=Role.AUDITOR) as client:
        assert "The record is what was sealed" in (await client.post("/audit/verify")).text
    assert await shop.book.sql("SELECT 1 FROM events WHERE action = 'audit.verified'")


async def test_staff_are_invited_listed_and_removed(shop: Shop) -> None:
    async with shop.open_doors(role=Role.ADMINISTRATOR) as client:
        data = {"name": "Carla", "role": "collector", "portfolio": "acme"}
        page = (await client.post("/staff", data=data)).text
        assert re.search(r"/join/s[0-9a-f]+-[0-9a-f]{32}<", page)
        page = (await client.get("/staff")).text
        assert "Carla" in page
        assert "/join/s" not in page, "a link is shown once"
        row = page.split("Carla")[1].split("</tr>")[0]
        assert row.count("invited") == 2, "neither account nor chat yet"
        await shop.book.sql("UPDATE staff_links SET ended_at = $1, outcome = 'used'", shop.now)
        row = (await client.get("/staff")).text.split("Carla")[1].split("</tr>")[0]
        assert row.count("invited") == 1, "the link that opened the chat makes the account still"
        wrong = await client.post("/staff", data={**data, "name": "kept"})
        assert "cannot be a name" in wrong.text
        assert (await client.post("/staff", data={**data, "role": "system"})).status_code == 422
        assert "Carla" not in (await client.get("/staff?role=auditor")).text
        assert (await client.post("/staff/remove", data={"name": "Carla"})).status_code == 303
        assert "Carla" not in (await client.get("/staff")).text
        assert "nobody" in (await client.post("/staff/remove", data={"name": "Carla"})).text


async def test_who_manages_one_portfolio_invites_for_it_alone(shop: Shop) -> None:
    await shop.book.portfolio("south")
    async with shop.open_doors(role=Role.OPERATIONS, portfolios=["acme"]) as client:
        page = (await client.get("/staff")).text
        assert 'value="acme"' in page
        assert 'value="south"' not in page
        for data in ({}, {"portfolio": "south"}):
            answer = await client.post("/staff", data={"name": "Carla", "role": "collector", **data})
            assert answer.status_code == 403


async def test_columns_are_chosen_and_kept(shop: Shop) -> None:
    async with shop.open_doors(role=Role.AUDITOR) as client:
        assert '<th scope="col">Details</th>' in (await client.get("/audit")).text
        data = {
            "list": "audit",
            "column": ["action", "place", "nonsense", "<b>"],
            "back": "/audit?action=staff",
        }
        answer = await client.post("/me/columns", data=data)
        assert answer.headers["location"] == "/audit?action=staff"
        page = (await client.get("/audit")).text
        assert re.findall(r'<th scope="col">([^<]*)</th>', page) == ["What", "Place"]
        head = next(csv.reader(StringIO((await client.get("/audit?format=csv")).text.lstrip("\ufeff"))))
        assert head == ["What", "Place"]
        await client.post("/me/columns", data={"list": "audit", "back": "https://evil.example"})
        assert '<th scope="col">Details</th>' in (await client.get("/audit")).text


async def test_a_list_is_a_file_without_formulas(shop: Shop) -> None:
    for actor in ('=HYPERLINK("http://evil.example")', "+1", "-1", "@x", "ann, of Acme"):
        await shop.book.sql(
            "INSERT INTO events (at, actor, role, action) VALUES (now(), $1, 'auditor', 'made.up')", actor
        )
    async with shop.open_doors(role=Role.AUDITOR) as client:
        answer = await client.get("/audit?action=made&format=csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="kept-audit-2026-11-23.csv"'
        rows = list(csv.reader(StringIO(answer.text.lstrip("\ufeff"))))
        assert rows[0][:3] == ["When", "Who", "As"]
        assert [row[1] for row in rows[1:]] == [
            "ann, of Acme",
            "'@x",
            "'-1",
            "'+1",
            '\'=HYPERLINK("http://evil.example")',
        ]
        answer = await client.get("/audit?action=made&format=xlsx")
        book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
        assert [row[1] for row in book.get_sheet_by_index(0).to_python()[1:]] == [row[1] for row in rows[1:]]


def test_numbers_stay_numbers() -> None:
    assert [safe(value) for value in (-5, "-5", "5", "\t=1", "a=1")] == [-5, "'-5", "5", "'\t=1", "a=1"]
