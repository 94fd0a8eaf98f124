"""Queues by their deadlines, cases given and taken back; payments to be found, time and plans asked for."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.chats import borrower
from casework.outcomes import Details, record_outcome
from casework.plans import Part, agree_plan
from casework.staff.people import invite
from casework.staff.rights import Actor, Role
from tests.builders.book import Borrower
from tests.builders.shop import OPS, TODAY, Shop
from tests.builders.town import DAY
from tests.integration.test_work_pages import post, task


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def told(shop: Shop, who: Borrower, code: str, note: str | None = None) -> None:
    by = borrower(who.person)
    details = Details(note=note, channel="chat")
    await record_outcome(
        shop.office,
        by,
        who.case,
        code,
        at=shop.now,
        received=shop.now,
        key=f"{code} {who.case}",
        details=details,
        owner=by.name,
    )


async def test_cases_are_given_and_taken_back(shop: Shop) -> None:
    late, soon, free = [await shop.borrower(TODAY - 9 * DAY) for _ in range(3)]
    await task(shop, soon, finish_by=shop.now + DAY)
    await task(shop, late, "field", "visit", finish_by=shop.now - DAY)
    await task(shop, free, "back-office", "reconcile")
    await invite(shop.office, OPS, "carl", Role.COLLECTOR, shop.now)
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get("/work/queues")).text
        order = re.findall(r'<a href="/cases/(\d+)"><code>', page)
        assert order == [str(one.case) for one in (late, soon, free)], "by their deadline, none at the end"
        assert "A** E**" in page
        assert page.count("past its deadline</td>") == 1
        narrow = (await client.get("/work/queues?late=yes&queue=field&kind=visit&owner=-")).text
        assert re.findall(r'<a href="/cases/(\d+)"><code>', narrow) == [str(late.case)]
        assert (await client.get("/work/queues?before=nonsense")).status_code == 422
        given = {"cases": [str(late.case), str(soon.case)], "to": "carl", "back": "/work/queues?owner=carl"}
        answer = await client.post("/work/queues/give", data=given)
        assert answer.headers["location"] == "/work/queues?owner=carl"
        page = (await client.get("/work/queues?owner=carl")).text
        assert len(re.findall(r'<a href="/cases/(\d+)"><code>', page)) == 2
        await post(client, "/work/queues/give", cases=str(late.case), to="", back="//elsewhere")
        assert await shop.book.sql("SELECT case_id FROM assignments") == [(soon.case,)]
        refused = await post(client, "/work/queues/give", cases=str(late.case), to="nobody here")
        assert refused.status_code == 422
        sheet = (await client.get("/work/queues?format=csv")).text
        assert len(sheet.strip().splitlines()) == 4
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        assert "A** E**" not in (await client.get("/work/queues")).text, "no personal data for operations"


async def test_what_is_told_is_settled_with_a_reason(shop: Shop) -> None:
    ann, ben, cem, dan = [await shop.borrower(TODAY - 9 * DAY) for _ in range(4)]
    await told(shop, ann, "claims_paid")
    await told(shop, ben, "claims_paid")
    await told(shop, cem, "hardship", "income/weeks/later")
    await told(shop, dan, "hardship")
    ring = shop.office.keyring
    picture = b"\xff\xd8\xff\xe0 a receipt"
    await shop.book.sql(
        "INSERT INTO chats (id, token, value, language, seen_at) VALUES (1, 't', 'x', 'en', $1)", shop.now
    )
    sealed = ring.seal("chat_files", "content", 1, base64.b64encode(picture).decode())
    await shop.book.sql(
        "INSERT INTO chat_files (id, chat_id, person_id, kind, content, received_at) "
        "VALUES (1, 1, $1, 'image/jpeg', $2, $3)",
        ann.person,
        sealed,
        shop.now,
    )
    tasks = {
        row[0]: row[1] for row in await shop.book.sql("SELECT case_id, id FROM tasks WHERE state = 'open'")
    }
    parts = [Part(TODAY + 10 * DAY, 100_00), Part(TODAY + 40 * DAY, 150_00)]
    for who in (ann, ben):
        await agree_plan(
            shop.office,
            Actor("carl", Role.COLLECTOR),
            who.case,
            parts,
            at=shop.now,
            received=shop.now,
            key=f"p{who.case}",
            owner="carl",
        )
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        page = (await client.get("/work/proofs")).text
        assert f"/work/proofs/{tasks[ann.case]}/1" not in page
        assert (await client.get(f"/work/proofs/{tasks[ann.case]}/1")).status_code == 403
        assert "less income" not in (await client.get("/work/requests")).text
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        page = (await client.get("/work/proofs")).text
        assert re.search(r'<a href="/work/proofs/\d+/\d+"><img', page), "a PDF is no picture: it is opened"
        shown = await client.get(re.findall(r'src="(/work/proofs/[^"]+)"', page)[0])
        assert (shown.content, shown.headers["content-type"]) == (picture, "image/jpeg")
        assert (await client.get(f"/work/proofs/{tasks[ben.case]}/1")).status_code == 422, "not of that one"
        assert len(await shop.book.sql("SELECT 1 FROM events WHERE action = 'proof.seen'")) == 1
        # found: the pause goes on; not found: a reason, and it ends
        for who, says, reason, status in (
            (ann, "found", "", 303),
            (ann, "found", "", 422),
            (ben, "not_found", "", 422),
            (ben, "not_found", "no such transfer", 303),
        ):
            answer = await post(client, f"/work/proofs/{tasks[who.case]}", says=says, reason=reason)
            assert answer.status_code == status, (says, reason)
        assert "Nobody says" in (await client.get("/work/proofs")).text
        rows = await shop.book.sql(
            "SELECT y.case_id, h.ends_at > $1 FROM holds h JOIN parties y ON y.loan_id = h.loan_id "
            "WHERE h.kind = 'claims_paid' ORDER BY 1",
            shop.now,
        )
        assert [tuple(row) for row in rows] == [(ann.case, True), (ben.case, False)]
        # time
        page = (await client.get("/work/requests")).text
        assert "less income; better in a few weeks; would pay later" in page
        at = f"/work/requests/{tasks[cem.case]}"
        for until, reason, status in (
            ("someday", "agreed by phone", 422),
            (str(TODAY), "agreed by phone", 422),
            (str(TODAY + 400 * DAY), "agreed by phone", 422),
            (str(TODAY + 14 * DAY), " ", 422),
            (str(TODAY + 14 * DAY), "agreed by phone", 303),
        ):
            answer = await post(client, at, says="given", until=until, reason=reason)
            assert answer.status_code == status, (until, reason)
        await post(client, f"/work/requests/{tasks[dan.case]}", says="refused", reason="no ground")
        rows = await shop.book.sql(
            "SELECT person_id, ends_at FROM holds WHERE kind = 'hardship' ORDER BY person_id"
        )
        ends = {row[0]: row[1] for row in rows}
        assert ends[cem.person] - shop.now > timedelta(days=14)
        assert ends[dan.person] <= shop.now
        # plans: a no has a reason
        one, two = [row[0] for row in await shop.book.sql("SELECT id FROM approvals ORDER BY id")]
        assert (await post(client, f"/work/plans/{one}", says="refused")).status_code == 422
        await post(client, f"/work/plans/{one}", says="refused", reason="too long")
        await post(client, f"/work/plans/{two}", says="approved")
        states = await shop.book.sql("SELECT state FROM approvals ORDER BY id")
        assert [row[0] for row in states] == ["refused", "approved"]
        assert "Nobody waits for an answer." in (await client.get("/work/requests")).text
